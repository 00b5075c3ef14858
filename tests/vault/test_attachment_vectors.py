"""Two implementations of a document's bytes, the vault and `tests/vectors/make_attachments.py`, agree."""

import json
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import select

from app.database import Stores
from tests.factories import NOW
from tests.vectors import make_attachments as reference
from tests.vectors.format_by_hand import open_envelope, pad, seal_envelope
from tests.vectors.make_vault import ACCOUNT, AMK
from vault import attachments, store
from vault.accounts import draft
from vault.attachments import Attachment, AttachmentChunk, Sealer
from vault.cipher import FLOOR
from vault.envelope import Place
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.records import Item
from vault.store import Account

PINNED: dict[str, Any] = json.loads(reference.FILE.read_text(encoding="ascii"))
KEYRING = Keyring(ACCOUNT, 1, AMK)


def test_the_pinned_file_is_what_its_program_makes() -> None:
    assert reference.FILE.read_text(encoding="ascii") == reference.text()


def test_a_full_piece_is_the_pinned_one() -> None:
    full = PINNED["full"]
    sealed = seal_envelope(AMK, full["place"], 1, bytes.fromhex(full["salt"]), pad(reference.DATA[: reference.PIECE]))
    assert (len(sealed), sha256(sealed).hexdigest()) == (full["length"], full["sha256"])
    assert KEYRING.open_bytes(Place(**full["place"]), sealed) == reference.DATA[: attachments.CHUNK]


def test_the_pinned_document_opens(stores: Stores) -> None:
    """Put into the database as the file has it."""
    row: dict[str, Any] = {
        "account_id": ACCOUNT,
        "record_id": reference.RECORD,
        "attachment_id": reference.DOCUMENT,
        "generation": 1,
    }
    full = PINNED["full"]
    first = seal_envelope(AMK, full["place"], 1, bytes.fromhex(full["salt"]), pad(reference.DATA[: reference.PIECE]))
    account = draft("robin", "a passphrase of some length", operator=False, cost=FLOOR, now=NOW).new.account
    with stores.main.writing() as db:
        db.add(Account(**{**account.model_dump(), "account_id": ACCOUNT}))
        db.flush()
        store.add(db, KEYRING, Item(term="pd:Name", value="Robin"), now=NOW, record_id=reference.RECORD)
        db.add(Attachment(**row, sealed=bytes.fromhex(PINNED["description"]["sealed"]), created_at=NOW))
        db.flush()
        db.add(AttachmentChunk(**row, number=0, last=False, sealed=first))
        db.add(AttachmentChunk(**row, number=1, last=True, sealed=bytes.fromhex(PINNED["last"]["sealed"])))
    with stores.main.reading() as db:
        assert b"".join(attachments.read(db, KEYRING, reference.RECORD, reference.DOCUMENT)) == reference.DATA
        (document,) = attachments.of_record(db, KEYRING, reference.RECORD)
        assert [attachments.chunk_place(chunk) for chunk in db.exec(select(AttachmentChunk).order_by("number"))] == [
            Place(**PINNED[name]["place"]) for name in ("full", "last")
        ]
    assert (document.name, document.media_type, document.size) == ("Küche.pdf", "application/pdf", len(reference.DATA))


@pytest.mark.parametrize("case", PINNED["refused"], ids=lambda case: str(case["what"]))
def test_a_piece_opens_in_no_other_place(case: dict[str, Any]) -> None:
    sealed = bytes.fromhex(PINNED["last"]["sealed"])
    assert KEYRING.open_bytes(Place(**PINNED["last"]["place"]), sealed) == bytes.fromhex(PINNED["last"]["data"])
    with pytest.raises(Sealed):
        KEYRING.open_bytes(Place(**case["place"]), sealed)


def test_the_reference_opens_what_the_vault_seals() -> None:
    sealer = Sealer(KEYRING, reference.RECORD, attachment_id=reference.DOCUMENT)
    sealer.write(reference.DATA)
    made = sealer.draft("Küche.pdf", "application/pdf", now=NOW)
    assert open_envelope(AMK, PINNED["description"]["place"], made.attachment.sealed).hex() == PINNED["description"]["data"]
    pieces = [open_envelope(AMK, PINNED[name]["place"], chunk.sealed) for name, chunk in zip(("full", "last"), made.chunks, strict=True)]
    assert b"".join(pieces) == reference.DATA
