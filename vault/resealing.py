"""Sealing everything again under a new account key, batch by batch, while older keys still open what waits.

Each batch is one transaction of the caller, who holds the account's lock. It may be killed anywhere: the next one goes on
behind the last that was committed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, tuple_
from sqlmodel import Session, SQLModel, col, delete, func, select

from vault import attachments, envelope, mailbox, shredding, store
from vault.attachments import Attachment, AttachmentChunk
from vault.envelope import Place
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.store import MailboxKey, Record, Resealing, RetiredKey, Segment

BATCH = 500
"""Values in one batch."""

BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends with the value that fills it, so that large documents do not hold the lock for long."""


@dataclass(frozen=True)
class Holding:
    """A table whose column `sealed` holds values under the account key. `key` is the primary key behind `account_id`.

    `place` says of a row where its value is sealed; `along` is called once for each row in the transaction that reseals it.
    """

    model: type[SQLModel]
    key: tuple[str, ...]
    place: Callable[[Any], Place]
    along: Callable[[Session, Keyring, Any, datetime], None] | None = None

    @property
    def table(self) -> Table:
        """The table itself: rows are read and written as they are, without objects."""
        found: Table = self.model.__table__  # type: ignore[attr-defined] # every table class has one
        return found


HOLDINGS: tuple[Holding, ...] = (
    Holding(Record, ("record_id",), store.place),
    Holding(Segment, ("kind", "number"), store.segment_place),
    Holding(Attachment, ("record_id", "attachment_id"), attachments.place),
    Holding(AttachmentChunk, ("record_id", "attachment_id", "number"), attachments.chunk_place),
)
"""What the vault's own tables hold."""


class Scope(NamedTuple):
    """What is to be sealed again, and `letters`: the columns of what is sealed to mailbox keys, which keep those keys alive."""

    holdings: Sequence[Holding]
    letters: Sequence[Any]


@dataclass(frozen=True)
class Progress:
    """How many values are sealed again, of how many.

    `finished`: the old key is destroyed, and the log is to be emptied. `damaged`: so many values open under no key; the
    retired keys stay for them. `resting`: no further batch comes until somebody asks for another pass.
    """

    done: int
    total: int
    damaged: int = 0
    resting: bool = False
    finished: bool = False


def expect(db: Session, keyring: Keyring, scope: Scope, *, now: datetime) -> None:
    """Note that everything of this account is to be sealed again under this keyring, from the first value on."""
    if earlier := db.get(Resealing, keyring.account_id):
        db.delete(earlier)
        db.flush()
    total = sum(_stale(db, holding, keyring) for holding in scope.holdings)
    db.add(Resealing(account_id=keyring.account_id, total=total, started_at=now))
    db.flush()


def remember(db: Session, keyring: Keyring) -> bool:
    """Let a keyring open what is still sealed under older generations. Tells whether there is anything to seal again.

    Raises `Sealed` when a retired key does not open.
    """
    if db.get(Resealing, keyring.account_id, populate_existing=True) is None:
        return False
    for retired in retired_keys(db, keyring):
        amk = keyring.open_bytes(retired_place(retired), retired.sealed)
        keyring.remember(Keyring(keyring.account_id, retired.generation, amk))
    return True


def progress(db: Session, account_id: str, scope: Scope) -> Progress | None:
    """How far it is; None when there is nothing to seal again."""
    row = db.get(Resealing, account_id, populate_existing=True)
    return None if row is None else _progress(row, scope)


def advance(db: Session, keyring: Keyring, scope: Scope, *, now: datetime, limit: int = BATCH) -> Progress | None:
    """Seal the next batch again; how far that got, None when there is nothing to do. `keyring` remembers the older ones.

    At the end the retired account keys are destroyed, and the retired mailbox keys to which no letter refers. A value that
    opens under no key is passed over and counted; while there is one, the retired keys stay.
    """
    row = db.get(Resealing, keyring.account_id, with_for_update=True, populate_existing=True)
    if row is None:
        return None
    if row.holding < len(scope.holdings):
        _batch(db, keyring, scope.holdings, row, now=now, limit=limit)
        if row.holding == len(scope.holdings) and _ended(db, keyring, scope, row):
            return Progress(row.total, row.total, finished=True)
        db.add(row)
        db.flush()
    return _progress(row, scope)


def again(db: Session, account_id: str) -> None:
    """Begin another pass over everything, for instance after a damaged value was deleted or brought back."""
    if row := db.get(Resealing, account_id, with_for_update=True, populate_existing=True):
        _restart(row)
        db.add(row)
        db.flush()


def retired_keys(db: Session, keyring: Keyring) -> Sequence[RetiredKey]:
    """The retired keys of an account, as they are sealed."""
    chosen = select(RetiredKey).where(RetiredKey.account_id == keyring.account_id)
    return db.exec(chosen.order_by(col(RetiredKey.generation)).execution_options(populate_existing=True)).all()


def retired_place(retired: RetiredKey) -> Place:
    """Where a retired key is sealed."""
    return Place("retired_key", "account", str(retired.generation), retired.account_id, 1)


def _batch(db: Session, keyring: Keyring, holdings: Sequence[Holding], row: Resealing, *, now: datetime, limit: int) -> None:
    left, room = limit, BATCH_BYTES
    while left > 0 and room > 0 and row.holding < len(holdings):
        holding = holdings[row.holding]
        rows, asked = _next(db, holding, row, limit=left, room=room), left
        left, room = left - len(rows), room - sum(len(found.sealed) for found in rows)
        if rows:
            _reseal(db, keyring, holding, rows, row, now=now)
            row.behind = json.dumps([rows[-1]._mapping[name] for name in holding.key])
        if len(rows) < asked and room > 0:
            row.holding, row.behind = row.holding + 1, ""


def _next(db: Session, holding: Holding, row: Resealing, *, limit: int, room: int) -> list[Any]:
    """The next rows by primary key. Those written since are sealed under the new key already and cost a look."""
    table = holding.table
    key = [table.c[name] for name in holding.key]
    chosen = table.select().where(table.c.account_id == row.account_id).order_by(*key).limit(limit)
    if row.behind:
        chosen = chosen.where(tuple_(*key) > tuple_(*json.loads(row.behind), types=[column.type for column in key]))
    rows: list[Any] = []
    with db.execute(chosen) as found:
        for one in found:
            rows.append(one)
            room -= len(one.sealed)
            if room <= 0:
                break
    return rows


def _reseal(db: Session, keyring: Keyring, holding: Holding, rows: Sequence[Any], row: Resealing, *, now: datetime) -> None:
    table, fresh, changes = holding.table, envelope.header(keyring.generation), []
    for found in rows:
        if found.sealed.startswith(fresh):
            continue
        try:
            sealed = keyring.reseal(holding.place(found), found.sealed)
        except Sealed:
            row.damaged += 1
            continue
        changes.append({f"at_{name}": found._mapping[name] for name in holding.key} | {"value": sealed})
        if holding.along is not None:
            holding.along(db, keyring, found, now)
    row.done += len(changes)
    if changes:
        here = (table.c.account_id == keyring.account_id, *(table.c[name] == bindparam(f"at_{name}") for name in holding.key))
        generation = {"generation": keyring.generation} if "generation" in table.c else {}
        db.connection().execute(table.update().where(*here).values(sealed=bindparam("value"), **generation), changes)


def _ended(db: Session, keyring: Keyring, scope: Scope, row: Resealing) -> bool:
    stale = sum(_stale(db, holding, keyring) for holding in scope.holdings)
    if stale > row.damaged:
        # A value came in under the old key from somebody who had opened the account before it was rotated.
        _restart(row)
    if stale:
        return False
    mine = keyring.account_id
    for key in db.exec(select(MailboxKey).where(MailboxKey.account_id == mine, col(MailboxKey.retired_at).is_not(None))):
        if not any(_refers(db, letter, key) for letter in scope.letters):
            db.delete(key)
    db.exec(delete(RetiredKey).where(col(RetiredKey.account_id) == mine))
    db.delete(row)
    db.flush()
    shredding.mark(db, "retired_key", "mailbox_key")
    return True


def _restart(row: Resealing) -> None:
    row.holding, row.behind, row.damaged = 0, "", 0


def _stale(db: Session, holding: Holding, keyring: Keyring) -> int:
    """How many values of the account are not sealed under the present generation; read from the values themselves."""
    columns, fresh = holding.table.c, envelope.header(keyring.generation)
    chosen = (columns.account_id == keyring.account_id, func.substr(columns.sealed, 1, len(fresh)) != fresh)
    return int(db.execute(select(func.count()).select_from(holding.table).where(*chosen)).scalar_one())


def _refers(db: Session, letter: Any, key: MailboxKey) -> bool:
    start, table = mailbox.start_of(key.key_id), letter.class_.__table__
    chosen = (table.c.account_id == key.account_id, func.substr(letter, 1, len(start)) == start)
    return db.execute(select(table.c.account_id).where(*chosen).limit(1)).first() is not None


def _progress(row: Resealing, scope: Scope) -> Progress:
    return Progress(min(row.done, row.total), row.total, damaged=row.damaged, resting=row.holding == len(scope.holdings))
