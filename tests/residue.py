"""Deleted for good: 200 marked rows and 5 documents, and then every place where something of them could lie.

What is looked for is not the words alone (those were never there in the clear) but the sealed bytes of every row that is
deleted: whoever has the key of that time could open them.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import col, select

from app import clock
from app.settings import Settings
from tests.browsing import Browsing
from tests.databases import Database
from tests.factories import make_account
from tests.instances import Instance, running
from tests.populating import attach, open_account
from tests.searching import files, needles
from vault import store
from vault.attachments import Attachment, AttachmentChunk
from vault.records import Item, PastValue, Vendor
from vault.store import Record, Segment

WORD = "marked-for-going"
PIECE = 48
"""Bytes from the start of a sealed value that are looked for: its salt is in them, so they occur nowhere else."""


def searched(settings: Settings, database: Database, *, rows: int, documents: int) -> int:
    """Keep, delete, search; how many searches (a secret in one encoding in one place) found nothing.

    Raises AssertionError naming every place where something was left, or when before the deletion nothing was found.
    """
    with _temporary_folder(settings.data_dir.parent) as temporary, running(settings) as instance:
        secret = _keep(instance, rows=rows, documents=documents)
        sealed = {name: value for name, value in secret.items() if isinstance(value, bytes)}
        instance.stores.main.shred()
        assert set(_found(settings, database, temporary, sealed)) >= set(sealed), "the search would not have seen them"
        _delete(instance)
        # What a busy log or PostgreSQL keeps is the worker's next tick to take.
        instance.app.state.worker.tick(clock.now())
        left = _found(settings, database, temporary, secret)
        assert left == {}, "\n".join(f"{name}: {places}" for name, places in left.items())
        places = len(list(_places(settings, database, temporary)))
    return places * sum(len(needles(one)) for one in secret.values())


def _keep(instance: Instance, *, rows: int, documents: int) -> dict[str, str | bytes]:
    account, keyring, _mailbox = make_account(instance.stores)
    with instance.stores.main.writing() as db:
        for number in range(rows):
            past = (PastValue(value=f"{WORD} before {number}", until=clock.now()),)
            item = Item(term="pd:Name", value=f"{WORD} {number:06}", note=WORD * (number % 40), previous=past)
            store.add(db, keyring, item, now=clock.now())
        vendor_id = store.add(db, keyring, Vendor(name=f"{WORD} of a company"), now=clock.now())
    browsing = Browsing(instance.new_client()).unlock()
    for number in range(documents):
        attach(browsing, f"/vendors/{vendor_id}", f"{WORD} {number}.bin", secrets.token_bytes(90_000) + WORD.encode())
    secret: dict[str, str | bytes] = {"the word": WORD}
    with instance.stores.main.reading() as db:
        for table in (Record, Segment, Attachment, AttachmentChunk):
            sealed = db.exec(select(col(table.sealed)).where(col(table.account_id) == account.account_id))
            secret |= {f"{table.__name__} {number}": value[:PIECE] for number, value in enumerate(sealed)}
    return secret


def _delete(instance: Instance) -> None:
    """By the pages: half of the documents one by one, the others with their company; the items from the vault."""
    browsing = Browsing(instance.new_client()).unlock()
    account, keyring = open_account(instance.stores, "robin")
    with instance.stores.main.reading() as db:
        items = [one.record_id for one in store.all_of(db, keyring, Item)]
        (vendor,) = [one.record_id for one in store.all_of(db, keyring, Vendor)]
        documents = db.exec(select(Attachment.attachment_id).where(Attachment.account_id == account.account_id)).all()
    for document in documents[::2]:
        browsing.get(f"/vendors/{vendor}/documents/{document}/remove")
        assert browsing.post(f"/vendors/{vendor}/documents/{document}/remove").status_code == 303
    for path in (f"/vendors/{vendor}", f"/items/{items[0]}"):
        browsing.get(f"{path}/remove")
        assert browsing.post(f"{path}/remove").status_code == 303
    with instance.stores.main.writing() as db:
        for record_id in items[1:]:
            assert store.remove(db, keyring, Item, record_id)


def _places(settings: Settings, database: Database, temporary: Path) -> Iterator[tuple[str, bytes]]:
    """The data folder with the database and its log, the state folder, the folder for temporary files, on PostgreSQL a dump."""
    yield from files(settings.data_dir, settings.state_dir, temporary)
    if database.cluster is not None:
        yield from ((f"pg_dump of {name}", database.cluster.dump(name)) for name in database.names)


def _found(settings: Settings, database: Database, temporary: Path, secret: Mapping[str, str | bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for where, content in _places(settings, database, temporary):
        for name, one in secret.items():
            if any(needle in content for needle in needles(one).values()):
                found.setdefault(name, []).append(where)
    return found


@contextmanager
def _temporary_folder(beside: Path) -> Iterator[Path]:
    """Everything that this process and its programs put away for a moment goes here."""
    folder, before = beside / "temporary", tempfile.tempdir
    folder.mkdir()
    tempfile.tempdir, environment = str(folder), os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        if environment is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = environment
