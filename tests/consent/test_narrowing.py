"""Granting less: never wider, checked by construction, by comparison and by what the gate then lets in."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from consent.decision import Allowed, Ask, Standing, Usage, decide
from consent.terms import (
    CHANNELS,
    Frequency,
    Hours,
    LineChoice,
    Purpose,
    Recipient,
    Terms,
    TermsError,
    canonical,
    duration,
    is_subset,
    narrow,
    parse,
)
from consent.terms.narrowing import line_is_subset
from tests.consent import strategies
from tests.consent.samples import NOW, terms

KEEP = LineChoice(keep=True)
NINE_TO_EIGHT = Hours(time(9), time(20), "Europe/Dublin")


def test_keeping_everything_changes_nothing() -> None:
    assert narrow(terms(), {0: KEEP, 1: KEEP}) == terms()


def test_line_without_choice_is_dropped() -> None:
    """Consent is what somebody chose; what nobody touched is not granted."""
    assert [line.purpose for line in narrow(terms(), {1: KEEP}).purposes] == ["dpv:DeliveryOfGoods"]
    assert [line.purpose for line in narrow(terms(), {0: LineChoice(keep=False), 1: KEEP}).purposes] == ["dpv:DeliveryOfGoods"]


def test_what_an_action_no_longer_needs_goes_with_it() -> None:
    asked = terms()
    line = narrow(asked, {0: LineChoice(True, actions=("send_message",))}).purposes[0]
    assert line == replace(asked.purposes[0], actions=("send_message",), max_radius_m=None)
    both = replace(asked.purposes[0], actions=("send_message", "read_data"), max_radius_m=None, datatypes=("pd:Name",))
    mixed = replace(asked, purposes=(both,))
    reading = narrow(mixed, {0: LineChoice(True, actions=("read_data",))}).purposes[0]
    assert reading == Purpose("dpv:DirectMarketing", ("read_data",), "P6M", datatypes=("pd:Name",))
    sending = narrow(mixed, {0: LineChoice(True, actions=("send_message",))}).purposes[0]
    assert sending.datatypes == ()


def test_every_part_can_be_narrowed() -> None:
    asked = terms()
    choice = LineChoice(
        keep=True,
        channels=("email",),
        frequency=Frequency(1, "P1M"),
        hours=Hours(time(10), time(12), "Europe/Dublin"),
        retention="P1M",
        max_radius_m=500,
    )
    choices = {0: choice, 1: LineChoice(True, datatypes=("pd:Name",), recipients=())}
    granted = narrow(asked, choices, expires=asked.expires - timedelta(days=1))
    sent, read = granted.purposes
    assert (sent.channels, sent.frequency, sent.hours, sent.retention, sent.max_radius_m) == (
        choice.channels, choice.frequency, choice.hours, choice.retention, choice.max_radius_m,
    )  # fmt: skip
    assert (read.datatypes, read.recipients) == (("pd:Name",), ())
    assert granted.expires == asked.expires - timedelta(days=1)
    assert is_subset(granted, asked)
    assert not is_subset(asked, granted)


WIDER: list[tuple[str, int, LineChoice, str, str]] = [
    ("an action more", 1, LineChoice(True, actions=("read_data", "send_message")), "/2/channels", "missing"),
    ("another action", 0, LineChoice(True, actions=("read_data",), datatypes=("pd:Name",)), "/1/actions", "wider"),
    ("a channel more", 0, LineChoice(True, channels=("inbox", "sms")), "/1/channels", "wider"),
    ("one message more", 0, LineChoice(True, frequency=Frequency(3, "P1W")), "/1/frequency", "wider"),
    ("a shorter window", 0, LineChoice(True, frequency=Frequency(2, "P6D")), "/1/frequency", "wider"),
    ("an hour more", 0, LineChoice(True, hours=Hours(time(8), time(20), "Europe/Dublin")), "/1/hours", "wider"),
    ("the same hours elsewhere", 0, LineChoice(True, hours=Hours(time(9), time(20), "Europe/London")), "/1/hours", "wider"),
    ("a metre more", 0, LineChoice(True, max_radius_m=2001), "/1/location", "wider"),
    ("a datatype more", 1, LineChoice(True, datatypes=("pd:Name", "pd:Age")), "/2/datatypes", "wider"),
    ("longer retention", 1, LineChoice(True, retention="P25M"), "/2/retention", "wider"),
    ("a recipient more", 1, LineChoice(True, recipients=(Recipient("Corner Shop", "IE"),)), "/2/recipients", "wider"),
    ("no action", 0, LineChoice(True, actions=()), "/1/actions", "out-of-bounds"),
    ("no channel", 0, LineChoice(True, channels=()), "/1/channels", "missing"),
    ("no datatype", 1, LineChoice(True, datatypes=()), "/2/datatypes", "missing"),
    ("no radius", 0, LineChoice(True, max_radius_m=0), "/1/location/max_radius_m", "out-of-bounds"),
    ("no message", 0, LineChoice(True, frequency=Frequency(0, "P1W")), "/1/frequency/count", "out-of-bounds"),
    ("no duration", 0, LineChoice(True, retention="soon"), "/1/retention", "format"),
]


@pytest.mark.parametrize(("index", "choice", "pointer", "code"), [pytest.param(*case[1:], id=case[0]) for case in WIDER])
def test_choice_that_cannot_stand_is_refused_where_it_is(index: int, choice: LineChoice, pointer: str, code: str) -> None:
    with pytest.raises(TermsError) as refused:
        narrow(terms(), {index: choice})
    assert (refused.value.pointer, refused.value.code) == (pointer, code)


@pytest.mark.parametrize(
    ("choices", "expires", "pointer", "code"),
    [
        ({}, None, "", "nothing-left"),
        ({0: LineChoice(keep=False)}, None, "", "nothing-left"),
        ({0: KEEP, 2: KEEP}, None, "/3", "unknown-key"),
        ({-1: KEEP}, None, "/0", "unknown-key"),
        ({0: KEEP}, datetime(2027, 6, 30, 0, 0, 1, tzinfo=UTC), "/0/expires", "wider"),
    ],
)
def test_choices_that_leave_nothing_or_reach_further_are_refused(
    choices: dict[int, LineChoice], expires: datetime | None, pointer: str, code: str
) -> None:
    with pytest.raises(TermsError) as refused:
        narrow(terms(), choices, expires=expires)
    assert (refused.value.pointer, refused.value.code) == (pointer, code)


CHANGED: list[tuple[str, dict[str, Any]]] = [
    ("statement", {"statement": "Something else"}),
    ("notice", {"notice": replace(terms().notice, version="2027-01")}),
    ("jurisdiction", {"jurisdiction": None}),
    ("agreement", {"agreement": "SD-BASE"}),
    ("promises", {"in_return": terms().in_return[:1]}),
    ("expires", {"expires": terms().expires + timedelta(seconds=1)}),
    ("another place", {"storage_locations": ("IE", "DE")}),
    ("any place", {"storage_locations": ()}),
    ("no line", {"purposes": ()}),
    ("another line", {"purposes": (replace(terms().purposes[0], purpose="dpv:Advertising"),)}),
]


@pytest.mark.parametrize("change", [pytest.param(change, id=what) for what, change in CHANGED])
def test_terms_that_say_something_else_are_no_subset(change: dict[str, Any]) -> None:
    assert not is_subset(replace(terms(), **change), terms())


def test_fewer_places_are_a_subset_and_any_place_was_never_limited() -> None:
    assert is_subset(replace(terms(), storage_locations=("IE",)), terms())
    assert is_subset(terms(), replace(terms(), storage_locations=()))


def test_line_without_a_limit_is_wider_than_one_with_it() -> None:
    line = terms().purposes[0]
    for loose in (replace(line, hours=None), replace(line, frequency=None), replace(line, max_radius_m=None)):
        assert not line_is_subset(loose, line)
        assert line_is_subset(line, loose)
    assert not line_is_subset(replace(line, purpose="dpv:Advertising"), line)


@pytest.mark.parametrize(
    ("narrow_hours", "wide_hours", "within"),
    [
        ((9, 20), (9, 20), True),
        ((10, 12), (9, 20), True),
        ((8, 12), (9, 20), False),
        ((10, 21), (9, 20), False),
        ((23, 5), (22, 6), True),
        ((0, 3), (22, 6), True),
        ((22, 23), (22, 6), True),
        ((21, 23), (22, 6), False),
        ((20, 9), (9, 20), False),
        ((10, 9), (9, 8), False),
    ],
)
def test_hours_within_hours(narrow_hours: tuple[int, int], wide_hours: tuple[int, int], within: bool) -> None:
    inner, outer = (Hours(time(start), time(end), "UTC") for start, end in (narrow_hours, wide_hours))
    assert inner.within(outer) is within
    day = [datetime(2026, 11, 21, hour, minute, tzinfo=UTC) for hour in range(24) for minute in (0, 59)]
    assert within is all(outer.contains(moment) for moment in day if inner.contains(moment))


@given(strategies.hours(("UTC",)), strategies.hours(("UTC",)))
def test_hours_within_mean_every_minute(inner: Hours, outer: Hours) -> None:
    day = [datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(1440)]
    assert inner.within(outer) is all(outer.contains(moment) for moment in day if inner.contains(moment))


@given(strategies.all_terms())
def test_terms_survive_canonical_bytes(drawn: Terms) -> None:
    assert parse(json.loads(canonical(drawn)), now=NOW) == drawn


@given(strategies.all_terms())
def test_terms_are_a_subset_of_themselves(drawn: Terms) -> None:
    assert is_subset(drawn, drawn)


@given(st.data())
def test_narrowed_grant_is_never_wider(data: st.DataObject) -> None:
    """Whatever is chosen, `narrow` refuses it or gives terms that lie within what was asked and can be read back."""
    asked = data.draw(strategies.all_terms())
    choices = {index: data.draw(strategies.line_choices(line)) for index, line in enumerate(asked.purposes)}
    try:
        granted = narrow(asked, choices, expires=data.draw(st.none() | strategies.expiries))
    except TermsError:
        return
    assert is_subset(granted, asked)
    assert parse(json.loads(canonical(granted)), now=NOW) == granted


def drawn_ask(data: st.DataObject, among: Terms) -> Ask:
    """Half of the asks fit a line as far as words go, so that the limits are tried and not only the words."""
    line = data.draw(st.sampled_from(among.purposes))
    fits = data.draw(st.booleans())
    kinds = {"send_message": ("service", "offer"), "send_location_offer": ("location_offer",), "read_data": ("read_data",)}
    return Ask(
        kind=data.draw(st.sampled_from([kind for action in (line.actions if fits else kinds) for kind in kinds[action]])),
        purpose=line.purpose if fits else data.draw(st.sampled_from([line.purpose, "dpv:Marketing", None])),
        channel=data.draw(st.sampled_from(line.channels if fits and line.channels else [*CHANNELS, None])),
        area_radius_m=data.draw(st.none() | st.floats(0, 2 * (line.max_radius_m or 10)) | st.just(float("nan"))),
    )


def drawn_usage(data: st.DataObject, now: datetime) -> Usage:
    ago = data.draw(st.lists(st.integers(0, 90 * 86_400), max_size=6))
    return Usage(sorted((now - timedelta(seconds=seconds) for seconds in ago), reverse=True))


@given(st.data())
def test_whatever_a_narrowed_grant_allows_the_asked_one_allows(data: st.DataObject) -> None:
    """The meaning of narrower: no moment, ask or past lets more in. Lines are mutated freely, and `is_subset` picks."""
    asked = data.draw(strategies.all_terms())
    other = [data.draw(strategies.lines(line.purpose)) for line in asked.purposes]
    candidates = [loose for line, from_other in zip(asked.purposes, other, strict=True) for loose in strategies.loosened(line, from_other)]
    granted = replace(asked, purposes=(data.draw(st.sampled_from(candidates)),))
    assume(is_subset(granted, asked))
    now = data.draw(st.datetimes(NOW.replace(tzinfo=None), datetime(2034, 1, 1), timezones=st.just(UTC)))
    ask, usage = drawn_ask(data, granted), drawn_usage(data, now)
    # Reading without a purpose is answered by whichever line comes first, so only the verdict can be compared.
    if isinstance(decide(ask, Standing("given", granted.expires, granted), usage, now), Allowed):
        assert isinstance(decide(ask, Standing("given", asked.expires, asked), usage, now), Allowed)


@given(st.data())
def test_decide_never_allows_what_terms_do_not_contain(data: st.DataObject) -> None:
    """Every yes is read again, word for word, against the line that it names."""
    drawn = data.draw(strategies.all_terms())
    now = data.draw(st.datetimes(NOW.replace(tzinfo=None), datetime(2034, 1, 1), timezones=st.just(UTC)))
    status = data.draw(st.sampled_from(["given", "paused", "suspended", "withdrawn", "expired", "handed_back", ""]))
    ask, usage = drawn_ask(data, drawn), drawn_usage(data, now)
    answer = decide(ask, Standing(status, drawn.expires, drawn), usage, now)
    if not isinstance(answer, Allowed):
        return
    line = drawn.purposes[answer.line]
    assert answer.purpose == line
    assert status == "given"
    assert now < drawn.expires
    assert ask.purpose == line.purpose or (ask.kind == "read_data" and ask.purpose is None)
    if ask.kind == "read_data":
        assert "read_data" in line.actions
        return
    assert ("send_location_offer" if ask.kind == "location_offer" else "send_message") in line.actions
    assert ask.channel in line.channels
    assert line.frequency is not None
    window = duration(line.frequency.per).before(now)
    assert sum(moment > window for moment in usage.recent) < line.frequency.count
    if line.hours is not None:
        assert line.hours.contains(now)
    if ask.kind == "location_offer" and ask.area_radius_m is not None:
        assert line.max_radius_m is not None
        assert ask.area_radius_m <= line.max_radius_m


def test_line_without_frequency_sends_nothing() -> None:
    """Such terms cannot be read; were they made by hand, the gate would fail shut."""
    asked = terms()
    loose = replace(asked, purposes=(replace(asked.purposes[0], frequency=None, hours=None),))
    answer = decide(Ask("offer", "dpv:DirectMarketing", "inbox"), Standing("given", asked.expires, loose), Usage(), NOW)
    assert not isinstance(answer, Allowed)


def test_hours_of_the_sample_are_open_at_noon() -> None:
    assert NINE_TO_EIGHT.contains(NOW)
