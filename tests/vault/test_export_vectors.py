"""Two implementations of an export, the vault and `tests/vectors/make_export.py`, agree."""

import json
from typing import Any

from app.database import Stores
from tests.archives import unpack
from tests.factories import NOW, make_account
from tests.vectors import make_export as reference
from vault import archive, transfer

PINNED: dict[str, Any] = json.loads(reference.FILE.read_text(encoding="ascii"))
ARCHIVE = bytes.fromhex(PINNED["archive"])


def test_the_pinned_file_is_what_its_program_makes() -> None:
    assert reference.FILE.read_text(encoding="ascii") == reference.text()


def test_the_pinned_archive_is_ours_byte_for_byte() -> None:
    """Where nothing is deflated."""
    files = {name: text.encode() for name, text in PINNED["files"].items()}
    assert unpack(ARCHIVE) == files
    assert archive.pack(sorted(files.items()), stored=files) == ARCHIVE


def test_the_pinned_export_comes_in_and_goes_out(stores: Stores) -> None:
    """With its document, and every file the same again."""
    _account, keyring, _mailbox = make_account(stores)
    contents = transfer.read(ARCHIVE)
    (brought,) = contents.documents
    assert (brought.document.name, brought.document.record_id, brought.data) == ("Küche.pdf", reference.ITEM, reference.DATA)
    with stores.main.writing() as db:
        transfer.take_in(db, keyring, transfer.draft(keyring, contents, now=NOW, profile_id="a" * 32), contents.documents)
        again = transfer.export(db, keyring, contents.profile, {}, made={"at": reference.AT})
    assert unpack(again) == unpack(ARCHIVE)
