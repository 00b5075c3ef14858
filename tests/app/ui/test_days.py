"""Days are those of the calendar where the owner is: on Today, on a promise, beside every "ago"."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.auth.profiles import profile_id
from app.ui.render import as_ago, in_zone
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Commitment, CommitmentEvent, Profile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 23), "tomorrow"),
        (date(2026, 11, 26), "in 4 days"),
        (date(2026, 12, 1), "in 9 days"),
        (date(2026, 11, 21), "yesterday"),
        (date(2026, 11, 8), "14 days ago"),
        (date(2027, 2, 22), "in 3 months"),
        (date(2024, 11, 22), "2 years ago"),
        (NOON - timedelta(seconds=40), "just now"),
        (NOON - timedelta(seconds=69), "1 minute ago"),
        (NOON - timedelta(hours=3), "3 hours ago"),
        (NOON + timedelta(hours=3), "in 3 hours"),
        (NOON + timedelta(hours=13), "tomorrow"),
        (NOON + timedelta(hours=35), "tomorrow"),
        (NOON + timedelta(hours=37), "in 2 days"),
        (NOON - timedelta(hours=23), "yesterday"),
        (None, ""),
    ],
)
def test_how_long_ago_is_told_by_the_calendar(value: datetime | date | None, said: str) -> None:
    """A date by days alone; an instant by hours while it is the same day; no seconds."""
    assert as_ago(value, NOON) == said


def test_the_day_is_that_of_the_owner_and_a_night_is_one() -> None:
    """Where it is past midnight already tomorrow has begun; twenty minutes over midnight are twenty minutes."""
    with in_zone("Pacific/Auckland"):
        assert as_ago(date(2026, 11, 23), NOON) == "today"
        assert as_ago(NOON, datetime(2026, 11, 23, 9, tzinfo=UTC)) == "21 hours ago"
    assert as_ago(datetime(2026, 11, 22, 23, 50, tzinfo=UTC), datetime(2026, 11, 23, 0, 10, tzinfo=UTC)) == "20 minutes ago"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_today_counts_to_the_day_that_is_due(robin: Visit, zone: str) -> None:
    """Due in four days is "in 4 days" though the day counts to its end; a week ahead is shown, the day after that is not."""
    profile = Profile(time_zone=zone)
    with robin.instance.stores.main.writing() as db:
        store.add(db, robin.owner.keyring, profile, now=clock.now(), record_id=profile_id(robin.owner.account_id))
    now = clock.now()
    today = now.astimezone(ZoneInfo(zone)).date()
    shop = robin.vendor()
    made = CommitmentEvent(type="accepted", happened_at=now, recorded_at=now)
    for away in (-1, 0, 1, 4, 7, 8):
        due = today + timedelta(days=away)
        robin.keep(Commitment(vendor_id=shop, promise=f"Shelf {away}", due_date=due, time_zone=zone, events=(made,)))
    said = words(robin.browser.get("/today?all=due").text).partition("What lies ahead")[0]
    for away, text in ((-1, "yesterday"), (0, "today"), (1, "tomorrow"), (4, "in 4 days"), (7, "in 7 days")):
        assert f"Shelf {away} Corner Shop promised; due {text}." in said, away
    assert "Shelf 8" not in said


def test_a_breach_of_a_moment_ago_is_not_counted_in_seconds(robin: Visit) -> None:
    """It was just now; one of a past day was that many days ago."""
    now, shop = clock.now(), robin.vendor()
    for promise, at in (("Fresh", now), ("Old", datetime.combine(now.date() - timedelta(days=3), time(23), tzinfo=UTC))):
        steps = tuple(CommitmentEvent(type=kind, happened_at=at, recorded_at=at) for kind in ("accepted", "broken"))
        robin.keep(Commitment(vendor_id=shop, promise=promise, events=steps))
    said = words(robin.browser.get("/today").text)
    assert "Fresh Corner Shop broke it just now." in said and "Old Corner Shop broke it 3 days ago." in said
