"""Documents in an export: `attachments.json` says what they are, `attachments/<id>` holds the bytes of each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from vault import attachments, export_files
from vault.attachments import Document, Sealer
from vault.errors import BadArchive
from vault.keyring import Keyring

FILE: Final = "attachments.json"
BYTES: Final = re.compile(r"attachments/([0-9a-f]{32})")

_ID = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
# What a document is called is shown: nothing that cannot be seen, or that turns the direction of writing.
_NAME = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$")]
# What it is goes into a header (RFC 6838, 4.2).
_TYPE = Annotated[str, Field(max_length=127, pattern=r"^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$")]


class _Row(BaseModel):
    """A line of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    id: _ID
    record_id: _ID
    name: _NAME
    media_type: _TYPE
    size: int = Field(ge=0, le=attachments.LIMIT)
    created_at: str


@dataclass(frozen=True)
class Brought:
    """A document that came with an export, checked in form."""

    document: Document
    data: bytes = field(repr=False)


def listed(documents: Sequence[Document]) -> bytes:
    """The list, canonical."""
    rows = (
        {
            "id": one.attachment_id,
            "record_id": one.record_id,
            "name": one.name,
            "media_type": one.media_type,
            "size": one.size,
            "created_at": one.created_at.isoformat(),
        }
        for one in documents
    )
    return export_files.joined(export_files.canonical(row) for row in rows)


def path(document: Document) -> str:
    """The name of the entry with its bytes."""
    return f"attachments/{document.attachment_id}"


def entries(db: Session, keyring: Keyring, documents: Sequence[Document]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each document, one at a time. Raises `Sealed`."""
    for one in documents:
        yield path(one), b"".join(attachments.read(db, keyring, one.record_id, one.attachment_id))


def read(files: Mapping[str, bytes], records: set[str]) -> list[Brought]:
    """The documents among an archive's files, each of one of these records, by id. Raises BadArchive."""
    there = {found[1]: data for name, data in files.items() if (found := BYTES.fullmatch(name))}
    rows = export_files.objects(FILE, files[FILE]) if FILE in files else []
    documents = [_document(row) for row in rows]
    ids = [one.attachment_id for one in documents]
    if ids != sorted(set(ids)):
        raise BadArchive("order", FILE)
    for attachment_id in sorted(set(ids) ^ set(there)):
        raise BadArchive("unknown-entry" if attachment_id in there else "missing", f"attachments/{attachment_id}")
    for one in documents:
        if one.record_id not in records:
            raise BadArchive("odd-record", f"{FILE} {one.attachment_id}")
        if one.size != len(there[one.attachment_id]):
            raise BadArchive("damaged", path(one))
    return [Brought(one, there[one.attachment_id]) for one in documents]


def take_in(db: Session, keyring: Keyring, brought: Brought) -> None:
    """Seal a document to this account and store it behind its record."""
    one = brought.document
    sealer = Sealer(keyring, one.record_id, attachment_id=one.attachment_id)
    sealer.write(brought.data)
    attachments.add(db, sealer.draft(one.name, one.media_type, now=one.created_at))


def _document(row: Mapping[str, Any]) -> Document:
    try:
        said = _Row.model_validate(row)
        return Document(said.id, said.record_id, said.name, said.media_type, said.size, export_files.moment(said.created_at))
    except (ValueError, OverflowError):
        raise BadArchive("odd-file", FILE) from None
