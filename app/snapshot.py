"""A backup file: one moment of the main database, row by row, in a form that knows no database.

Read in one transaction while everything goes on: on SQLite the reader's view of the write-ahead log, on PostgreSQL REPEATABLE
READ. So a backup of one kind of database restores into the other, and nothing but Python is needed for either.

The file is text: a line of JSON that says what it is, then for each table a line with its name and columns and a line for
each row, then a line with the number of rows and the SHA-256 of every line before it. Bytes stand as {"b": base64}, instants
as {"t": ISO 8601}. What is sealed in the database is sealed here.
"""

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, select, text

FORMAT: Final = "bothways-backup"
VERSION: Final = 1
SCHEMA_TABLE: Final = "alembic_version"
BATCH = 500


class BadBackup(Exception):
    """This file is no backup that can be restored here; the message says why, for the operator."""


@dataclass(frozen=True)
class Heading:
    """What a backup says of itself: the revision of its schema, when it was made, and from which kind of database."""

    schema: str
    made_at: str
    database: str


def write(path: Path, fill: Callable[[IO[bytes]], int]) -> int:
    """Make a new file, mode 0600, which is there only once it is whole; what `fill` returns. Raises FileExistsError."""
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            count = fill(file)
            file.flush()
            os.fsync(file.fileno())
            # Unlike a rename, a link never takes the place of a file that is there.
            os.link(part, path)
        finally:
            part.unlink()
    return count


def dump(engine: Engine, file: IO[bytes], *, now: datetime) -> int:
    """Write a backup into an open file; how many rows."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            return _copy(_lines(connection, now), file)


def read(lines: Iterable[bytes]) -> tuple[Heading, Iterator[tuple[str, list[str], list[list[Any]]]]]:
    """The heading and, batch by batch, (table, columns, rows). Raises BadBackup, at the latest after the last batch."""
    counted = _Counted(lines)
    return _heading(counted.next()), _batches(counted)


def revision(connection: Connection) -> str | None:
    """The revision of the database's schema; None for an empty database."""
    if not inspect(connection).has_table(SCHEMA_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {SCHEMA_TABLE}")).scalars().one_or_none()  # noqa: S608 - a constant
    return None if found is None else str(found)


def is_empty(connection: Connection) -> bool:
    """Whether there is no table with a row in it."""
    return all(connection.execute(select(table).limit(1)).first() is None for table in tables(connection))


def tables(connection: Connection) -> list[Table]:
    """The tables as they are in the database, whatever its schema, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != SCHEMA_TABLE]


def _copy(lines: Iterator[bytes], file: IO[bytes]) -> int:
    digest, count = sha256(), 0
    for line in lines:
        digest.update(line)
        file.write(line)
        count += line.startswith(b"[")
    file.write(_line({"rows": count, "sha256": digest.hexdigest()}))
    return count


def _lines(connection: Connection, now: datetime) -> Iterator[bytes]:
    schema = revision(connection)
    if schema is None:
        raise BadBackup("there is no database to back up yet")
    yield _line({"format": FORMAT, "version": VERSION, "schema": schema, "made_at": now.isoformat(), "database": connection.dialect.name})
    for table in tables(connection):
        yield _line({"table": table.name, "columns": [column.name for column in table.columns]})
        chosen = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
        for row in connection.execute(chosen):
            yield _line([_said(value) for value in row])


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _said(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return {"b": base64.b64encode(bytes(value)).decode()}
        case datetime():
            # SQLite keeps instants without their zone, which is always UTC.
            return {"t": value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC).isoformat()}
        case date():
            return {"d": value.isoformat()}
        case _:
            return value


def _meant(value: Any) -> Any:
    match value:
        case {"b": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"t": str(text)}:
            return datetime.fromisoformat(text)
        case {"d": str(text)}:
            return date.fromisoformat(text)
        case dict() | list():
            raise ValueError
        case _:
            return value


class _Counted:
    """Lines, counted and hashed as they go by."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines, self._digest, self.rows = iter(lines), sha256(), 0

    def next(self) -> Any:
        line = next(self._lines, b"")
        try:
            value = json.loads(line)
        except ValueError:
            raise BadBackup("the file is cut short or damaged") from None
        if isinstance(value, dict) and "sha256" in value and (value != self._end() or next(self._lines, None) is not None):
            raise BadBackup("the file is damaged: it is not what its last line says")
        self._digest.update(line)
        self.rows += isinstance(value, list)
        return value

    def _end(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256": self._digest.hexdigest()}


def _heading(said: Any) -> Heading:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadBackup("this is not a backup made by Bothways")
    if said.get("version") != VERSION:
        raise BadBackup(f"this backup has format {said.get('version')}; this version knows format {VERSION}")
    return Heading(str(said["schema"]), str(said["made_at"]), str(said["database"]))


def _batches(lines: _Counted) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    table, columns, rows = "", list[str](), list[list[Any]]()
    while True:
        match lines.next():
            case list() as row if table and len(row) == len(columns):
                try:
                    rows.append([_meant(value) for value in row])
                except ValueError:
                    raise BadBackup(f"the file is damaged in table {table}") from None
                if len(rows) == BATCH:
                    yield table, columns, rows
                    rows = []
                continue
            case {"table": str(name), "columns": list(names)}:
                following: tuple[str, list[str]] | None = name, [str(column) for column in names]
            case {"sha256": _}:
                following = None
            case _:
                raise BadBackup("the file is damaged")
        if rows:
            yield table, columns, rows
        if following is None:
            return
        (table, columns), rows = following, []
