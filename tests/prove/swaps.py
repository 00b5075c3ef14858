"""Every sealed value of three populated accounts, moved to every other row, kind and account: all refused with the one error."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings
from tests.databases import sqlite_copy, sqlite_template
from tests.instances import running
from tests.prove import Proved
from tests.swapping import locks, swap_all, three_owners
from vault.clear import SEALED


def run() -> Iterator[Proved]:
    """The whole matrix."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(data_dir=folder / "data", state_dir=folder / "state", base_url="http://localhost:8000", kdf="floor")
        with running(settings) as instance:
            owners = three_owners(instance)
            with instance.stores.main.writing() as db:
                every = [lock for owner in owners for lock in locks(db, owner, instance.app.state.instance)]
                assert {lock.name for lock in every} == SEALED
                yield Proved("swap-matrix", swap_all(db, every))
                db.rollback()
