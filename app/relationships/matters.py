"""A rights letter and what follows from it: where the matter stands, how long they still have, and what to do next. Pure.

A matter is a promise of the company's, to answer by the day that the law sets; everything that happens to it is a step of that
promise. Sources of the days: `rights`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from app.relationships import commitments, rights
from app.relationships.rights import Calendar, Clock, Law, Right
from vault.records import Commitment, CommitmentEvent

ON_THE_WAY = timedelta(days=3)
"""How long a letter of paper is taken to travel, until the owner says when it arrived. Days of ours, not of a law."""

Step = Literal["arrived", "reminded", "extended", "in_part", "in_full", "refused", "complained"]
State = Literal["waiting", "extended", "late", "in_part", "refused", "complained", "answered", "closed"]
Act = Literal["wait", "remind", "complain", "done"]

REPLIES: tuple[Step, ...] = ("in_full", "in_part", "refused", "extended")
"""What they may have answered."""

CLOSED: Mapping[str, State] = MappingProxyType({"kept": "answered", "remedied": "answered", "waived": "closed", "ended": "closed"})
"""States of the promise after which nobody waits any more."""

_SAYS: Mapping[str, State] = MappingProxyType({"in_part": "in_part", "refused": "refused", "complained": "complained"})


class IllegalStep(Exception):
    """This step does not follow from where the matter stands, or its promise holds no more of them."""


@dataclass(frozen=True)
class Matter:
    """What was asked: which right under which law, of a company at `place` (`IE`, `US-CA`), by a letter that arrived on a day."""

    right: Right
    law: Law
    place: str
    arrived_on: date


@dataclass(frozen=True)
class Standing:
    """Where a matter stands on a day. `due` is the last day for the answer, `days_left` is negative once it has passed, `gone`
    the share of the time that is over, from 0 to 1; `next` is what to do."""

    state: State
    clock: Clock
    due: date
    days_left: int
    gone: float
    next: Act
    replies: tuple[Step, ...]
    reminded: bool


def arrival(sent_on: date, way: str) -> date:
    """When a letter is taken to have arrived: on paper some days after it was posted, any other way on the same day."""
    return sent_on + ON_THE_WAY if way == "post" else sent_on


def counted(matter: Matter, *, extended: bool = False) -> Clock:
    """The clock of a matter. Raises NoSuchRight, UnknownCountry."""
    return rights.clock(matter.law, matter.right, matter.arrived_on, country=matter.place.partition("-")[0], extended=extended)


def due_on(matter: Matter, *, extended: bool = False) -> date:
    """The last day for the answer. Where the law says "at once" and gives no days, the end of the next working day."""
    found = counted(matter, extended=extended)
    if found.answer_by is not None:
        return found.answer_by
    return Calendar(matter.place.partition("-")[0]).working(matter.arrived_on + timedelta(days=1))


def standing(commitment: Commitment, matter: Matter, *, today: date) -> Standing:
    """Where it stands on a day of the owner's calendar."""
    events, extended = commitment.events, has(commitment.events, "extended")
    due = commitment.due_date or due_on(matter, extended=extended)
    said: State = next((_SAYS[event.step] for event in reversed(events) if event.step in _SAYS), "extended" if extended else "waiting")
    late = today > due
    state = CLOSED.get(commitments.state(events)) or ("late" if late and said in {"extended", "waiting"} else said)
    reminded = has(events, "reminded")
    whole = max(1, (due - matter.arrived_on).days)
    passed = min(1.0, max(0.0, (today - matter.arrived_on).days / whole))
    clock = counted(matter, extended=extended)
    return Standing(
        state, clock, due, (due - today).days, passed, _next(state, late=late, reminded=reminded), _replies(state, clock), reminded
    )


def with_step(commitment: Commitment, matter: Matter, step: Step, *, on: date, happened_at: datetime, now: datetime) -> Commitment:
    """The promise with a step more, and with another last day where the step moves it. `on` is the local day of `happened_at`.

    Raises IllegalStep for a reply to what is over and an arrival told then, for longer time where the law gives none, and for
    any step when the promise is full.
    """
    before = standing(commitment, matter, today=on)
    over = before.state in {"answered", "closed"}
    if full(commitment) or (step in REPLIES and step not in before.replies) or (step == "arrived" and over):
        raise IllegalStep(step)
    event = CommitmentEvent(
        type=_event(step, commitments.state(commitment.events), before),
        happened_at=happened_at,
        recorded_at=now,
        by="them" if step in REPLIES else "me",
        step=step,
    )
    changed: dict[str, object] = {"events": (*commitment.events, event)}
    if step == "arrived":
        moved = Matter(matter.right, matter.law, matter.place, on)
        changed["due_date"] = due_on(moved, extended=has(commitment.events, "extended"))
    elif step == "extended" and on <= before.due:
        # Longer time is theirs only when they say so before the first is over (GDPR art. 12(3), 11 CCR § 7021(b)).
        changed["due_date"] = due_on(matter, extended=True)
    return commitment.model_copy(update=changed)


def full(commitment: Commitment) -> bool:
    """Whether as many steps are written down as a promise holds."""
    return len(commitment.events) >= commitments.MOST_EVENTS


def has(events: Iterable[CommitmentEvent], step: Step) -> bool:
    """Whether a step was taken."""
    return any(event.step == step for event in events)


def arrived_on(events: Iterable[CommitmentEvent]) -> datetime | None:
    """When the owner said that the letter arrived; the last that was said."""
    return next((event.happened_at for event in reversed(tuple(events)) if event.step == "arrived"), None)


def _event(step: Step, state: str, before: Standing) -> Literal["kept", "remedied", "broken", "noted"]:
    if step == "in_full":
        return "remedied" if state == "broken" else "kept"
    breach = step == "refused" or (step in {"reminded", "complained"} and before.days_left < 0)
    return "broken" if breach and state == "active" else "noted"


def _replies(state: State, clock: Clock) -> tuple[Step, ...]:
    if state in {"answered", "closed"}:
        return ()
    longer = clock.rule.extension is not None and clock.answer_by != clock.latest
    return tuple(one for one in REPLIES if one != "extended" or longer)


def _next(state: State, *, late: bool, reminded: bool) -> Act:
    if state in {"answered", "closed"}:
        return "done"
    if state == "refused" or (late and reminded and state != "complained"):
        return "complain"
    return "remind" if state in {"in_part", "late"} and not reminded else "wait"
