"""Terms, and narrower choices of them, for properties."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import strategies as st

from consent.terms import CHANNELS, Frequency, Hours, LineChoice, Notice, Promise, Purpose, Recipient, Remedy, Terms
from consent.vocabulary import AGREEMENTS, DATATYPES, PURPOSES
from tests.consent.samples import NOW

PERS = ("PT1M", "PT1H", "P1D", "P7D", "P1W", "P28D", "P30D", "P31D", "P1M", "P1M1D", "P2M", "P365D", "P366D", "P1Y", "P12M", "P10Y")
ZONES = ("UTC", "Europe/Dublin", "America/New_York", "Asia/Kathmandu")
ACTIONS = ("send_message", "send_location_offer", "read_data")
RECIPIENTS = (Recipient("An Post", "IE"), Recipient("Northwind Broadband", "GB"), Recipient("Nine Lives Insurance", "IE"))

spans = st.sampled_from(PERS)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC))
expiries = st.integers(1, 300_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
words = st.text(st.characters(categories=("L", "N", "P"), include_characters=" "), min_size=1, max_size=80).filter(str.strip)


@st.composite
def hours(draw: st.DrawFn, zones: tuple[str, ...] = ZONES) -> Hours:
    start, end = draw(st.lists(clocks, min_size=2, max_size=2, unique=True))
    return Hours(start, end, draw(st.sampled_from(zones)))


frequencies = st.builds(Frequency, st.integers(1, 1000), spans)


def some(values: tuple[str, ...] | list[str], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def lines(draw: st.DrawFn, purpose: str) -> Purpose:
    actions = draw(some(ACTIONS, 3))
    sends = actions != ("read_data",)
    return Purpose(
        purpose=purpose,
        actions=actions,
        retention=draw(spans),
        channels=draw(some(CHANNELS, 5)) if sends else (),
        frequency=draw(frequencies) if sends else None,
        hours=draw(st.none() | hours()) if sends else None,
        max_radius_m=draw(st.integers(1, 100_000)) if "send_location_offer" in actions else None,
        datatypes=draw(some(list(DATATYPES), 6)) if "read_data" in actions else (),
        recipients=tuple(draw(st.lists(st.sampled_from(RECIPIENTS), max_size=3, unique=True))),
    )


@st.composite
def remedies(draw: st.DrawFn) -> Remedy:
    amount, currency = draw(st.sampled_from([(None, None), ("20.00", "EUR"), ("0", "GBP"), ("1.5", "USD")]))
    return Remedy(draw(st.sampled_from(["refund", "credit", "free_exit"])), amount, currency, draw(st.none() | spans))


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    purposes = draw(some(list(PURPOSES), 4))
    promises = st.builds(Promise, words, st.none() | words, st.none() | spans, st.none() | remedies())
    return Terms(
        statement=draw(words),
        expires=draw(expiries),
        notice=Notice("https://shop.example/privacy", draw(st.none() | words.map(lambda text: text[:64].strip() or "1")), None, "en"),
        purposes=tuple(draw(lines(purpose)) for purpose in purposes),
        jurisdiction=draw(st.none() | st.sampled_from(["IE", "US-CA"])),
        storage_locations=draw(st.just(()) | some(["IE", "FR", "DE"], 3)),
        agreement=draw(st.none() | st.sampled_from(sorted(AGREEMENTS))),
        in_return=tuple(draw(st.lists(promises, max_size=3, unique=True))),
    )


def part(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    """None, or any of the values (perhaps none of them)."""
    return st.none() if not values else st.none() | st.lists(st.sampled_from(values), max_size=len(values), unique=True).map(tuple)


@st.composite
def line_choices(draw: st.DrawFn, line: Purpose) -> LineChoice:
    """Mostly less than asked, sometimes more: `narrow` must tell."""
    zones = (line.hours.time_zone,) if line.hours else ZONES
    return LineChoice(
        keep=draw(st.integers(0, 4)) > 0,
        actions=draw(part(line.actions)),
        channels=draw(part(line.channels)),
        frequency=draw(st.none() | frequencies),
        hours=draw(st.none() | hours(zones)),
        datatypes=draw(part(line.datatypes)),
        retention=draw(st.none() | spans),
        max_radius_m=draw(st.none() | st.integers(0, 2 * (line.max_radius_m or 10))),
        recipients=draw(st.none() | st.just(line.recipients[:1])),
    )


def loosened(line: Purpose, other: Purpose) -> list[Purpose]:
    """Every line that differs from `line` in exactly one part, taken from `other`."""
    names = ("actions", "retention", "channels", "frequency", "hours", "max_radius_m", "datatypes", "recipients")
    return [replace(line, **{name: getattr(other, name)}) for name in names]
