"""What is due gets its day, its hour and its morning, in every time zone and on both sides of a changed clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.relationships import reminding
from app.relationships.reminding import Due
from vault.records import Commitment, CommitmentEvent, Cycle, Remedy, Term

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ID = "0123456789abcdef" * 2
ZONES = sorted(available_timezones() - {"localtime"})


def promise(**fields: object) -> Commitment:
    """A promise of a shop's."""
    return Commitment.model_validate({"vendor_id": ID, "promise": "The boiler is serviced", "time_zone": "Europe/Dublin", **fields})


def of(commitment: Commitment) -> list[Due]:
    return reminding.of_commitment(ID, commitment, "Shop", now=NOW)


def thing(*, on: date | None = None, at: datetime | None = None, zone: str = "Europe/Dublin") -> Due:
    return Due("promise:x", "promise", "Shop", "words", on, at, zone)


def test_a_promise_with_a_day_is_a_whole_day_and_one_with_an_hour_an_instant() -> None:
    (on,) = of(promise(due_date=date(2026, 4, 1)))
    (at,) = of(promise(due_at=datetime(2026, 4, 1, 9, tzinfo=UTC), by="me"))
    assert on == Due(f"promise:{ID}", "promise", "Shop", "The boiler is serviced", date(2026, 4, 1), None, "Europe/Dublin")
    assert (at.what, at.on, at.at) == ("mine", None, datetime(2026, 4, 1, 9, tzinfo=UTC))
    assert on.instant == datetime(2026, 4, 1, 23, tzinfo=UTC)


def test_a_broken_promise_becomes_what_is_owed_and_a_settled_one_nothing() -> None:
    """The remedy is due its period after the claim; what is kept, or has no date, is in nobody's calendar."""
    remedy = Remedy(kind="refund", within="P14D")
    steps = tuple(
        CommitmentEvent.model_validate({"type": kind, "happened_at": NOW, "recorded_at": NOW}) for kind in ("accepted", "broken", "claimed")
    )
    (found,) = of(promise(due_date=date(2026, 2, 10), remedy=remedy, events=steps))
    assert (found.key, found.what, found.at) == (f"remedy:{ID}", "remedy", NOW + timedelta(days=14))
    kept = tuple(CommitmentEvent.model_validate({"type": kind, "happened_at": NOW, "recorded_at": NOW}) for kind in ("accepted", "kept"))
    assert of(promise(due_date=date(2026, 2, 10), events=kept)) == of(promise()) == []


def test_what_was_missed_stays_a_month_and_what_is_far_is_not_shown_yet() -> None:
    days = [date(2026, 1, 20), date(2026, 2, 10), date(2027, 4, 1), date(2027, 4, 30)]
    assert [[one.on for one in of(promise(due_date=day))] for day in days] == [[], [days[1]], [days[2]], []]


def test_each_time_of_a_promise_that_recurs_has_a_key_of_its_own() -> None:
    """Every month on the last day, in its own zone; a time that was kept is gone from the calendar, the others stay."""
    monthly = Cycle(first=date(2026, 1, 31), unit="month")
    steps = tuple(
        CommitmentEvent.model_validate({"type": kind, "happened_at": NOW, "recorded_at": NOW - timedelta(days=10), "occurrence": day})
        for kind, day in (("accepted", None), ("kept", date(2026, 3, 31)))
    )
    found = of(promise(schedule=monthly, events=steps))
    assert [one.on for one in found[:3]] == [date(2026, 2, 28), date(2026, 4, 30), date(2026, 5, 31)]
    assert len({one.key for one in found}) == len(found) == 13
    assert found[0].key == f"promise:{ID}:2026-02-28"


def test_a_contract_shows_the_last_day_for_notice_and_its_end() -> None:
    found = of(promise(schedule=Term(ends=date(2026, 12, 31), notice="P3M", renews=None)))
    assert {(one.what, one.on) for one in found} == {("end", date(2026, 12, 31))}
    found = of(promise(schedule=Term(ends=date(2026, 12, 31), notice="P3M", renews="P1Y")))
    assert [(one.what, one.on) for one in found] == [("notice", date(2026, 9, 30)), ("end", date(2026, 12, 31))]


def test_mornings_follow_the_owners_clock_over_both_changes() -> None:
    """Eight in Dublin is eight UTC until 29 March 2026 and seven after it; in October it goes back."""
    days = (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25))
    assert [at.hour for at in reminding.mornings([thing(on=day) for day in days], "Europe/Dublin", now=NOW)] == [8, 7, 7, 8]


def test_what_is_due_before_its_morning_is_said_the_morning_before() -> None:
    early = thing(at=datetime(2026, 3, 10, 7, 30, tzinfo=UTC))
    sharp = thing(at=datetime(2026, 3, 10, 8, 0, tzinfo=UTC))
    later = thing(at=datetime(2026, 3, 10, 8, 0, 1, tzinfo=UTC))
    assert [reminding.mornings([one], "Europe/Dublin", now=NOW)[0].day for one in (early, sharp, later)] == [9, 9, 10]


def test_nothing_is_said_of_the_past_nor_beyond_the_horizon() -> None:
    far = thing(on=(NOW + reminding.HORIZON + timedelta(days=2)).date())
    assert reminding.mornings([thing(on=date(2026, 2, 1)), far], "UTC", now=NOW) == []
    assert reminding.left([NOW, NOW + timedelta(hours=1)], now=NOW) == [NOW + timedelta(hours=1)]


def test_an_unknown_zone_is_utc() -> None:
    assert {reminding.zone_of(name).key for name in ("Mars/Olympus", "../etc/passwd", "", "Europe")} == {"UTC"}


def test_a_calendar_is_shown_what_lies_nearest() -> None:
    many = [thing(on=NOW.date() + timedelta(days=days)) for days in range(-10, reminding.MOST + 10)]
    shown = reminding.nearest(many, now=NOW)
    assert len(shown) == reminding.MOST
    assert shown == sorted(shown, key=lambda one: one.instant)
    assert max(one.instant for one in shown) < NOW + timedelta(days=reminding.MOST)
    assert reminding.of_permission(ID, NOW, "Shop", "UTC") == Due(f"permission:{ID}", "permission", "Shop", "", None, NOW, "UTC")


@example(zone="Australia/ACT", owners="America/Atikokan", days=[5], instants=[])
@given(
    zone=st.sampled_from(ZONES),
    owners=st.sampled_from(ZONES),
    days=st.lists(st.integers(-5, 500), max_size=8),
    instants=st.lists(st.integers(-100, 12_000), max_size=8),
)
def test_reminders_come_once_a_day_on_the_hour_before_what_they_are_about(
    zone: str, owners: str, days: list[int], instants: list[int]
) -> None:
    """At most one a local day, on whole hours, ahead of now; everything near enough has one on its day or the day before."""
    things = [thing(on=NOW.date() + timedelta(days=day), zone=zone) for day in days]
    things += [thing(at=NOW + timedelta(hours=hours), zone=zone) for hours in instants]
    times = reminding.mornings(things, owners, now=NOW)
    place = ZoneInfo(owners)
    # A morning at :30 or :45 past the hour UTC is coarsened to the hour before; it stays on its day.
    local = [at.astimezone(place).date() for at in times]
    assert len(set(local)) == len(local) and times == sorted(times)
    assert all((at.minute, at.second, at.microsecond) == (0, 0, 0) and NOW < at <= NOW + reminding.HORIZON for at in times)
    for one in things:
        day = one.on or (one.at or NOW).astimezone(place).date()
        if timedelta(days=3) < one.instant - NOW < reminding.HORIZON - timedelta(days=3):
            assert {day, day - timedelta(days=1)} & set(local)
            assert any(at < one.instant for at in times)


@pytest.mark.parametrize("zone", ["Africa/Monrovia", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham"])
def test_zones_off_the_hour_are_reminded_within_an_hour_of_eight(zone: str) -> None:
    (at,) = reminding.mornings([thing(on=date(2026, 6, 1), zone=zone)], zone, now=NOW)
    assert at.astimezone(ZoneInfo(zone)).hour in {7, 8}
