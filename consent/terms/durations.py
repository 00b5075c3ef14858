"""ISO 8601 durations as people mean them: months and years follow the calendar, everything below is exact in UTC."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

_PATTERN = re.compile(
    r"P(?:([0-9]{1,4})W|(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})S)?)?)"
)
_DAY = 86_400
_MOST_MONTHS = 12_000  # further back than from 2000 the calendar of Python does not go
_YEAR_CYCLE = range(2000, 2400)  # the Gregorian calendar repeats after 400 years


@dataclass(frozen=True)
class Duration:
    """A calendar part (`months`) and an exact part (`seconds`; a day is 86,400 of them, for UTC knows no summer time)."""

    months: int
    seconds: int

    @cached_property
    def _exact(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    def before(self, now: datetime) -> datetime:
        """The instant this long before `now`: months first (a day that the month lacks becomes its last), then the rest."""
        return (shift(now, -self.months) if self.months else now) - self._exact

    def after(self, now: datetime) -> datetime:
        """The instant this long after `now`, by the same rule."""
        return (shift(now, self.months) if self.months else now) + self._exact

    def clears(self, at: datetime) -> datetime:
        """The first instant t with `before(t) >= at`: when something that happened at `at` has left a window this long.

        `after(at)` is not it: one month after 31 January is 28 February, yet one month before that is 28 January. Where
        the day does not exist in the target month, no day of that month reaches `at`, and the first of the next one does.
        """
        wanted = at + self._exact
        if not self.months:
            return wanted
        reached = shift(wanted, self.months)
        if reached.day == wanted.day:
            return reached
        return (reached + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def longest_seconds(self) -> int:
        """No stretch of this duration, wherever it starts, is longer (seconds)."""
        return _month_days(self.months)[1] * _DAY + self.seconds

    @property
    def shortest_seconds(self) -> int:
        """No stretch of this duration, wherever it starts, is shorter (seconds)."""
        return _month_days(self.months)[0] * _DAY + self.seconds

    def at_most(self, other: "Duration") -> bool:
        """Whether this is never longer than `other`, at no date at all: `self.before(t) >= other.before(t)` for every t.

        Fewer months and fewer seconds suffice, since `shift` is monotone in its months; else the extremes must not overlap.
        May say no where a longer proof would say yes (P1Y against P366D is a yes, P12M against P365D a no).
        """
        if self.months <= other.months and self.seconds <= other.seconds:
            return True
        return self.longest_seconds <= other.shortest_seconds


def shift(moment: datetime, months: int) -> datetime:
    """The same day and time `months` later (or earlier); the last day of the month where that day does not exist."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=256)
def _month_days(months: int) -> tuple[int, int]:
    """The fewest and the most days that `months` months back can span, over the whole calendar."""
    if not months:
        return 0, 0
    spans: list[tuple[int, int]] = []
    for year in _YEAR_CYCLE:
        for month in range(1, 13):
            end = datetime(year, month, 1)
            start = shift(end, -months)
            span = date.toordinal(end) - date.toordinal(start)
            # From the 31st back into a shorter month the day is clamped, which makes the stretch longer by the difference.
            clamped = max(0, monthrange(year, month)[1] - monthrange(start.year, start.month)[1])
            spans.append((span, span + clamped))
    return min(low for low, _ in spans), max(high for _, high in spans)


@lru_cache(maxsize=1024)
def duration(text: str) -> Duration:
    """Read an ISO 8601 duration of whole numbers ("P1W", "P6M", "P1Y2M10DT2H30M"). Raises ValueError for anything else, and for zero."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError("not an ISO 8601 duration of whole numbers")
    weeks, years, months, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    found = Duration(years * 12 + months, ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds)
    if not found.months and not found.seconds:
        raise ValueError("a duration of nothing")
    if found.months > _MOST_MONTHS:
        raise ValueError("a duration of more than a thousand years")
    return found


SHORTEST = duration("PT1M")
LONGEST = duration("P10Y")
