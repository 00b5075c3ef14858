"""Documents: files that hang on a record, sealed chunk by chunk while they arrive.

A chunk is bound to its account, its document, its number and whether it is the last, and the description to the number of
chunks: none can be moved, left out, doubled or cut off. Every function that writes runs in the caller's transaction, under
the caller's lock of the account.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKeyConstraint, LargeBinary, insert
from sqlmodel import Field, Session, SQLModel, col, delete, func, select

from vault import shredding
from vault.envelope import JSON, Place
from vault.errors import DocumentTooLarge, NoSuchRecord, Sealed
from vault.keyring import Keyring
from vault.store import Instant, Record

LIMIT: Final = 25 * 1024 * 1024
"""Bytes of one document."""
CHUNK: Final = 64 * 1024 - 4
"""Bytes of every chunk but the last: with the length before them they fill the size class of 64 KiB."""

_KIND: Final = "document"


class Attachment(SQLModel, table=True):
    """One document of a record. What it is called, what it is and how long it is are sealed."""

    __table_args__ = (ForeignKeyConstraint(["account_id", "record_id"], ["record.account_id", "record.record_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    record_id: str = Field(primary_key=True, max_length=32)
    attachment_id: str = Field(primary_key=True, max_length=32)
    generation: int
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)


class AttachmentChunk(SQLModel, table=True):
    """A piece of a document."""

    __tablename__ = "attachment_chunk"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "record_id", "attachment_id"],
            ["attachment.account_id", "attachment.record_id", "attachment.attachment_id"],
            ondelete="CASCADE",
        ),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    record_id: str = Field(primary_key=True, max_length=32)
    attachment_id: str = Field(primary_key=True, max_length=32)
    number: int = Field(primary_key=True)
    last: bool
    generation: int
    sealed: bytes = Field(sa_type=LargeBinary)


@dataclass(frozen=True)
class Document:
    """A document, described. `media_type` is what its bytes look like, `size` in bytes."""

    attachment_id: str
    record_id: str
    name: str = field(repr=False)
    media_type: str
    size: int
    created_at: datetime


@dataclass(frozen=True)
class Draft:
    """A document that is sealed and not yet stored: nothing of it can be read without the key."""

    attachment: Attachment = field(repr=False)
    chunks: Sequence[AttachmentChunk] = field(repr=False)


class Sealer:
    """Takes a document's bytes as they come, in pieces of any length, and holds no more than one chunk of them in the clear."""

    def __init__(self, keyring: Keyring, record_id: str, *, attachment_id: str | None = None) -> None:
        self._keyring = keyring
        self._record_id, self._attachment_id = record_id, attachment_id or secrets.token_hex(16)
        self._open = bytearray()
        self._chunks: list[AttachmentChunk] = []
        self.size = 0

    def write(self, data: bytes) -> None:
        """The next bytes. Raises `DocumentTooLarge` past the limit."""
        self.size += len(data)
        if self.size > LIMIT:
            raise DocumentTooLarge
        self._open += data
        # The last chunk says that it is the last, so one full chunk waits until it is known whether more comes.
        while len(self._open) > CHUNK:
            self._seal(bytes(self._open[:CHUNK]), last=False)
            del self._open[:CHUNK]

    def draft(self, name: str, media_type: str, *, now: datetime) -> Draft:
        """The end of the document."""
        self._seal(bytes(self._open), last=True)
        self._open.clear()
        attachment = Attachment(
            account_id=self._keyring.account_id,
            record_id=self._record_id,
            attachment_id=self._attachment_id,
            generation=self._keyring.generation,
            sealed=b"",
            created_at=now,
        )
        said: dict[str, JSON] = {"name": name, "media_type": media_type, "size": self.size, "chunks": len(self._chunks)}
        attachment.sealed = self._keyring.seal(place(attachment), said)
        return Draft(attachment, tuple(self._chunks))

    def _seal(self, data: bytes, *, last: bool) -> None:
        chunk = AttachmentChunk(
            account_id=self._keyring.account_id,
            record_id=self._record_id,
            attachment_id=self._attachment_id,
            number=len(self._chunks),
            last=last,
            generation=self._keyring.generation,
            sealed=b"",
        )
        chunk.sealed = self._keyring.seal_bytes(chunk_place(chunk), data)
        self._chunks.append(chunk)


def add(db: Session, draft: Draft) -> str:
    """Store a sealed document, return its id. Raises `NoSuchRecord` when the record it belongs to is not there."""
    attachment = draft.attachment
    mine = (Record.account_id == attachment.account_id, Record.record_id == attachment.record_id)
    if db.exec(select(Record.record_id).where(*mine, col(Record.import_id).is_(None))).first() is None:
        raise NoSuchRecord
    db.add(attachment)
    db.flush()
    db.execute(insert(AttachmentChunk), [chunk.model_dump() for chunk in draft.chunks])
    return attachment.attachment_id


def of_record(db: Session, keyring: Keyring, record_id: str) -> list[Document]:
    """The documents of a record, newest first. Opens no chunk. Raises `Sealed`."""
    chosen = select(Attachment).where(Attachment.account_id == keyring.account_id, Attachment.record_id == record_id)
    newest = chosen.order_by(col(Attachment.created_at).desc(), col(Attachment.attachment_id)).execution_options(populate_existing=True)
    return [_described(row, _said(keyring, row)) for row in db.exec(newest)]


def all_of(db: Session, keyring: Keyring) -> list[Document]:
    """Every document of the account, by id. Opens no chunk. Raises `Sealed`."""
    chosen = select(Attachment).where(Attachment.account_id == keyring.account_id).order_by(col(Attachment.attachment_id))
    return [_described(row, _said(keyring, row)) for row in db.exec(chosen.execution_options(populate_existing=True))]


def count(db: Session, account_id: str, record_id: str) -> int:
    """How many documents a record has."""
    chosen = select(func.count()).select_from(Attachment).where(Attachment.account_id == account_id, Attachment.record_id == record_id)
    return db.exec(chosen).one()


def find(db: Session, keyring: Keyring, record_id: str, attachment_id: str) -> Document | None:
    """One document of a record. Raises `Sealed`."""
    row = db.get(Attachment, (keyring.account_id, record_id, attachment_id), populate_existing=True)
    return None if row is None else _described(row, _said(keyring, row))


def read(db: Session, keyring: Keyring, record_id: str, attachment_id: str) -> Iterator[bytes]:
    """The bytes of a document, chunk by chunk. Raises `NoSuchRecord`, and `Sealed` when anything of it is not as it was written.

    That a chunk is missing or too many shows at the end at the latest: hand nothing on before the iterator has ended.
    """
    row = db.get(Attachment, (keyring.account_id, record_id, attachment_id), populate_existing=True)
    if row is None:
        raise NoSuchRecord
    said, size, number = _said(keyring, row), 0, 0
    table = AttachmentChunk.__table__  # type: ignore[attr-defined] # every table class has one
    mine = (table.c.account_id == keyring.account_id, table.c.record_id == record_id, table.c.attachment_id == attachment_id)
    for number, chunk in enumerate(db.execute(table.select().where(*mine).order_by(table.c.number)), start=1):
        # Where it is sealed says number and `last`; what the row claims is worth nothing until it opens there.
        data = keyring.open_bytes(_chunk_place(keyring.account_id, attachment_id, number - 1, last=number == said["chunks"]), chunk.sealed)
        size += len(data)
        yield data
    if (number, size) != (said["chunks"], said["size"]):
        raise Sealed


def remove(db: Session, account_id: str, record_id: str, attachment_id: str) -> bool:
    """Delete a document for good. Tells whether there was one. Needs no key."""
    for table in (AttachmentChunk, Attachment):
        mine = (col(table.account_id) == account_id, col(table.record_id) == record_id, col(table.attachment_id) == attachment_id)
        gone = db.exec(delete(table).where(*mine)).rowcount
    shredding.mark(db, "attachment", "attachment_chunk")
    return bool(gone)


def place(row: Any) -> Place:
    """Where the description of a document is sealed."""
    return Place("attachment", _KIND, f"{row.record_id}.{row.attachment_id}", row.account_id, 1)


def chunk_place(row: Any) -> Place:
    """Where a piece of a document is sealed."""
    return _chunk_place(row.account_id, row.attachment_id, row.number, last=row.last)


def _chunk_place(account_id: str, attachment_id: str, number: int, *, last: bool) -> Place:
    return Place("attachment_chunk", _KIND, f"{attachment_id}.{number}.{'last' if last else 'more'}", account_id, 1)


def _said(keyring: Keyring, row: Attachment) -> dict[str, Any]:
    said: dict[str, Any] = keyring.open(place(row), row.sealed)
    return said


def _described(row: Attachment, said: dict[str, Any]) -> Document:
    return Document(row.attachment_id, row.record_id, said["name"], said["media_type"], said["size"], row.created_at)
