"""The calendar file says the same to a real parser as the entries it was made from, whatever is written in them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from icalendar import Calendar

from app.devices import ics
from app.exchange.reminders import Entry, Shown
from tests.calendars import changes_of, read_back, told_and_read

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = 'Shop\r\nEND:VEVENT\r\nBEGIN:VALARM\nACTION:EMAIL;"x"\\, \x00\x07\u2028\ud800 ü€𝄞 ' + "long " * 60


def shown(*entries: Entry, ahead_days: int | None = 1) -> Shown:
    return Shown("Bothways", MADE, ahead_days, entries)


def entry(**fields: Any) -> Entry:
    return Entry(**{"uid": "ab@bothways", "summary": "Due", "description": "", "on": None, "at": None, "zone": "UTC", **fields})


def events(body: bytes) -> list[Any]:
    return list(Calendar.from_ical(body).walk("VEVENT"))


def test_the_file_is_one_that_calendars_subscribe_to() -> None:
    """RFC 5545: version, product, method; RFC 7986: a name and how often to look again. Empty, it is still a calendar."""
    calendar: Any = Calendar.from_ical(ics.render(shown()))
    assert (calendar["VERSION"], calendar["METHOD"], calendar["NAME"]) == ("2.0", "PUBLISH", "Bothways")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=6)
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar.walk("VEVENT") == []


def test_a_day_is_a_day_and_rings_at_eight() -> None:
    (event,) = events(ics.render(shown(entry(on=date(2026, 3, 29)))))
    assert event["DTSTART"].dt == date(2026, 3, 29) and event["DTSTART"].params["VALUE"] == "DATE"
    assert (event["UID"], event["DTSTAMP"].dt, event["CLASS"], event["TRANSP"]) == ("ab@bothways", MADE, "PRIVATE", "TRANSPARENT")
    (alarm,) = event.walk("VALARM")
    assert (alarm["ACTION"], alarm["DESCRIPTION"]) == ("DISPLAY", "Due")
    assert datetime(2026, 3, 29) + alarm["TRIGGER"].dt == datetime(2026, 3, 28, 8)


@pytest.mark.parametrize(
    ("ahead", "day", "hour"),
    [(None, [], []), (0, [8], [-1]), (1, [8 - 24], [-24]), (7, [8 - 168], [-168])],
)
def test_it_rings_when_the_owner_chose(ahead: int | None, day: list[int], hour: list[int]) -> None:
    body = ics.render(shown(entry(on=date(2026, 5, 1)), entry(at=MADE), ahead_days=ahead))
    rings = [[alarm["TRIGGER"].dt // timedelta(hours=1) for alarm in event.walk("VALARM")] for event in events(body)]
    assert rings == [day, hour]


@pytest.mark.parametrize(
    "zone", ["Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Etc/GMT+1", "Africa/Casablanca"]
)
def test_instants_come_back_around_every_change_of_the_clock(zone: str) -> None:
    """Before, at and after each change of one year, read by the rules in the file alone: the same instants. All zones: `make prove`."""
    told, read = told_and_read(list(changes_of(ZoneInfo(zone), 2027)) or [MADE], zone)
    assert told == read


def test_the_hour_that_comes_twice_is_told_in_utc_the_second_time() -> None:
    """RFC 5545 section 3.3.5 reads an ambiguous local time as the first one."""
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    body = ics.render(shown(entry(at=first, zone="Europe/Dublin"), entry(at=second, zone="Europe/Dublin")))
    assert b"DTSTART;TZID=Europe/Dublin:20261025T013000" in body
    assert b"DTSTART:20261025T013000Z" in body


def test_hostile_words_stay_words() -> None:
    """No line of the owner's text becomes a line of the file; no line is longer than 75 octets; nothing is cut in a character."""
    body = ics.render(shown(entry(summary=HOSTILE, description=HOSTILE, on=date(2026, 5, 1)), entry(uid="cd@bothways", at=MADE)))
    lines = body.split(b"\r\n")
    assert all(len(line) <= 75 and not any(byte < 0x20 and byte != 9 for byte in line) for line in lines)
    assert [line for line in body.decode().replace("\r\n ", "").split("\r\n") if line.startswith("ACTION")] == ["ACTION:DISPLAY"] * 2
    hostile, plain = events(body)
    assert hostile["SUMMARY"] == ics.plain(HOSTILE) == hostile["DESCRIPTION"]
    assert "\nEND:VEVENT\n" in hostile["SUMMARY"] and plain["SUMMARY"] == "Due"


@examples(max_examples=10)
@given(words=st.text(max_size=80), at=st.datetimes(datetime(1990, 1, 1), datetime(2120, 1, 1)))
def test_any_words_at_any_time_come_back(words: str, at: datetime) -> None:
    instant = at.replace(tzinfo=UTC, microsecond=0)
    body = ics.render(shown(entry(summary=words, description=words, at=instant, zone="Europe/Dublin")))
    (event,) = events(body)
    assert event["SUMMARY"] == ics.plain(words)
    assert list(read_back(body)) == [instant]


def test_the_same_entries_are_the_same_bytes() -> None:
    """Otherwise a calendar would see a change at every look."""

    def bodies() -> Iterator[bytes]:
        for _time in range(2):
            yield ics.render(shown(entry(at=MADE, zone="Europe/Dublin"), entry(on=date(2026, 5, 1))))

    assert len(set(bodies())) == 1
