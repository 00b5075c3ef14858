"""Reading calendar files back, by the rules that stand in them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from app.devices import ics
from app.exchange.reminders import Entry, Shown


def changes_of(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """Instants (UTC) to both sides of each change of a zone's clock in a year, found by looking at every quarter of an hour of a
    day that ends otherwise than it began."""
    day, quarter = datetime(year, 1, 1, tzinfo=UTC), timedelta(minutes=15)
    while day.year == year:
        after = day + timedelta(days=1)
        if day.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            step = next(
                at
                for at in (day + quarter * number for number in range(97))
                if at.astimezone(zone).utcoffset() != day.astimezone(zone).utcoffset()
            )
            yield from (step + timedelta(minutes=minutes) for minutes in (-90, -30, 0, 30, 90))
        day = after


def read_back(body: bytes) -> Iterator[datetime]:
    """The instants (UTC) of a file's events, each by the VTIMEZONE beside it and not by what this machine knows of the zone."""
    calendar: Any = Calendar.from_ical(body)
    zones = {str(zone["TZID"]): zone.to_tz(lookup_tzid=False) for zone in calendar.walk("VTIMEZONE")}
    for event in calendar.walk("VEVENT"):
        start = event["DTSTART"]
        name = start.params.get("TZID")
        yield (start.dt.replace(tzinfo=zones[name]) if name else start.dt).astimezone(UTC)


def told_and_read(instants: Sequence[datetime], zone: str) -> tuple[list[datetime], list[datetime]]:
    """Instants put into a calendar file in a zone, and what a reader of that file alone takes them for."""
    entries = tuple(Entry(f"{number}@bothways", "Due", "", None, at, zone) for number, at in enumerate(instants))
    shown = Shown("Bothways", datetime(2026, 3, 1, tzinfo=UTC), None, entries)
    return list(instants), list(read_back(ics.render(shown)))
