"""Changes of the ways into an account, written where an old set put back would show: in the ledger and in the state store.

Every change of slots ends with `changed`, in the same transaction and under the account's lock.
"""

import json
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from app.auth import slot_marks
from app.commits import after_commit
from app.database import Store
from consent import ledger
from consent.act import Act
from consent.store import LedgerEntry, LedgerHead
from vault import accounts, slot_set, slots
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.slot_set import Mark, Standing
from vault.store import Account

AGAIN = timedelta(hours=1)
"""An alarm about slots that stay refused is raised once in this time, however often somebody tries."""


def changed(db: Session, state: Store, act: Act, *, way: str, what: str) -> None:
    """Note a change: counter and MAC of the set in the ledger now, its mark in the state store once this is committed.

    `way` is the kind of slot, `what` one of added, changed, removed, checked.
    """
    mark = _mark(db, act.account_id)
    ledger.append(db, act, "slot.changed", {"way": way, "what": what, **said(mark)})
    mark_after_commit(db, state, act, mark)


def mark_after_commit(db: Session, state: Store, act: Act, mark: Mark) -> None:
    """Remember a set in the state store as soon as the transaction of `db` is committed."""
    after_commit(db, lambda: slot_marks.remember(state, act.account_id, mark, now=act.now))


def said(mark: Mark) -> dict[str, int | str]:
    """How a ledger entry tells of a set."""
    return {"counter": mark.counter, "mac": mark.mac.hex()}


def look_back(db: Session, state: Store, act: Act, keyring: Keyring, *, standing: Standing, remembered: Mark | None) -> None:
    """After an unlock: compare the set, whose MAC holds, with the ledger's last word and the state store's.

    A set that went back is what a restore leaves behind, and what a thief leaves who knows an old passphrase. It opens,
    with an alarm, and is counted up past everything remembered so that it stands level from here on.
    """
    mark = _mark(db, act.account_id)
    told, readable = _told(db, keyring)
    if standing is Standing.BACK or not readable or (told is not None and told != (mark.counter, mark.mac.hex())):
        ledger.append(db, act, "alarm.raised", {"what": "slots-went-back", "found": mark.counter, "remembered": _newest(told, remembered)})
        account = db.get_one(Account, act.account_id)
        slots.rewrite(db, account, keyring, at_least=_newest(told, remembered))
        changed(db, state, act, way="all", what="checked")
    elif standing is not Standing.LEVEL:
        mark_after_commit(db, state, act, mark)


def refused(db: Session, act: Act) -> None:
    """Note that an unlock was refused because the slots had been tampered with."""
    last = unsettled(db, act.account_id)
    if last is None or last.at <= act.now - AGAIN:
        ledger.append(db, act, "alarm.raised", {"what": "slots-tampered"})


def unsettled(db: Session, account_id: str) -> LedgerEntry | None:
    """The last alarm, while its owner has not said that it is dealt with."""
    last = ledger.newest(db, account_id, "alarm.raised", "alarm.settled")
    return last if last is not None and last.type == "alarm.raised" else None


def details_of(db: Session, keyring: Keyring, entry: LedgerEntry) -> dict[str, Any]:
    """What an entry says to its owner. Raises Sealed."""
    head = db.get_one(LedgerHead, keyring.account_id)
    opened = accounts.open_mailbox(db, keyring).open(ledger.SEAL_PURPOSE, (head.ledger_id, str(entry.seq)), entry.sealed)
    details: dict[str, Any] = json.loads(opened[ledger.SALT_BYTES :])
    return details


def _mark(db: Session, account_id: str) -> Mark:
    return slot_set.mark(db.get_one(Account, account_id), slots.slots_of(db, account_id))


def _told(db: Session, keyring: Keyring) -> tuple[tuple[int, str] | None, bool]:
    """Counter and MAC by the ledger's last entry about slots, and whether that entry could be read."""
    entry = ledger.newest(db, keyring.account_id, "slot.changed", "account.opened")
    if entry is None:
        return None, True
    try:
        details = details_of(db, keyring, entry)
        return (int(details["counter"]), str(details["mac"])), True
    except (Sealed, ValueError, KeyError):
        return None, False


def _newest(told: tuple[int, str] | None, remembered: Mark | None) -> int:
    return max(told[0] if told else 0, remembered.counter if remembered else 0)
