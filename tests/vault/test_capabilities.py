"""What a capability seals opens with it, for its purpose, account and context, and for nothing else."""

import pytest

from vault import capabilities, cipher, envelope
from vault.errors import Sealed

ACCOUNT, OTHER = "a" * 32, "b" * 32


def test_it_opens_in_its_place_only() -> None:
    key = capabilities.new_key()
    sealed = capabilities.seal(key, "zones", ACCOUNT, b"home", context="d")
    assert capabilities.open_(key, "zones", ACCOUNT, sealed, context="d") == b"home"
    elsewhere = [
        (capabilities.new_key(), "zones", ACCOUNT, sealed, "d"),
        (key, "zone key", ACCOUNT, sealed, "d"),
        (key, "zones", OTHER, sealed, "d"),
        (key, "zones", ACCOUNT, sealed, ""),
        (key, "zones", ACCOUNT, sealed[:-1] + bytes([sealed[-1] ^ 1]), "d"),
        (key, "zones", ACCOUNT, b"\1\1" + sealed[2:], "d"),
        (key, "zones", ACCOUNT, sealed[:10], "d"),
        (key, "zones", ACCOUNT, b"", "d"),
    ]
    for secret, purpose, account, value, context in elsewhere:
        with pytest.raises(Sealed):
            capabilities.open_(secret, purpose, account, value, context=context)


def test_the_bytes_are_what_the_format_says() -> None:
    """Version, suite, 24 bytes of salt, and a size class with its tag; never twice the same."""
    key = capabilities.new_key()
    one, two = (capabilities.seal(key, "zones", ACCOUNT, b"x" * size) for size in (1, 200))
    assert one[:2] == bytes([envelope.VERSION, envelope.SUITE_CAPABILITY]) == b"\1\4"
    assert len(one) == len(two) == 2 + 24 + 256 + 16
    assert one[2:26] != two[2:26]


def test_a_padded_text_that_nobody_would_write_is_refused() -> None:
    """The tag is right, the padding is not: the one error."""
    key, head = capabilities.new_key(), b"\1\4" + bytes(24)
    derived = cipher.derive(key, b"bothways/capability/v1", b"zones", length=44, salt=bytes(24))
    aad = cipher.join(b"\1\4", b"zones", ACCOUNT.encode(), b"")
    forged = head + cipher.seal(derived[:32], derived[32:], b"\0\0\0\1x", aad)
    with pytest.raises(Sealed):
        capabilities.open_(key, "zones", ACCOUNT, forged)


def test_a_mark_is_the_same_for_the_same_only() -> None:
    key = capabilities.new_key()
    marks = {
        capabilities.mark(*of) for of in [(key, "offer", b"1"), (key, "offer", b"2"), (key, "other", b"1"), (bytes(32), "offer", b"1")]
    }
    assert len(marks) == 4
    assert capabilities.mark(key, "offer", b"1") in marks
