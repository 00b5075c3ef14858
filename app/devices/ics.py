"""A calendar file (RFC 5545) from what a calendar may show. Pure: the same entries give the same bytes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from app.devices.vtimezone import vtimezone
from app.exchange.reminders import Entry, Shown
from app.relationships.reminding import zone_of

REFRESH: Final = timedelta(hours=6)
"""How often a calendar is asked to look again (RFC 7986 section 5.7)."""

PRODUCT: Final = "-//Bothways//Calendar 1//EN"

# RFC 5545 section 3.1: no control characters in text but the tab; line breaks are escaped by the library. Lone surrogates and
# the line and paragraph separators are taken out with them: some readers break lines at them.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")


def render(shown: Shown) -> bytes:
    """The file. Times stand in their own zone with its rules beside them (VTIMEZONE), days as days."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", plain(shown.name))
    calendar.add("x-wr-calname", plain(shown.name))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for zone, first, last in _zones(shown):
        calendar.add_component(vtimezone(zone, first, last))
    for entry in shown.entries:
        calendar.add_component(_event(entry, shown))
    written: bytes = calendar.to_ical()
    return written


def plain(text: str) -> str:
    """The text without what must not stand in a calendar."""
    # The library takes a backslash before an N for a line break, wherever it stands.
    return _NOT_TEXT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\\N", "\\ N").strip()


def _zones(shown: Shown) -> Iterator[tuple[ZoneInfo, int, int]]:
    """The zones that times are told in, each with the first and the last year that matters."""
    told = [_told(entry.at, zone_of(entry.zone)) for entry in shown.entries if entry.at is not None]
    years: dict[str, list[int]] = {}
    for start in told:
        if isinstance(start.tzinfo, ZoneInfo):
            years.setdefault(start.tzinfo.key, []).append(start.year)
    for name, found in sorted(years.items()):
        yield ZoneInfo(name), max(min(found) - 1, 1), min(max(found) + 1, 9998)


@dataclass(frozen=True)
class _Start:
    value: date | datetime
    whole_day: bool


def _event(entry: Entry, shown: Shown) -> Event:
    event, start = Event(), _start(entry)
    event.add("uid", entry.uid)
    # With METHOD, DTSTAMP is when this object was made (RFC 5545 section 3.8.7.2), not when it is fetched.
    event.add("dtstamp", shown.made_at)
    event.add("dtstart", start.value)
    event.add("summary", plain(entry.summary))
    if entry.description:
        event.add("description", plain(entry.description))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    for before in _alarms(shown.ahead_days, whole_day=start.whole_day):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", plain(entry.summary))
        alarm.add("trigger", before)
        event.add_component(alarm)
    return event


def _start(entry: Entry) -> _Start:
    if entry.on is not None:
        return _Start(entry.on, whole_day=True)
    assert entry.at is not None
    return _Start(_told(entry.at, zone_of(entry.zone)), whole_day=False)


def _told(at: datetime, zone: ZoneInfo) -> datetime:
    """The local time in its zone; UTC where the zone is UTC, or where the local time comes twice and this is the second: RFC 5545
    (section 3.3.5) reads such a time as the first."""
    local = at.astimezone(zone)
    return at.astimezone(UTC) if zone.key == "UTC" or local.fold else local


def _alarms(ahead_days: int | None, *, whole_day: bool) -> Sequence[timedelta]:
    """Of a day at eight in the morning, so many days before; of an instant an hour, or so many days before. None: no alarm."""
    if ahead_days is None:
        return ()
    if whole_day:
        return (timedelta(hours=8) - timedelta(days=ahead_days),)
    return (-timedelta(days=ahead_days) if ahead_days else -timedelta(hours=1),)
