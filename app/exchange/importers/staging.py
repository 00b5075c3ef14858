"""From a reading to records: staged sealed and invisible, to be applied in one transaction or thrown away.

What is staged are the vendors and items of the file as they came, sealed like everything else, and beside them the notes
of logins, which may hold secrets and so become part of a vendor only when the owner ticks the box. The head, an `Import`
whose record id is the import id, is written last: without it there is nothing to preview, and the sweeper takes the rest.
A mail file has its head from the first byte on, in the state `reading`: it is what the page of the progress looks at.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Annotated, TypeVar

from pydantic import Field as Limit
from pydantic import StringConstraints
from sqlmodel import Session

from app.database import Store
from app.errors import NotUnlocked
from app.exchange.importers.reading import NAME, Happened, Incoming, Reading, Skipped
from app.relationships.joining import Folded, fold
from consent import ledger
from vault import store
from vault.keyring import Keyring
from vault.records import Fields, Import, Part
from vault.store import Account

T = TypeVar("T")

BATCH = 500
"""Records in one transaction of staging."""

NOTES = 100
"""Login notes in one sealed record; 100 of the longest are 2 MiB."""

SKIPPED = 900
"""Left-out entries that are named; the rest is counted."""

SORTS = 1_000
"""Senders in one sealed record."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class LoginNote(Part):
    """What a password store keeps beside a login, and the staged vendor that it belongs to."""

    key: Key
    text: Annotated[str, StringConstraints(max_length=20_000)]


class Sorted(Part):
    """Under which heading a staged vendor is offered to the owner's choice: `company` or `perhaps`."""

    key: Key
    sort: str


class Staged(Import):
    """An `Import` that waits; never published. Only the parts beside the head carry login notes, headings and rows of a table."""

    login_notes: Annotated[tuple[LoginNote, ...], Limit(max_length=NOTES)] = ()
    sorts: Annotated[tuple[Sorted, ...], Limit(max_length=SORTS)] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    part: int = 0


class Stopped(Exception):
    """The owner threw the import away while its file was still being read."""


def stage(main: Store, keyring: Keyring, reading: Reading, *, file_name: str, now: datetime, import_id: str | None = None) -> str:
    """Seal a reading in batches of at most 500 records, each its own transaction, so that nobody waits long. Returns the import id.

    With `import_id` the head that stands there becomes the head of this reading. Raises NotUnlocked when the account key was
    replaced meanwhile, and Stopped when the head is gone; what was staged until then is swept.
    """
    found_head, import_id = import_id is not None, import_id or secrets.token_hex(16)
    folded, full = fold(incoming.vendor for incoming in reading.vendors)
    left_out = (*reading.skipped, *(Skipped(position + 1, reading.vendors[position].vendor.name, "full") for position in full))
    reading = replace(reading, skipped=left_out)
    for batch in _batches(_records(import_id, reading, folded), BATCH):
        with main.writing() as db:
            still_open(db, keyring)
            for record_id, fields in batch:
                store.add(db, keyring, fields, now=now, record_id=record_id, import_id=import_id)
    head = Staged(
        import_id=import_id, format=reading.format, file_name=file_name[-NAME:], summary=_summary(reading), notes=_left_out(reading)
    )
    if found_head:
        keep_head(main, keyring, head, now=now)
    else:
        begin(main, keyring, head, now=now)
    return import_id


def begin(main: Store, keyring: Keyring, head: Staged, *, now: datetime) -> None:
    """Write the head of an import. Raises NotUnlocked."""
    with main.writing() as db:
        still_open(db, keyring)
        store.add(db, keyring, head, now=now, record_id=head.import_id, import_id=head.import_id)


def keep_head(main: Store, keyring: Keyring, head: Staged, *, now: datetime) -> None:
    """Write the head anew. Raises NotUnlocked, and Stopped when it is gone."""
    with main.writing() as db:
        still_open(db, keyring)
        if not store.restage(db, keyring, head.import_id, head, import_id=head.import_id, now=now):
            raise Stopped


def sweep(db: Session, *, older_than: datetime) -> int:
    """Delete imports to which nothing was added since `older_than` and that were not applied; how many records. Needs no key."""
    return sum(store.discard(db, account_id, import_id) for account_id, import_id in store.abandoned(db, before=older_than))


def waiting(db: Session, keyring: Keyring) -> list[store.Opened[Staged]]:
    """The heads of all imports that wait or are being read, newest first."""
    return store.heads(db, keyring, Staged)


def head(db: Session, keyring: Keyring, import_id: str) -> Staged | None:
    """The head of an import that waits."""
    return next((opened.fields for opened in waiting(db, keyring) if opened.record_id == import_id), None)


def still_open(db: Session, keyring: Keyring) -> None:
    """Between two batches the owner may have replaced the account key: nothing may come in under the old one any more."""
    ledger.lock(db, keyring.account_id)
    if db.get_one(Account, keyring.account_id, populate_existing=True).generation != keyring.generation:
        raise NotUnlocked


def _records(import_id: str, reading: Reading, folded: Sequence[Folded]) -> Iterator[tuple[str, Fields]]:
    notes: list[LoginNote] = []
    sorts: list[Sorted] = []
    keys: dict[int, str] = {}
    for one in folded:
        key = secrets.token_hex(16)
        yield key, one.vendor
        keys |= dict.fromkeys(one.positions, key)
        incoming = [reading.vendors[position] for position in one.positions]
        notes += [LoginNote(key=key, text=text) for text in _notes(incoming)]
        if sort := min((known.sort for known in incoming if known.sort), default=""):
            sorts.append(Sorted(key=key, sort=sort))
    for item in reading.items:
        yield secrets.token_hex(16), item
    for happened in reading.happened:
        if happened.position in keys:
            yield secrets.token_hex(16), _with(happened, keys[happened.position])
    for part in _batches(iter(notes), NOTES):
        yield secrets.token_hex(16), Staged(import_id=import_id, format=reading.format, login_notes=tuple(part))
    for some in _batches(iter(sorts), SORTS):
        yield secrets.token_hex(16), Staged(import_id=import_id, format=reading.format, sorts=tuple(some))


def _with(happened: Happened, vendor_id: str) -> Fields:
    return happened.what.model_copy(update={"vendor_id": vendor_id})


def _notes(incoming: Iterable[Incoming]) -> list[str]:
    return list(dict.fromkeys(one.login_notes for one in incoming if one.login_notes))


def _summary(reading: Reading) -> dict[str, int]:
    counts = {f"dropped.{code}": count for code, count in reading.dropped}
    counts |= {f"remark.{code}": 1 for code in reading.remarks}
    counts["login_notes"] = sum(bool(one.login_notes) for one in reading.vendors)
    counts["skipped"] = len(reading.skipped)
    counts["read"] = len(reading.vendors) + len(reading.items)
    return counts


def _left_out(reading: Reading) -> tuple[str, ...]:
    return tuple(f"{entry.line}\t{entry.why}\t{entry.name}"[:NAME] for entry in reading.skipped[:SKIPPED])


def _batches(values: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(values, size)):
        yield batch
