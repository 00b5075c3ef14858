"""The files of an export: canonical JSON (RFC 8785) out, and the same strictly in."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import rfc8785

from vault.errors import BadArchive


def canonical(value: Any) -> bytes:
    """A value in its one form."""
    return rfc8785.dumps(value)


def joined(rows: Iterable[bytes]) -> bytes:
    """An array of canonical values, which with commas between is canonical itself."""
    return b"[" + b",".join(rows) + b"]"


def value(name: str, data: bytes) -> Any:
    """One JSON value in its one canonical form: nothing twice, nothing that two readers could read in two ways. Raises BadArchive."""
    try:
        found = json.loads(data)
        same = canonical(found) == data
    except (ValueError, RecursionError):
        raise BadArchive("odd-file", name) from None
    if not same:
        raise BadArchive("odd-file", name)
    return found


def objects(name: str, data: bytes) -> list[dict[str, Any]]:
    """A list of objects, with at least one. Raises BadArchive."""
    rows = value(name, data)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadArchive("odd-file", name)
    return rows


def moment(text: str) -> datetime:
    """An instant in UTC as an export writes it. Raises ValueError, TypeError."""
    found = datetime.fromisoformat(text)
    if found.utcoffset() != timedelta(0) or found.isoformat() != text:
        raise ValueError(text)
    return found
