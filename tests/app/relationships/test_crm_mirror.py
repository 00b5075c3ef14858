"""What a company holds beside what the owner holds and allowed, and what changed between two versions of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships.crm_mirror import VERDICTS, Allowed, Mine, counts, covered, differences, lines, overlap
from app.relationships.kinds import of_name
from tests.work import calls
from vault.records import Held, HeldField, HeldScore

THEN = datetime(2026, 5, 3, tzinfo=UTC)


def held(*fields: tuple[str, str, str], **more: Any) -> Held:
    """A version."""
    made = tuple(HeldField(name=name, value=value, basis=basis) for name, value, basis in fields)
    return Held(grant_id="0" * 32, client_id="0" * 32, version=1, received_at=THEN, fields=made, **more)


def test_what_came_went_and_changed() -> None:
    before = held(("Street", "1", "stated"), ("Age", "40", "inferred"), segments=("loyal",))
    after = held(("Street", "2", "stated"), ("Car", "none", "bought"), scores=(HeldScore(name="Churn", value="1"),), segments=("loyal",))
    found = [(one.group, one.name, one.kind) for one in differences(before, after)]
    assert found == [("field", "Street", "changed"), ("field", "Car", "came"), ("score", "Churn", "came"), ("field", "Age", "went")]


def test_the_first_version_and_the_same_again_change_nothing() -> None:
    one = held(("Street", "1", "stated"), ("Street", "2", "stated"))
    again = held(("Street", "2", "stated"), ("Street", "1", "stated"))
    assert differences(None, one) == () and differences(one, again) == ()


def test_another_basis_is_a_change_of_the_same_words() -> None:
    (found,) = differences(held(("Street", "1", "stated")), held(("Street", "1", "bought")))
    assert found.same_words and found.kind == "changed"


MAIL, STREET, PHONE = "pd:EmailAddress", "pd:PhysicalAddress", "pd:TelephoneNumber"
HOME = Mine(STREET, "7 Harbour Row\nDublin")


def verdicts(name: str, value: str, basis: str, *mine: Mine, allowed: tuple[Allowed, ...] = ()) -> tuple[str, ...]:
    (line,) = lines(held((name, value, basis)), mine, allowed)
    return line.verdicts


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (verdicts("Street", "7 Harbour Row", "stated", HOME), ("agrees",)),
        (verdicts("Street", "17 Harbour Row", "stated", HOME), ("wrong",)),
        (verdicts("Street", "7 harbour row, DUBLIN", "bought", HOME), ("not_allowed", "agrees")),
        (verdicts("Street", "7 Harbour Row", "bought", HOME, allowed=(Allowed(STREET, live=True),)), ("agrees",)),
        (verdicts("Street", "7 Harbour Row", "stated", HOME, allowed=(Allowed(STREET, live=False),)), ("not_allowed", "agrees")),
        (verdicts("Street", "7 Harbour Row", "stated", HOME, allowed=(Allowed(MAIL, live=True),)), ("agrees",)),
        (verdicts("Street", "7 Harbour Row", "unsaid", HOME, allowed=(Allowed(MAIL, live=True),)), ("not_allowed", "agrees")),
        (verdicts("Street", "1 Quay", "inferred", HOME), ("inferred", "wrong")),
        (verdicts("Children", "2", "inferred", HOME), ("inferred",)),
        (verdicts("Children", "2", "observed", HOME, allowed=(Allowed(MAIL, live=True),)), ("unknown",)),
        (verdicts("Gender", "x", "stated", Mine("pd:Gender", "y")), ("unknown",)),
        (verdicts("E-mail", "a@b.example", "stated", HOME), ("unknown",)),
    ],
)
def test_what_is_said_of_a_line(found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert found == expected


def test_what_was_right_once_is_wrong_since() -> None:
    (line,) = lines(held(("Street", "1 Quay Road", "stated")), (HOME, Mine(STREET, "1 Quay Rd.", until=THEN)), ())
    assert (line.verdict, line.until, line.mine) == ("wrong", THEN, (HOME.value,))


def test_groups_and_figures_are_concluded_and_the_owners_word_for_a_column_counts() -> None:
    said = held(segments=("loyal",), scores=(HeldScore(name="Churn", value="1"),))
    assert [(line.key, line.verdict) for line in lines(said, (), ())] == [("g0", "inferred"), ("s0", "inferred")]
    odd = said.model_copy(
        update={"fields": (HeldField(name="K1", value="x@y.example", basis="unsaid", term=MAIL),), "segments": (), "scores": ()}
    )
    assert [line.verdict for line in lines(odd, (Mine(MAIL, "z@y.example"),), ())] == ["wrong"]


def test_a_permission_covers_what_lies_below_it() -> None:
    assert covered("pd:EmailAddress", [Allowed("pd:Contact", live=True)]) and not covered("", [Allowed(MAIL, live=True)])
    assert not covered(MAIL, [Allowed(MAIL, live=False)])


VALUES = st.sampled_from(["7 Harbour Row", "7 Harbour Row\nDublin", "17 Harbour Row", "robin@home.example", "+353 1 555 0100", "2", "x"])
NAMES = st.sampled_from(["Street", "E-mail", "Phone", "Name", "Children", "Customer number"])
SAID = st.lists(st.tuples(NAMES, VALUES, st.sampled_from(["stated", "observed", "inferred", "bought", "unsaid"])), max_size=6)
MINE = st.lists(st.builds(Mine, st.sampled_from([STREET, MAIL, PHONE, "pd:Name"]), VALUES, st.sampled_from([None, None, THEN])), max_size=5)
ALLOWED = st.lists(st.builds(Allowed, st.sampled_from([STREET, MAIL, PHONE, "pd:Contact"]), live=st.booleans()), max_size=4)


@given(SAID, MINE, ALLOWED, st.randoms(use_true_random=False))
def test_order_makes_no_difference(said: list[tuple[str, str, str]], mine: list[Mine], allowed: list[Allowed], by: Any) -> None:
    """Of lines, of what is mine, of permissions; and the sets hold every line exactly once."""
    found = lines(held(*said), mine, allowed)
    shuffled, my, may = (by.sample(list(of), len(of)) for of in (said, mine, allowed))
    again = lines(held(*shuffled), my, may)
    key = [(line.name, line.value, line.basis, line.verdicts, line.mine, line.until, line.allowed) for line in found]
    assert sorted(key, key=repr) == sorted(
        ((one.name, one.value, one.basis, one.verdicts, one.mine, one.until, one.allowed) for one in again), key=repr
    )
    assert counts(found) == counts(again) and list(counts(found)) == list(VERDICTS)
    assert counts(found) == {verdict: sum(verdict in line.verdicts for line in found) for verdict in VERDICTS}
    assert overlap(found, mine, allowed).counts == overlap(again, my, may).counts
    assert overlap(found, mine, allowed).whole("theirs") == len(said)


@given(SAID, MINE)
def test_what_equals_mine_is_never_wrong(said: list[tuple[str, str, str]], mine: list[Mine]) -> None:
    present = {(one.term, one.value) for one in mine if one.until is None}
    for line in lines(held(*said), mine, ()):
        assert (line.term, line.value) not in present or "wrong" not in line.verdicts


def test_the_three_sets() -> None:
    mine = (HOME, Mine(MAIL, "robin@home.example"), Mine(PHONE, "1", until=THEN))
    allowed = (Allowed(MAIL, live=True), Allowed("pd:BirthDate", live=True), Allowed(PHONE, live=False))
    found = overlap(lines(held(("Street", HOME.value, "stated"), ("Children", "2", "observed")), mine, allowed), mine, allowed)
    assert (found.of("theirs", "mine"), found.of("theirs"), found.of("mine", "allowed"), found.of("allowed")) == (1, 1, 1, 1)
    assert (found.of("theirs", "mine", "allowed"), found.whole("mine"), found.whole("allowed")) == (0, 2, 2)


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("E-mail", MAIL), ("profile.primaryEmail", MAIL), ("shop_name", ""), ("First Name", "pd:Name"), ("delivery_city", STREET),
        ("pd:Age", "pd:Age"), ("Telephone Number", PHONE), ("orders[].item", ""), ("Kundennummer", "pd:Identifier"), ("", ""),
    ],
)  # fmt: skip
def test_names_tell_what_they_mean(name: str, term: str) -> None:
    assert of_name(name) == term


@pytest.mark.parametrize(
    ("theirs", "most"),
    [
        ([" ".join(f"w{n}x{row}" for n in range(600))[:4000] for row in range(15)], 5_000),
        ([f"{row} Harbour Row {'é' * 100} Dublin" for row in range(100)], 300_000),
    ],
)
def test_each_value_is_read_once(theirs: list[str], most: int) -> None:
    """However long theirs are and however many addresses the owner has; the drawing takes the verdicts of the lines."""
    said, mine = (
        held(*(("Street", value, "stated") for value in theirs)),
        [Mine(STREET, f"{n} Harbour Row\nDublin") for n in range(200, 210)],
    )
    found = lines(said, mine, ())
    assert calls(lambda: overlap(found, mine, ())) < 50 * len(theirs)
    assert calls(lambda: lines(said, mine, ())) < most
    assert {line.verdict for line in found} == {"wrong"}
