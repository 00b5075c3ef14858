"""The owner's standing terms: one sealed record, what of it must be known while the owner is away, and what consent makes of it."""

from datetime import datetime, time

from sqlmodel import Session

from consent import asking, ledger, relationships
from consent.act import Act
from consent.roster import MyTerms as Limits
from consent.terms import Frequency, Hours
from vault import store
from vault.keyring import Keyring
from vault.records import MyTerms, Vendor


def of(db: Session, keyring: Keyring) -> MyTerms | None:
    """The owner's terms; None while there are none."""
    found = _found(db, keyring)
    opened = store.get(db, keyring, MyTerms, found) if found else None
    return opened.fields if opened else None


def keep(db: Session, keyring: Keyring, act: Act, mine: MyTerms, *, now: datetime) -> None:
    """Write the owner's terms down, in place of those before, and let from now on only those ask whom they name."""
    found = _found(db, keyring)
    if found:
        store.replace(db, keyring, found, mine, now=now)
    else:
        store.add(db, keyring, mine, now=now)
    apply(db, keyring, act, mine)
    ledger.append(db, act, "standing.changed", {"may_ask": mine.may_ask, "agreements": list(mine.agreements)})


def apply(db: Session, keyring: Keyring, act: Act, mine: MyTerms) -> None:
    """Put in the clear who may ask, and which clients the owner knows."""
    asking.choose(db, act, mine.may_ask)
    for opened in store.all_of(db, keyring, Vendor):
        for client_id in opened.fields.client_ids:
            relationships.know(db, act, client_id, known=True)


def limits(mine: MyTerms, zone: str) -> Limits:
    """The same as consent weighs it; `zone` is the owner's.

    Half of a limit (a count without its stretch, a beginning without an end) is none.
    """
    start, end = mine.hours_from, mine.hours_to
    return Limits(
        agreements=mine.agreements,
        frequency=Frequency(mine.count, mine.per) if mine.count and mine.per else None,
        hours=Hours(time.fromisoformat(start), time.fromisoformat(end), zone) if start and end and start != end else None,
        retention=mine.retention,
        life=mine.life,
    )


def _found(db: Session, keyring: Keyring) -> str | None:
    return next((digest.record_id for digest in store.digests(db, keyring, MyTerms)), None)
