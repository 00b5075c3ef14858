"""Promises: where they stand, by when what is due, and what may follow. Pure; the present moment is handed in.

The fold over what happened is in `folding`, the clock beside it in `deadlines`, the calendar in `schedules`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Literal

from app.relationships.deadlines import (
    Deadline,
    Occurrence,
    alone,
    deadline,
    due,
    next_deadline,
    occurrences,
    of_once,
    overdue_times,
    passed,
    times,
)
from app.relationships.folding import DECISIONS, FOLLOWS, OPEN, REPORTS, Act, State, breach_of, last, open_breach, state, waiting
from app.relationships.schedules import end_of_day
from consent import terms
from vault.records import Commitment, CommitmentEvent, Cycle, Following, Term

__all__ = [
    "DECISIONS", "EVENT_OF", "FOLLOWS", "MOST_EVENTS", "OPEN", "REPORTS", "Act", "Backing", "Deadline", "IllegalAct",
    "Occurrence", "State", "Voice", "act_on", "acts", "acts_on_time", "alone", "backing", "breach_of", "deadline", "due",
    "end_of_day", "from_digest", "last", "next_deadline", "next_due", "occurrences", "of_once", "open_breach", "order",
    "overdue", "overdue_times", "passed", "remedy_seconds", "state", "times", "waiting", "with_event",
]  # fmt: skip

Voice = Literal["me", "them", "clock"]

EVENT_OF: Mapping[Act, str] = MappingProxyType(
    {
        "accept": "accepted",
        "keep": "kept",
        "break": "broken",
        "claim": "claimed",
        "remedy": "remedied",
        "refuse": "refused",
        "waive": "waived",
        "dispute": "disputed",
        "start": "started",
        "cancel": "cancelled",
        "end": "ended",
    }
)
"""The event that each act of the owner appends."""

MOST_EVENTS = 500
"""As many as the record takes."""


class IllegalAct(Exception):
    """This act does not follow from where the promise stands."""


@dataclass(frozen=True)
class Backing:
    """Whether the promiser has tied its own hands (Schelling), and if not, what is missing.

    `reason`: `remedy`, or `own`, `law`, `no_remedy`, `no_time`.
    """

    backed: bool
    reason: str

    @property
    def promised(self) -> bool:
        """Whether they promised it. What the owner did, and what a law asks of them, is neither backed nor just words."""
        return self.reason not in {"own", "law"}

    @property
    def just_words(self) -> bool:
        """Whether they promised it and nothing follows."""
        return self.promised and not self.backed


def next_due(commitment: Commitment, *, after: datetime | None = None) -> datetime | None:
    """The instant for `CommitmentClock.next_due_at`: of a promise with a schedule the first that passes after `after`."""
    if commitment.schedule is None:
        pending = of_once(commitment)
    else:
        since = after or (commitment.events[0].recorded_at if commitment.events else datetime.fromtimestamp(0, UTC))
        pending = next_deadline(commitment, now=since)
    return None if pending is None else pending.at


def remedy_seconds(commitment: Commitment) -> int | None:
    """The remedy's period for `CommitmentClock.remedy_seconds`, months and years at their longest."""
    if commitment.remedy is None or commitment.remedy.within is None:
        return None
    return terms.duration(commitment.remedy.within).longest_seconds


def overdue(commitment: Commitment, *, now: datetime) -> bool:
    """Whether what the clock waits for has passed."""
    pending = deadline(commitment, now=now)
    return pending is not None and now >= pending.at


def backing(commitment: Commitment) -> Backing:
    """Backed when a stated remedy follows a breach that can be dated: by the promise's own due date or the remedy's period.

    A promise in return without a time of its own arrives here with neither, see `app.exchange.approvals`.
    """
    remedy = commitment.remedy
    if commitment.by == "me":
        return Backing(backed=False, reason="own")
    if commitment.source == "law":
        return Backing(backed=False, reason="law")
    if remedy is None:
        return Backing(backed=False, reason="no_remedy")
    if remedy.within is None and due(commitment) is None and commitment.schedule is None:
        return Backing(backed=False, reason="no_time")
    return Backing(backed=True, reason="remedy")


def acts(commitment: Commitment) -> tuple[Act, ...]:
    """What the owner may do next with the whole of a promise. A full history takes no more.

    A claim needs a remedy, and is made once; a refusal answers a claim; a dispute answers a report or a refusal. What counts more
    than once is kept and broken time by time (`acts_on_time`); as a whole it can be let go or ended.
    """
    if len(commitment.events) >= MOST_EVENTS:
        return ()
    standing, schedule = state(commitment.events), commitment.schedule
    if standing in {"ended", "waived"} and schedule is not None:
        return ()
    if standing != "offered" and isinstance(schedule, (Cycle, Following)):
        return ("start", "waive", "end") if isinstance(schedule, Following) else ("waive", "end")
    follows = FOLLOWS[standing]
    said = _said(commitment.events)
    given: dict[Act, bool] = {
        "claim": commitment.by == "them" and commitment.remedy is not None and said["claimed"] is None,
        "refuse": commitment.by == "them" and said["claimed"] is not None and standing in {"broken", "active"},
        "dispute": waiting(commitment.events) is not None or said["refused"] is not None,
        "start": False,
        "cancel": isinstance(schedule, Term) and said["cancelled"] is None,
        "end": schedule is not None,
    }
    return tuple(act for act, event in EVENT_OF.items() if event in follows and given.get(act, True))


def acts_on_time(commitment: Commitment, day: date) -> tuple[Act, ...]:
    """What the owner may do next with one time of a promise that counts more than once."""
    if len(commitment.events) >= MOST_EVENTS or state(commitment.events) in {"ended", "offered", "waived"}:
        return ()
    return acts(alone(commitment, day))


def _said(events: Sequence[CommitmentEvent]) -> dict[str, CommitmentEvent | None]:
    return {kind: last(events, kind) for kind in ("claimed", "refused", "cancelled")}


def act_on(
    commitment: Commitment,
    act: Act,
    *,
    happened_at: datetime,
    now: datetime,
    note: str = "",
    occurrence: date | None = None,
    through: date | None = None,
    amount: tuple[str, str] | None = None,
) -> Commitment:
    """The promise with the owner's act appended. Raises IllegalAct when it does not follow.

    `occurrence` is the time that is meant, of a promise that counts more than once, `through` the last of a row of times;
    `amount` and its currency are what was claimed, or received.
    """
    may = acts(commitment) if occurrence is None or act == "start" else acts_on_time(commitment, occurrence)
    if act not in may:
        raise IllegalAct(act)
    more: dict[str, Any] = {"occurrence": occurrence, "through": through, **dict(zip(("amount", "currency"), amount or (), strict=False))}
    return with_event(commitment, EVENT_OF[act], happened_at=happened_at, now=now, note=note, **more)


def with_event(
    commitment: Commitment, kind: str, *, happened_at: datetime, now: datetime, note: str = "", by: Voice = "me", **more: Any
) -> Commitment:
    """The promise with one more event. `happened_at` is when it was so, `now` when it is written down, `by` who said so, `more` its
    further fields."""
    event = CommitmentEvent.model_validate({"type": kind, "happened_at": happened_at, "recorded_at": now, "note": note, "by": by, **more})
    return commitment.model_copy(update={"events": (*commitment.events, event)})


def order(commitment: Commitment, *, now: datetime) -> tuple[int, float]:
    """Sort key: what waits for a word, and what is longest overdue, on top; then by deadline; then open without a date; closed last."""
    report = waiting(commitment.events) if state(commitment.events) in OPEN else None
    if report is not None:
        return (0, report.happened_at.timestamp())
    pending = deadline(commitment, now=now)
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
    return Commitment.model_validate({**told, "schedule": values.get("schedule"), "events": events})
