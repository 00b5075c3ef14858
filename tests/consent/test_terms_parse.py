"""Reading terms: what stands is read and written back the same, what does not is refused for its one fault."""

import json
from typing import Any

import pytest

from consent.terms import TermsError, as_details, canonical, parse
from tests.consent.samples import DETAILS, NOW, VECTORS, details, patched, terms

FILE: dict[str, Any] = json.loads((VECTORS / "terms.json").read_text(encoding="ascii"))


def cases(group: str) -> list[Any]:
    return [pytest.param(case, id=case["what"]) for case in FILE[group]]


@pytest.mark.parametrize("case", cases("read"))
def test_terms_survive_their_canonical_bytes(case: dict[str, Any]) -> None:
    read = parse(patched(DETAILS, case["patch"]), now=NOW)
    assert parse(json.loads(canonical(read)), now=NOW) == read
    assert canonical(parse(json.loads(canonical(read)), now=NOW)) == canonical(read)


@pytest.mark.parametrize("case", cases("refused"))
def test_terms_with_one_fault_name_it(case: dict[str, Any]) -> None:
    with pytest.raises(TermsError) as refused:
        parse(patched(DETAILS, case["patch"]), now=NOW)
    assert (refused.value.pointer, refused.value.code) == (case["pointer"], case["code"])
    assert refused.value.detail


def test_details_of_the_contract_come_back_whole() -> None:
    """Nothing that a client said is lost on the way through, but empty lists that say nothing."""
    assert as_details(terms()) == details()


def test_canonical_bytes_are_those_of_rfc_8785() -> None:
    """For text and whole numbers RFC 8785 is sorted keys without blanks, which the standard library writes as well."""
    assert canonical(terms()) == json.dumps(details(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_promise_is_backed_only_with_time_and_remedy() -> None:
    bare: list[dict[str, Any]] = [{"promise": "a"}, {"promise": "b", "within": "P1D"}, {"promise": "c", "remedy": {"kind": "other"}}]
    full = {"promise": "d", "within": "P1D", "remedy": {"kind": "free_exit"}}
    changed = patched(DETAILS, [{"op": "replace", "path": "/0/in_return", "value": [*bare, full]}])
    assert [promise.backed for promise in parse(changed, now=NOW).in_return] == [False, False, False, True]


def test_expires_is_brought_to_utc_and_never_made_later() -> None:
    for said, meant in (("2027-06-30T00:00:00.999Z", "2027-06-30T00:00:00Z"), ("2027-06-30T01:00:00+01:00", "2027-06-30T00:00:00Z")):
        read = parse(patched(DETAILS, [{"op": "replace", "path": "/0/expires", "value": said}]), now=NOW)
        assert as_details(read)[0]["expires"] == meant
