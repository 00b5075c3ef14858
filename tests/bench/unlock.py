"""Unlocking with the passphrase, from the look at the slots to the session, beside one bare Argon2id of the same cost."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from app.auth import unlocking
from app.auth.accounts import WhoAsks
from app.database import open_stores
from app.settings import Settings
from tests.bench.timing import Timing, paired
from tests.browsing import PASSPHRASE
from tests.databases import sqlite_copy, sqlite_template
from tests.factories import NOW, make_account
from vault import cipher, slots

TARGET = 1.2


def run() -> Iterator[Timing]:
    """At the cost that is kept for real, 64 MiB and three passes."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        sqlite_copy(sqlite_template(Path(made)), Path(copied))
        settings = Settings(data_dir=Path(copied) / "data", state_dir=Path(copied) / "state")
        stores = open_stores(settings)
        account, keyring, _mailbox = make_account(stores)
        strong = slots.new_passphrase_slot(keyring, PASSPHRASE, cost=cipher.STRONG, now=NOW)
        with stores.main.writing() as db:
            slots.replace(db, account, keyring, strong)
        number = iter(range(1_000))

        def unlock() -> None:
            who = WhoAsks(address=f"192.0.2.{next(number)}")
            assert unlocking.unlock(stores, settings, login="robin", passphrase=PASSPHRASE, who=who, now=NOW) is not None

        def stretch() -> None:
            cost = cipher.STRONG
            kdf = Argon2id(salt=bytes(24), length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
            kdf.derive(PASSPHRASE.encode())

        yield paired("unlock", unlock, stretch, target=TARGET, rounds=15)
        stores.close()
