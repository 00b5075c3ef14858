"""The thief's search finds what is there: a negative is worth nothing before that is shown."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.searching import needles, places

SECRET = "ein Geheimnis über Bäume"


@pytest.mark.parametrize(
    "written",
    [
        SECRET.encode(),
        SECRET.encode().hex().encode(),
        SECRET.encode().hex().upper().encode(),
        SECRET.encode("utf-16-le"),
        SECRET.encode("utf-16-be"),
        json.dumps({"note": SECRET}).encode(),
        json.dumps(json.dumps({"note": SECRET})).encode(),
        quote(SECRET).encode(),
        base64.b64encode(SECRET.encode("utf-16-le")),
        base64.b64encode(json.dumps([SECRET]).encode()),
    ],
)
def test_a_secret_is_found_however_it_was_written(written: bytes) -> None:
    """Each encoding is one that a program of this kind would use by accident."""
    assert places(b"before" + written + b"after", SECRET)


@given(before=st.binary(max_size=7), after=st.binary(max_size=7), secret=st.binary(min_size=12, max_size=40))
def test_base64_is_found_at_every_alignment(before: bytes, after: bytes, secret: bytes) -> None:
    """Base64 of a longer value hides a shorter one at three offsets, in two alphabets."""
    assert any(name.startswith("base64 ") for name in places(base64.b64encode(before + secret + after), secret))
    assert any(name.startswith("base64url ") for name in places(base64.urlsafe_b64encode(before + secret + after), secret))


def test_what_is_not_there_is_not_found() -> None:
    """And a secret too short to mean anything is refused."""
    assert places(bytes(range(256)) * 64, SECRET) == []
    with pytest.raises(AssertionError):
        needles("short")
