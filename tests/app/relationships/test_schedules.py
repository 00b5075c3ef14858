"""The calendar of schedules against python-dateutil: month ends, leap days, clocks that change, in zones that do it oddly."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil import tz
from dateutil.relativedelta import relativedelta
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import schedules
from vault.records import Cycle, Term

FREQUENCY = {"day": DAILY, "week": WEEKLY, "month": MONTHLY, "year": YEARLY}
DAYS = st.dates(min_value=date(1999, 1, 1), max_value=date(2041, 12, 31))
UNITS = st.sampled_from(sorted(FREQUENCY))
ZONES = ("UTC", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")


def by_rule(cycle: Cycle, count: int) -> list[date]:
    """What RFC 5545 makes of a cycle: the day of the month, or the last one that there is (BYSETPOS=-1 of the days up to it)."""
    more: dict[str, object] = {}
    if cycle.unit in {"month", "year"}:
        more = {"bymonthday": range(min(28, cycle.first.day), cycle.first.day + 1), "bysetpos": -1}
    if cycle.unit == "year":
        more["bymonth"] = cycle.first.month
    start = datetime.combine(cycle.first.replace(day=1) if more else cycle.first, time())
    rule = rrule(FREQUENCY[cycle.unit], dtstart=start, interval=cycle.every, count=count, **more)  # type: ignore[arg-type]  # its stub knows no ranges
    return [moment.date() for moment in rule]


@given(DAYS, UNITS, st.integers(min_value=1, max_value=40))
def test_a_cycle_names_the_days_of_its_rule(first: date, unit: str, every: int) -> None:
    """Every so many days, weeks, months or years, leap days and short months included."""
    cycle = Cycle.model_validate({"first": first, "unit": unit, "every": every})
    assert list(islice(schedules.days_of(cycle), 30)) == by_rule(cycle, 30)


@given(DAYS, UNITS, st.integers(min_value=1, max_value=40), st.integers(min_value=-100, max_value=1500))
def test_a_cycle_can_be_entered_anywhere(first: date, unit: str, every: int, later: int) -> None:
    """From a later day on it goes on as if it had been counted from the first."""
    cycle, since = Cycle.model_validate({"first": first, "unit": unit, "every": every}), first + timedelta(days=later)
    whole = (day for day in schedules.days_of(cycle) if day >= since)
    assert list(islice(schedules.days_of(cycle, since=since), 5)) == list(islice(whole, 5))


def test_short_months_shift_nothing() -> None:
    """The 31st, the last of February, and the 31st again; a birthday on a leap day."""
    monthly = Cycle(first=date(2027, 12, 31), unit="month")
    assert [day.isoformat()[5:] for day in islice(schedules.days_of(monthly), 5)] == ["12-31", "01-31", "02-29", "03-31", "04-30"]
    yearly = Cycle(first=date(2028, 2, 29), unit="year")
    assert [day.isoformat() for day in islice(schedules.days_of(yearly), 5)][::4] == ["2028-02-29", "2032-02-29"]


def test_the_calendar_ends() -> None:
    """What lies beyond the year 9000 is nobody's date."""
    assert len(list(schedules.days_of(Cycle(first=date(8990, 1, 31), unit="year", every=5)))) == 3
    assert len(list(schedules.ends_of(Term(ends=date(8998, 6, 30), renews="P1Y")))) == 3


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 9, 30), timezones=st.none()),
    st.sampled_from(ZONES),
    st.booleans(),
)
def test_a_local_time_is_the_instant_of_rfc_5545(moment: datetime, name: str, near_a_change: bool) -> None:
    """Summer time in both directions: what comes twice is the first, what is skipped is read with the offset before the gap."""
    zone, oracle = ZoneInfo(name), tz.gettz(name)
    moment = moment.replace(second=0, microsecond=0, minute=30 if near_a_change else moment.minute)
    found = schedules.instant_of(moment.date(), zone, at=moment.strftime("%H:%M"))
    assert found == tz.resolve_imaginary(moment.replace(tzinfo=oracle)).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "at", "zone", "instant"),
    [
        (date(2027, 3, 28), "01:30", "Europe/Dublin", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # skipped: 01:30 is 02:30
        (date(2027, 10, 31), "01:30", "Europe/Dublin", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # comes twice: the first
        (date(2027, 4, 4), "01:45", "Australia/Lord_Howe", datetime(2027, 4, 3, 14, 45, tzinfo=UTC)),  # half an hour, twice
        (date(2027, 7, 1), None, "Europe/Dublin", datetime(2027, 7, 1, 23, tzinfo=UTC)),
    ],
)
def test_known_changes_of_the_clock(day: date, at: str | None, zone: str, instant: datetime) -> None:
    """Written out."""
    assert schedules.instant_of(day, ZoneInfo(zone), at=at) == instant


@given(DAYS, st.integers(min_value=0, max_value=30), st.integers(min_value=0, max_value=60))
def test_a_period_is_shifted_as_the_calendar_does(day: date, months: int, days: int) -> None:
    """Forward and back, months before days; half a day is a day begun."""
    if not months and not days:
        return
    period = "P" + (f"{months}M" if months else "") + (f"{days}D" if days else "")
    assert schedules.shifted(day, period) == day + relativedelta(months=months) + timedelta(days=days)
    assert schedules.shifted(day, period, back=True) == day - relativedelta(months=months) - timedelta(days=days)
    assert schedules.shifted(day, "PT12H") == day + timedelta(days=1)


@given(DAYS, st.sampled_from(["P1D", "P2W", "P1M", "P3M", "P1Y", "P1Y6M"]), DAYS)
def test_a_term_ends_at_each_renewal(ends: date, renews: str, since: date) -> None:
    """Counted from the first end, so that no short month moves the day; the first one found is the first that there is."""
    steps = {"P1D": {"days": 1}, "P2W": {"weeks": 2}, "P1M": {"months": 1}, "P3M": {"months": 3}, "P1Y": {"years": 1}}
    step = steps.get(renews, {"months": 18})
    oracle = [ends + relativedelta(**{name: count * number for name, count in step.items()}) for number in range(4)]  # type: ignore[arg-type]  # whole numbers
    term = Term(ends=ends, renews=renews)
    assert list(islice(schedules.ends_of(term), 4)) == oracle
    (found,) = islice(schedules.ends_of(term, since=since), 1)
    assert found >= since
    assert found == next(end for end in schedules.ends_of(term) if end >= since)


@given(DAYS, st.sampled_from(["P1D", "P2W", "P1M", "P3M", "P1Y", "P1M3D", "PT5H"]), st.integers(min_value=-40, max_value=900))
def test_a_renewal_is_found_without_a_walk(ends: date, renews: str, later: int) -> None:
    """From any day on as a walk from the first end finds it, month ends and leap days included."""
    term, since = Term(ends=ends, renews=renews), ends + timedelta(days=later)
    walked = (end for end in schedules.ends_of(term) if end >= since)
    assert list(islice(schedules.ends_of(term, since=since), 3)) == list(islice(walked, 3))


@given(DAYS, st.sampled_from(["P1D", "P6W", "P1M", "P3M", "P1Y", "P30M45D", "PT36H"]), st.integers(min_value=0, max_value=3))
def test_no_end_is_overlooked_that_notice_may_be_given_for(end: date, notice: str, days: int) -> None:
    """Whatever months lie between."""
    term = Term(ends=end, notice=notice, renews="P1D")
    by = schedules.notice_by(term, end)
    assert by is not None and schedules.noticed_from(term, by - timedelta(days=days)) <= end


def test_a_term_that_does_not_renew_ends_once() -> None:
    """And is over afterwards."""
    term = Term(ends=date(2027, 6, 30))
    assert list(schedules.ends_of(term)) == list(schedules.ends_of(term, since=date(2027, 6, 30))) == [date(2027, 6, 30)]
    assert list(schedules.ends_of(term, since=date(2027, 7, 1))) == []
    assert schedules.notice_by(term, term.ends) is None


@pytest.mark.parametrize(
    ("ends", "notice", "by"),
    [
        (date(2027, 6, 30), "P1M", date(2027, 5, 30)),
        (date(2027, 5, 31), "P3M", date(2027, 2, 28)),
        (date(2028, 5, 31), "P3M", date(2028, 2, 29)),
        (date(2027, 12, 31), "P6W", date(2027, 11, 19)),
    ],
)
def test_the_last_day_for_notice(ends: date, notice: str, by: date) -> None:
    """So long before the end; where the month has no such day, its last."""
    assert schedules.notice_by(Term(ends=ends, notice=notice, renews="P1Y"), ends) == by


def test_what_follows_an_event() -> None:
    """In days to the end of the last one, the day itself not counted; in hours from the very instant. By the promise's own zone."""
    late = datetime(2027, 3, 27, 23, 30, tzinfo=UTC)
    assert schedules.following(late, "P14D", ZoneInfo("UTC")) == (date(2027, 4, 10), None)
    assert schedules.following(late, "P14D", ZoneInfo("Asia/Kathmandu")) == (date(2027, 4, 11), None)
    assert schedules.following(late, "PT36H", ZoneInfo("Europe/Dublin")) == (None, late + timedelta(hours=36))
