"""Terms in plain words: every part of them is said, and a code that has no words is shown as it is."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from app.i18n import speak
from app.ui import wording
from app.ui.requests import terms_in_words as words
from consent import decision
from consent.terms import Frequency, Hours, Promise, Remedy, Terms, parse
from tests.app.ui.visits import BACKED, DELIVERY, WORDS
from tests.factories import NOW, make_details


def terms(*more: dict[str, Any], **changes: Any) -> Terms:
    """What a shop asks for."""
    return parse([*make_details(**changes), *more], now=NOW)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ("P6M", "6 months"),
        ("P1Y", "1 year"),
        ("P1W", "1 week"),
        ("P1D", "1 day"),
        ("PT1H", "1 hour"),
        ("PT90M", "90 minutes"),
        ("PT1S", "1 second"),
        ("P1Y2M10DT2H30M", "1 year, 2 months, 10 days, 2 hours and 30 minutes"),
        ("P0D", "P0D"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_durations(span: str, said: str) -> None:
    """ISO 8601 in words; what is none stays as it is."""
    assert words.duration(span) == said


@pytest.mark.parametrize(
    ("count", "per", "said"),
    [
        (1, "P1D", "at most once a day"),
        (2, "P1W", "at most twice a week"),
        (3, "P1M", "at most 3 times a month"),
        (5, "P10D", "at most 5 times in 10 days"),
    ],
)
def test_frequencies(count: int, per: str, said: str) -> None:
    """As one would say it."""
    assert words.frequency(Frequency(count, per)) == said


@pytest.mark.parametrize(
    ("promise", "backed", "when", "why"),
    [
        (Promise("x", "claim", "P14D", Remedy("refund", "20.00", "EUR", "P7D")), True, "within 14 days of your asking for it", "Backed"),
        (Promise("x", None, "P14D", Remedy("free_exit")), True, "within 14 days", "Backed"),
        (Promise("x", "delivery", "P14D", Remedy("credit")), True, "within 14 days, counted from: delivery", "Backed"),
        (Promise("x"), False, None, "no date, and nothing follows"),
        (Promise("x", None, "P14D"), False, "within 14 days", "nothing follows"),
        (Promise("x", None, None, Remedy("other")), False, None, "no time by which"),
    ],
)
def test_promises_are_backed_or_just_words(promise: Promise, backed: bool, when: str | None, why: str) -> None:
    """With the reason."""
    said = words.promise_in_words(promise)
    assert said.backed is backed
    assert next((fact.text for fact in said.facts if fact.key == "within"), None) == when
    assert why in said.reason


def test_every_value_of_the_terms_is_in_the_text_shown() -> None:
    """The text whose hash stands in the receipt leaves nothing out."""
    asked = make_details(
        hours={"from": "09:00", "to": "20:00", "time_zone": "Europe/Dublin"}, actions=["send_message", "send_location_offer"]
    )
    asked[1]["location"] = {"max_radius_m": 2000}
    asked[0] |= {"jurisdiction": "IE", "storage": {"locations": ["IE", "US-CA"]}, "agreement": "SD-BASE", "in_return": [BACKED, WORDS]}
    asked[0]["notice"] = {"url": "https://shop.example/privacy", "version": "2026-10", "sha256": "a" * 64, "language": "en"}
    text = words.in_words(parse([*asked, DELIVERY], now=NOW)).text()
    for said in (
        "We tell you about openings near you", "2027", "Ireland", "US-CA", "SD-BASE", "https://shop.example/privacy", "2026-10",
        "a" * 64, "English", "Direct Marketing",
        "send you messages and send you offers tied to a place", "at most twice a week", "Europe/Dublin",
        "2 km", "6 months", "Delivery of Goods", "Physical Address", "Telephone Number", "2 years", "An Post (Ireland)", "€20.00", "7 days",
        "We value your trust", "Just words",
    ):  # fmt: skip
        assert said in text, said


def test_a_notice_that_could_be_read_otherwise_is_not_linked() -> None:
    """Its address is still said."""
    asked = make_details()
    asked[0]["notice"]["url"] = "https://shop.example/a"
    assert words.in_words(parse(asked, now=NOW)).notice is not None
    made = parse(asked, now=NOW)
    from dataclasses import replace  # noqa: PLC0415 - the reader refuses such an address, so it is put in by hand

    odd = replace(made, notice=replace(made.notice, url="https://bank.example@evil.example"))
    said = words.in_words(odd)
    assert said.notice is None
    assert "https://bank.example@evil.example" in said.text()


def test_hours_distances_money_and_lists() -> None:
    """Small words, each in its way of writing."""
    assert words.hours(Hours(time(9), time(20, 30), "America/New_York")).endswith("(America/New York time)")
    assert (words.distance(800), words.distance(2000), words.distance(2500)) == ("800 m", "2 km", "2.5 km")
    assert (words.money("20.00", "EUR"), words.money("much", "EUR")) == ("€20.00", "much EUR")
    assert [words.listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (words.territory("IE"), words.territory("ZZ9")) == ("Ireland", "ZZ9")
    assert (words.language_name("en-IE"), words.language_name("xx")) == ("English", "xx")
    assert (words.data("pd:Nothing"), words.purpose("dpv:Nothing"), words.action("fly"), words.channel("owl")) == (
        "pd:Nothing",
        "dpv:Nothing",
        "fly",
        "owl",
    )
    assert words.instant(datetime(2026, 7, 1, 22, 15, tzinfo=UTC), "Europe/Dublin").startswith(
        "1 July 2026"
    ) or "July 1, 2026" in words.instant(datetime(2026, 7, 1, 22, 15, tzinfo=UTC), "Europe/Dublin")


def test_an_unknown_language_falls_back_to_english() -> None:
    """A tag that no catalogue knows still gives words."""
    try:
        speak("zz-ZZ")
        assert words.territory("IE") == "Ireland"
        speak("not a tag!")
        assert words.territory("IE") == "Ireland"
    finally:
        speak("en")


def test_codes_of_the_engines_have_words() -> None:
    """Every refusal of the gate and every status of a grant can be said."""
    from consent import grants  # noqa: PLC0415 - beside the only use

    assert set(decision.RULES.values()) <= set(wording.REFUSAL)
    assert set(grants.STATUSES) == set(wording.STATUS) == set(wording.STATUS_MEANS) == set(wording.STATUS_TONE)
    assert wording.done("no-such-code") is None
    assert wording.actor("client:unknown", {}) == "a system you do not know"
    assert (wording.actor("instance", {}), wording.actor("operator", {}), wording.actor("ghost", {})) == (
        "this service",
        "your host",
        "ghost",
    )
    assert [wording.said_by(who) for who in ("owner", "client:x", "instance")] == ["mine", "theirs", "neutral"]
