"""Slot marks: the state store remembers the newest set of key slots, so that an old one put back whole is noticed."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, update

from app.database import Store
from app.state import SlotMark
from vault.slot_set import Mark


def remembered(state: Store, account_id: str) -> Mark | None:
    """The newest set ever acknowledged for an account."""
    with state.reading() as db:
        row = db.get(SlotMark, account_id)
    return None if row is None else Mark(row.counter, row.mac, row.digest)


def remember(state: Store, account_id: str, mark: Mark, *, now: datetime) -> None:
    """Remember a set that has been committed. A mark never goes down: two that come in the wrong order leave the newer one."""
    with state.writing() as db:
        if db.get(SlotMark, account_id) is None:
            try:
                with db.begin_nested():
                    db.add(SlotMark(account_id=account_id, counter=mark.counter, mac=mark.mac, digest=mark.digest, at=now))
            except IntegrityError:  # another process made the mark first; raise it below
                db.expire_all()
        higher = update(SlotMark).where(col(SlotMark.account_id) == account_id, col(SlotMark.counter) < mark.counter)
        db.exec(higher.values(counter=mark.counter, mac=mark.mac, digest=mark.digest, at=now))
