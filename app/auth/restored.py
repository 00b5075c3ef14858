"""After a restore: the owner is told, and says that the account goes on from here. Until then companies find it paused."""

from dataclasses import replace

from sqlmodel import Session

from app.auth import ways_in
from app.auth.catching_up import hand_of
from app.auth.owner import Owner
from app.database import Store
from app.exchange import marks, releases, withdrawals
from consent import ledger
from consent.act import Act
from consent.store import LedgerHead
from vault.keyring import Keyring

WHAT = "restored"


def alarm(db: Session, state: Store, act: Act, keyring: Keyring) -> None:
    """Note at an unlock that the ledger is not the one that was remembered: once, until the owner confirms."""
    if not _raised(db, keyring):
        head, mark = ledger.lock(db, act.account_id), marks.mark_of(state, act.account_id)
        ledger.append(db, act, "alarm.raised", {"what": WHAT, "found": head.size, "remembered": mark[0] if mark else 0})


def confirm(owner: Owner) -> bool:
    """The owner has read what happened: go on from this ledger. Whether there was anything to confirm.

    What was withdrawn before stays withdrawn: the journal of the state store is applied first.
    """
    db, state, account_id, now = owner.db, owner.stores.state, owner.account_id, owner.now
    if not marks.held(db, state, account_id):
        return False
    withdrawals.apply_journal(db, state, owner.instance, account_id=account_id, now=now)
    mark = marks.mark_of(state, account_id)
    head = ledger.lock(db, account_id)
    ledger.append(db, owner.act(), "restore.confirmed", {"found": head.size, "remembered": mark[0] if mark else 0})
    if _raised(db, owner.keyring):
        ledger.append(db, owner.act(), "alarm.settled", {"what": WHAT})
    releases.freshen(replace(hand_of(owner), frozen=False))
    owner.afterwards.append(lambda: _accept(owner))
    return True


def _accept(owner: Owner) -> None:
    """Once it is committed: a mark that ran ahead of the database would hold the account again."""
    with owner.stores.main.reading() as db:
        head = db.get_one(LedgerHead, owner.account_id)
    marks.accept(owner.stores.state, owner.account_id, size=head.size, head=head.head, now=owner.now)


def _raised(db: Session, keyring: Keyring) -> bool:
    """Whether the last alarm that is not settled is this one."""
    last = ways_in.unsettled(db, keyring.account_id)
    return last is not None and ways_in.details_of(db, keyring, last).get("what") == WHAT
