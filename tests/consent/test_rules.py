"""RULES.md, the code and the vectors say the same."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import consent
from consent.decision import RULES, RULES_VERSION, Allowed, Ask, Refused, Standing, Usage, decide
from consent.terms import parse
from tests.consent.samples import DETAILS, NOW, VECTORS, patched
from tests.factories import make_details

PAGE = (Path(consent.__file__).parent / "RULES.md").read_text(encoding="utf-8")
CASES: list[dict[str, Any]] = json.loads((VECTORS / "decisions.json").read_text(encoding="ascii"))["cases"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case['rule']} {case['what']}") for case in CASES])
def test_decision_vector(case: dict[str, Any]) -> None:
    terms = parse(patched(DETAILS, case["patch"]), now=NOW)
    asked = case["ask"] | {"area_radius_m": float(case["ask"]["area_radius_m"]) if case["ask"].get("area_radius_m") is not None else None}
    standing = Standing(case["status"], moment(case["expires_at"]) if case["expires_at"] else terms.expires, terms)
    answer = decide(Ask(**asked), standing, Usage([moment(at) for at in case["recent"]]), moment(case["now"]))
    expect = case["expect"]
    if "allowed" in expect:
        assert answer == Allowed(terms.purposes[expect["allowed"]], expect["allowed"])
    else:
        assert answer == Refused(expect["refused"], expect["rule"], expect["retry_after"])


@given(ago=st.lists(st.integers(0, 3 * 86_400), max_size=12), count=st.integers(1, 8), skipped=st.integers(0, 8))
def test_what_is_newer_than_the_cap_reaches_need_not_be_named(ago: list[int], count: int, skipped: int) -> None:
    """Without the newest few, fewer than the cap, the answer is the same, to the second; with more left out there is none."""
    terms = parse(make_details(frequency={"count": count, "per": "P1D"}), now=NOW)
    recent = sorted((NOW - timedelta(seconds=seconds) for seconds in ago), reverse=True)

    def answer(usage: Usage) -> object:
        return decide(Ask("offer", "dpv:DirectMarketing", "inbox"), Standing("given", terms.expires, terms), usage, NOW)

    if skipped < count:
        assert answer(Usage(recent[skipped:], skipped)) == answer(Usage(recent))
    else:
        with pytest.raises(ValueError, match="newest"):
            answer(Usage(recent[skipped:], skipped))


def test_every_rule_has_a_vector_that_passes_and_one_that_it_refuses() -> None:
    for rule, slug in RULES.items():
        of_rule = [case["expect"] for case in CASES if case["rule"] == rule]
        assert any("allowed" in expect for expect in of_rule), rule
        assert any(expect.get("refused") == slug and expect["rule"] == rule for expect in of_rule), rule
        assert all("allowed" in expect or expect["rule"] == rule for expect in of_rule), rule


def test_page_lists_the_rules_of_the_code_in_their_order() -> None:
    assert re.findall(r"^\| (R\d+) \| `([a-z-]+)` \|", PAGE, re.MULTILINE) == list(RULES.items())
    assert list(RULES) == [f"R{number}" for number in range(1, len(RULES) + 1)]


def test_page_names_the_version_of_the_code() -> None:
    assert re.findall(r"version \*\*(\w+)\*\*", PAGE) == [RULES_VERSION]


def test_slug_is_unique_to_its_rule() -> None:
    assert len(set(RULES.values())) == len(RULES)
