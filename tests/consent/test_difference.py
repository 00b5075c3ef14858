"""The difference between two consents: complete, and in the right direction."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.errors import TermsError
from consent.terms import Change, Terms, difference, is_subset, narrow, parse
from tests.consent.samples import NOW, VECTORS, terms
from tests.consent.strategies import all_terms, line_choices

CASES: list[dict[str, Any]] = json.loads((VECTORS / "difference.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_difference(case: dict[str, Any]) -> None:
    """Each vector changes one thing of the whole sample, and names the one change."""
    details = json.loads((VECTORS / "difference.json").read_text())["before"]
    after = json.loads(json.dumps(details))
    *path, last = case["path"]
    inside: Any = after
    for step in path:
        inside = inside[step]
    if "to" in case:
        inside[last] = case["to"]
    else:
        del inside[last]
    there, here = parse(after, now=NOW), parse(details, now=NOW)
    assert [[one.purpose, one.part, one.direction, one.words] for one in difference(here, there)] == case["changes"]
    back = {"added": "removed", "removed": "added", "wider": "narrower", "narrower": "wider", "changed": "changed"}
    undone = sorted((one.purpose or "", one.part, back[one.direction], one.words) for one in difference(there, here))
    assert undone == sorted((one.purpose or "", one.part, one.direction, one.words) for one in difference(here, there))


@given(all_terms())
def test_the_same_differs_in_nothing(one: Terms) -> None:
    assert difference(one, one) == ()


@given(all_terms(), st.data())
def test_less_is_only_narrower_or_gone(wide: Terms, data: st.DataObject) -> None:
    """Whatever `narrow` makes of terms, nothing in it is new, wider or different."""
    choices = {index: data.draw(line_choices(line)) for index, line in enumerate(wide.purposes)}
    try:
        less = narrow(wide, choices)
    except TermsError:
        return
    assert {change.direction for change in difference(wide, less)} <= {"narrower", "removed"}
    assert {change.direction for change in difference(less, wide)} <= {"wider", "added"}


@given(all_terms(), all_terms())
def test_no_difference_means_the_same(one: Terms, other: Terms) -> None:
    """Two consents without a difference allow exactly the same."""
    other = replace(other, statement=one.statement, notice=one.notice, jurisdiction=one.jurisdiction, agreement=one.agreement)
    other = replace(other, in_return=one.in_return, expires=one.expires, storage_locations=one.storage_locations)
    if not difference(one, other):
        assert is_subset(one, other) and is_subset(other, one)
    else:
        assert not (is_subset(one, other) and is_subset(other, one))


def test_one_meaning_in_two_texts_is_no_change() -> None:
    """A week and seven days, channels in another order."""
    asked = terms()
    line = asked.purposes[0]
    assert line.frequency is not None
    same = replace(line, channels=tuple(reversed(line.channels)), frequency=replace(line.frequency, per="P7D"))
    assert difference(asked, replace(asked, purposes=(same, *asked.purposes[1:]))) == ()


def test_a_promise_that_goes_is_named_in_its_words() -> None:
    asked = terms()
    assert difference(asked, replace(asked, in_return=asked.in_return[:1])) == (
        Change(None, "in_return", "removed", asked.in_return[1].promise),
    )
