"""*I was compromised*: everything that could open the account is replaced while its owner is there to see it."""

from app.auth import sessions, ways_in
from app.auth.accounts import cost_of, derivations
from app.auth.owner import Owner, Sender
from app.auth.profiles import kit_id
from app.auth.resealing import SCOPE
from app.auth.sessions import NewSession
from app.exchange import mail_reminders, reminders, zones
from consent import ledger
from consent.act import Act
from vault import accounts, rotation, store
from vault.records import Kit
from vault.rotation import Draft


def draft(sender: Sender, passphrase: str) -> Draft:
    """The new key and the new ways in. Slow: before any transaction."""
    with derivations:
        return rotation.draft(sender.keyring, passphrase, cost=cost_of(sender.settings), now=sender.now)


def rotate(owner: Owner, drafted: Draft) -> NewSession:
    """New account key, passphrase, recovery kit and mailbox; every session ends, this one too, and a new one begins.

    Devices end, since their tokens carry the old zone key, the calendar's link, whose secret the old key opens, and reminders
    by mail, which may go to an address of whoever was here. The kit waits to be confirmed, as after signing up. What is sealed
    follows in batches. Raises SlotsTampered, Sealed.
    """
    db, state = owner.db, owner.stores.state
    rotation.begin(db, owner.keyring, drafted, SCOPE, now=owner.now)
    zones.rotate(db, owner.keyring, drafted.keyring)
    ended = [
        *(["calendar.unlinked"] if reminders.end_calendar(db, owner.account_id) else []),
        *(["reminders.ended"] if mail_reminders.remove(db, owner.account_id) else []),
    ]
    store.add(db, drafted.keyring, Kit(code=drafted.recovery_code), now=owner.now, record_id=kit_id(owner.account_id))
    act = Act(account_id=owner.account_id, actor="owner", now=owner.now, seal=accounts.mailbox(db, owner.account_id).seal)
    ledger.append(db, act, "keys.rotated", {"generation": drafted.keyring.generation})
    for type in ended:
        ledger.append(db, act, type, {})
    ways_in.changed(db, state, act, way="all", what="changed")
    owner.shred_after()
    # The cookie of this browser may be in other hands as well; and a session's key wraps once only.
    browser = sessions.browser_here(state, owner.session, owner.keyring)
    sessions.end_others(state, owner.account_id, keep=None)
    return sessions.start(state, drafted.keyring, browser=browser, idle_minutes=owner.session.idle_minutes, now=owner.now)
