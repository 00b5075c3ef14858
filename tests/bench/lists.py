"""Opening a list: from its digest segments, beside the bare AEAD and JSON of the same records."""

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.database import open_stores
from app.settings import Settings
from tests.bench.timing import Timing, paired
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import NOW, make_account
from vault import store
from vault.records import Contact, Vendor

RECORDS = 10_000
TARGET = 1.0


def run() -> Iterator[Timing]:
    """The list of ten thousand vendors, out of the database, as the page gets it."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        sqlite_copy(sqlite_template(Path(made)), Path(copied))
        stores = open_stores(Settings(data_dir=Path(copied) / "data", state_dir=Path(copied) / "state"))
        _account, keyring, _mailbox = make_account(stores)
        with stores.main.writing() as db:
            for number in range(RECORDS):
                store.add(db, keyring, vendor(number), now=NOW, import_id="a" * 32)
            store.publish(db, keyring, "a" * 32, now=NOW)
        cipher, sealed = bare_copies()

        def list_them() -> None:
            with stores.main.reading() as db:
                assert len(store.digests(db, keyring, Vendor)) == RECORDS

        def open_each() -> None:
            for nonce, ciphertext in sealed:
                json.loads(cipher.decrypt(nonce, ciphertext, b""))

        yield paired("list-of-10000-records", list_them, open_each, target=TARGET)
        stores.close()


def vendor(number: int) -> Vendor:
    """A company as an import leaves it."""
    host = f"shop-{number}.example"
    return Vendor(
        name=f"Corner Shop {number}",
        domains=(host,),
        customer_numbers=(f"C-{number:08}",),
        contacts=(Contact(kind="email", value=f"hello@{host}"), Contact(kind="login", value="robin")),
        since=date(2020, 1, 1),
        job="Something to eat on a Sunday",
        notes="They take their time. " * 5,
        tags=("food", "near"),
    )


def bare_copies() -> tuple[AESGCM, list[tuple[bytes, bytes]]]:
    """The same fields under one key, without padding, places or a database: the least that sealing them one by one can cost."""
    cipher = AESGCM(bytes(32))
    texts = (vendor(number).model_dump_json().encode() for number in range(RECORDS))
    return cipher, [
        (number.to_bytes(12, "big"), cipher.encrypt(number.to_bytes(12, "big"), text, b"")) for number, text in enumerate(texts)
    ]
