"""Narrowing: a count says how many rows would be left if that value were chosen as well, or instead."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.relationships.facets import narrow

FACETS = ("colour", "size")
ROWS = st.lists(
    st.fixed_dictionaries({"colour": st.frozensets(st.sampled_from(["red", "green"])), "size": st.sampled_from([("s",), ("l",)])}),
    max_size=6,
)
CHOSEN = st.fixed_dictionaries({}, optional={"colour": st.sampled_from(["red", "green"]), "size": st.sampled_from(["s", "l"])})


@settings(max_examples=60)
@given(ROWS, CHOSEN)
def test_a_count_is_what_choosing_would_leave(rows: list[dict[str, frozenset[str]]], chosen: dict[str, str]) -> None:
    narrowed = narrow(enumerate(rows), FACETS, chosen)
    assert list(narrowed.rows) == [n for n, row in enumerate(rows) if all(value in row[facet] for facet, value in chosen.items())]
    for facet, value in (("colour", "red"), ("colour", "green"), ("size", "s"), ("size", "l")):
        left = narrow(enumerate(rows), FACETS, {**chosen, facet: value})
        assert narrowed.counts[facet][value] == len(left.rows)
