"""The commitment calendar as a strip: what falls due in the next twelve weeks, and in the next twelve months."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.auth.owner import Owner
from app.relationships import commitments
from app.relationships.commitments import Occurrence
from app.relationships.rights import months_after
from app.ui import dates, wording
from app.ui.commitments import schedule_words
from app.ui.locale import locale
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import plain
from app.ui.view import view
from vault.records import Commitment

COUNT, WEEK = 12, timedelta(days=7)
LEFT, WIDTH, FLOOR, STEP, TALLEST = 4.0, 392.0, 62.0, 11.0, 5
"""Where the columns begin, how wide all of them are, where the lowest mark stands, how far apart marks are, and how many at most."""
SHOWN = 60
"""Rows of the table."""


@view
class Mark:
    """One thing that falls due, as a shape: `mine` a circle, theirs a square."""

    x: float
    y: float
    mine: bool


@view
class Column:
    """A week or a month. `more` is how many marks did not fit."""

    x: float
    label: str
    marks: tuple[Mark, ...]
    more: int


@view
class Row:
    """One thing that falls due, in words."""

    day: date
    what: str
    promise: str
    who: str
    mine: bool
    href: str


@view
class Strip:
    """The two pictures and the table behind them. `left` counts what the table leaves out, `soon` what the weeks hold."""

    weeks: tuple[Column, ...]
    months: tuple[Column, ...]
    rows: tuple[Row, ...]
    left: int
    soon: int
    late: int


def of(promises: Iterable[tuple[str, Commitment]], owner: Owner) -> Strip | None:
    """What lies ahead of promises that are still open; None where nothing does."""
    zone, now, today = ZoneInfo(owner.profile.time_zone), owner.now, dates.today(owner)
    year = datetime.combine(months_after(today, COUNT), datetime.min.time(), tzinfo=zone)
    found = [
        (one, record_id, promise)
        for record_id, promise in promises
        for one in commitments.occurrences(promise, (now, year))
        if one.state in commitments.OPEN
    ]
    if not found:
        return None
    found.sort(key=lambda each: each[0].at)
    mine = clients.vendors(owner)
    rows = [_row(one, record_id, promise, mine) for one, record_id, promise in found]
    weeks = [today + WEEK * number for number in range(COUNT + 1)]
    months = [months_after(today.replace(day=1), number) for number in range(COUNT + 1)]
    return Strip(
        weeks=_columns(rows, weeks, "d MMM"),
        months=_columns(rows, months, "LLL"),
        rows=tuple(rows[:SHOWN]),
        left=max(0, len(rows) - SHOWN),
        soon=sum(row.day < weeks[-1] for row in rows),
        late=sum(row.day >= weeks[-1] for row in rows),
    )


def _row(one: Occurrence, record_id: str, promise: Commitment, mine: Mapping[str, Known]) -> Row:
    time = f"?time={one.occurrence.isoformat()}" if one.occurrence else ""
    return Row(
        day=one.day,
        what=wording.of_code(schedule_words.WAITS, one.of),
        promise=plain(promise.promise),
        who=clients.name_of(mine, promise.vendor_id),
        mine=promise.by == "me",
        href=f"/commitments/{record_id}{time}",
    )


def _columns(rows: Sequence[Row], starts: Sequence[date], pattern: str) -> tuple[Column, ...]:
    wide = WIDTH / COUNT
    made = []
    for number, (start, end) in enumerate(pairwise(starts)):
        # One mark for each promise, however often it counts.
        inside = list({row.href.partition("?")[0]: row for row in reversed(rows) if start <= row.day < end}.values())[::-1]
        middle = round(LEFT + wide * (number + 0.5), 1)
        marks = tuple(Mark(middle, FLOOR - STEP * height, row.mine) for height, row in enumerate(inside[:TALLEST]))
        label = format_date(start, pattern, locale=locale())
        made.append(Column(round(LEFT + wide * number, 1), label, marks, len(inside) - len(marks)))
    return tuple(made)
