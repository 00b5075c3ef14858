"""A rights letter and what follows: what stands when, what comes next, and which day counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.relationships import authorities, commitments, matters
from app.relationships.authorities import AUTHORITIES, PLACES, law_at
from app.relationships.matters import IllegalStep, Matter, Standing, Step
from app.relationships.rights import EEA, Law, Right
from vault.records import Commitment, CommitmentEvent

ASKED = date(2026, 11, 10)
ACCESS = Matter(Right.ACCESS, Law.GDPR, "IE", ASKED)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def begun(matter: Matter = ACCESS) -> Commitment:
    event = CommitmentEvent(type="accepted", happened_at=noon(ASKED), recorded_at=noon(ASKED))
    return Commitment(vendor_id="a" * 32, promise="x", due_date=matters.due_on(matter), events=(event,))


def after(*steps: tuple[Step, date], matter: Matter = ACCESS) -> Commitment:
    made = begun(matter)
    for step, day in steps:
        made = matters.with_step(made, matter, step, on=day, happened_at=noon(day), now=noon(day))
    return made


def stands(*steps: tuple[Step, date], today: date, matter: Matter = ACCESS) -> Standing:
    return matters.standing(after(*steps, matter=matter), matter, today=today)


DUE = date(2026, 12, 10)
LATE = DUE + timedelta(days=3)


@pytest.mark.parametrize(
    ("steps", "today", "state", "act"),
    [
        ((), ASKED, "waiting", "wait"),
        ((), DUE, "waiting", "wait"),
        ((), LATE, "late", "remind"),
        ((("reminded", LATE),), LATE, "late", "complain"),
        ((("reminded", LATE), ("complained", LATE)), LATE, "complained", "wait"),
        ((("in_part", ASKED),), ASKED, "in_part", "remind"),
        ((("in_part", ASKED), ("reminded", ASKED)), ASKED, "in_part", "wait"),
        ((("in_part", ASKED), ("reminded", ASKED)), LATE, "in_part", "complain"),
        ((("refused", ASKED),), ASKED, "refused", "complain"),
        ((("extended", ASKED),), LATE, "extended", "wait"),
        ((("extended", ASKED),), date(2027, 2, 11), "late", "remind"),
        ((("extended", LATE),), LATE, "late", "remind"),
        ((("in_full", ASKED),), LATE, "answered", "done"),
        ((("reminded", LATE), ("in_full", LATE)), LATE, "answered", "done"),
        ((("refused", ASKED), ("in_full", LATE)), LATE, "answered", "done"),
    ],
)
def test_where_a_matter_stands_and_what_comes_next(steps: tuple[tuple[Step, date], ...], today: date, state: str, act: str) -> None:
    found = stands(*steps, today=today)
    assert (found.state, found.next) == (state, act)


def test_the_days_that_are_left() -> None:
    assert (stands(today=ASKED).days_left, stands(today=ASKED).gone) == (30, 0.0)
    assert (stands(today=DUE).days_left, stands(today=DUE).gone) == (0, 1.0)
    assert (stands(today=LATE).days_left, stands(today=LATE).gone) == (-3, 1.0)


def test_longer_time_moves_the_day_only_when_it_is_said_in_time() -> None:
    """And a right without longer time has none to take."""
    assert after(("extended", DUE)).due_date == date(2027, 2, 10)
    assert after(("extended", LATE)).due_date == DUE
    withdrawal = Matter(Right.WITHDRAWAL, Law.GDPR, "IE", ASKED)
    with pytest.raises(IllegalStep):
        after(("extended", ASKED), matter=withdrawal)


def test_the_day_on_which_it_arrived_is_counted_from() -> None:
    assert matters.arrival(ASKED, "post") == ASKED + matters.ON_THE_WAY and matters.arrival(ASKED, "email") == ASKED
    arrived = date(2026, 11, 25)
    made = after(("arrived", arrived))
    assert made.due_date == date(2026, 12, 28) and matters.arrived_on(made.events) == noon(arrived)
    assert matters.arrived_on(begun().events) is None


def test_at_once_is_by_the_end_of_the_next_working_day() -> None:
    assert matters.due_on(Matter(Right.WITHDRAWAL, Law.GDPR, "IE", date(2026, 11, 13))) == date(2026, 11, 16)
    assert matters.due_on(Matter(Right.OPT_OUT, Law.CALIFORNIA, "US-CA", ASKED)) > ASKED


def test_what_is_over_takes_no_answer() -> None:
    done = after(("in_full", ASKED))
    assert matters.standing(done, ACCESS, today=ASKED).replies == ()
    with pytest.raises(IllegalStep):
        matters.with_step(done, ACCESS, "refused", on=ASKED, happened_at=noon(ASKED), now=noon(ASKED))


def test_an_arrival_told_when_it_is_over_moves_no_day() -> None:
    done = after(("in_full", ASKED))
    with pytest.raises(IllegalStep):
        matters.with_step(done, ACCESS, "arrived", on=DUE, happened_at=noon(DUE), now=noon(DUE))


def test_a_promise_takes_no_more_steps_than_it_can_hold() -> None:
    """One step more, and nobody could read it again."""
    most = after(*((("in_part", ASKED),) * (commitments.MOST_EVENTS - 1)))
    assert matters.full(most) and not matters.full(begun())
    assert Commitment.model_validate(most.model_dump()) == most
    steps: tuple[Step, ...] = ("in_part", "arrived", "reminded", "complained")
    for step in steps:
        with pytest.raises(IllegalStep):
            matters.with_step(most, ACCESS, step, on=ASKED, happened_at=noon(ASKED), now=noon(ASKED))


def test_what_the_promise_says_of_each_step() -> None:
    """Refused, and reminded of too late, is broken; made good later is made good; the rest changes nothing."""
    kinds = [event.type for event in after(("arrived", ASKED), ("reminded", LATE), ("complained", LATE), ("in_full", LATE)).events[1:]]
    assert kinds == ["noted", "broken", "noted", "remedied"]
    assert [event.type for event in after(("reminded", ASKED), ("refused", ASKED)).events[1:]] == ["noted", "broken"]
    assert [event.by for event in after(("reminded", ASKED), ("refused", ASKED)).events[1:]] == ["me", "them"]


def test_every_place_has_a_law_and_an_authority() -> None:
    assert set(PLACES) == {*EEA, "GB", "US-CA"}
    assert {law_at(place) for place in PLACES} == set(Law) and law_at("US") is None and law_at("") is None
    assert authorities.of(Law.GDPR, company="IE", owner="DE") == AUTHORITIES["DE"]
    assert authorities.of(Law.GDPR, company="IE", owner="GB") == AUTHORITIES["IE"]
    assert authorities.of(Law.UK, company="", owner="") is None
