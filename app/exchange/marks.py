"""Ledger marks: the state store remembers how far each ledger ever got, so that a restored main database is noticed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from app.database import Store
from app.state import LedgerMark
from consent.ledger import genesis
from consent.store import LedgerEntry, LedgerHead


class Standing(StrEnum):
    """How the main database stands to what the state store remembers."""

    LEVEL = "level"
    BEHIND = "behind"
    FORKED = "forked"
    UNKNOWN = "unknown"


def raise_mark(store: Store, account_id: str, *, size: int, head: bytes, now: datetime) -> None:
    """Remember a ledger state that has been committed and acknowledged. A mark never goes down."""
    with store.writing() as db:
        if db.get(LedgerMark, account_id) is None:
            try:
                with db.begin_nested():
                    db.add(LedgerMark(account_id=account_id, size=size, head=head, at=now))
            except IntegrityError:  # another process made the mark first; raise it below
                db.expire_all()
        higher = update(LedgerMark).where(col(LedgerMark.account_id) == account_id, col(LedgerMark.size) < size)
        db.exec(higher.values(size=size, head=head, at=now))


def mark_of(store: Store, account_id: str) -> tuple[int, bytes] | None:
    """The highest (size, head) ever acknowledged for an account."""
    with store.reading() as db:
        row = db.get(LedgerMark, account_id)
    return None if row is None else (row.size, row.head)


def standing(db: Session, state: Store, account_id: str) -> Standing:
    """Compare an account's ledger in the main database with its mark in the state store."""
    mark = mark_of(state, account_id)
    if mark is None:
        return Standing.UNKNOWN
    head = db.get(LedgerHead, account_id)
    if head is None or head.size < mark[0]:
        return Standing.BEHIND
    if mark[0] == 0:  # an empty ledger is where every other one began
        return Standing.LEVEL
    there = select(LedgerEntry.hash).where(LedgerEntry.account_id == account_id, LedgerEntry.seq == mark[0])
    found = db.exec(there).first() if mark[0] else genesis(head.ledger_id)
    return Standing.LEVEL if found == mark[1] else Standing.FORKED


def held(db: Session, state: Store, account_id: str) -> bool:
    """Whether the main database went back, or nobody knows: then companies are answered as if every permission were paused."""
    return standing(db, state, account_id) is not Standing.LEVEL


def accept(store: Store, account_id: str, *, size: int, head: bytes, now: datetime) -> None:
    """Remember a ledger state from which its owner goes on, also when it is a shorter one."""
    raise_mark(store, account_id, size=size, head=head, now=now)
    with store.writing() as db:
        db.exec(update(LedgerMark).where(col(LedgerMark.account_id) == account_id).values(size=size, head=head, at=now))
