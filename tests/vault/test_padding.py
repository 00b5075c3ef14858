"""Padding: exact, and telling no more than a size class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.padding import STEP, pad, size_class, unpad


@given(st.binary(max_size=5000))
def test_pad_then_unpad_is_nothing(data: bytes) -> None:
    assert unpad(pad(data)) == data
    assert len(pad(data)) == size_class(len(data) + 4)


@given(st.integers(min_value=0, max_value=1 << 26))
def test_a_class_is_the_smallest_that_fits(length: int) -> None:
    size = size_class(length)
    assert size >= max(length, 256)
    assert (size & (size - 1)) == 0 if size <= STEP else size % STEP == 0
    assert size == 256 or length > (size // 2 if size <= STEP else size - STEP)


@pytest.mark.parametrize(
    ("length", "size"),
    [(0, 256), (252, 256), (253, 512), (508, 512), (509, 1024), (STEP - 4, STEP), (STEP - 3, 2 * STEP), (2 * STEP - 3, 3 * STEP)],
)
def test_sizes_at_their_edges(length: int, size: int) -> None:
    assert len(pad(bytes(length))) == size


@given(st.binary(max_size=1100))
def test_only_what_pad_makes_is_unpadded(data: bytes) -> None:
    try:
        text = unpad(data)
    except ValueError:
        return
    assert pad(text) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0", bytes(255), bytes(512), b"\0\0\0\x01" + bytes(251) + b"\x01", b"\xff" * 256, (253).to_bytes(4, "big") + bytes(252)],
)
def test_malformed_padding_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not padded"):
        unpad(data)
