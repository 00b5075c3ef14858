"""A sealed value opens in its own place and nowhere else."""

import pytest

from tests.instances import Instance
from tests.swapping import Lock, locks, swap_all, three_owners
from vault.clear import SEALED


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_sealed_value_opens_in_another_place(instance: Instance) -> None:
    """One value of each table and kind in three accounts: every move is refused with the one error. All of them: `make prove`."""
    owners = three_owners(instance)
    with instance.stores.main.writing() as db:
        every = [lock for owner in owners for lock in locks(db, owner, instance.app.state.instance)]
        assert {lock.name for lock in every} == SEALED, "a sealed column has no lock in tests/swapping.py, or is not on the list"
        chosen: dict[tuple[object, ...], Lock] = {}
        for lock in every:
            chosen.setdefault((lock.name, getattr(lock.row, "kind", ""), getattr(lock.row, "account_id", "")), lock)
        assert swap_all(db, list(chosen.values())) == len(chosen) * (len(chosen) - 1)
        db.rollback()
