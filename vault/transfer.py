"""Export and import, whole: what an account holds as files of canonical JSON (RFC 8785), and back.

The vault's own part is the records and their documents. What consent keeps (ledger, receipts, permissions) comes in as files
of history that the caller makes and checks; here they are names and rows. FORMAT.md describes every file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from pydantic import ValidationError
from sqlmodel import Session, select

from vault import archive, attachments, export_documents, store
from vault.attachments import Document
from vault.errors import BadArchive, ExportTooLarge, NotEmpty
from vault.export_documents import Brought
from vault.export_files import canonical, joined, moment, objects, value
from vault.keyring import Keyring
from vault.records import MODELS, Fields, Kind, Past, Profile
from vault.store import Draft, Opened, Record

FORMAT: Final = "bothways-export"
VERSION: Final = 1
MANIFEST: Final = "bothways.json"
PROFILE: Final = "profile.json"
# A recovery code never leaves; the profile and the pieces of history have files of their own.
KINDS: Final = tuple(kind for kind in Kind if kind not in {Kind.KIT, Kind.PROFILE, Kind.PAST})
PARTS: Final = ("clients", "grants", "instance", "ledger", "receipts", "relationships", "requests")
PIECE: Final = 400_000
"""Characters of one stored piece of history, or one row, whichever is longer."""
LINE: Final = 256
"""Bytes that the manifest says of one file, at most."""

_HISTORY = re.compile(rf"history/([0-9a-f]{{32}})/({'|'.join(PARTS)})\.json")
_PLAIN = (re.compile(re.escape(name)) for name in (MANIFEST, PROFILE, export_documents.FILE))
_FILES = (*_PLAIN, re.compile(rf"records/({'|'.join(KINDS)})\.json"), _HISTORY, export_documents.BYTES)
_ID = re.compile(r"[0-9a-f]{32}")

Rows = Sequence[Mapping[str, Any]]
History = Mapping[tuple[str, str], Rows]
"""Rows by (ledger id, part)."""


@dataclass(frozen=True)
class Contents:
    """What an export says, checked in form."""

    records: Mapping[Kind, Sequence[Opened[Fields]]] = field(repr=False)
    profile: Profile = field(repr=False)
    history: History = field(repr=False)
    documents: Sequence[Brought] = field(default=(), repr=False)

    @property
    def count(self) -> int:
        """How many records."""
        return sum(len(opened) for opened in self.records.values())


def export(db: Session, keyring: Keyring, profile: Profile, history: History, *, made: Mapping[str, str]) -> bytes:
    """The archive of an account. `history` is what its present ledger has to tell; what earlier hosts told is here already.

    `made` (when, where, whose) stands in the manifest alone, so that two exports of the same things differ nowhere else.
    Raises `Sealed` when something does not open, `ExportTooLarge` when it does not all fit: an export that left something out
    would be taken for whole.
    """
    files = {PROFILE: canonical(profile.model_dump(mode="json"))}
    if documents := attachments.all_of(db, keyring):
        files[export_documents.FILE] = export_documents.listed(documents)
    for kind in KINDS:
        if rows := [_row(opened) for opened in store.all_of(db, keyring, MODELS[kind])]:
            files[f"records/{kind}.json"] = joined(rows)
    for (ledger_id, part), rows in {
        **_past(db, keyring),
        **{key: [canonical(row) for row in rows] for key, rows in history.items()},
    }.items():
        files[f"history/{ledger_id}/{part}.json"] = joined(rows)
    _check_room(files, documents)
    said: dict[str, Any] = {name: _facts(data) for name, data in files.items()}

    def entries() -> Iterator[tuple[str, bytes]]:
        # Documents come before the manifest in the order of names, so that it can tell of each what went by.
        waiting = sorted(files)
        if documents:
            yield waiting[0], files[waiting.pop(0)]
        for name, data in export_documents.entries(db, keyring, documents):
            said[name] = _facts(data)
            yield name, data
        yield MANIFEST, canonical({"format": FORMAT, "version": VERSION, "made": made, "files": said})
        for name in waiting:
            yield name, files[name]

    return archive.pack(entries(), stored={export_documents.path(one) for one in documents})


def read(data: bytes) -> Contents:
    """An archive, read strictly: nothing unknown, nothing missing, nothing twice. Raises BadArchive."""
    files = archive.unpack(data, _FILES)
    _check_manifest(files)
    records: dict[Kind, list[Opened[Fields]]] = {
        kind: _records(kind, files[name]) for kind in KINDS if (name := f"records/{kind}.json") in files
    }
    ids = [opened.record_id for group in records.values() for opened in group]
    if len(set(ids)) != len(ids):
        raise BadArchive("twice", "records")
    history = {(found[1], found[2]): objects(name, files[name]) for name in files if (found := _HISTORY.fullmatch(name))}
    return Contents(records, _profile(files), history, export_documents.read(files, set(ids)))


def draft(keyring: Keyring, contents: Contents, *, now: datetime, profile_id: str) -> list[Draft]:
    """Every record of an import, sealed to this account: slow, and before any transaction."""
    profile: Opened[Fields] = Opened(profile_id, contents.profile, now, now)
    opened: list[Opened[Fields]] = [profile, *(one for group in contents.records.values() for one in group)]
    opened += [
        Opened(keyring.mac(f"past/{piece.ledger_id}/{piece.part}", str(piece.number).encode()).hex()[:32], piece, now, now)
        for piece in _pieces(contents.history)
    ]
    return [store.draft(keyring, one) for one in opened]


def take_in(db: Session, keyring: Keyring, drafted: Sequence[Draft], documents: Sequence[Brought] = ()) -> None:
    """Store a drafted import, under the account's lock, its documents sealed one after the other: all of them sealed
    would be held in memory twice. Raises NotEmpty when the account holds more than a profile.
    """
    rows = db.exec(select(Record).where(Record.account_id == keyring.account_id).limit(2)).all()
    if any(row.kind != Kind.PROFILE.value for row in rows):
        raise NotEmpty
    for row in rows:
        store.remove(db, keyring, Profile, row.record_id)
    store.add_drafts(db, keyring, drafted)
    for brought in documents:
        export_documents.take_in(db, keyring, brought)


def _row(opened: Opened[Any]) -> bytes:
    times = {"created_at": opened.created_at.isoformat(), "updated_at": opened.updated_at.isoformat()}
    return canonical({"id": opened.record_id, **times, "fields": opened.fields.model_dump(mode="json")})


def _facts(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": sha256(data).hexdigest()}


def _check_room(files: Mapping[str, bytes], documents: Sequence[Document]) -> None:
    # The manifest says about a line of each entry.
    entries = len(files) + len(documents) + 1
    size = sum(len(data) for data in files.values()) + sum(one.size for one in documents) + entries * LINE
    if size > archive.WHOLE or entries > archive.ENTRIES:
        raise ExportTooLarge(size)


def _past(db: Session, keyring: Keyring) -> dict[tuple[str, str], list[bytes]]:
    pieces = sorted((opened.fields for opened in store.all_of(db, keyring, Past)), key=_in_order)
    found: dict[tuple[str, str], list[bytes]] = {}
    for piece in pieces:
        found.setdefault((piece.ledger_id, piece.part), []).extend(row.encode() for row in piece.rows)
    return found


def _in_order(piece: Past) -> tuple[str, str, int]:
    return piece.ledger_id, piece.part, piece.number


def _pieces(history: History) -> Iterator[Past]:
    for (ledger_id, part), rows in sorted(history.items()):
        texts: list[str] = []
        number = size = 0
        for text in (canonical(row).decode() for row in rows):
            if texts and size + len(text) > PIECE:
                yield Past.model_validate({"ledger_id": ledger_id, "part": part, "number": number, "rows": texts})
                number, texts, size = number + 1, [], 0
            texts.append(text)
            size += len(text)
        yield Past.model_validate({"ledger_id": ledger_id, "part": part, "number": number, "rows": texts})


def _check_manifest(files: Mapping[str, bytes]) -> None:
    if MANIFEST not in files:
        raise BadArchive("missing", MANIFEST)
    said = value(MANIFEST, files[MANIFEST])
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadArchive("no-archive", MANIFEST)
    if said.get("version") != VERSION or isinstance(said["version"], bool):
        raise BadArchive("wrong-version", str(said.get("version"))[:20])
    there = {name: _facts(data) for name, data in files.items() if name != MANIFEST}
    if set(said) != {"format", "version", "made", "files"} or not isinstance(said["files"], dict):
        raise BadArchive("odd-file", MANIFEST)
    for name in sorted(set(there) ^ set(said["files"])):
        raise BadArchive("missing" if name in said["files"] else "unknown-entry", name)
    for name, facts in there.items():
        if said["files"][name] != facts:
            raise BadArchive("damaged", name)


def _records(kind: Kind, data: bytes) -> list[Opened[Fields]]:
    name = f"records/{kind}.json"
    found = []
    for row in objects(name, data):
        if set(row) != {"id", "created_at", "updated_at", "fields"} or not isinstance(row["id"], str) or not _ID.fullmatch(row["id"]):
            raise BadArchive("odd-file", name)
        found.append(_opened(kind, name, row))
    if [opened.record_id for opened in found] != sorted(opened.record_id for opened in found):
        raise BadArchive("order", name)
    return found


def _opened(kind: Kind, name: str, row: Mapping[str, Any]) -> Opened[Fields]:
    try:
        return Opened(row["id"], MODELS[kind].model_validate(row["fields"]), moment(row["created_at"]), moment(row["updated_at"]))
    except (ValueError, TypeError, OverflowError):
        raise BadArchive("odd-record", f"{name} {row['id']}") from None


def _profile(files: Mapping[str, bytes]) -> Profile:
    if PROFILE not in files:
        raise BadArchive("missing", PROFILE)
    try:
        return Profile.model_validate(value(PROFILE, files[PROFILE]))
    except ValidationError:
        raise BadArchive("odd-record", PROFILE) from None
