"""Tries are counted once, in shared storage, whatever process they come to."""

import threading
from datetime import timedelta

import pytest

from app.auth import throttle
from app.auth.throttle import Limit
from app.database import Stores
from app.errors import Throttled
from tests.factories import NOW

FIVE = Limit(5, timedelta(minutes=10))


def test_the_try_past_the_limit_is_refused(stores: Stores) -> None:
    """Five of five pass, the sixth does not, and says how long to wait."""
    for _ in range(5):
        throttle.spend(stores.state, [("code/A", FIVE)], now=NOW)
    with pytest.raises(Throttled) as refused:
        throttle.spend(stores.state, [("code/A", FIVE)], now=NOW + timedelta(minutes=1))
    assert refused.value.retry_after == 9 * 60 + 1
    throttle.spend(stores.state, [("code/B", FIVE)], now=NOW)


def test_a_new_window_starts_afresh(stores: Stores) -> None:
    """When the window ends, counting begins again."""
    answers = [throttle.allow(stores.state, "x", limit=1, window=FIVE.window, now=NOW) for _ in range(2)]
    assert answers == [True, False]
    assert throttle.retry_after(stores.state, "x", window=FIVE.window, now=NOW) == 601
    assert throttle.allow(stores.state, "x", limit=1, window=FIVE.window, now=NOW + FIVE.window)


def test_forgiven_tries_do_not_count(stores: Stores) -> None:
    """The right secret clears the account's count."""
    throttle.allow(stores.state, "x", limit=1, window=FIVE.window, now=NOW)
    throttle.forgive(stores.state, "x")
    assert throttle.allow(stores.state, "x", limit=1, window=FIVE.window, now=NOW)
    assert throttle.retry_after(stores.state, "unheard", window=FIVE.window, now=NOW) == 1


def test_parallel_tries_are_all_counted(stores: Stores) -> None:
    """Twenty at once against a limit of five: exactly five pass."""
    passed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: passed.append(throttle.allow(stores.state, "x", limit=5, window=FIVE.window, now=NOW)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 15 + [True] * 5


def test_sweep_forgets_old_windows_only(stores: Stores) -> None:
    """A window that ended a day ago is gone; a running one counts on."""
    throttle.allow(stores.state, "old", limit=1, window=FIVE.window, now=NOW - timedelta(days=2))
    throttle.allow(stores.state, "new", limit=1, window=FIVE.window, now=NOW)
    throttle.sweep(stores.state, now=NOW)
    assert throttle.retry_after(stores.state, "old", window=FIVE.window, now=NOW) == 1
    assert not throttle.allow(stores.state, "new", limit=1, window=FIVE.window, now=NOW)
