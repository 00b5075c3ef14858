"""Two years of a relationship as a row of small bars: what came from me stands up, what came from them hangs down.

`draw` is pure; numbers are SVG units. What went wrong is a mark below its month, so that it is seen without its colour, too.
"""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.auth.owner import Owner
from app.ui.vendors import happened, moments
from app.ui.view import view
from vault.records import Vendor

MONTHS = 24
WIDTH, MIDDLE, TALLEST, STEP, THICK = 288.0, 26.0, 22.0, 12.0, 8.0


@view
class Bar:
    """A month: where it stands, how high it rises for me and hangs for them, and whether something went wrong."""

    x: float
    mine: float
    theirs: float
    bad: bool


@view
class Row:
    """The same month in the table: its first day, and how many things."""

    month: date
    mine: int
    theirs: int
    bad: int


@view
class Spark:
    """The drawing and the table behind it; the newest month is the last bar and the first row. `years` are (x, year)."""

    bars: tuple[Bar, ...]
    rows: tuple[Row, ...]
    years: tuple[tuple[float, str], ...]
    mine: int
    theirs: int
    bad: int


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor) -> Spark | None:
    """The bars of one company, from what memory holds of its timeline; nothing is opened."""
    hides, wanted = happened.hidden(owner), happened.parties(vendor_id, vendor)
    marks = (shelf.mark(row) for shelf in happened.everything(owner) for party in wanted for row in shelf.of_party(party))
    told = ((mark.at, mark.side, mark.what in moments.BAD) for mark in marks if not hides(mark))
    return draw(told, now=owner.now, zone=owner.profile.time_zone)


def draw(found: Iterable[tuple[datetime, str, bool]], *, now: datetime, zone: str) -> Spark | None:
    """From (when, whose side, whether it went wrong), in any order; None when nothing happened in these months.

    Months are those of the calendar where the owner lives. The tallest bar is as many as the busiest month of either side.
    """
    here = ZoneInfo(zone)
    months = _months(now.astimezone(here).date())
    counted = {month: [0, 0, 0] for month in months}
    for at, side, bad in found:
        row = counted.get(at.astimezone(here).date().replace(day=1))
        if row is not None and at <= now:
            row[0] += side == "mine"
            row[1] += side == "theirs"
            row[2] += bad
    most = max(max(row[:2]) for row in counted.values())
    if not most:
        return None
    bars = tuple(
        Bar(index * STEP + (STEP - THICK) / 2, _high(row[0], most), _high(row[1], most), row[2] > 0)
        for index, row in enumerate(counted.values())
    )
    rows = tuple(Row(month, *row) for month, row in reversed(counted.items()) if any(row))
    mine, theirs, wrong = (sum(row[part] for row in counted.values()) for part in range(3))
    years = tuple((index * STEP, str(month.year)) for index, month in enumerate(months) if month.month == 1)
    return Spark(bars, rows, years, mine, theirs, wrong)


def _months(today: date) -> list[date]:
    """The first days of the last months, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - MONTHS + 1, last + 1)]


def _high(count: int, most: int) -> float:
    """At least two units for one thing, so that it is seen."""
    return round(max(2.0, TALLEST * count / most), 1) if count else 0.0
