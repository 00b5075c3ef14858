"""The envelope: what goes in comes out, at its own place only."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.envelope import Place, canonical, open_bytes, open_fields, seal_bytes, seal_fields
from vault.errors import Sealed

KEY = bytes(range(32))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSONS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
OBJECTS = st.dictionaries(TEXT, JSONS, max_size=6)
PLACES = st.builds(Place, TEXT, TEXT, TEXT, TEXT, st.integers(0, 2**32 - 1))
GENERATIONS = st.integers(0, 2**32 - 1)


@given(PLACES, GENERATIONS, OBJECTS)
def test_fields_come_back(place: Place, generation: int, values: dict[str, Any]) -> None:
    assert open_fields(KEY, place, generation, seal_fields(KEY, place, generation, values)) == values


@given(PLACES, GENERATIONS, st.binary(max_size=3000))
def test_bytes_come_back(place: Place, generation: int, data: bytes) -> None:
    assert open_bytes(KEY, place, generation, seal_bytes(KEY, place, generation, data)) == data


@given(PLACES, PLACES, GENERATIONS)
def test_every_field_of_a_place_is_bound(place: Place, other: Place, generation: int) -> None:
    """A value moved in one respect, whichever it is, does not open."""
    sealed = seal_bytes(KEY, place, generation, b"data")
    for field in fields(Place):
        moved = replace(place, **{field.name: getattr(other, field.name)})
        if moved != place:
            with pytest.raises(Sealed):
                open_bytes(KEY, moved, generation, sealed)
    with pytest.raises(Sealed):
        open_bytes(KEY, place, (generation + 1) % 2**32, sealed)
    with pytest.raises(Sealed):
        open_bytes(KEY[::-1], place, generation, sealed)


@given(st.data())
def test_names_that_run_together_are_other_places(data: st.DataObject) -> None:
    """`ab`, `c` and `a`, `bc` are told apart: every part stands behind its length."""
    text = data.draw(st.text("ab", min_size=1, max_size=6))
    cut, other = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))
    here, there = (Place(text[:at], text[at:], "r", "a", 1) for at in (cut, other))
    sealed = seal_bytes(KEY, here, 1, b"data")
    if cut != other:
        with pytest.raises(Sealed):
            open_bytes(KEY, there, 1, sealed)


PLACE = Place("record", "vendor", "r", "a", 1)


def test_every_truncation_is_refused() -> None:
    sealed = seal_bytes(KEY, PLACE, 1, b"data")
    for length in range(len(sealed)):
        with pytest.raises(Sealed):
            open_bytes(KEY, PLACE, 1, sealed[:length])
    with pytest.raises(Sealed):
        open_bytes(KEY, PLACE, 1, sealed + b"\0")


def test_every_flipped_bit_is_refused() -> None:
    sealed = seal_bytes(KEY, PLACE, 1, b"data")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(Sealed):
            open_bytes(KEY, PLACE, 1, bytes(changed))


def test_two_sealings_of_one_value_share_nothing_but_the_header() -> None:
    one, two = (seal_bytes(KEY, PLACE, 1, b"data") for _ in range(2))
    assert one[:6] == two[:6] and one[6:30] != two[6:30] and one[30:] != two[30:]


@pytest.mark.parametrize(("length", "size"), [(0, 256), (252, 256), (253, 512), ((1 << 20) - 4, 1 << 20)])
def test_a_sealed_value_shows_its_size_class_only(length: int, size: int) -> None:
    assert len(seal_bytes(KEY, PLACE, 1, bytes(length))) == 46 + size


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", object()])
def test_what_is_not_json_is_not_sealed(value: Any) -> None:
    with pytest.raises(ValueError):
        seal_fields(KEY, PLACE, 1, {"value": value})


def test_json_is_canonical() -> None:
    assert canonical({"b": 1.0, "a": ["\u20ac", None, True]}) == '{"a":["€",null,true],"b":1}'.encode()
