"""Tries are counted once, in shared storage, whatever process they come to."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.auth import throttle
from app.auth.throttle import Limit
from app.database import Stores
from app.errors import Throttled
from app.state import Throttle
from tests.factories import NOW

FIVE = Limit(5, timedelta(minutes=10))
ONE = Limit(1, FIVE.window)


def passes(stores: Stores, limit: Limit, *, now: datetime = NOW) -> bool:
    """Whether one more try against a subject is taken."""
    try:
        throttle.spend(stores.state, [("x", limit)], now=now)
    except Throttled:
        return False
    return True


def test_the_try_past_the_limit_is_refused(stores: Stores) -> None:
    """Five of five pass, the sixth does not, and says how long to wait."""
    for _ in range(5):
        throttle.spend(stores.state, [("code/A", FIVE)], now=NOW)
    with pytest.raises(Throttled) as refused:
        throttle.spend(stores.state, [("code/A", FIVE)], now=NOW + timedelta(minutes=1))
    assert refused.value.retry_after == 9 * 60 + 1
    throttle.spend(stores.state, [("code/B", FIVE)], now=NOW)


def test_the_longest_wait_is_told(stores: Stores) -> None:
    """Of several subjects over their limits, the one that has to wait longest says when to come back."""
    tries = [("a", ONE), ("b", Limit(1, timedelta(hours=1)))]
    throttle.spend(stores.state, tries, now=NOW)
    with pytest.raises(Throttled) as refused:
        throttle.spend(stores.state, tries, now=NOW)
    assert refused.value.retry_after == 3601


def test_a_new_window_starts_afresh(stores: Stores) -> None:
    """When the window ends, counting begins again."""
    assert [passes(stores, ONE), passes(stores, ONE)] == [True, False]
    assert passes(stores, ONE, now=NOW + FIVE.window)


def test_forgiven_tries_do_not_count(stores: Stores) -> None:
    """The right secret clears the account's count."""
    assert passes(stores, ONE)
    throttle.forgive(stores.state, "x")
    assert passes(stores, ONE)


def test_parallel_tries_are_all_counted(stores: Stores) -> None:
    """Twenty at once against a limit of five: exactly five pass."""
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(passes(stores, FIVE))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 15 + [True] * 5


def test_sweep_forgets_old_windows_only(stores: Stores) -> None:
    """A window that ended a day ago is gone; a running one counts on."""
    throttle.spend(stores.state, [("old", ONE)], now=NOW - timedelta(days=2))
    assert passes(stores, ONE)
    throttle.sweep(stores.state, now=NOW)
    with stores.state.reading() as db:
        assert [row.window_started_at for row in db.exec(select(Throttle))] == [NOW]
    assert not passes(stores, ONE)
