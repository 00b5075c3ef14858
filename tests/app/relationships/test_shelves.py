"""Shelves: pages of packed marks are what sorting all of them would give."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.relationships import shelves
from app.relationships.shelves import Chosen, Key, Shelf
from app.relationships.timeline import Group, Mark, Side

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOBODY = ""
# The second begins with the end of the first, and so does what stands between two of the first.
PARTIES = ("00" * 8 + "11" * 8, "11" * 8 + "00" * 8, NOBODY)
GROUPS: tuple[Group, ...] = ("contact", "message")
SIDES: tuple[Side, ...] = ("mine", "theirs")

marks = st.lists(
    st.builds(
        Mark,
        at=st.integers(-3, 3).map(lambda days: AT + timedelta(days=days)),
        recorded_at=st.integers(0, 1).map(lambda days: AT + timedelta(days=days)),
        record_id=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
        step=st.integers(-3, -1),
        party=st.sampled_from(PARTIES),
        source=st.just("interaction"),
        group=st.sampled_from(GROUPS),
        side=st.sampled_from(SIDES),
        what=st.sampled_from(["visit", "problem"]),
    ),
    max_size=12,
    unique_by=lambda mark: (mark.record_id, mark.step),
)
choices = st.builds(
    Chosen,
    parties=st.one_of(st.none(), st.frozensets(st.sampled_from(PARTIES[:2]), min_size=1)),
    group=st.sampled_from(["", *GROUPS]),
    side=st.sampled_from(["", *SIDES]),
)


@settings(max_examples=40)
@given(marks, st.integers(1, 3), choices, st.integers(1, 4))
def test_pages_are_the_whole_in_order(everything: list[Mark], shelves_count: int, chosen: Chosen, limit: int) -> None:
    """Page after page gives every chosen mark once, newest first, whatever shelf it lies on."""
    piles = [everything[number::shelves_count] for number in range(shelves_count)]
    wanted = [
        mark
        for mark in everything
        if (chosen.parties is None or mark.party in chosen.parties) and chosen.group in {"", mark.group} and chosen.side in {"", mark.side}
    ]
    wanted.sort(key=lambda mark: (mark.at, mark.recorded_at, mark.step, mark.record_id), reverse=True)
    found: list[Mark] = []
    before: Key | None = None
    while True:
        page = shelves.page([Shelf.of(pile) for pile in piles], chosen, limit=limit, before=before)
        found += page.marks
        if page.older is None:
            break
        assert len(page.marks) == limit
        before = Key.read(str(page.older))
        assert before == page.older
    assert found == wanted
    total = shelves.counts([Shelf.of(pile) for pile in piles], chosen.parties)
    assert total[("contact", "mine")] == sum(
        (mark.group, mark.side) == ("contact", "mine") and (chosen.parties is None or mark.party in chosen.parties) for mark in everything
    )


def test_what_is_hidden_takes_no_room() -> None:
    """A page is full of what is shown; and a cursor that nobody made is none."""
    pile = [Mark(AT - timedelta(days=n), AT, f"{n:032x}", -1, PARTIES[0], "message", "message", "theirs", "service") for n in range(5)]
    page = shelves.page([Shelf.of(pile)], Chosen(), limit=2, hides=lambda mark: mark.record_id == f"{0:032x}")
    assert list(page.marks) == pile[1:3]
    assert page.older is not None
    assert [Key.read(text) for text in ("", "1.2.3", "x", f"1.2.-1.{'g' * 32}")] == [None] * 4


def test_a_shelf_is_small() -> None:
    """Under a hundred bytes a mark."""
    pile = [Mark(AT, AT, f"{n:032x}", -1, PARTIES[0], "message", "message", "theirs", "service") for n in range(100)]
    assert Shelf.of(pile).size < 100 * 100
