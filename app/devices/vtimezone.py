"""The rules of a time zone for a calendar file (VTIMEZONE, RFC 5545 section 3.6.5): every change of its clock in a span of years.

Written out change by change, from the IANA database as Python has it: a rule that repeats would be shorter, and wrong for zones
that follow the moon or a government's decree (Africa/Casablanca puts its clock back for Ramadan).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def vtimezone(zone: ZoneInfo, first: int, last: int) -> Timezone:
    """The zone from the beginning of the year `first` to the end of `last`."""
    begins, ends = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
    written = Timezone()
    written.add("tzid", zone.key)
    written.add_component(_observance(zone, begins, before=begins))
    for change in changes(zone, begins, ends):
        written.add_component(_observance(zone, change, before=change - _SECOND))
    return written


def changes(zone: ZoneInfo, begins: datetime, ends: datetime) -> Iterator[datetime]:
    """The instants (UTC) between two others at which a zone's offset changes, in order."""
    day = begins
    while day < ends:
        after = day + _DAY
        if _offset(zone, day) != _offset(zone, after):
            yield _change(zone, day, after)
        day = after


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second of the new offset, by halving: no zone changes its clock twice in a day."""
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if _offset(zone, middle) == _offset(zone, before):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _observance(zone: ZoneInfo, at: datetime, *, before: datetime) -> TimezoneStandard | TimezoneDaylight:
    was, is_ = _offset(zone, before), _offset(zone, at)
    local = at.astimezone(zone)
    one = TimezoneDaylight() if local.dst() else TimezoneStandard()
    # The local time at which it begins is told by the clock that is just ending.
    one.add("dtstart", (at + was).replace(tzinfo=None))
    one.add("tzoffsetfrom", was)
    one.add("tzoffsetto", is_)
    one.add("tzname", local.tzname() or zone.key)
    return one
