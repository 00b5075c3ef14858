"""Restoring a backup: all of it in one transaction of the main database, or nothing.

What was there before goes with the same commit. The state store stays: it is what tells the restored database from the one
that was lost. Sessions end; what was withdrawn since is withdrawn again; owners are told when they unlock.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, MetaData, func
from sqlmodel import Session, delete, select

from app import snapshot
from app.auth import instance_ledger
from app.database import Stores
from app.exchange import withdrawals
from app.migrations import NewerSchema, steps
from app.snapshot import BadBackup, Heading
from app.state import Session as Unlocked
from app.tables import Client
from vault.instance import InstanceKeys
from vault.store import Account

Source = Callable[[], Iterable[bytes]]
"""Opens the backup from its beginning, each time it is called."""


class InstanceInUse(Exception):
    """There are owners or clients in this database, and nobody said that they may go."""


@dataclass(frozen=True)
class Restored:
    """What was restored: the backup's heading, its rows, and how many permissions had been withdrawn since."""

    heading: Heading
    rows: int
    withdrawn: int


def restore(stores: Stores, instance: InstanceKeys, source: Source, *, replace: bool, now: datetime) -> Restored:
    """Put a backup in the place of the main database; both stores stand at this version's schema.

    The whole file is read and checked before anything is touched. Raises BadBackup, NewerSchema, InstanceInUse, OSError.
    """
    heading = check(source)
    with stores.main.writer.begin() as connection:
        if not replace and _in_use(connection):
            raise InstanceInUse
        _empty(connection)
        steps.run("main", connection, to=heading.schema)
        rows = _fill(connection, source)
        steps.run("main", connection, to="head")
        with Session(connection, expire_on_commit=False) as db:
            withdrawn = withdrawals.apply_journal(db, stores.state, instance, now=now)
            instance_ledger.append(db, "database.restored", actor="cli", details={"made_at": heading.made_at}, now=now)
            db.flush()
    with stores.state.writing() as state:
        state.exec(delete(Unlocked))
    stores.main.shred()
    stores.state.shred()
    return Restored(heading, rows, withdrawn)


def check(source: Source) -> Heading:
    """Read a backup to its end. Raises BadBackup, NewerSchema."""
    heading, batches = snapshot.read(source())
    for _batch in batches:
        pass
    if heading.schema not in steps.known("main"):
        raise NewerSchema(f"the backup has schema {heading.schema}, which this version does not know; use the newer Bothways that wrote it")
    return heading


def _in_use(connection: Connection) -> bool:
    if snapshot.revision(connection) is None:
        return False
    return any(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (Account, Client))


def _empty(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection)
    found.drop_all(connection)


def _fill(connection: Connection, source: Source) -> int:
    tables = {table.name: table for table in snapshot.tables(connection)}
    _heading, batches = snapshot.read(source())
    count = 0
    for name, columns, rows in batches:
        if name not in tables or set(columns) != {column.name for column in tables[name].columns}:
            raise BadBackup(f"the backup has a table {name} that its schema does not have")
        connection.execute(tables[name].insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        count += len(rows)
    return count
