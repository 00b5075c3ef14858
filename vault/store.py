"""The queries for records, over the tables of `vault.tables`.

Every writing function here runs in the caller's transaction and relies on the caller's lock of the account (the
`ledger_head` row): record and digest segment change together or not at all.
"""

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from itertools import count as count_from
from typing import Any, Generic, NamedTuple

from sqlalchemy import ColumnElement, Integer, LargeBinary, insert, literal_column
from sqlmodel import Session, col, delete, func, select
from sqlmodel.sql.expression import SelectOfScalar

from vault import segments, shredding
from vault.envelope import HEAD_BYTES, JSON, Place
from vault.errors import NoSuchRecord, Sealed
from vault.keyring import Keyring
from vault.records import MODELS, Fields, Kind, T
from vault.segments import Digest
from vault.tables import Account, Instant, MailboxKey, Record, Resealing, RetiredKey, Segment, Slot

__all__ = [
    "PAGE", "Account", "Draft", "Instant", "MailboxKey", "Opened", "Record", "Resealing", "RetiredKey", "Segment", "Slot", "abandoned",
    "add", "add_drafts", "all_of", "count", "digests", "discard", "draft", "get", "get_many", "heads", "place", "publish", "remove",
    "remove_many", "replace", "restage", "segment", "segment_place", "staged", "values_of",
    "versions",
]  # fmt: skip


PAGE = 500


@dataclass(frozen=True)
class Opened(Generic[T]):
    """A record, opened."""

    record_id: str
    fields: T
    created_at: datetime
    updated_at: datetime


def add(db: Session, keyring: Keyring, fields: Fields, *, now: datetime, record_id: str | None = None, import_id: str | None = None) -> str:
    """Seal and store a new record, return its id. With `import_id` it stays invisible until `publish`."""
    record = Record(
        account_id=keyring.account_id,
        record_id=record_id or secrets.token_hex(16),
        kind=fields.KIND.value,
        import_id=import_id,
        generation=keyring.generation,
        sealed=b"",
        created_at=now,
        updated_at=now,
    )
    _seal(keyring, record, fields)
    if import_id is None:
        (record.segment,) = _file(db, keyring, record.kind, [_line(record, fields)])
    db.add(record)
    db.flush()
    return record.record_id


def get(db: Session, keyring: Keyring, model: type[T], record_id: str) -> Opened[T] | None:
    """Open one visible record; None when there is none of that kind and id. Raises `Sealed`."""
    record = _find(db, keyring, model, record_id, lock=False)
    return None if record is None else _opened(keyring, model, record)


def replace(db: Session, keyring: Keyring, record_id: str, fields: Fields, *, now: datetime) -> None:
    """Seal new fields in place of a visible record's. Raises `NoSuchRecord`."""
    record = _find(db, keyring, type(fields), record_id, lock=True)
    if record is None:
        raise NoSuchRecord
    record.updated_at = now
    _seal(keyring, record, fields)
    _refile(db, keyring, record, [_line(record, fields)])
    db.flush()


def remove(db: Session, keyring: Keyring, model: type[T], record_id: str) -> bool:
    """Delete a visible record and its digest. Tells whether there was one."""
    record = _find(db, keyring, model, record_id, lock=True)
    if record is None:
        return False
    _refile(db, keyring, record, [])
    db.delete(record)
    db.flush()
    # The documents of a record go with it, by their foreign key.
    shredding.mark(db, "record", "segment", "attachment", "attachment_chunk")
    return True


def remove_many(db: Session, keyring: Keyring, model: type[T], record_ids: Collection[str]) -> int:
    """Delete visible records of a kind and their digests, opening each segment once; how many there were."""
    gone = 0
    for start in range(0, len(wanted := sorted(record_ids)), PAGE):
        records = db.exec(_chosen(keyring, model, wanted[start : start + PAGE]).with_for_update()).all()
        for number in sorted({record.segment or 0 for record in records}):
            segment = _segment(db, keyring, model.KIND.value, number)
            lines = kept = _lines(keyring, segment)
            leaving = [record.record_id for record in records if record.segment == number]
            for record_id in leaving:
                kept = segments.without(kept, record_id)
            if len(kept) != len(lines) - len(leaving):
                raise Sealed
            _fill(db, keyring, segment, kept)
        for record in records:
            db.delete(record)
        db.flush()
        gone += len(records)
    if gone:
        shredding.mark(db, "record", "segment", "attachment", "attachment_chunk")
    return gone


def digests(db: Session, keyring: Keyring, model: type[T]) -> list[Digest]:
    """Every visible record of a kind as its digest, in no promised order; opens segments only. Raises `Sealed`."""
    chosen = select(Segment).where(Segment.account_id == keyring.account_id, Segment.kind == model.KIND.value)
    found: list[Digest] = []
    for segment in db.exec(chosen.order_by(col(Segment.number)).execution_options(populate_existing=True)):
        found.extend(segments.digests(_lines(keyring, segment)))
    return found


def versions(db: Session, account_id: str, model: type[Fields]) -> dict[int, bytes]:
    """What tells each segment of a kind from what it was before: the head of its sealed bytes, with their random salt. Opens nothing."""
    mine = _of_kind(account_id, model)
    if db.get_bind().dialect.name == "sqlite":
        # SQLite's `substr` reads the whole value: 16 ms for a hundred segments, against 1 ms for the first page of each.
        connection = db.connection().connection.driver_connection
        rows = db.exec(select(Segment.number, literal_column("rowid", Integer)).where(*mine)).all()
        return {number: _head(connection, rowid) for number, rowid in rows}
    head = func.substr(Segment.sealed, 1, HEAD_BYTES, type_=LargeBinary)
    return {number: bytes(start) for number, start in db.exec(select(Segment.number, head).where(*mine))}


def segment(db: Session, keyring: Keyring, model: type[Fields], number: int) -> list[Digest]:
    """The digests of one segment; none when there is none of that number. Raises `Sealed`."""
    chosen = select(Segment).where(*_of_kind(keyring.account_id, model), Segment.number == number)
    found = db.exec(chosen.execution_options(populate_existing=True)).one_or_none()
    return [] if found is None else segments.digests(_lines(keyring, found))


def get_many(db: Session, keyring: Keyring, model: type[T], record_ids: Collection[str]) -> dict[str, Opened[T]]:
    """Open those visible records of a kind that are there, by id. Raises `Sealed`."""
    return {record.record_id: _opened(keyring, model, record) for record in _many(db, keyring, model, record_ids)}


def values_of(db: Session, keyring: Keyring, model: type[Fields], record_ids: Collection[str]) -> dict[str, dict[str, JSON]]:
    """As `get_many`, but the fields as they were sealed, by whatever version of the model: for looking through very many."""
    return {record.record_id: keyring.open(place(record), record.sealed) for record in _many(db, keyring, model, record_ids)}


def count(db: Session, account_id: str, model: type[Fields]) -> int:
    """How many visible records of a kind there are. Opens nothing."""
    chosen = select(func.coalesce(func.sum(Segment.count), 0)).where(Segment.account_id == account_id, Segment.kind == model.KIND.value)
    return int(db.exec(chosen).one())


def all_of(db: Session, keyring: Keyring, model: type[T]) -> Iterator[Opened[T]]:
    """Open every visible record of a kind, by id. Raises `Sealed` at the first that does not open."""
    return _each(db, keyring, model, None)


def staged(db: Session, keyring: Keyring, model: type[T], import_id: str) -> Iterator[Opened[T]]:
    """Open the still invisible records of an import, by id. Raises `Sealed` at the first that does not open."""
    return _each(db, keyring, model, import_id)


def restage(db: Session, keyring: Keyring, record_id: str, fields: Fields, *, import_id: str, now: datetime) -> bool:
    """Seal new fields in place of a still invisible record's. Tells whether it was still there."""
    record = db.get(Record, (keyring.account_id, record_id), populate_existing=True, with_for_update=True)
    if record is None or record.import_id != import_id or record.kind != fields.KIND.value:
        return False
    record.updated_at = now
    _seal(keyring, record, fields)
    db.add(record)
    db.flush()
    return True


def heads(db: Session, keyring: Keyring, model: type[T]) -> list[Opened[T]]:
    """The heads of imports that wait: staged records of a kind whose id is the import's own. Newest first."""
    mine = (Record.account_id == keyring.account_id, Record.kind == model.KIND.value, Record.import_id == Record.record_id)
    found = db.exec(select(Record).where(*mine).order_by(col(Record.created_at).desc(), col(Record.record_id))).all()
    return [_opened(keyring, model, record) for record in found]


def publish(db: Session, keyring: Keyring, import_id: str, *, now: datetime) -> int:
    """Make an import's records visible, all at once; how many. Raises `Sealed` when one does not open: none is shown then."""
    chosen = select(Record).where(Record.account_id == keyring.account_id, Record.import_id == import_id)
    records = db.exec(chosen.order_by(col(Record.kind), col(Record.record_id)).with_for_update()).all()
    for kind, group in groupby(records, key=lambda record: record.kind):
        model = MODELS[Kind(kind)]
        lines = []
        for record in (batch := list(group)):
            record.import_id, record.updated_at = None, now
            lines.append(_line(record, _opened(keyring, model, record).fields))
        for record, number in zip(batch, _file(db, keyring, kind, lines), strict=True):
            record.segment = number
    db.flush()
    return len(records)


def discard(db: Session, account_id: str, import_id: str) -> int:
    """Delete an import's records that were never shown; how many. Needs no key."""
    shredding.mark(db, "record")
    return db.exec(delete(Record).where(col(Record.account_id) == account_id, col(Record.import_id) == import_id)).rowcount


class Draft(NamedTuple):
    """A record that keeps the id and the times it had elsewhere, sealed and not yet stored."""

    record: Record
    line: bytes


def draft(keyring: Keyring, opened: Opened[T]) -> Draft:
    """Seal a record that comes from elsewhere. Needs no database: of many, this is the slow part."""
    record = Record(
        account_id=keyring.account_id,
        record_id=opened.record_id,
        kind=opened.fields.KIND.value,
        generation=keyring.generation,
        sealed=b"",
        created_at=opened.created_at,
        updated_at=opened.updated_at,
    )
    _seal(keyring, record, opened.fields)
    return Draft(record, _line(record, opened.fields))


def add_drafts(db: Session, keyring: Keyring, drafts: Sequence[Draft]) -> None:
    """Store drafted records and their digests, visible at once when the caller commits."""
    for kind, group in groupby(sorted(drafts, key=lambda one: one.record.kind), key=lambda one: one.record.kind):
        batch = list(group)
        for one, number in zip(batch, _file(db, keyring, kind, [one.line for one in batch]), strict=True):
            one.record.segment = number
    if drafts:
        db.execute(insert(Record), [one.record.model_dump() for one in drafts])
    db.flush()


def abandoned(db: Session, *, before: datetime) -> list[tuple[str, str]]:
    """(account id, import id) of every import to which nothing was added since `before`, for the sweeper."""
    imports = select(Record.account_id, col(Record.import_id)).where(col(Record.import_id).is_not(None))
    grouped = imports.group_by(col(Record.account_id), col(Record.import_id)).having(func.max(Record.created_at) < before)
    return [(account_id, import_id) for account_id, import_id in db.exec(grouped) if import_id is not None]


def _find(db: Session, keyring: Keyring, model: type[Fields], record_id: str, *, lock: bool) -> Record | None:
    chosen = select(Record).where(Record.account_id == keyring.account_id, Record.record_id == record_id)
    visible = chosen.where(Record.kind == model.KIND.value, col(Record.import_id).is_(None))
    fresh = visible.execution_options(populate_existing=True)
    return db.exec(fresh.with_for_update() if lock else fresh).one_or_none()


def _many(db: Session, keyring: Keyring, model: type[Fields], record_ids: Collection[str]) -> Iterator[Record]:
    for start in range(0, len(wanted := sorted(record_ids)), PAGE):
        yield from db.exec(_chosen(keyring, model, wanted[start : start + PAGE]))


def _chosen(keyring: Keyring, model: type[Fields], record_ids: Sequence[str]) -> SelectOfScalar[Record]:
    """Those of these records that are of a kind and visible, found by their key."""
    mine = (col(Record.account_id) == keyring.account_id, col(Record.record_id).in_(record_ids))
    # Bare, `import_id IS NULL` leads SQLite through the index of imports: all that the account has, to find these few.
    visible = (col(Record.kind) == model.KIND.value, func.coalesce(Record.import_id, "") == "")
    return select(Record).where(*mine, *visible).order_by(col(Record.record_id)).execution_options(populate_existing=True)


def _each(db: Session, keyring: Keyring, model: type[T], import_id: str | None) -> Iterator[Opened[T]]:
    # The ids first, by the index of kinds or imports: in the order of ids SQLite would look at every record of every kind.
    of_import = func.coalesce(Record.import_id, "") == "" if import_id is None else col(Record.import_id) == import_id
    listed = select(Record.record_id).where(Record.account_id == keyring.account_id, Record.kind == model.KIND.value, of_import)
    ids = sorted(db.exec(listed))
    for start in range(0, len(ids), PAGE):
        mine = (col(Record.account_id) == keyring.account_id, col(Record.record_id).in_(ids[start : start + PAGE]))
        page = select(Record).where(*mine, of_import).order_by(col(Record.record_id))
        yield from (_opened(keyring, model, record) for record in db.exec(page.execution_options(populate_existing=True)).all())


def _of_kind(account_id: str, model: type[Fields]) -> tuple[ColumnElement[bool], ...]:
    return col(Segment.account_id) == account_id, col(Segment.kind) == model.KIND.value


def _head(connection: Any, rowid: int) -> bytes:
    with connection.blobopen("segment", "sealed", rowid, readonly=True) as blob:
        return bytes(blob.read(HEAD_BYTES))


def place(record: Record) -> Place:
    """Where a record's fields are sealed."""
    return Place("record", record.kind, record.record_id, record.account_id, record.schema_version)


def _seal(keyring: Keyring, record: Record, fields: Fields) -> None:
    record.schema_version, record.generation = fields.SCHEMA, keyring.generation
    record.sealed = keyring.seal(place(record), fields.model_dump(mode="json"))


def _opened(keyring: Keyring, model: type[T], record: Record) -> Opened[T]:
    try:
        fields = model.model_validate(keyring.open(place(record), record.sealed))
    except ValueError:
        # Pydantic's error would carry what the record says; one error for every failure.
        raise Sealed from None
    return Opened(record.record_id, fields, record.created_at, record.updated_at)


def _line(record: Record, fields: Fields) -> bytes:
    return segments.line(record.record_id, record.created_at, record.updated_at, fields.digest())


def _file(db: Session, keyring: Keyring, kind: str, lines: Sequence[bytes]) -> list[int]:
    """Put lines into segments with room, then into new ones; the segment number of each line, in order."""
    mine = (Segment.account_id == keyring.account_id, Segment.kind == kind)
    counts = db.exec(select(Segment.number, Segment.count).where(*mine).order_by(col(Segment.number)).with_for_update()).all()
    rooms = [(number, segments.ROOM - count) for number, count in counts if count < segments.ROOM]
    fresh = count_from(max((number for number, _count in counts), default=0) + 1)
    numbers = chain(rooms, ((number, segments.ROOM) for number in fresh))
    filed: list[int] = []
    while len(filed) < len(lines):
        number, room = next(numbers)
        taken = lines[len(filed) : len(filed) + room]
        segment = _segment(db, keyring, kind, number)
        _fill(db, keyring, segment, [*_lines(keyring, segment), *taken])
        filed.extend([number] * len(taken))
    return filed


def _refile(db: Session, keyring: Keyring, record: Record, lines: Sequence[bytes]) -> None:
    """Put `lines` (one, or none) in the place of the record's line."""
    segment = _segment(db, keyring, record.kind, record.segment or 0)
    kept = segments.without(_lines(keyring, segment), record.record_id)
    if len(kept) != segment.count - 1:
        raise Sealed
    _fill(db, keyring, segment, [*kept, *lines])


def _segment(db: Session, keyring: Keyring, kind: str, number: int) -> Segment:
    """The segment, locked; a new empty one when there is none of that number."""
    chosen = select(Segment).where(Segment.account_id == keyring.account_id, Segment.kind == kind, Segment.number == number)
    found = db.exec(chosen.with_for_update().execution_options(populate_existing=True)).one_or_none()
    return found or Segment(account_id=keyring.account_id, kind=kind, number=number, count=0, generation=keyring.generation, sealed=b"")


def _fill(db: Session, keyring: Keyring, segment: Segment, lines: Sequence[bytes]) -> None:
    if not lines:
        db.delete(segment)
        return
    segment.count, segment.generation = len(lines), keyring.generation
    segment.sealed = keyring.seal_bytes(segment_place(segment), segments.joined(lines))
    db.add(segment)


def _lines(keyring: Keyring, segment: Segment) -> list[bytes]:
    """The segment's lines. Raises `Sealed` when it does not open, or not to as many lines as it counts."""
    lines = segments.lines(keyring.open_bytes(segment_place(segment), segment.sealed)) if segment.count else []
    if len(lines) != segment.count:
        raise Sealed
    return lines


def segment_place(segment: Segment) -> Place:
    """Where the digests of a segment are sealed."""
    return Place("segment", segment.kind, str(segment.number), segment.account_id, 1)
