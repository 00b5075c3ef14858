"""The primitives, and the bounds that stand before them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import cipher
from vault.cipher import CEILING, FLOOR, STRONG, Cost
from vault.errors import Sealed


def test_hkdf_is_rfc_5869s() -> None:
    """RFC 5869, test case 3 (no salt, no info) through `derive` without labels."""
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert cipher.derive(b"\x0b" * 22, length=42).hex() == expected


@given(st.lists(st.binary(max_size=4)), st.lists(st.binary(max_size=4)))
def test_join_never_confuses_two_lists(one: list[bytes], two: list[bytes]) -> None:
    assert (cipher.join(*one) == cipher.join(*two)) == (one == two)


def test_labels_do_not_run_together() -> None:
    assert cipher.derive(b"k", b"ab", b"c") != cipher.derive(b"k", b"a", b"bc") != cipher.derive(b"k", b"abc")


@pytest.mark.parametrize("cost", [FLOOR, STRONG, CEILING])
def test_the_named_costs_are_within_bounds(cost: Cost) -> None:
    assert cost.within(FLOOR, CEILING)


@pytest.mark.parametrize(
    "cost",
    [Cost(19455, 2, 1), Cost(19456, 1, 1), Cost(19456, 2, 0), Cost((1 << 20) + 1, 2, 1), Cost(19456, 11, 1), Cost(19456, 2, 17)],
)
def test_one_step_beyond_a_bound_derives_nothing(cost: Cost) -> None:
    assert not cost.within(FLOOR, CEILING)
    with pytest.raises(ValueError, match="outside the allowed range"):
        cipher.stretch("passphrase", bytes(24), cost)


def test_a_passphrase_is_the_same_however_the_keyboard_composes_it() -> None:
    composed, decomposed = (cipher.stretch(text, bytes(24), FLOOR) for text in ("caf\u00e9", "cafe\u0301"))
    assert composed == decomposed != cipher.stretch("cafe", bytes(24), FLOOR)


def test_half_an_emoji_is_a_passphrase_too() -> None:
    assert len(cipher.stretch("\ud83d", bytes(24), FLOOR)) == 32


def test_signatures() -> None:
    private, public = cipher.signing_keypair()
    signature = cipher.sign(private, b"data")
    assert cipher.verify(public, signature, b"data")
    assert not cipher.verify(public, signature, b"date")
    assert not cipher.verify(public[:-1], signature, b"data")
    assert cipher.signing_keypair(private) == (private, public)


@given(st.binary(max_size=200))
def test_hpke_opens_nothing_foreign(junk: bytes) -> None:
    private, public = cipher.hpke_keypair()
    assert cipher.hpke_open(private, b"info", cipher.hpke_seal(public, b"info", junk)) == junk
    with pytest.raises(Sealed):
        cipher.hpke_open(private, b"info", junk)


@given(st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=200)), min_size=1, max_size=6))
def test_one_agreement_seals_several_and_never_two_alike(several: list[tuple[bytes, bytes]]) -> None:
    """Each opens under its own info; an info that comes again is sealed under a key that was agreed upon for it alone."""
    private, public = cipher.hpke_keypair()
    together = cipher.Encapsulation(public)
    sealed = [together.seal(info, data) for info, data in several]
    assert [cipher.hpke_open(private, info, one) for (info, _data), one in zip(several, sealed, strict=True)] == [
        data for _info, data in several
    ]
    assert len({(info, one[:32]) for (info, _data), one in zip(several, sealed, strict=True)}) == len(several)
    assert sum(one[:32] == sealed[0][:32] for one in sealed) == len({info for info, _data in several})
    with pytest.raises(Sealed):
        cipher.hpke_open(private, b"another", sealed[0])


def test_comparison_and_mac() -> None:
    assert cipher.same(cipher.mac(b"k", b"d"), cipher.mac(b"k", b"d"))
    assert not cipher.same(cipher.mac(b"k", b"d"), cipher.mac(b"K", b"d"))
    assert cipher.sha256(b"").hex().startswith("e3b0c442")
