"""Promises as they stand: a fold over what happened, and the clock beside it. Pure; the present moment is handed in.

Events are evidence and are only ever appended (`happened_at`, `recorded_at`), so a mistake is corrected by the next
event and any past state can be shown again. They are folded in the order in which they were recorded: later
knowledge wins over earlier, whatever date it speaks of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from consent import terms
from vault.records import Commitment, CommitmentEvent

State = Literal["offered", "active", "kept", "broken", "remedied", "waived", "disputed", "ended"]
Act = Literal["accept", "keep", "break", "claim", "remedy", "waive", "dispute"]
Voice = Literal["me", "them", "clock"]

EVENT_OF: Mapping[Act, str] = MappingProxyType(
    {
        "accept": "accepted",
        "keep": "kept",
        "break": "broken",
        "claim": "claimed",
        "remedy": "remedied",
        "waive": "waived",
        "dispute": "disputed",
    }
)
"""The event that each act of the owner appends."""

REPORTS: Mapping[str, Act] = MappingProxyType({"evidence": "keep", "made_good": "remedy"})
"""What the one who promised reports, and the act by which the owner agrees."""

DECISIONS = frozenset({"kept", "broken", "remedied", "waived", "disputed", "ended"})
"""Events that answer a report, so that the clock goes on or is done."""

MOST_EVENTS = 500
"""As many as the record takes."""

OPEN: frozenset[State] = frozenset({"offered", "active", "broken", "disputed"})
"""States in which somebody still has something to do."""

FOLLOWS: Mapping[State | None, Mapping[str, State]] = MappingProxyType(
    {
        None: {"offered": "offered", "accepted": "active"},
        "offered": {"accepted": "active", "waived": "waived", "ended": "ended"},
        "active": {"kept": "kept", "broken": "broken", "claimed": "active", "waived": "waived", "disputed": "disputed", "ended": "ended"},
        "broken": {
            "kept": "kept",
            "claimed": "broken",
            "remedied": "remedied",
            "waived": "waived",
            "disputed": "disputed",
            "ended": "ended",
        },
        "disputed": {"kept": "kept", "broken": "broken", "remedied": "remedied", "waived": "waived", "ended": "ended"},
        "kept": {"broken": "broken", "disputed": "disputed"},
        "remedied": {"broken": "broken", "disputed": "disputed"},
        "waived": {"kept": "kept", "broken": "broken"},
        "ended": {},
    }
)


class IllegalAct(Exception):
    """This act does not follow from where the promise stands."""


@dataclass(frozen=True)
class Deadline:
    """The next instant that matters: the promise itself, or its remedy once claimed. Past from `at` on."""

    of: Literal["promise", "remedy"]
    at: datetime


@dataclass(frozen=True)
class Backing:
    """Whether the promiser has tied its own hands (Schelling), and if not, what is missing.

    `reason`: `remedy`, or `own`, `no_remedy`, `no_time`.
    """

    backed: bool
    reason: str


def state(events: Iterable[CommitmentEvent], *, known_at: datetime | None = None) -> State:
    """Fold events, in the order recorded, to where the promise stands; with `known_at`, as it stood to the owner then.

    An event that does not follow leaves the state as it is: it stays as evidence. Without any event a promise is active.
    """
    current: State | None = None
    for event in events:
        if known_at is not None and event.recorded_at > known_at:
            continue
        current = FOLLOWS[current].get(event.type, current)
    return current or "active"


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a local day is over: the first instant after it.

    Midnight may come twice when clocks go back, or never when they go forward. It is that midnight before which it is
    still `day` and from which it is not: the second one when the first is undone (00:01 back to 23:01), the first
    when the hour after midnight repeats; where midnight is skipped, PEP 495 reads fold=0 with the offset before the gap,
    which is the jump itself.
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    for fold in (1, 0):
        instant = midnight.replace(fold=fold).astimezone(UTC)
        just_before = (instant - timedelta(microseconds=1)).astimezone(zone).date()
        if just_before <= day < instant.astimezone(zone).date():
            return instant
    return midnight.astimezone(UTC)


def due(commitment: Commitment) -> datetime | None:
    """When the promise is due: its instant, or the end of its local day in its own time zone, or never."""
    if commitment.due_at is not None:
        return commitment.due_at
    if commitment.due_date is not None:
        return end_of_day(commitment.due_date, ZoneInfo(commitment.time_zone))
    return None


def waiting(events: Iterable[CommitmentEvent]) -> CommitmentEvent | None:
    """The report that waits for the owner's decision: the first since the last decision. It stops the clock."""
    found: CommitmentEvent | None = None
    for event in events:
        if event.type in DECISIONS:
            found = None
        elif event.type in REPORTS:
            found = found or event
    return found


def deadline(commitment: Commitment) -> Deadline | None:
    """What the clock waits for: the promise while it is offered or active, its remedy once broken; else nothing.

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


def breach_of(events: Sequence[CommitmentEvent]) -> CommitmentEvent | None:
    """The step by which the promise stands broken; None once it was found kept, or let go."""
    current: State | None = None
    found: CommitmentEvent | None = None
    for event in events:
        before, current = current, FOLLOWS[current].get(event.type, current)
        if current != before and current == "broken":
            found = event
        elif current in {"kept", "waived"}:
            found = None
    return found


def _running(events: Iterable[CommitmentEvent], of: Literal["promise", "remedy"], at: datetime | None) -> Deadline | None:
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
    if commitment.grant_id is not None:
        start = breach.happened_at if breach.by == "clock" else breach.recorded_at
        return start + timedelta(seconds=remedy_seconds(commitment) or 0)
    claimed = last(commitment.events, "claimed")
    return None if claimed is None else terms.duration(commitment.remedy.within).after(claimed.happened_at)


def next_due(commitment: Commitment) -> datetime | None:
    """The instant for `CommitmentClock.next_due_at`."""
    pending = deadline(commitment)
    return None if pending is None else pending.at


def remedy_seconds(commitment: Commitment) -> int | None:
    """The remedy's period for `CommitmentClock.remedy_seconds`, months and years at their longest."""
    if commitment.remedy is None or commitment.remedy.within is None:
        return None
    return terms.duration(commitment.remedy.within).longest_seconds


def overdue(commitment: Commitment, *, now: datetime) -> bool:
    """Whether what the clock waits for has passed."""
    pending = deadline(commitment)
    return pending is not None and now >= pending.at


def backing(commitment: Commitment) -> Backing:
    """Backed when a stated remedy follows a breach that can be dated: by the promise's own due date or the remedy's period.

    A promise in return without a time of its own arrives here with neither, see `app.exchange.approvals`.
    """
    remedy = commitment.remedy
    if commitment.by == "me":
        return Backing(backed=False, reason="own")
    if remedy is None:
        return Backing(backed=False, reason="no_remedy")
    if remedy.within is None and due(commitment) is None:
        return Backing(backed=False, reason="no_time")
    return Backing(backed=True, reason="remedy")


def acts(commitment: Commitment) -> tuple[Act, ...]:
    """What the owner may do next. A claim needs a remedy, and is made once; a dispute needs a report. A full history takes no more."""
    if len(commitment.events) >= MOST_EVENTS:
        return ()
    follows = FOLLOWS[state(commitment.events)]
    claimable = commitment.by == "them" and commitment.remedy is not None and last(commitment.events, "claimed") is None
    given = {"claim": claimable, "dispute": waiting(commitment.events) is not None}
    return tuple(act for act, event in EVENT_OF.items() if event in follows and given.get(act, True))


def act_on(commitment: Commitment, act: Act, *, happened_at: datetime, now: datetime, note: str = "") -> Commitment:
    """The promise with the owner's act appended. Raises IllegalAct when it does not follow."""
    if act not in acts(commitment):
        raise IllegalAct(act)
    return with_event(commitment, EVENT_OF[act], happened_at=happened_at, now=now, note=note)


def with_event(commitment: Commitment, kind: str, *, happened_at: datetime, now: datetime, note: str = "", by: Voice = "me") -> Commitment:
    """The promise with one more event. `happened_at` is when it was so, `now` when it is written down, `by` who said so."""
    event = CommitmentEvent.model_validate({"type": kind, "happened_at": happened_at, "recorded_at": now, "note": note, "by": by})
    return commitment.model_copy(update={"events": (*commitment.events, event)})


def last(events: Sequence[CommitmentEvent], kind: str) -> CommitmentEvent | None:
    """The event of that type recorded last."""
    return next((event for event in reversed(events) if event.type == kind), None)


def order(commitment: Commitment, *, now: datetime) -> tuple[int, float]:
    """Sort key: what waits for a word, and what is longest overdue, on top; then by deadline; then open without a date; closed last."""
    report = waiting(commitment.events) if state(commitment.events) in OPEN else None
    if report is not None:
        return (0, report.happened_at.timestamp())
    pending = deadline(commitment)
    if pending is not None:
        return (0 if now >= pending.at else 1, pending.at.timestamp())
    if state(commitment.events) in OPEN:
        return (2, 0.0)
    newest = max((event.recorded_at for event in commitment.events), default=datetime.fromtimestamp(0, UTC))
    return (3, -newest.timestamp())


def from_digest(values: Mapping[str, Any]) -> Commitment:
    """A promise as far as its digest tells it: enough for lists. An old digest does not say when a step was written down."""
    events = [{"recorded_at": event["happened_at"], **event} for event in values["events"]]
    told = {
        name: values[name] for name in ("vendor_id", "promise", "by", "source", "due_at", "due_date", "time_zone", "remedy", "grant_id")
    }
    return Commitment.model_validate({**told, "events": events})
