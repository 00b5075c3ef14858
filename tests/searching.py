"""Looks for a secret the way a thief with patience would: in every encoding in which it could have been written down."""

import base64
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 12


def needles(secret: str | bytes) -> Mapping[str, bytes]:
    """What to look for, by the name of the encoding. A secret of fewer than 12 bytes would be found by chance."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    assert len(raw) >= SHORTEST
    found = {"plain": raw, **_hex(raw), **_base64(raw)}
    if isinstance(secret, str):
        found |= {
            "utf-16-le": secret.encode("utf-16-le"),
            "utf-16-be": secret.encode("utf-16-be"),
            "json": json.dumps(secret)[1:-1].encode(),
            "json twice": json.dumps(json.dumps(secret)[1:-1])[1:-1].encode(),
            "percent": quote(secret, safe="").encode(),
            "form": quote_plus(secret).encode(),
            "html": html.escape(secret).encode(),
            "latin-1": secret.encode("latin-1", errors="replace"),
            "repr": repr(secret)[1:-1].encode(),
        }
        for name in ("utf-16-le", "utf-16-be", "json"):
            found |= {f"{name}, {encoding}": value for encoding, value in {**_hex(found[name]), **_base64(found[name])}.items()}
    return found


def places(haystack: bytes, secret: str | bytes) -> list[str]:
    """In which encodings the secret stands in the bytes."""
    return [name for name, needle in needles(secret).items() if needle in haystack]


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under the folders, with its bytes."""
    for folder in folders:
        for path in sorted(folder.rglob("*") if folder.is_dir() else [folder]):
            if path.is_file():
                yield str(path.relative_to(folder.parent)), path.read_bytes()


def leaks(haystacks: Iterable[tuple[str, bytes]], secrets: Mapping[str, str | bytes]) -> list[str]:
    """Every secret found anywhere, one line each: where, what, how it was written."""
    return [
        f"{where}: {name} in {how}" for where, haystack in haystacks for name, secret in secrets.items() for how in places(haystack, secret)
    ]


def _hex(raw: bytes) -> dict[str, bytes]:
    return {"hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}


def _base64(raw: bytes) -> dict[str, bytes]:
    found = {}
    for shift in range(3):
        # Only the characters that no unknown neighbour has a bit in.
        whole = base64.b64encode(bytes(shift) + raw)[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        found[f"base64 at {shift}"] = whole
        found[f"base64url at {shift}"] = whole.replace(b"+", b"-").replace(b"/", b"_")
    return found
