"""Sessions: two halves of a key, limits of time, endings that nothing undoes."""

import threading
from datetime import timedelta

import pytest

from app.auth import sessions
from app.database import Stores
from app.state import HourlySecret, Session
from tests.factories import NOW, make_account
from vault.keyring import Keyring


@pytest.fixture
def keyring(stores: Stores) -> Keyring:
    """The opened account of `robin`."""
    return make_account(stores)[1]


def started(stores: Stores, keyring: Keyring, **changes: object) -> sessions.NewSession:
    """A session begun at NOW in a browser called Firefox."""
    options = {"browser": "Firefox", "idle_minutes": 30, "now": NOW} | changes
    return sessions.start(stores.state, keyring, **options)  # type: ignore[arg-type] # as given


def test_cookie_opens_the_account(stores: Stores, keyring: Keyring) -> None:
    """The cookie's session holds the account key that it was started with."""
    new = started(stores, keyring)
    opened = sessions.resume(stores.state, new.cookie, now=NOW)
    assert opened is not None
    assert opened[1].export_amk() == keyring.export_amk()
    assert opened[0].csrf_ok(new.session.csrf)
    assert not opened[0].csrf_ok("0" * 64)


@pytest.mark.parametrize(
    ("after", "opens"),
    [(timedelta(minutes=29, seconds=59), True), (timedelta(minutes=30), False), (timedelta(hours=12), False)],
)
def test_idle_limit_at_its_edge(stores: Stores, keyring: Keyring, after: timedelta, *, opens: bool) -> None:
    """Thirty idle minutes end a session, to the second."""
    new = started(stores, keyring)
    assert (sessions.resume(stores.state, new.cookie, now=NOW + after) is not None) is opens


def test_absolute_limit_at_its_edge(stores: Stores, keyring: Keyring) -> None:
    """Twelve hours end a session that was never idle."""
    new = started(stores, keyring)
    minutes = 0
    while minutes < 12 * 60 - 20:
        minutes += 20
        assert sessions.resume(stores.state, new.cookie, now=NOW + timedelta(minutes=minutes)) is not None
    assert sessions.resume(stores.state, new.cookie, now=NOW + timedelta(hours=12) - timedelta(seconds=1)) is not None
    assert sessions.resume(stores.state, new.cookie, now=NOW + timedelta(hours=12)) is None


def test_idle_limit_cannot_be_stretched(stores: Stores, keyring: Keyring) -> None:
    """An owner may shorten the idle limit, not lengthen it."""
    long = started(stores, keyring, idle_minutes=600)
    assert sessions.resume(stores.state, long.cookie, now=NOW + timedelta(minutes=30)) is None
    sessions.set_idle(stores.state, keyring.account_id, 5)
    short = started(stores, keyring, idle_minutes=5)
    assert sessions.resume(stores.state, short.cookie, now=NOW + timedelta(minutes=5)) is None


@pytest.mark.parametrize("cookie", ["", "00", "zz" * 64, "00" * 64, "00" * 65])
def test_foreign_cookie_opens_nothing(stores: Stores, keyring: Keyring, cookie: str) -> None:
    """A made-up cookie is no session and no error."""
    started(stores, keyring)
    assert sessions.resume(stores.state, cookie, now=NOW) is None


def test_wrong_key_half_opens_nothing(stores: Stores, keyring: Keyring) -> None:
    """The id alone, which a stolen database's owner may have seen in a log, is not enough."""
    new = started(stores, keyring)
    assert sessions.resume(stores.state, new.cookie[:64] + "00" * 32, now=NOW) is None


def test_rows_swapped_between_sessions_open_nothing(stores: Stores, keyring: Keyring) -> None:
    """The wrapped key is bound to its row: another session's wrapping does not open in its place."""
    first, second = started(stores, keyring), started(stores, keyring)
    with stores.state.writing() as db:
        one, two = db.get_one(Session, first.session.id_hash), db.get_one(Session, second.session.id_hash)
        one.wrapped, two.wrapped = two.wrapped, one.wrapped
        db.add(one)
        db.add(two)
    assert sessions.resume(stores.state, first.cookie, now=NOW) is None


def test_ended_session_stays_ended_under_a_late_touch(stores: Stores, keyring: Keyring) -> None:
    """A request that was under way when the session ended does not bring its row back."""
    new = started(stores, keyring)
    later = NOW + timedelta(minutes=2)
    threads = [threading.Thread(target=sessions.resume, args=(stores.state, new.cookie), kwargs={"now": later}) for _ in range(8)]
    for thread in threads[:4]:
        thread.start()
    assert sessions.end(stores.state, new.session.id_hash, keyring.account_id)
    for thread in threads[4:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert sessions.resume(stores.state, new.cookie, now=later) is None
    assert not sessions.end(stores.state, new.session.id_hash, keyring.account_id)


def test_only_own_sessions_can_be_ended(stores: Stores, keyring: Keyring) -> None:
    """Another account's session is not found, even by its right id."""
    new = started(stores, keyring)
    assert not sessions.end(stores.state, new.session.id_hash, "0" * 32)
    assert sessions.resume(stores.state, new.cookie, now=NOW) is not None


def test_end_others_keeps_this_one(stores: Stores, keyring: Keyring) -> None:
    """Ending all others leaves the one that asks, and ends it too when none is named."""
    here, there = started(stores, keyring), started(stores, keyring)
    assert sessions.end_others(stores.state, keyring.account_id, keep=here.session.id_hash) == 1
    assert sessions.resume(stores.state, there.cookie, now=NOW) is None
    assert sessions.resume(stores.state, here.cookie, now=NOW) is not None
    assert sessions.end_others(stores.state, keyring.account_id, keep=None) == 1


def test_list_names_the_browsers(stores: Stores, keyring: Keyring) -> None:
    """The owner sees which browsers are open; the store itself does not say."""
    started(stores, keyring, browser="Firefox on the kitchen table")
    rows = sessions.of_account(stores.state, keyring.account_id, now=NOW)
    assert [sessions.browser_of(row, keyring) for row in rows] == ["Firefox on the kitchen table"]
    assert b"kitchen" not in rows[0].browser + rows[0].wrapped


def test_sweep_destroys_old_hours(stores: Stores, keyring: Keyring) -> None:
    """After twelve hours the hourly secret is gone, and with it what a thief could do with row and cookie."""
    new = started(stores, keyring)
    sessions.sweep(stores.state, now=NOW + timedelta(hours=14))
    with stores.state.reading() as db:
        assert db.get(Session, new.session.id_hash) is None
        assert db.get(HourlySecret, NOW.replace(minute=0)) is None


def test_sessions_of_one_hour_share_its_secret(stores: Stores, keyring: Keyring) -> None:
    """Two processes that start a session in the same new hour agree on one secret."""
    made: list[sessions.NewSession] = []
    threads = [threading.Thread(target=lambda: made.append(started(stores, keyring))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert all(sessions.resume(stores.state, new.cookie, now=NOW) for new in made)
