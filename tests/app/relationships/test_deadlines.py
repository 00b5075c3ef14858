"""Promises that count more than once, run for a term, hold until a day: each time by itself, each once, in order."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import commitments, deadlines, schedules
from app.relationships.commitments import Deadline, IllegalAct
from tests.app.relationships.test_commitments import NOW, REFUND, VENDOR, event, promise
from tests.work import calls
from vault.records import Commitment, CommitmentEvent, Cycle, Following, Layer, PriceHeld, Term, Warranty

DAY = timedelta(days=1)
DUBLIN = "Europe/Dublin"
MONTHLY = Cycle(first=date(2026, 11, 30), unit="month")
"""The last day of the month, from the week after NOW on."""


def scheduled(schedule: Any, *steps: CommitmentEvent, **fields: Any) -> Commitment:
    """A promise with a schedule, written down at NOW."""
    made = {"vendor_id": VENDOR, "promise": "Again", "schedule": schedule, "events": (event("accepted"), *steps)}
    return Commitment.model_validate({**made, **fields})


def step(kind: str, day: date, *, at: datetime = NOW, **more: Any) -> CommitmentEvent:
    """A step of one time."""
    return CommitmentEvent.model_validate({"type": kind, "happened_at": at, "recorded_at": at, "occurrence": day, **more})


def end_of(day: date) -> datetime:
    """The end of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY


def test_a_year_without_anybody_looking() -> None:
    """Every missed time of it is there, once and in order; the clock goes on with the next."""
    made, back = scheduled(MONTHLY), datetime(2027, 11, 21, 12, tzinfo=UTC)
    missed = commitments.passed(made, after=NOW, now=back)
    assert [one.occurrence.isoformat()[5:] for one in missed if one.occurrence] == [
        "11-30", "12-30", "01-30", "02-28", "03-30", "04-30", "05-30", "06-30", "07-30", "08-30", "09-30", "10-30",
    ]  # fmt: skip
    assert [one.at for one in missed] == sorted({one.at for one in missed})
    assert commitments.overdue_times(made, now=back) == missed
    assert commitments.next_due(made, after=missed[-1].at) == end_of(date(2027, 11, 30))
    assert commitments.deadline(made, now=back) == missed[0]
    assert commitments.next_deadline(made, now=back) == Deadline("promise", end_of(date(2027, 11, 30)), date(2027, 11, 30))


@given(st.lists(st.integers(min_value=0, max_value=200), min_size=1, max_size=6))
def test_looking_now_and_then_misses_nothing(days: list[int]) -> None:
    """Whenever somebody looks, what was missed since the last look adds up to what one look at the end finds."""
    made = scheduled(Cycle(first=date(2026, 11, 1), unit="day", every=3, at="02:30"), time_zone="America/New_York")
    looks = [NOW + day * DAY for day in sorted({0, *days})]
    found = [one for after, now in pairwise(looks) for one in commitments.passed(made, after=after, now=now)]
    assert found == commitments.passed(made, after=NOW, now=looks[-1])


def test_each_time_has_a_state_of_its_own() -> None:
    """Kept, broken and claimed, in a row, let go: what is said of one says nothing of the others."""
    first, second, third = (date(2026, 11, 30), date(2026, 12, 30), date(2027, 1, 30))
    claimed = NOW + 50 * DAY
    steps = (
        step("kept", first),
        step("broken", second),
        step("claimed", second, at=claimed),
        step("waived", third, through=date(2027, 3, 30)),
    )
    made = scheduled(MONTHLY, *steps, remedy=REFUND)
    states = [commitments.state(commitments.alone(made, day).events) for day in islice(commitments.times(made), 6)]
    assert states == ["kept", "broken", "waived", "waived", "waived", "active"]
    assert commitments.state(made.events) == "broken"
    assert commitments.breach_of(made.events) is None
    assert commitments.deadline(made, now=NOW) == Deadline("remedy", claimed + 14 * DAY, second)
    assert commitments.next_deadline(made, now=claimed + 15 * DAY) == Deadline("promise", end_of(date(2027, 4, 30)), date(2027, 4, 30))
    mended = commitments.act_on(made, "remedy", happened_at=claimed, now=claimed, occurrence=second, amount=("12.00", "EUR"))
    assert (commitments.state(mended.events), mended.events[-1].amount) == ("active", "12.00")
    disputed = scheduled(MONTHLY, step("evidence", first), step("disputed", first))
    assert commitments.state(disputed.events) == "disputed"


def test_what_lay_before_it_was_written_down_counts_only_where_something_was_said() -> None:
    """A rent paid for years does not begin with a hundred questions."""
    old = Cycle(first=date(2020, 1, 15), unit="month")
    assert next(commitments.times(scheduled(old))) == date(2026, 12, 15)
    said = scheduled(old, step("broken", date(2026, 9, 15)))
    assert list(islice(commitments.times(said), 2)) == [date(2026, 9, 15), date(2026, 12, 15)]
    unwritten = Commitment.model_validate({"vendor_id": VENDOR, "promise": "p", "schedule": old})
    assert next(commitments.times(unwritten)) == date(2020, 1, 15)
    assert commitments.next_due(unwritten) == end_of(date(2020, 1, 15))
    assert commitments.deadline(unwritten) == Deadline("promise", end_of(date(2020, 1, 15)), date(2020, 1, 15))


def test_a_cycle_may_have_an_end() -> None:
    """After the last time the clock waits for nothing."""
    made = scheduled(Cycle(first=date(2026, 12, 1), unit="week", until=date(2026, 12, 8)), step("kept", date(2026, 12, 1)))
    assert [one.occurrence for one in deadlines.deadlines(made)] == [date(2026, 12, 8)]
    done = made.model_copy(update={"events": (*made.events, step("kept", date(2026, 12, 8)))})
    assert (commitments.deadline(done, now=NOW), commitments.next_due(done), commitments.overdue(done, now=NOW)) == (None, None, False)


def test_within_a_time_of_what_i_do() -> None:
    """Nothing runs until it happened; each time it happens runs by itself."""
    made = scheduled(Following(event="return", within="P14D"), time_zone=DUBLIN)
    assert commitments.acts(made) == ("start", "waive", "end")
    assert commitments.deadline(made, now=NOW) is None
    started = made
    for day in (date(2026, 11, 10), date(2027, 7, 1)):
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        started = commitments.act_on(started, "start", happened_at=at, now=at, occurrence=day)
    assert [one.at for one in deadlines.deadlines(started)] == [datetime(2026, 11, 25, tzinfo=UTC), datetime(2027, 7, 15, 23, tzinfo=UTC)]
    assert list(commitments.times(started, since=date(2027, 1, 1))) == [date(2027, 7, 1)]
    kept = commitments.act_on(started, "keep", happened_at=NOW, now=NOW, occurrence=date(2026, 11, 10))
    assert [one.occurrence for one in deadlines.deadlines(kept)] == [date(2027, 7, 1)]
    hours = scheduled(Following(event="claim", within="PT36H"), step("started", date(2026, 11, 21)))
    assert commitments.deadline(hours, now=NOW) == Deadline("promise", NOW + timedelta(hours=36), date(2026, 11, 21))
    never = commitments.alone(made, date(2026, 11, 10))
    assert (never.due_at, never.due_date) == (None, None)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (Term(ends=date(2027, 6, 30)), [("end", date(2027, 6, 30))]),
        (Term(ends=date(2027, 6, 30), notice="P1M"), [("end", date(2027, 6, 30))]),
        (
            Term(ends=date(2027, 6, 30), notice="P3M", renews="P1Y"),
            [("notice", date(2027, 3, 30)), ("end", date(2027, 6, 30)), ("notice", date(2028, 3, 30)), ("end", date(2028, 6, 30))],
        ),
        (
            Term(ends=date(2027, 6, 30), notice="P3M", renews="P1M"),
            [("notice", date(2027, 3, 30)), ("notice", date(2027, 4, 30)), ("notice", date(2027, 5, 30)), ("notice", date(2027, 6, 30))],
        ),
        (Term(ends=date(2027, 6, 30), renews="P1Y"), [("notice", date(2027, 6, 30)), ("end", date(2027, 6, 30))]),
    ],
)
def test_a_contract_goes_on_unless_notice_is_given(term: Term, found: list[tuple[str, date]]) -> None:
    """The last days for notice and the ends, in order of time, also where a notice is longer than a renewal."""
    made = scheduled(term, by="me")
    assert [(one.of, one.at) for one in islice(deadlines.deadlines(made), len(found))] == [(of, end_of(day)) for of, day in found]
    assert commitments.overdue_times(made, now=NOW + 3000 * DAY) == []
    assert not commitments.overdue(made, now=NOW + 3000 * DAY)


def test_notice_ends_the_term_that_it_was_in_time_for() -> None:
    """On the last day it is in time; a day later the contract goes on once more, and ends with the next term."""
    made = scheduled(Term(ends=date(2027, 6, 30), notice="P3M", renews="P1Y"), by="me")
    assert deadlines.leaves_at(made) is None
    assert commitments.acts(made) == ("keep", "break", "waive", "cancel", "end")
    for on, end in ((datetime(2027, 3, 30, 23, tzinfo=UTC), date(2027, 6, 30)), (datetime(2027, 3, 31, tzinfo=UTC), date(2028, 6, 30))):
        left = commitments.act_on(made, "cancel", happened_at=on, now=on)
        assert deadlines.leaves_at(left) == end
        assert list(deadlines.deadlines(left)) == [Deadline("end", end_of(end))]
        assert "cancel" not in commitments.acts(left)
    once = scheduled(Term(ends=date(2027, 6, 30), notice="P3M"), by="me")
    late = commitments.act_on(once, "cancel", happened_at=end_of(date(2027, 6, 1)), now=end_of(date(2027, 6, 1)))
    assert deadlines.leaves_at(late) == date(2027, 6, 30)


TERMS = st.builds(
    Term,
    ends=st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    notice=st.sampled_from([None, "P1D", "P6W", "P1M", "P3M", "P2Y", "PT36H"]),
    renews=st.sampled_from(["P1D", "P2W", "P1M", "P1Y", "P1M3D"]),
)


@given(TERMS, st.integers(min_value=-400, max_value=900), st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", DUBLIN]))
def test_entering_late_finds_what_a_walk_finds(term: Term, later: int, zone: str) -> None:
    """The last days for notice, the ends, and the end that notice was in time for: as if counted from the first end."""
    made, at = scheduled(term, time_zone=zone), NOW + later * DAY
    walked = (one for one in deadlines.deadlines(made) if one.at >= at)
    found = (one for one in deadlines.deadlines(made, since=at) if one.at >= at)
    assert list(islice(found, 6)) == list(islice(walked, 6))
    left = made.model_copy(update={"events": (*made.events, event("cancelled", at=at))})
    calls_for = ((end, schedules.notice_by(term, end) or end) for end in schedules.ends_of(term))
    assert deadlines.leaves_at(left) == next(end for end, by in calls_for if at < schedules.end_of_day(by, ZoneInfo(zone)))


@pytest.mark.parametrize("renews", ["P1D", "P1W", "P1M"])
def test_a_contract_renewed_for_half_a_century_is_no_work(renews: str) -> None:
    """Every question about it is answered near the present: reminders ask for each promise while nobody else can write."""
    made = scheduled(Term(ends=date(1970, 1, 1), notice="P3M", renews=renews))
    left = made.model_copy(update={"events": (*made.events, event("cancelled"))})
    assert calls(lambda: commitments.deadline(made, now=NOW)) < 5_000
    assert calls(lambda: commitments.deadline(made)) < 5_000
    assert calls(lambda: commitments.next_deadline(made, now=NOW)) < 5_000
    assert calls(lambda: commitments.passed(made, after=NOW, now=NOW + DAY)) < 5_000
    assert calls(lambda: commitments.overdue_times(made, now=NOW)) < 5_000
    assert calls(lambda: commitments.occurrences(made, (NOW, NOW + DAY))) < 5_000
    assert calls(lambda: deadlines.leaves_at(left)) < 5_000


def test_the_edges_of_the_calendar_are_no_error() -> None:
    made = scheduled(Term(ends=date(1970, 1, 1), notice="P1000Y", renews="P1Y"))
    for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        left = made.model_copy(update={"events": (*made.events, event("cancelled", at=at))})
        assert deadlines.leaves_at(left) == date(1970, 1, 1)


def test_what_holds_until_a_day_ends_and_is_not_overdue() -> None:
    """A price promise, and each layer of a warranty."""
    price = scheduled(PriceHeld(until=date(2027, 1, 31)))
    assert commitments.deadline(price, now=NOW) == Deadline("end", end_of(date(2027, 1, 31)))
    assert (commitments.deadline(price, now=NOW + 100 * DAY), commitments.overdue(price, now=NOW + 100 * DAY)) == (None, False)
    layers = (("statutory", date(2028, 11, 21)), ("maker", date(2027, 11, 21)), ("seller", date(2027, 11, 21)))
    warranty = Warranty(layers=tuple(Layer.model_validate({"by": by, "starts": NOW.date(), "until": until}) for by, until in layers))
    kept = scheduled(warranty)
    assert commitments.deadline(kept, now=NOW) == Deadline("end", end_of(date(2027, 11, 21)))
    dates = commitments.occurrences(kept, (NOW, NOW + 1000 * DAY))
    assert [(one.of, one.day, one.layer) for one in dates] == [
        ("end", date(2027, 11, 21), "maker, seller"),
        ("end", date(2028, 11, 21), "statutory"),
    ]
    with pytest.raises(ValueError, match="ends after"):
        Layer(by="maker", starts=date(2027, 1, 2), until=date(2027, 1, 1))


def test_the_dates_of_a_stretch_of_time() -> None:
    """From its first instant, up to its last; decided or not; the remedy of an earlier time among them; nothing of what has ended."""
    window = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC))
    december = date(2026, 12, 30)
    steps = (step("broken", december), step("claimed", december, at=window[0]), step("kept", date(2027, 1, 30)))
    made = scheduled(MONTHLY, *steps, remedy=REFUND)
    assert [(one.of, one.day, one.whole_day, one.state, one.occurrence) for one in commitments.occurrences(made, window)] == [
        ("remedy", date(2027, 1, 15), False, "broken", december),
        ("promise", date(2027, 1, 30), True, "kept", date(2027, 1, 30)),
    ]
    timed = scheduled(MONTHLY.model_copy(update={"at": "18:30"}), time_zone=DUBLIN)
    only = commitments.occurrences(timed, window)[0]
    assert (only.at, only.whole_day, only.day) == (datetime(2027, 1, 30, 18, 30, tzinfo=UTC), False, date(2027, 1, 30))
    for kind in ("waived", "ended"):
        assert commitments.occurrences(made.model_copy(update={"events": (*made.events, event(kind))}), window) == []
        over = timed.model_copy(update={"events": (*timed.events, event(kind))})
        assert (commitments.deadline(over, now=NOW), commitments.acts(over), commitments.acts_on_time(over, december)) == (None, (), ())


def test_the_dates_of_a_promise_that_counts_once() -> None:
    """Its day or its instant; its remedy; later when a report stopped the clock; none without a date."""
    window = (NOW - 30 * DAY, NOW + 60 * DAY)
    by_day = promise("accepted", due_date=date(2026, 12, 1), time_zone=DUBLIN)
    assert [(one.of, one.day, one.whole_day) for one in commitments.occurrences(by_day, window)] == [("promise", date(2026, 12, 1), True)]
    claimed = promise("accepted", "broken", "claimed", remedy=REFUND, due_at=NOW - DAY)
    assert [(one.of, one.at) for one in commitments.occurrences(claimed, window)] == [("promise", NOW - DAY), ("remedy", NOW + 14 * DAY)]
    events = (event("accepted", at=NOW - 9 * DAY), event("evidence", at=NOW - 5 * DAY), event("disputed", at=NOW - DAY))
    stopped = promise(due_at=NOW).model_copy(update={"events": events})
    assert [(one.of, one.at, one.whole_day) for one in commitments.occurrences(stopped, window)] == [("promise", NOW + 4 * DAY, False)]
    assert commitments.occurrences(promise("accepted"), window) == []


def test_what_may_be_said_of_a_time_and_of_the_whole() -> None:
    """A time is kept or broken; the whole is let go or ended; what was only offered waits to be taken up."""
    made, day = scheduled(MONTHLY, remedy=REFUND), date(2026, 11, 30)
    assert commitments.acts(made) == ("waive", "end")
    assert commitments.acts_on_time(made, day) == ("keep", "break", "claim", "waive")
    with pytest.raises(IllegalAct):
        commitments.act_on(made, "keep", happened_at=NOW, now=NOW)
    offered = Commitment.model_validate({**made.model_dump(), "events": [event("offered").model_dump()]})
    assert (commitments.acts(offered), commitments.acts_on_time(offered, day)) == (("accept", "waive", "end"), ())
    row = commitments.act_on(made, "keep", happened_at=NOW, now=NOW, occurrence=day, through=date(2027, 2, 28))
    assert [one.occurrence for one in islice(deadlines.deadlines(row), 1)] == [date(2027, 3, 30)]
    full = scheduled(MONTHLY, *(step("kept", day) for _number in range(499)))
    assert commitments.acts_on_time(full, date(2026, 12, 30)) == ()


def test_a_backed_promise_may_have_its_time_from_its_schedule() -> None:
    """A remedy without a time of its own is dated by the cycle."""
    exit_ = REFUND.model_copy(update={"within": None})
    assert commitments.backing(scheduled(MONTHLY, remedy=exit_)).backed


@pytest.mark.parametrize(
    "schedule",
    [
        MONTHLY,
        Following(event="order", within="P3D"),
        Term(ends=date(2027, 6, 30), notice="P1M", renews="P1Y"),
        PriceHeld(until=date(2027, 1, 1), amount="20.00", currency="EUR"),
        Warranty(layers=(Layer(by="maker", starts=date(2026, 1, 1), until=date(2028, 1, 1), what="w" * 900),)),
    ],
)
def test_a_digest_tells_when_it_counts(schedule: Any) -> None:
    """Deadlines and states come out of the digest as out of the record, and no long text goes into it."""
    made = scheduled(schedule, step("started", NOW.date()), step("broken", NOW.date()), step("claimed", NOW.date()), remedy=REFUND)
    read = commitments.from_digest(made.digest())
    assert commitments.occurrences(read, (NOW, NOW + 900 * DAY)) == commitments.occurrences(made, (NOW, NOW + 900 * DAY))
    assert commitments.state(read.events) == commitments.state(made.events)
    assert "www" not in str(made.digest())
