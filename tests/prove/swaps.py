"""Every sealed value of three populated accounts, moved to every other row, kind and account: all refused with the one error."""

from collections.abc import Iterator

from tests.databases import fresh
from tests.instances import running
from tests.prove import Proved
from tests.swapping import locks, swap_all, three_owners
from vault.clear import SEALED


def run() -> Iterator[Proved]:
    """The whole matrix."""
    with fresh() as settings, running(settings) as instance:
        owners = three_owners(instance)
        with instance.stores.main.writing() as db:
            every = [lock for owner in owners for lock in locks(db, owner, instance.app.state.instance)]
            assert {lock.name for lock in every} == SEALED
            yield Proved("swap-matrix", swap_all(db, every))
            db.rollback()
