"""The form that narrows: whatever is posted, what comes out lies within what was asked, or nothing does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.form import Form
from app.ui.requests import narrowing
from consent.terms import Terms, is_subset, parse
from tests.app.ui.visits import BACKED, DELIVERY
from tests.factories import NOW, make_details

HOURS = {"from": "09:00", "to": "20:00", "time_zone": "Europe/Dublin"}


def asked() -> Terms:
    """Two lines with everything that can be narrowed."""
    wanted = make_details(hours=HOURS, actions=["send_message", "send_location_offer"], location={"max_radius_m": 2000})
    wanted[0]["in_return"] = [BACKED]
    return parse([*wanted, DELIVERY], now=NOW)


VALUES: dict[str, list[str]] = {
    "keep": ["", "1"],
    "actions": ["send_message", "send_location_offer", "read_data", "fly"],
    "channels": ["inbox", "email", "phone"],
    "datatypes": ["pd:PhysicalAddress", "pd:TelephoneNumber", "pd:Name"],
    "recipients": ["0", "1", "x"],
    "count": ["", "0", "1", "2", "3", "-1", "x", "9" * 30, "٢"],
    "per": ["", "P1D", "P1W", "P1M", "P1Y", "P0D", "x"],
    "from": ["", "00:00", "09:00", "12:00", "x", "25:00"],
    "to": ["", "09:00", "18:00", "20:00", "23:00"],
    "radius": ["", "1", "2000", "2001", "x"],
    "retention": ["", "P1D", "P6M", "P1Y", "P2Y", "P10Y", "x"],
}


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Anything that a browser, or somebody without one, could send."""
    fields: dict[str, list[str]] = {}
    for name, values in VALUES.items():
        for number in range(3):
            if draw(st.booleans()):
                fields[f"{name}-{number}"] = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
    if draw(st.booleans()):
        fields["expires"] = [
            draw(st.sampled_from(["", "x", "2020-01-01", "2026-11-21", "2027-01-01", "2027-05-20", "2099-01-01", "9999-12-31"]))
        ]
    return Form(fields)


@given(forms(), st.sampled_from(["UTC", "Europe/Dublin", "Pacific/Auckland"]))
def test_what_comes_out_is_never_wider(form: Form, zone: str) -> None:
    """Either errors and no terms, or terms within what was asked, of kept lines only; and the page can be drawn again."""
    wanted = asked()
    choice = narrowing.choose(wanted, form, zone=zone, now=NOW)
    assert (choice.granted is None) == bool(choice.errors)
    if choice.granted is not None:
        assert is_subset(choice.granted, wanted)
        kept = {line.purpose for number, line in enumerate(wanted.purposes) if form.checked(f"keep-{number}")}
        assert {line.purpose for line in choice.granted.purposes} == kept
        assert NOW < choice.granted.expires <= wanted.expires
    drawn = narrowing.lines(wanted, form, choice.errors, zone=zone)
    assert [line.keep for line in drawn] == [form.checked(f"keep-{number}") for number in range(2)]


@given(forms())
def test_every_error_is_at_a_field_of_the_page(form: Form) -> None:
    """So that the summary can lead to it."""
    wanted = asked()
    errors = narrowing.choose(wanted, form, zone="UTC", now=NOW).errors
    for name in errors:
        field, _dash, number = name.rpartition("-")
        assert name == "expires" or (field in VALUES and int(number) < len(wanted.purposes)), name


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("", "keep-0"),
        ("/1", "keep-0"),
        ("/2", "keep-1"),
        ("/0/expires", "expires"),
        ("/1/frequency", "count-0"),
        ("/1/frequency/count", "count-0"),
        ("/2/frequency/per", "per-1"),
        ("/1/hours/to", "from-0"),
        ("/1/location/max_radius_m", "radius-0"),
        ("/2/datatypes", "datatypes-1"),
        ("/2/recipients/0/name", "recipients-1"),
    ],
)
def test_a_pointer_finds_its_field(pointer: str, field: str) -> None:
    """What `consent.terms` names, the page can show."""
    assert narrowing.field_of(pointer) == field


def test_the_lists_offer_only_what_would_be_granted() -> None:
    """Longer windows for how often, shorter times for how long, the asked one among them."""
    line = narrowing.lines(asked(), Form(), {}, zone="UTC")[0]
    assert [per for per, _text in line.pers] == ["P1W", "P2W", "P1M", "P3M", "P6M", "P1Y", "P2Y", "P5Y", "P10Y"]
    assert [span for span, _text in line.retentions] == ["P1D", "P1W", "P2W", "P1M", "P3M", "P6M"]
    assert not line.narrowed
    assert {part.name for part in line.parts} == {"actions-0", "channels-0"}
    assert (line.values["from"], line.values["to"], line.zone) == ("09:00", "20:00", "Europe/Dublin")


def test_the_last_day_is_told_in_the_owners_zone() -> None:
    """And sending it back unchanged leaves the end as it was asked."""
    wanted = asked()
    midnight = parse(_ending("2027-06-30T00:00:00Z"), now=NOW)
    assert narrowing.last_day(midnight, "UTC") == "2027-06-29"
    assert narrowing.last_day(midnight, "Pacific/Auckland") == "2027-06-30"
    form = Form({"keep-0": ["1"], "expires": [narrowing.last_day(wanted, "UTC")]})
    granted = narrowing.choose(wanted, form, zone="UTC", now=NOW).granted
    assert granted is not None
    assert granted.expires == wanted.expires


def test_a_request_whose_time_is_over_cannot_be_granted() -> None:
    """It says so instead of giving what has ended."""
    wanted = asked()
    late = datetime(2028, 1, 1, tzinfo=UTC)
    choice = narrowing.choose(wanted, Form({"keep-0": ["1"]}), zone="UTC", now=late)
    assert choice.granted is None
    assert "over by now" in choice.errors["expires"]


def _ending(instant: str) -> list[dict[str, Any]]:
    found = make_details()
    found[0]["expires"] = instant
    return found
