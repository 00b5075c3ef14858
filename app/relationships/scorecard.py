"""How promises turned out: kept rate with its range, time to remedy, what was claimed and what came. Pure.

Each time of a promise that counts more than once is judged by itself. What nobody has said anything of is counted as such, and
is neither kept nor broken.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from math import sqrt
from statistics import median
from typing import Literal
from zoneinfo import ZoneInfo

from app.relationships.commitments import backing
from app.relationships.deadlines import alone, overdue_times, times
from app.relationships.folding import last, named, state
from app.relationships.ranges import Range
from vault.records import Commitment, Cycle, Following

Outcome = Literal["kept", "remedied", "broken", "disputed", "waived", "overdue", "open"]
OUTCOMES: tuple[Outcome, ...] = ("kept", "remedied", "broken", "disputed", "overdue", "open", "waived")

Z = 1.959964
"""The normal deviate of 95 %."""


@dataclass(frozen=True)
class Judged:
    """One promise, or one time of it, and how it turned out."""

    record_id: str
    occurrence: date | None
    promise: Commitment
    outcome: Outcome


@dataclass(frozen=True)
class Card:
    """What the promises of one side add up to.

    `promises` counts those that were promised, `backed` those of them that are; `lawful` what a law asks and nobody had to promise.
    `rate` is the share kept of those that turned out one way or the other, and `range` where the true share may lie; None and
    all there is while there are none. `days` are the days from each breach to its remedy, ascending. Money is by currency.
    """

    judged: tuple[Judged, ...]
    promises: int
    backed: int
    lawful: int
    rate: float | None
    range: Range
    days: tuple[int, ...]
    claimed: Mapping[str, Decimal]
    received: Mapping[str, Decimal]

    def count(self, *outcomes: Outcome) -> int:
        """How many turned out so."""
        return sum(one.outcome in outcomes for one in self.judged)

    @property
    def decided(self) -> int:
        """How many the rate is of."""
        return self.count("kept", "remedied", "broken")

    @property
    def middle_days(self) -> float | None:
        """Half of the remedies came sooner than this many days after the breach."""
        return median(self.days) if self.days else None


def wilson(kept: int, decided: int) -> Range:
    """Where the true share lies with 95 % confidence when `kept` of `decided` were kept: the score interval

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), p = kept/decided, n = decided, z = 1.96.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); the one to take for
    few: L. Brown, T. Cai, A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001). Of none
    it is everything from 0 to 1.
    """
    if not decided:
        return Range(0.0, 1.0)
    share, square = kept / decided, Z * Z / decided
    middle, reach = share + square / 2, Z * sqrt(share * (1 - share) / decided + square / (4 * decided))
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    # The ends are exactly 0 and 1 when none, or all, were kept; binary fractions miss them by a hair.
    return Range(0.0 if not kept else max(0.0, low), 1.0 if kept == decided else min(1.0, high))


def judge(record_id: str, commitment: Commitment, *, now: datetime) -> list[Judged]:
    """How a promise, and each of its times that is over or was spoken of, turned out. One that was never taken up is none."""
    whole = state(commitment.events)
    if whole == "offered":
        return []
    if not isinstance(commitment.schedule, (Cycle, Following)):
        late = bool(overdue_times(commitment, now=now))
        return [Judged(record_id, None, commitment, _outcome(commitment, late=late))]
    late_days = {one.occurrence for one in overdue_times(commitment, now=now) if one.occurrence}
    days = sorted({*_spoken_of(commitment), *late_days})
    singles = [(day, alone(commitment, day)) for day in days]
    return [Judged(record_id, day, one, _outcome(one, late=day in late_days)) for day, one in singles]


def card(promises: Iterable[tuple[str, Commitment]], *, now: datetime) -> Card:
    """Add up promises of one side, each with its record id."""
    mine = [(record_id, one) for record_id, one in promises if state(one.events) != "offered"]
    judged = tuple(found for record_id, one in mine for found in judge(record_id, one, now=now))
    outcomes = Counter(one.outcome for one in judged)
    decided = outcomes["kept"] + outcomes["remedied"] + outcomes["broken"]
    lawful = sum(one.source == "law" for _record_id, one in mine)
    return Card(
        judged=judged,
        promises=len(mine) - lawful,
        backed=sum(backing(one).backed for _record_id, one in mine),
        lawful=lawful,
        rate=outcomes["kept"] / decided if decided else None,
        range=wilson(outcomes["kept"], decided),
        days=tuple(sorted(days for one in judged if (days := _days_to_remedy(one)) is not None)),
        claimed=_money(judged, "claimed"),
        received=_money(judged, "remedied"),
    )


def _spoken_of(commitment: Commitment) -> Iterable[date]:
    """The times of which something was said, those in a row included."""
    rows = [(one.occurrence, one.through or one.occurrence) for one in commitment.events if one.occurrence]
    if isinstance(commitment.schedule, Following):
        return named(commitment.events)
    furthest = max((high for _low, high in rows), default=date.min)
    passed = takewhile(lambda day: day <= furthest, times(commitment))
    return [day for day in passed if any(low <= day <= high for low, high in rows)]


def _outcome(promise: Commitment, *, late: bool) -> Outcome:
    standing = state(promise.events)
    if standing in {"kept", "remedied", "broken", "disputed", "waived"}:
        return standing
    return "overdue" if late else "open"


def _days_to_remedy(one: Judged) -> int | None:
    broken, remedied = last(one.promise.events, "broken"), last(one.promise.events, "remedied")
    if one.outcome != "remedied" or broken is None or remedied is None:
        return None
    zone = ZoneInfo(one.promise.time_zone)
    return max(0, (remedied.happened_at.astimezone(zone).date() - broken.happened_at.astimezone(zone).date()).days)


def _money(judged: Iterable[Judged], step: str) -> Mapping[str, Decimal]:
    """What was claimed, or received: as said in the step, else what the promise says is owed."""
    total: dict[str, Decimal] = {}
    for one in judged:
        said = last(one.promise.events, step)
        if said is None or (step == "remedied" and one.outcome != "remedied"):
            continue
        owed = one.promise.remedy
        amount, currency = (said.amount, said.currency) if said.amount else (owed.amount, owed.currency) if owed else (None, None)
        if amount and currency:
            total[currency] = total.get(currency, Decimal()) + Decimal(amount)
    return total
