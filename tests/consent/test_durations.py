"""Durations follow the calendar, and every comparison of two of them holds at every date."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.terms import Duration, duration
from consent.terms.durations import shift
from tests.consent.strategies import moments, spans

durations = st.builds(Duration, st.integers(0, 60), st.integers(0, 4_000_000)).filter(lambda found: found.months + found.seconds > 0)


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("PT1M", 0, 60),
        ("PT1H30M5S", 0, 5405),
        ("P1D", 0, 86_400),
        ("P2W", 0, 1_209_600),
        ("P6M", 6, 0),
        ("P1Y2M10DT2H", 14, 871_200),
        ("P10Y", 120, 0),
    ],
)
def test_duration_is_read(text: str, months: int, seconds: int) -> None:
    assert duration(text) == Duration(months, seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1YT", "P1W1D", "P1.5D", "-P1D", "P1S", "PT1D", "p1d", "P1D ", "P0D", "PT0S", "P1001Y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        duration(text)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-03-31", -1, "2027-02-28"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_month_keeps_the_day_or_takes_the_last(start: str, months: int, end: str) -> None:
    assert shift(datetime.fromisoformat(start), months) == datetime.fromisoformat(end)


def test_window_of_a_month_clears_when_the_day_has_gone() -> None:
    """31 January has left a window of a month on 1 March: no day of February reaches it."""
    month, at = duration("P1M"), datetime(2027, 1, 31, 10, tzinfo=UTC)
    assert month.after(at) == datetime(2027, 2, 28, 10, tzinfo=UTC)
    assert month.clears(at) == datetime(2027, 3, 1, tzinfo=UTC)
    assert month.clears(datetime(2027, 1, 28, 10, tzinfo=UTC)) == datetime(2027, 2, 28, 10, tzinfo=UTC)


@given(durations, moments)
def test_clears_is_the_first_instant_that_reaches_back_no_further(found: Duration, at: datetime) -> None:
    opens = found.clears(at)
    assert found.before(opens) >= at
    assert found.before(opens - timedelta(microseconds=1)) < at


@given(durations, moments)
def test_bounds_hold_at_every_date(found: Duration, now: datetime) -> None:
    back = (now - found.before(now)).total_seconds()
    assert found.shortest_seconds <= back <= found.longest_seconds


@given(durations | spans.map(duration), durations | spans.map(duration), moments)
def test_at_most_means_never_longer(one: Duration, other: Duration, now: datetime) -> None:
    if one.at_most(other):
        assert one.before(now) >= other.before(now)


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [("P1W", "P7D", True), ("P7D", "P1W", True), ("P28D", "P1M", True), ("P29D", "P1M", False), ("P1M", "P31D", True),
     ("P1M", "P30D", False), ("P12M", "P1Y", True), ("P1Y", "P366D", True), ("P1Y", "P365D", False), ("P1M1D", "P1M", False),
     ("P1M", "P1M1D", True)],
)  # fmt: skip
def test_at_most_of_known_pairs(one: str, other: str, holds: bool) -> None:
    assert duration(one).at_most(duration(other)) is holds
