"""The IEEE 7012 roster, what lies beyond the owner's terms, and what brings a request within them."""

import json
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import roster
from consent.roster import FORBIDDEN, LINE_REASONS, PRACTICES, ROSTER, WHOLE_REASONS, MyTerms, beyond, forbidden, practices, within
from consent.terms import Frequency, Hours, Terms, duration, narrow, parse
from consent.vocabulary import AGREEMENTS, PURPOSES
from tests.consent.samples import NOW, VECTORS
from tests.consent.strategies import all_terms, frequencies, hours, spans

# Section 3.2 of the DPV extension: M must, X must not, o may; a tick with "permits" in the definition is an o.
TABLE = """
SD-BASE            M X X X X o
SD-BASE-DP         M X X X X M
SD-BASE-A          M o X X X o
SD-BASE-A-DP       M o X X X M
SD-BASE-AT         M o o X X o
SD-BASE-AT-DP      M o o X X M
SD-BASE-ATP        M o o o X o
SD-BASE-ATP-DP     M o o o X M
SD-BASE-ATP-S3P    M o o o o o
SD-BASE-ATP-S3P-DP M o o o o M
PDC-INTENT         M X X X X M
PDC-AI             M X X X X M
PDC-GOOD           M X X X X M
"""
SIGNS = {"M": "must", "X": "not", "o": "may"}
CASES: list[dict[str, Any]] = json.loads((VECTORS / "beyond.json").read_text())["cases"]


def test_the_roster_is_the_table() -> None:
    """Every cell, and the same codes as the vocabulary knows."""
    rows = {code: signs for code, *signs in map(str.split, TABLE.strip().splitlines())}
    assert {code: [agreement.rules[name] for name in PRACTICES] for code, agreement in ROSTER.items()} == {
        code: [SIGNS[sign] for sign in signs] for code, signs in rows.items()
    }
    assert set(ROSTER) == AGREEMENTS


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_lies_beyond(case: dict[str, Any]) -> None:
    """Each vector names exactly what lies beyond, of the whole and of each line."""
    found = beyond(parse(case["terms"], now=NOW), mine_of(case["mine"]), now=NOW)
    assert (found.agreement, list(found.whole), [list(codes) for codes in found.lines]) == (
        case["agreement"],
        case["whole"],
        case["lines"],
    )
    assert bool(found) is bool(case["whole"] or any(case["lines"]))


def mine_of(said: dict[str, Any]) -> MyTerms:
    """Standing terms as a vector writes them."""
    start_end = said.get("hours")
    return MyTerms(
        agreements=tuple(said.get("agreements", ())),
        frequency=Frequency(**said["frequency"]) if "frequency" in said else None,
        hours=Hours(time.fromisoformat(start_end[0]), time.fromisoformat(start_end[1]), start_end[2]) if start_end else None,
        retention=said.get("retention"),
        life=said.get("life"),
    )


def test_every_reason_has_a_vector() -> None:
    """A code that no case shows would be one that nobody has seen."""
    seen = {code for case in CASES for codes in (case["whole"], *case["lines"]) for code in codes}
    assert seen == {*WHOLE_REASONS, *LINE_REASONS}


def test_every_purpose_is_some_practice() -> None:
    """No purpose falls through; what the table names has at least one."""
    found = {purpose: practices(purpose) for purpose in PURPOSES}
    assert all(found.values())
    assert set().union(*found.values()) == {"service", "analytics", "tracking", "profiling", "sharing", "selling", "other-purpose"}
    assert all("service" not in named or named == {"service"} for named in found.values())


def my_terms(codes: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[MyTerms]:
    return st.builds(MyTerms, codes, st.none() | frequencies, st.none() | hours(("Europe/Dublin",)), st.none() | spans, st.none() | spans)


some_codes = st.lists(st.sampled_from(sorted(ROSTER)), max_size=3, unique=True).map(tuple)


@given(all_terms())
def test_nothing_is_beyond_no_terms(terms: Terms) -> None:
    assert not beyond(terms, MyTerms(), now=NOW)


@given(all_terms(), some_codes)
def test_limits_that_hold_for_every_line_are_not_exceeded(terms: Terms, codes: tuple[str, ...]) -> None:
    """Whatever lies inside the standing limits is never called beyond them: limits as wide as what is asked object to nothing."""
    one = [line for line in terms.purposes if line.sends]
    mine = MyTerms(
        codes,
        frequency=one[0].frequency if len(one) == 1 else None,
        hours=one[0].hours if len(one) == 1 else None,
        retention="P10Y",
        life="P10Y",
    )
    terms = replace(terms, expires=min(terms.expires, duration("P10Y").after(NOW)))
    found = beyond(terms, mine, now=NOW)
    assert not {"frequency", "hours", "retention"} & {code for codes in found.lines for code in codes}
    assert "expiry" not in found.whole


@given(all_terms(), some_codes, some_codes)
def test_more_agreements_never_object_to_more(terms: Terms, codes: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Accepting one agreement more can only let more in."""

    def count(agreements: tuple[str, ...]) -> int:
        found = beyond(terms, MyTerms(agreements), now=NOW)
        return len(found.whole) + sum(map(len, found.lines))

    if codes:
        assert count((*codes, *more)) <= count(codes)


@given(all_terms(), st.sampled_from(sorted(ROSTER)), st.sampled_from(sorted(ROSTER)))
def test_a_wider_agreement_permits_no_less(terms: Terms, one: str, other: str) -> None:
    """Where every practice that one permits is permitted by the other, the other forbids no line more."""
    narrow_, wide = ROSTER[one], ROSTER[other]
    if all(wide.permits(practice) for practice in PRACTICES if narrow_.permits(practice)) and set(narrow_.good_for) <= set(wide.good_for):
        for here, there in zip(forbidden(terms, one), forbidden(terms, other), strict=True):
            assert set(there) <= set(here) <= FORBIDDEN


@settings(max_examples=300)
@given(all_terms(), my_terms(some_codes))
def test_within_is_narrower_and_brings_it_within(terms: Terms, mine: MyTerms) -> None:
    """The offer is always one that `narrow` takes, and what can be compared is beyond no more."""
    offer = within(terms, mine, now=NOW)
    if offer.expires <= NOW:
        return
    offered = narrow(terms, offer.choices, expires=min(offer.expires, terms.expires))
    before, after = beyond(terms, mine, now=NOW), beyond(offered, mine, now=NOW)
    assert "expiry" not in after.whole
    for index, (was, left) in enumerate(zip(before.lines, after.lines, strict=True)):
        assert set(left) <= set(was), index
        assert "frequency" not in left or not _comparable(terms, mine, index)
    assert beyond(narrow(offered, within(offered, mine, now=NOW).choices), mine, now=NOW).lines == after.lines


def _comparable(terms: Terms, mine: MyTerms, index: int) -> bool:
    asked = terms.purposes[index].frequency
    assert asked is not None and mine.frequency is not None
    return asked.window.at_most(mine.frequency.window) or mine.frequency.window.at_most(asked.window)


@pytest.mark.parametrize(
    ("asked", "mine", "offered"),
    [
        (None, "09:00-18:00", "09:00-18:00"),
        ("09:00-20:00", None, "09:00-20:00"),
        ("10:00-12:00", "09:00-18:00", "10:00-12:00"),
        ("08:00-20:00", "09:00-18:00", "09:00-18:00"),
        ("08:00-12:00", "09:00-18:00", "09:00-12:00"),
        ("12:00-20:00", "09:00-18:00", "12:00-18:00"),
        ("22:00-02:00", "23:00-06:00", "23:00-02:00"),
        ("08:00-09:00", "09:00-18:00", "08:00-09:00"),
        ("18:00-20:00", "09:00-18:00", "18:00-20:00"),
        ("08:00-20:00", "18:00-10:00", "08:00-20:00"),
    ],
)
def test_hours_of_one_zone_overlap(asked: str | None, mine: str | None, offered: str) -> None:
    """Where both name hours, what lies in both; where nothing does, or two stretches, what was asked."""
    terms = parse(json.loads((VECTORS / "beyond.json").read_text())["cases"][0]["terms"], now=NOW)
    line = replace(terms.purposes[0], hours=_hours(asked))
    found = within(replace(terms, purposes=(line,)), MyTerms(hours=_hours(mine)), now=NOW).choices[0].hours
    if (asked, mine) == ("08:00-20:00", "18:00-10:00"):
        # Both ends of the day would do; the first that fits is taken, and lies in both.
        assert found is not None and found.within(_hours(asked) or found) and found.within(_hours(mine) or found)
    else:
        assert found == _hours(offered)


def test_hours_of_other_zones_stay() -> None:
    """The clocks of two zones change apart: what cannot be compared stays as asked, and is called beyond."""
    terms = parse(json.loads((VECTORS / "beyond.json").read_text())["cases"][0]["terms"], now=NOW)
    asked = Hours(time(9), time(18), "America/New_York")
    terms = replace(terms, purposes=(replace(terms.purposes[0], hours=asked),))
    mine = MyTerms(hours=_hours("09:00-18:00"))
    assert within(terms, mine, now=NOW).choices[0].hours == asked
    assert beyond(terms, mine, now=NOW).lines == (("hours",),)


def _hours(text: str | None) -> Hours | None:
    if text is None:
        return None
    start, end = text.split("-")
    return Hours(time.fromisoformat(start), time.fromisoformat(end), "Europe/Dublin")


def test_an_unknown_code_binds_nobody() -> None:
    """A code that a later version of the roster may know is passed over, not guessed at."""
    terms = parse(json.loads((VECTORS / "beyond.json").read_text())["cases"][0]["terms"], now=NOW)
    assert beyond(terms, MyTerms(("SD-FUTURE",)), now=NOW) == roster.Beyond(None, (), ((),))
    assert within(terms, MyTerms(life="P1D"), now=NOW).expires == NOW + timedelta(days=1)
