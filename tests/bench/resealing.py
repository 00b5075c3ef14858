"""Sealing everything again: out of the database, under the new key and back, beside opening and sealing the same records bare."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from app.auth.resealing import SCOPE
from app.database import open_stores
from app.settings import Settings
from tests.bench.lists import RECORDS, bare_copies, vendor
from tests.bench.timing import Timing, paired
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import make_account
from vault import resealing, rotation, store
from vault.cipher import FLOOR

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEP = 2500
TARGET = 50.0
"""The bare cost is two calls of AES-GCM in memory; ours derives two keys for each record, reads it and writes it durably."""


def run() -> Iterator[Timing]:
    """Ten thousand vendors and their lists, in steps as the progress page takes them, committed each."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        sqlite_copy(sqlite_template(Path(made)), Path(copied))
        stores = open_stores(Settings(data_dir=Path(copied) / "data", state_dir=Path(copied) / "state"))
        _account, keyring, _mailbox = make_account(stores)
        with stores.main.writing() as db:
            for number in range(RECORDS):
                store.add(db, keyring, vendor(number), now=NOW, import_id="a" * 32)
            store.publish(db, keyring, "a" * 32, now=NOW)
        present, rounds = [keyring], count()
        cipher, sealed = bare_copies()

        def begin() -> None:
            drafted = rotation.draft(present[0], f"passphrase {next(rounds)}", cost=FLOOR, now=NOW)
            with stores.main.writing() as db:
                rotation.begin(db, present[0], drafted, SCOPE, now=NOW)
            present[0] = drafted.keyring

        def reseal_all() -> None:
            begin()
            finished = False
            while not finished:
                with stores.main.writing() as db:
                    progress = resealing.advance(db, present[0], SCOPE, now=NOW, limit=STEP)
                finished = progress is None or progress.finished

        def open_and_seal_each() -> None:
            for nonce, ciphertext in sealed:
                cipher.encrypt(nonce, cipher.decrypt(nonce, ciphertext, b""), b"")

        yield paired("reseal-10000-records", reseal_all, open_and_seal_each, target=TARGET, rounds=3)
        stores.close()
