"""Recovery codes survive people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import recovery

CODE = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WX"


def test_a_code_has_eight_groups_of_four_and_parses_to_itself() -> None:
    code = recovery.new_code()
    assert [len(group) for group in recovery.groups(code)] == [4] * 8
    assert set(code) <= {*recovery.ALPHABET, "-"}
    assert recovery.parse(code) == code


def test_a_code_carries_at_least_128_random_bits() -> None:
    assert len(recovery.ALPHABET) == len(set(recovery.ALPHABET)) == 32
    assert recovery.SECRET_LETTERS * 5 >= 128
    assert len({recovery.new_code() for _ in range(500)}) == 500


def test_every_letter_occurs() -> None:
    assert set("".join(recovery.new_code() for _ in range(100))) == {*recovery.ALPHABET, "-"}


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " \u2013\n\t"),
        lambda code: code.replace("0", "o").replace("1", "l"),
        lambda code: code.replace("0", "O").replace("1", "i"),
        lambda code: "\u200b " + code + "\u00a0",
        lambda code: "".join(chr(ord(letter) + 0xFEE0) if letter != "-" else "\uff0d" for letter in code),
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed: object) -> None:
    for _ in range(20):
        code = recovery.new_code()
        assert recovery.parse(typed(code)) == code  # type: ignore[operator]  # a list of small functions


@given(st.data())
def test_a_slip_is_found(data: st.DataObject) -> None:
    """One wrong letter passes the two check letters once in 1,024, and then opens nothing; most slips are named at once."""
    slips = 0
    for _ in range(10):
        code = recovery.new_code().replace("-", "")
        at = data.draw(st.integers(0, 31))
        other = data.draw(st.sampled_from([letter for letter in recovery.ALPHABET if letter != code[at]]))
        slips += recovery.parse(code[:at] + other + code[at + 1 :]) is None
    assert slips >= 8


@pytest.mark.parametrize("typed", ["", "0", CODE, CODE + "YZ0", "U" * 32, "!" * 32, "0" * 31, "0" * 33, "0" * 10_000, "\u00df" * 32])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert recovery.parse(typed) is None
