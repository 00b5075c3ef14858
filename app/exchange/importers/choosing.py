"""A table that waits for the owner to say what its columns mean: kept sealed, read as they say, as often as they change their mind."""

from datetime import datetime

from sqlmodel import Session, col, delete

from app.database import Store
from app.exchange.importers import columns, staging
from app.exchange.importers.staging import Staged
from app.exchange.importers.tables import Table, is_secret
from vault import shredding, store
from vault.keyring import Keyring
from vault.records import Kind
from vault.store import Record

ROWS = 250
"""Rows in one sealed record."""


def stage(main: Store, keyring: Keyring, table: Table, *, import_id: str, file_name: str, now: datetime) -> None:
    """Keep a table until its columns are chosen. The names of the columns are the first row of the first part."""
    rows = [table.names, *table.rows]
    for number, start in enumerate(range(0, len(rows), ROWS)):
        part = Staged(import_id=import_id, format=columns.FORMAT, rows=tuple(rows[start : start + ROWS]), part=number)
        with main.writing() as db:
            staging.still_open(db, keyring)
            store.add(db, keyring, part, now=now, import_id=import_id)
    summary = {"emptied": table.emptied, "ansi": int(table.ansi), "rows": len(table.rows)}
    head = Staged(import_id=import_id, format=columns.FORMAT, file_name=file_name, state="columns", summary=summary)
    staging.begin(main, keyring, head, now=now)


def table_of(db: Session, keyring: Keyring, import_id: str) -> tuple[Staged, Table] | None:
    """The head of an import and its table; None when none waits under this id."""
    found = {opened.record_id: opened.fields for opened in store.staged(db, keyring, Staged, import_id)}
    head = found.pop(import_id, None)
    parts = sorted((part for part in found.values() if part.rows), key=lambda part: part.part)
    if head is None or not parts:
        return None
    names, *rows = (row for part in parts for row in part.rows)
    counts = head.summary
    return head, Table(
        names=names,
        rows=tuple(rows),
        secret=tuple(place for place, name in enumerate(names) if is_secret(name)),
        emptied=counts.get("emptied", 0) or counts.get("dropped.secret_column", 0),
        ansi=bool(counts.get("ansi") or counts.get("remark.windows_1252")),
    )


def choose(main: Store, keyring: Keyring, import_id: str, meanings: tuple[str, ...], *, now: datetime) -> bool:
    """Read the table as the owner says and stage what comes of it; what was staged of it before goes.

    Tells whether it was there. Raises ImportRefused when a value does not fit; then all stays as it was.
    """
    with main.reading() as db:
        found = table_of(db, keyring, import_id)
    if found is None:
        return False
    head, table = found
    reading = columns.understood(table, meanings)
    with main.writing() as db:
        staging.still_open(db, keyring)
        mine = (col(Record.account_id) == keyring.account_id, col(Record.import_id) == import_id)
        if db.exec(delete(Record).where(*mine, col(Record.kind) != Kind.IMPORT.value)).rowcount:
            shredding.mark(db, "record")
    staging.stage(main, keyring, reading, file_name=head.file_name, now=now, import_id=import_id)
    return True
