"""Every one-fault vector of a set of slots, put into a real database: refused in under 50 ms, with nothing derived."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.database import open_stores
from app.settings import Settings
from tests import slot_faults
from tests.databases import sqlite_copy, sqlite_template
from tests.prove import Proved

LEAST = 60


def run() -> Iterator[Proved]:
    """All of them."""
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as copied:
        folder = Path(copied)
        sqlite_copy(sqlite_template(Path(made)), folder)
        settings = Settings(data_dir=folder / "data", state_dir=folder / "state", kdf="floor")
        stores = open_stores(settings)
        slot_faults.settle_in(stores)
        slot_faults.sound(stores, settings)
        spent = {fault.what: slot_faults.refuse(stores, settings, fault) for fault in slot_faults.faults()}
        slot_faults.sound(stores, settings)
        stores.close()
        slow = {what: seconds for what, seconds in spent.items() if seconds >= slot_faults.IN_TIME}
        assert not slow, slow
        assert len(spent) >= LEAST
        yield Proved("slot-faults", len(spent))
