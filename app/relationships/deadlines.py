"""What the clock of a promise waits for: the promise itself, its remedy, the last day for notice, an end. Pure.

A promise that counts more than once is a row of promises, one for each time, each with its own steps: `alone` makes one of them,
and what holds of a single promise holds of it. When nobody looked for a year, every time of that year is still there, in order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from app.relationships import schedules
from app.relationships.folding import DECISIONS, OPEN, REPORTS, State, breach_of, concerning, last, named, state, waiting
from consent import terms
from vault.records import Commitment, CommitmentEvent, Cycle, Following, PriceHeld, Term, Warranty

Of = Literal["promise", "remedy", "notice", "end"]


@dataclass(frozen=True)
class Deadline:
    """The next instant that matters. Past from `at` on. `occurrence` is which time, of a promise that counts more than once.

    `of`: the promise itself, its remedy once claimed, the last day for notice, or the end of a term, price or warranty.
    """

    of: Of
    at: datetime
    occurrence: date | None = None


@dataclass(frozen=True)
class Occurrence:
    """A date of a promise for a calendar: what is due, at which instant (UTC), which is `day` in its own zone.

    `whole_day`: it may be done until the day is over, so that `at` is the first instant after it. `occurrence` names the time
    among several, `layer` whose layer of a warranty ends, `state` where the promise, or that time of it, stands.
    """

    of: Of
    at: datetime
    day: date
    whole_day: bool
    state: State
    occurrence: date | None = None
    layer: str = ""


def due(commitment: Commitment) -> datetime | None:
    """When a promise that counts once is due: its instant, or the end of its local day in its own time zone, or never."""
    if commitment.due_at is not None:
        return commitment.due_at
    if commitment.due_date is not None:
        return schedules.end_of_day(commitment.due_date, ZoneInfo(commitment.time_zone))
    return None


def made_at(commitment: Commitment) -> datetime | None:
    """When it was written down."""
    return commitment.events[0].recorded_at if commitment.events else None


def times(commitment: Commitment, *, since: date | None = None) -> Iterator[date]:
    """The times of a promise that counts more than once, by their day, in order. What lay before it was written down counts
    only where something was said of it. Nothing for a promise that counts once."""
    schedule, said = commitment.schedule, named(commitment.events)
    if isinstance(schedule, Following):
        yield from (day for day in said if since is None or day >= since)
    elif isinstance(schedule, Cycle):
        written = made_at(commitment)
        begins = written.astimezone(ZoneInfo(commitment.time_zone)).date() if written else schedule.first
        start = min([begins, *said])
        for day in schedules.days_of(schedule, since=max(start, since or start)):
            if day >= begins or len(concerning(commitment.events, day)) > 1:
                yield day


def alone(commitment: Commitment, day: date) -> Commitment:
    """One time of a promise that counts more than once, as a promise of its own."""
    zone, schedule = ZoneInfo(commitment.time_zone), commitment.schedule
    events = concerning(commitment.events, day)
    due_at: datetime | None = None
    due_date: date | None = day
    if isinstance(schedule, Cycle) and schedule.at:
        due_at, due_date = schedules.instant_of(day, zone, at=schedule.at), None
    elif isinstance(schedule, Following):
        started = last(events, "started")
        due_date, due_at = schedules.following(started.happened_at, schedule.within, zone) if started else (None, None)
    return commitment.model_copy(update={"schedule": None, "events": events, "due_at": due_at, "due_date": due_date})


def of_once(commitment: Commitment) -> Deadline | None:
    """What the clock of a promise that counts once waits for: the promise while it is offered or active, its remedy once broken.

    Nothing while a report waits. Once the owner has said that it is not so, what was left when it came runs on from there.
    """
    events = commitment.events
    if state(events) not in OPEN or waiting(events) is not None:
        return None
    breach = breach_of(events)
    if breach is None:
        return _running(events, "promise", due(commitment))
    after = events[len(events) - list(reversed(events)).index(breach) :]
    return _running(after, "remedy", _remedy_end(commitment, breach))


def deadlines(commitment: Commitment, *, since: datetime | None = None) -> Iterator[Deadline]:
    """Everything that the clock will wait for as things stand: the times in their order, each with its remedy instead where it
    is broken; ends and last days for notice in order of time, those long before `since` left out. Without end for what has none."""
    if commitment.schedule is None:
        pending = of_once(commitment)
        if pending is not None:
            yield pending
    elif state(commitment.events) in {"ended", "waived"}:
        return
    elif isinstance(commitment.schedule, (Cycle, Following)):
        for day in times(commitment):
            pending = of_once(alone(commitment, day))
            if pending is not None:
                yield Deadline(pending.of, pending.at, day)
    else:
        yield from _ends(commitment, since)


def deadline(commitment: Commitment, *, now: datetime | None = None) -> Deadline | None:
    """What the clock waits for: of several times the one that is open longest; the end, or last day for notice, after `now`.

    Without `now` as of when it was written down.
    """
    since = now or made_at(commitment) or datetime.min.replace(tzinfo=UTC)
    found = _in_order(commitment, since, since=now or made_at(commitment))
    return next((one for one in found if one.of in {"promise", "remedy"} or one.at > since), None)


def next_deadline(commitment: Commitment, *, now: datetime) -> Deadline | None:
    """The first that still lies ahead: what a reminder is set for. What is overdue is no longer reminded of."""
    return next((one for one in _in_order(commitment, now, since=now) if one.at > now), None)


def passed(commitment: Commitment, *, after: datetime, now: datetime) -> list[Deadline]:
    """What passed without a word after one instant and up to another, in order: each once, however long nobody looked."""
    return [one for one in _in_order(commitment, now, since=after) if after < one.at <= now]


def overdue_times(commitment: Commitment, *, now: datetime) -> list[Deadline]:
    """Every promise and remedy of it that is overdue, the oldest first."""
    return [one for one in _in_order(commitment, now, since=now) if one.at <= now and one.of in {"promise", "remedy"}]


def occurrences(commitment: Commitment, between: tuple[datetime, datetime]) -> list[Occurrence]:
    """Its dates from the first instant of `between` (included) to the second (excluded), decided or not, in order of time.

    A promise that was let go, or has ended, has none.
    """
    start, end = between
    if state(commitment.events) in {"waived", "ended"}:
        return []
    found = [one for one in _dates(commitment, start, end) if start <= one.at < end]
    return sorted(found, key=lambda one: (one.at, one.of))


def _dates(commitment: Commitment, start: datetime, end: datetime) -> Iterator[Occurrence]:
    zone = ZoneInfo(commitment.time_zone)
    if commitment.schedule is None:
        yield from _dates_of(commitment, None)
    elif isinstance(commitment.schedule, (Cycle, Following)):
        since = start.astimezone(zone).date() - timedelta(days=1)
        ahead = takewhile(lambda day: schedules.instant_of(day, zone, at="00:00") < end, times(commitment, since=since))
        # The remedy of an earlier time, and what runs from an earlier event, may fall due only now.
        for day in sorted({*(ahead if isinstance(commitment.schedule, Cycle) else ()), *named(commitment.events)}):
            yield from _dates_of(alone(commitment, day), day)
    else:
        for one in takewhile(lambda one: one.at < end, _ends(commitment, start)):
            day = (one.at - timedelta(microseconds=1)).astimezone(zone).date()
            layers = commitment.schedule.layers if isinstance(commitment.schedule, Warranty) else ()
            who = ", ".join(layer.by for layer in layers if layer.until == day)
            yield Occurrence(one.of, one.at, day, whole_day=True, state=state(commitment.events), layer=who)


def _dates_of(single: Commitment, occurrence: date | None) -> Iterator[Occurrence]:
    zone, standing = ZoneInfo(single.time_zone), state(single.events)
    at, pending = due(single), of_once(single)
    if pending is not None and pending != Deadline("promise", at or pending.at):
        # A remedy, or a promise whose clock a report had stopped: what was left of its time comes later.
        day = pending.at.astimezone(zone).date()
        yield Occurrence(pending.of, pending.at, day, whole_day=False, state=standing, occurrence=occurrence)
    if at is not None and (pending is None or pending.of == "remedy" or pending.at == at):
        day = at.astimezone(zone).date() if single.due_at else single.due_date or at.date()
        yield Occurrence("promise", at, day, whole_day=single.due_at is None, state=standing, occurrence=occurrence)


def _ends(commitment: Commitment, since: datetime | None) -> Iterator[Deadline]:
    """Ends and last days for notice, in order of time. Of what renews those from a few days before `since` on: a walk from the
    first end would take a step for every day of half a century."""
    zone, schedule = ZoneInfo(commitment.time_zone), commitment.schedule
    if isinstance(schedule, PriceHeld):
        yield Deadline("end", schedules.end_of_day(schedule.until, zone))
    elif isinstance(schedule, Warranty):
        for day in sorted({layer.until for layer in schedule.layers}):
            yield Deadline("end", schedules.end_of_day(day, zone))
    elif isinstance(schedule, Term):
        left = leaves_at(commitment)
        if left is not None:
            yield Deadline("end", schedules.end_of_day(left, zone))
        elif schedule.renews is None:
            yield Deadline("end", schedules.end_of_day(schedule.ends, zone))
        else:
            noticed = schedules.ends_of(schedule, since=_noticed_from(schedule, since))
            ended = schedules.ends_of(schedule, since=None if since is None else _day_before(since))
            last_calls = (Deadline("notice", _last_call(schedule, end, zone)) for end in noticed)
            ends = (Deadline("end", schedules.end_of_day(end, zone)) for end in ended)
            # A notice longer than a renewal falls before the end of the term before.
            yield from merge(last_calls, ends, key=lambda one: one.at)


def leaves_at(commitment: Commitment) -> date | None:
    """The day on which a term ends that notice was given of in time: the first end that the notice was not too late for."""
    leaving = last(commitment.events, "cancelled")
    if leaving is None or not isinstance(commitment.schedule, Term):
        return None
    zone = ZoneInfo(commitment.time_zone)
    ends = schedules.ends_of(commitment.schedule, since=_noticed_from(commitment.schedule, leaving.happened_at))
    return next((end for end in ends if leaving.happened_at < _last_call(commitment.schedule, end, zone)), commitment.schedule.ends)


def _noticed_from(term: Term, since: datetime | None) -> date | None:
    return None if since is None else schedules.noticed_from(term, _day_before(since))


def _day_before(instant: datetime) -> date:
    """A day that is over at an instant wherever one is: no zone is more than a day from UTC. Far from the edges of the calendar."""
    return min(max(instant.astimezone(UTC).date(), date(2, 1, 1)), date(7000, 1, 1)) - timedelta(days=2)


def _last_call(term: Term, end: date, zone: ZoneInfo) -> datetime:
    return schedules.end_of_day(schedules.notice_by(term, end) or end, zone)


def _in_order(commitment: Commitment, now: datetime, *, since: datetime | None) -> list[Deadline]:
    """The deadlines up to the first promise, notice or end after `now`, in order of time: a remedy may fall due after a later time.
    Ends and last days for notice only from about `since` on."""
    found: list[Deadline] = []
    for one in deadlines(commitment, since=since):
        found.append(one)
        if one.of != "remedy" and one.at > now:
            break
    return sorted(found, key=lambda one: one.at)


def _running(events: Iterable[CommitmentEvent], of: Of, at: datetime | None) -> Deadline | None:
    """The deadline with the time that reports have waited for a decision added to it."""
    stopped: CommitmentEvent | None = None
    for event in events:
        if event.type in REPORTS:
            stopped = stopped or event
        elif event.type in DECISIONS:
            if stopped is not None and at is not None and stopped.happened_at < at:
                at += event.recorded_at - stopped.happened_at
            stopped = None
    return None if at is None else Deadline(of, at)


def _remedy_end(commitment: Commitment, breach: CommitmentEvent) -> datetime | None:
    """When the remedy is due.

    A client is told of a breach at once, and its time runs from then: from the breach itself where the clock found it, for
    both sides can count it from the terms. Anybody else hears of it by the owner's claim.
    """
    if commitment.remedy is None or commitment.remedy.within is None:
        return None
    within = terms.duration(commitment.remedy.within)
    if commitment.grant_id is not None:
        start = breach.happened_at if breach.by == "clock" else breach.recorded_at
        return start + timedelta(seconds=within.longest_seconds)
    claimed = last(commitment.events, "claimed")
    return None if claimed is None else within.after(claimed.happened_at)
