"""Quiet hours: when they end, also on the nights on which clocks change."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships.quiet import Quiet

NIGHT = Quiet(time(22), time(7, 30), "Europe/Dublin")
ZONES = ("UTC", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


@pytest.mark.parametrize(
    ("start", "end", "zone", "came", "ends"),
    [
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 1, 10, 23), at(2026, 1, 11, 7, 30)),
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 1, 11, 7, 29), at(2026, 1, 11, 7, 30)),
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 1, 11, 7, 30), None),
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 1, 10, 21, 59), None),
        (time(13), time(15), "UTC", at(2026, 1, 10, 13), at(2026, 1, 10, 15)),
        # Clocks go forward on 29 March 2026 at 01:00 UTC: the night is an hour shorter.
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 3, 28, 23), at(2026, 3, 29, 6, 30)),
        # 01:30 does not come that night: the hours end where the clock jumps over it.
        (time(22), time(1, 30), "Europe/Dublin", at(2026, 3, 28, 23), at(2026, 3, 29, 1)),
        # Clocks go back on 25 October 2026 at 01:00 UTC: the night is an hour longer.
        (time(22), time(7, 30), "Europe/Dublin", at(2026, 10, 24, 22), at(2026, 10, 25, 7, 30)),
        # 01:30 comes twice; the first ends them, and what comes in the second hour waits for the second.
        (time(22), time(1, 30), "Europe/Dublin", at(2026, 10, 24, 22), at(2026, 10, 25, 0, 30)),
        (time(22), time(1, 30), "Europe/Dublin", at(2026, 10, 25, 1, 10), at(2026, 10, 25, 1, 30)),
        # Half an hour, and midnight itself skipped.
        (time(22), time(2, 15), "Australia/Lord_Howe", at(2026, 10, 3, 15), at(2026, 10, 3, 15, 30)),
        (time(20), time(0, 30), "America/Sao_Paulo", at(2018, 11, 4, 1), at(2018, 11, 4, 3)),
    ],
)
def test_when_they_end(start: time, end: time, zone: str, came: datetime, ends: datetime | None) -> None:
    assert Quiet(start, end, zone).ends(came) == ends


@given(
    st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 1439),
    st.integers(1, 1439),
    st.sampled_from(ZONES),
)
def test_the_end_is_the_first_instant_that_is_not_quiet(moment: datetime, start: int, length: int, zone: str) -> None:
    """Minute by minute, whatever the clocks do: quiet until then, and no more from then."""
    came = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    end = (start + length) % 1440
    quiet = Quiet(time(start // 60, start % 60), time(end // 60, end % 60), zone)
    ends = quiet.ends(came)
    if ends is None:
        assert not quiet.contains(came)
        return
    assert not quiet.contains(ends)
    minutes = int((ends - came) / timedelta(minutes=1))
    assert all(quiet.contains(came + timedelta(minutes=step)) for step in range(minutes))


def test_what_is_held() -> None:
    """From when it came in them until they end; what came before they began is not held."""
    came = at(2026, 1, 10, 23)
    assert NIGHT.holds(came, now=came)
    assert NIGHT.holds(came, now=at(2026, 1, 11, 7, 29))
    assert not NIGHT.holds(came, now=at(2026, 1, 11, 7, 30))
    assert not NIGHT.holds(at(2026, 1, 10, 21), now=came)


def test_none_are_none() -> None:
    assert Quiet.of(None, None, "UTC") is Quiet.of("22:00", None, "UTC") is Quiet.of("22:00", "22:00", "UTC") is None
    assert Quiet.of("22:00", "07:30", "Europe/Dublin") == NIGHT
