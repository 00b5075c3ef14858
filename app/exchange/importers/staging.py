"""From a reading to records: staged sealed and invisible, to be applied in one transaction or thrown away.

What is staged are the vendors and items of the file as they came, sealed like everything else, and beside them the notes
of logins, which may hold secrets and so become part of a vendor only when the owner ticks the box. The head, an `Import`
whose record id is the import id, is written last: without it there is nothing to preview, and the sweeper takes the rest.
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
from app.exchange.importers.reading import NAME, Incoming, Reading, Skipped
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

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class LoginNote(Part):
    """What a password store keeps beside a login, and the staged vendor that it belongs to."""

    key: Key
    text: Annotated[str, StringConstraints(max_length=20_000)]


class Staged(Import):
    """An `Import` that waits; never published. Only the parts beside the head carry login notes."""

    login_notes: Annotated[tuple[LoginNote, ...], Limit(max_length=NOTES)] = ()


def stage(main: Store, keyring: Keyring, reading: Reading, *, file_name: str, now: datetime) -> str:
    """Seal a reading in batches of at most 500 records, each its own transaction, so that nobody waits long. Returns the import id.

    Raises NotUnlocked when the account key was replaced meanwhile; what was staged until then is swept.
    """
    import_id = secrets.token_hex(16)
    folded, full = fold(incoming.vendor for incoming in reading.vendors)
    left_out = (*reading.skipped, *(Skipped(position + 1, reading.vendors[position].vendor.name, "full") for position in full))
    reading = replace(reading, skipped=left_out)
    for batch in _batches(_records(import_id, reading, folded), BATCH):
        with main.writing() as db:
            _still_open(db, keyring)
            for record_id, fields in batch:
                store.add(db, keyring, fields, now=now, record_id=record_id, import_id=import_id)
    head = Staged(
        import_id=import_id, format=reading.format, file_name=file_name[-NAME:], summary=_summary(reading), notes=_left_out(reading)
    )
    with main.writing() as db:
        _still_open(db, keyring)
        store.add(db, keyring, head, now=now, record_id=import_id, import_id=import_id)
    return import_id


def sweep(db: Session, *, older_than: datetime) -> int:
    """Delete imports to which nothing was added since `older_than` and that were not applied; how many records. Needs no key."""
    return sum(store.discard(db, account_id, import_id) for account_id, import_id in store.abandoned(db, before=older_than))


def _still_open(db: Session, keyring: Keyring) -> None:
    """Between two batches the owner may have replaced the account key: nothing may come in under the old one any more."""
    ledger.lock(db, keyring.account_id)
    if db.get_one(Account, keyring.account_id, populate_existing=True).generation != keyring.generation:
        raise NotUnlocked


def _records(import_id: str, reading: Reading, folded: Sequence[Folded]) -> Iterator[tuple[str, Fields]]:
    notes: list[LoginNote] = []
    for one in folded:
        key = secrets.token_hex(16)
        yield key, one.vendor
        notes += [LoginNote(key=key, text=text) for text in _notes(reading.vendors[position] for position in one.positions)]
    for item in reading.items:
        yield secrets.token_hex(16), item
    for part in _batches(iter(notes), NOTES):
        yield secrets.token_hex(16), Staged(import_id=import_id, format=reading.format, login_notes=tuple(part))


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
