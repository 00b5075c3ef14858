"""Calendar files around every change of every clock: each time zone of the IANA database over six years."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from tests.calendars import changes_of, told_and_read
from tests.prove import Proved

YEARS = range(2025, 2031)


def run() -> Iterator[Proved]:
    """Instants around each change, written and read back by the rules in the file alone."""
    count = 0
    for name in sorted(available_timezones() - {"localtime"}):
        instants = [at for year in YEARS for at in changes_of(ZoneInfo(name), year)]
        told, read = told_and_read(instants, name)
        assert told == read, name
        count += len(instants)
    yield Proved("calendar_clocks", count)
