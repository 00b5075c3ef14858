"""The fold over what happened to a promise: where it stands, what it waits for. Pure.

Events are evidence and are only ever appended (`happened_at`, `recorded_at`), so a mistake is corrected by the next
event and any past state can be shown again. They are folded in the order in which they were recorded: later
knowledge wins over earlier, whatever date it speaks of. A step that names one time of a promise that counts more than once
concerns that time alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from vault.records import CommitmentEvent

State = Literal["offered", "active", "kept", "broken", "remedied", "waived", "disputed", "ended"]
Act = Literal["accept", "keep", "break", "claim", "remedy", "refuse", "waive", "dispute", "start", "cancel", "end"]

REPORTS: Mapping[str, Act] = MappingProxyType({"evidence": "keep", "made_good": "remedy"})
"""What the one who promised reports, and the act by which the owner agrees."""

DECISIONS = frozenset({"kept", "broken", "remedied", "waived", "disputed", "ended"})
"""Events that answer a report, so that the clock goes on or is done."""

OPEN: frozenset[State] = frozenset({"offered", "active", "broken", "disputed"})
"""States in which somebody still has something to do."""

FOLLOWS: Mapping[State | None, Mapping[str, State]] = MappingProxyType(
    {
        None: {"offered": "offered", "accepted": "active"},
        "offered": {"accepted": "active", "waived": "waived", "ended": "ended"},
        "active": {
            "kept": "kept",
            "broken": "broken",
            "claimed": "active",
            "refused": "active",
            "waived": "waived",
            "disputed": "disputed",
            "ended": "ended",
            "cancelled": "active",
        },
        "broken": {
            "kept": "kept",
            "claimed": "broken",
            "refused": "broken",
            "remedied": "remedied",
            "waived": "waived",
            "disputed": "disputed",
            "ended": "ended",
        },
        "disputed": {
            "kept": "kept",
            "broken": "broken",
            "refused": "disputed",
            "remedied": "remedied",
            "waived": "waived",
            "ended": "ended",
        },
        "kept": {"broken": "broken", "disputed": "disputed"},
        "remedied": {"broken": "broken", "disputed": "disputed"},
        "waived": {"kept": "kept", "broken": "broken"},
        "ended": {},
    }
)


def state(events: Iterable[CommitmentEvent], *, known_at: datetime | None = None) -> State:
    """Fold events, in the order recorded, to where the promise stands; with `known_at`, as it stood to the owner then.

    An event that does not follow leaves the state as it is: it stays as evidence. Without any event a promise is active.
    One that counts more than once is broken, or disputed, while one of its times is.
    """
    known = [event for event in events if known_at is None or event.recorded_at <= known_at]
    current: State | None = None
    for event in known:
        if event.occurrence is None:
            current = FOLLOWS[current].get(event.type, current)
    if current in {None, "active"}:
        standing = {state(concerning(known, day)) for day in named(known)}
        return "broken" if "broken" in standing else "disputed" if "disputed" in standing else "active"
    return current or "active"


def named(events: Iterable[CommitmentEvent]) -> list[date]:
    """The times that steps name singly, by their day, in order."""
    return sorted({event.occurrence for event in events if event.occurrence is not None})


def concerning(events: Sequence[CommitmentEvent], day: date) -> tuple[CommitmentEvent, ...]:
    """The steps of one time, as if it were a promise of its own that was made when the whole was."""
    mine = [event for event in events if event.occurrence is not None and event.occurrence <= day <= (event.through or event.occurrence)]
    alone = [event.model_copy(update={"occurrence": None, "through": None}) for event in mine]
    made = [event.model_copy(update={"type": "accepted", "note": "", "occurrence": None, "through": None}) for event in events[:1]]
    return (*made, *alone)


def waiting(events: Iterable[CommitmentEvent]) -> CommitmentEvent | None:
    """The report that waits for the owner's decision: the first since the last decision. It stops the clock."""
    found: CommitmentEvent | None = None
    for event in events:
        if event.type in DECISIONS:
            found = None
        elif event.type in REPORTS:
            found = found or event
    return found


def breach_of(events: Sequence[CommitmentEvent]) -> CommitmentEvent | None:
    """The step by which the promise stands broken; None once it was found kept, or let go."""
    current: State | None = None
    found: CommitmentEvent | None = None
    for event in events:
        if event.occurrence is not None:
            continue
        before, current = current, FOLLOWS[current].get(event.type, current)
        if current != before and current == "broken":
            found = event
        elif current in {"kept", "waived"}:
            found = None
    return found


def open_breach(events: Sequence[CommitmentEvent]) -> CommitmentEvent | None:
    """The breach that is not settled: the promise's own, or else the latest of its times; `occurrence` says of which."""
    whole = breach_of(events)
    if whole is not None and state(events) == "broken":
        return whole
    times = ((day, concerning(events, day)) for day in reversed(named(events)))
    broken = ((day, breach_of(steps)) for day, steps in times if state(steps) == "broken")
    return next((step.model_copy(update={"occurrence": day}) for day, step in broken if step is not None), None)


def last(events: Sequence[CommitmentEvent], kind: str) -> CommitmentEvent | None:
    """The event of that type recorded last."""
    return next((event for event in reversed(events) if event.type == kind), None)
