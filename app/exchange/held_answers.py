"""Answers to access requests as versions of what a company holds: brought in, read as the owner says, taken back. Each whole or not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session

from app.exchange.importers import answers, columns
from consent import ledger
from consent.act import Act
from vault import store
from vault.keyring import Keyring
from vault.records import Held, Sheet
from vault.store import Opened

OF: Final = "answer"


def bring(db: Session, keyring: Keyring, vendor_id: str, sheet: Sheet, *, now: datetime) -> str:
    """Keep an answer until the owner has said what its columns are; the id of its record. Nothing of it counts before."""
    versions = [
        int(str(one.values["version"]))
        for one in store.digests(db, keyring, Held)
        if one.values.get("vendor_id") == vendor_id and one.values["client_id"] is None
    ]
    waits = Held(vendor_id=vendor_id, version=max(versions, default=0) + 1, received_at=now, sheet=sheet, waiting=True)
    return store.add(db, keyring, waits, now=now)


def understand(db: Session, act: Act, keyring: Keyring, waits: Opened[Held], meanings: Sequence[str]) -> None:
    """Read it so, and remember how for the next file with these columns. Raises ImportRefused."""
    held, held_id = waits.fields, waits.record_id
    assert held.sheet is not None
    read = answers.understood(held.sheet, meanings, held=held)
    store.replace(db, keyring, held_id, read, now=act.now)
    columns.remember(db, keyring, held.sheet.names, meanings, now=act.now, of=OF)
    if held.waiting:
        counted = {name: len(getattr(read, name)) for name in ("fields", "segments", "scores")}
        ledger.append(db, act, "import.applied", {"import_id": held_id, "format": OF, **counted})


def take_back(db: Session, act: Act, keyring: Keyring, held_id: str, held: Held) -> None:
    """Remove an answer for good; how such files are read stays remembered."""
    store.remove(db, keyring, Held, held_id)
    if not held.waiting:
        ledger.append(db, act, "import.undone", {"import_id": held_id, "format": OF})
