"""The calendar of schedules: which days they name, and the instants (UTC) that those are. Pure.

A day counts in the promise's own zone, so that "the first of every month" stays the first through summer time and travel.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.relationships.rights import months_after
from consent import terms
from vault.records import Cycle, Term

LAST_YEAR = 9000
"""What lies beyond is no date of anybody's; the calendar of Python ends at 9999."""

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}

_MARGIN = timedelta(days=10)
"""More than a shift there and back can miss by: as many months differ by up to four days, and three go where a month is short."""


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


def instant_of(day: date, zone: ZoneInfo, *, at: str | None = None) -> datetime:
    """When something due on a local day is due (UTC): at the local time `at` ("18:30"), else when the day is over.

    A local time that comes twice is the first of the two; one that is skipped is read with the offset before the gap
    (RFC 5545 section 3.3.5).
    """
    if at is None:
        return end_of_day(day, zone)
    return datetime.combine(day, time.fromisoformat(at), tzinfo=zone).astimezone(UTC)


def shifted(day: date, period: str, *, back: bool = False) -> date:
    """The day a whole number of days, weeks, months or years later, or before. Months first, and a month that lacks the day
    has its last day instead (Regulation (EEC, Euratom) 1182/71 art. 3(2)(c)). Hours of a period count as the days that they begin.
    """
    span = terms.duration(period)
    days = timedelta(days=-(-span.seconds // 86_400))
    return months_after(day, -span.months) - days if back else months_after(day, span.months) + days


def following(started_at: datetime, period: str, zone: ZoneInfo) -> tuple[date | None, datetime | None]:
    """By when what runs from `started_at` is due: by the end of a local day, or by an instant (UTC). The other is None.

    In days or longer it runs to the end of the last day, the day of the event itself not counted (Regulation 1182/71
    art. 3(1)); a period with hours in it runs from the very instant.
    """
    if terms.duration(period).seconds % 86_400:
        return None, terms.duration(period).after(started_at)
    return shifted(started_at.astimezone(zone).date(), period), None


def days_of(cycle: Cycle, *, since: date | None = None) -> Iterator[date]:
    """The days of a cycle in order, from `since` on: without end where it has none. Counted from the first day each time, so
    that a short month shifts nothing after it."""
    number = 0 if since is None else _number(cycle, since)
    while (day := _nth(cycle, number)) is not None and (cycle.until is None or day <= cycle.until):
        yield day
        number += 1


def ends_of(term: Term, *, since: date | None = None) -> Iterator[date]:
    """The days on which a term ends, each as if no notice were given before it, from `since` on. The first of them is searched for by
    halves: from the year of the owner's birth a contract may have been renewed daily."""
    if term.renews is None:
        if since is None or since <= term.ends:
            yield term.ends
        return
    span = terms.duration(term.renews)
    number = 0
    if since is not None and since > term.ends:
        # No renewal is shorter than a day, so that there are no more of them than days.
        most = (since - term.ends).days
        number = bisect_left(range(most), since, key=lambda times: _renewed(term.ends, span, times) or date.max)
    while (day := _renewed(term.ends, span, number)) is not None:
        yield day
        number += 1


def notice_by(term: Term, end: date) -> date | None:
    """The last day on which notice still ends the term at `end`; None where it ends, or can be ended, without notice."""
    return None if term.notice is None else shifted(end, term.notice, back=True)


def noticed_from(term: Term, day: date) -> date:
    """A day before which no end lies whose last day for notice is `day` or later; some days early, for months differ in length."""
    return (day if term.notice is None else shifted(day, term.notice)) - _MARGIN


def _renewed(first: date, span: terms.Duration, times: int) -> date | None:
    """The end after so many renewals; a period shorter than a day renews daily."""
    days = max(-(-span.seconds // 86_400), 0 if span.months else 1) * times
    return _in_calendar(first, span.months * times, days)


def _nth(cycle: Cycle, number: int) -> date | None:
    if cycle.unit in MONTHS:
        return _in_calendar(cycle.first, MONTHS[cycle.unit] * cycle.every * number, 0)
    return _in_calendar(cycle.first, 0, DAYS[cycle.unit] * cycle.every * number)


def _in_calendar(first: date, months: int, days: int) -> date | None:
    if first.year + months // 12 + days // 365 > LAST_YEAR:
        return None
    return months_after(first, months) + timedelta(days=days)


def _number(cycle: Cycle, since: date) -> int:
    """The number of the first day of the cycle that is not before `since`."""
    if since <= cycle.first:
        return 0
    if cycle.unit in DAYS:
        step = DAYS[cycle.unit] * cycle.every
        return -(-(since - cycle.first).days // step)
    months = (since.year - cycle.first.year) * 12 + since.month - cycle.first.month
    number = months // (MONTHS[cycle.unit] * cycle.every)
    day = _nth(cycle, number)
    return number if day is None or day >= since else number + 1
