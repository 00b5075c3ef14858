"""Ledger marks: the state store remembers how far each ledger ever got, so that a restored main database is noticed."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from enum import StrEnum
from functools import partial
from importlib import import_module
from typing import Protocol

from sqlalchemy import Connection, Executable, bindparam
from sqlalchemy import select as sa_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from app.database import Store, swift
from app.state import LedgerMark
from consent.ledger import genesis
from consent.statements import Lookup, Statement
from consent.store import LedgerEntry, LedgerHead


class End(Protocol):
    """Where the ledger of an account ends in the main database."""

    @property
    def account_id(self) -> str:
        """Whose ledger."""

    @property
    def size(self) -> int:
        """How many entries."""

    @property
    def head(self) -> bytes:
        """The hash of the last."""


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


def raise_all(state: Connection, reached: Mapping[str, tuple[int, bytes]], *, now: datetime) -> None:
    """Remember the ledger states (size, head) of several accounts that one transaction has committed. No mark goes down.

    `state` is an `unhurried` connection: a power cut may take the latest marks with it, never the ledger that they speak of. A mark
    that is too low is still true.
    """
    rows = [{"account_id": account_id, "size": size, "head": head, "at": now} for account_id, (size, head) in sorted(reached.items())]
    # One statement is a transaction by itself, and on PostgreSQL one statement takes them all.
    with swift(state) if state.dialect.name == "sqlite" and len(rows) > 1 else nullcontext():
        _RAISE[state.dialect.name].run_each(state, rows)


def held_among(db: Connection, state: Connection, ends: Iterable[End]) -> frozenset[str]:
    """`held` for several accounts whose ledger ends were just read, as a set of account ids."""
    ends = list(ends)
    marks = {account_id: (size, head) for account_id, size, head in _MARKS.rows(state, [end.account_id for end in ends])}
    return frozenset(end.account_id for end in ends if not _level(db, end, marks.get(end.account_id)))


def _level(db: Connection, end: End, mark: tuple[int, bytes] | None) -> bool:
    if mark is None or end.size < mark[0]:
        return False
    if mark[0] == 0:  # an empty ledger is where every other one began
        return True
    if end.size == mark[0]:
        return end.head == mark[1]
    return _ENTRY.rows(db, {"account": end.account_id, "number": mark[0]}) == [(mark[1],)]


def _upsert(name: str) -> Executable:
    # Each of these is loaded where it is used only.
    made = import_module(f"sqlalchemy.dialects.{name}").insert(LedgerMark)
    new = {name: made.excluded[name] for name in ("size", "head", "at")}
    statement: Executable = made.on_conflict_do_update(
        index_elements=["account_id"], set_=new, where=col(LedgerMark.size) < made.excluded.size
    )
    return statement


_RAISE = {name: Statement(partial(_upsert, name)) for name in ("sqlite", "postgresql")}
_MARKS = Lookup(
    lambda keys: sa_select(col(LedgerMark.account_id), col(LedgerMark.size), col(LedgerMark.head)).where(
        col(LedgerMark.account_id).in_([bindparam(key) for key in keys])
    )
)
_ENTRY = Statement(
    lambda: sa_select(col(LedgerEntry.hash)).where(
        col(LedgerEntry.account_id) == bindparam("account"), col(LedgerEntry.seq) == bindparam("number")
    )
)


def accept(store: Store, account_id: str, *, size: int, head: bytes, now: datetime) -> None:
    """Remember a ledger state from which its owner goes on, also when it is a shorter one."""
    raise_mark(store, account_id, size=size, head=head, now=now)
    with store.writing() as db:
        db.exec(update(LedgerMark).where(col(LedgerMark.account_id) == account_id).values(size=size, head=head, at=now))
