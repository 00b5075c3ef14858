"""Every one-fault vector of a set of slots, put into a real database: refused in under 50 ms, with nothing derived."""

from collections.abc import Iterator

from app.database import open_stores
from tests import slot_faults
from tests.databases import fresh
from tests.prove import Proved

LEAST = 60


def run() -> Iterator[Proved]:
    """All of them."""
    with fresh() as settings:
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
