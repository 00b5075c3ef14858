"""The plaintext of a digest segment: one JSON line per record. Pure.

A line is `["<record id>","<created at>","<updated at>",{digest}]` in RFC 8785 form. Lines are found and replaced as
bytes, so that changing one digest parses none of the other thousand.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import rfc8785

from vault.envelope import JSON

ROOM = 1000


class Digest(NamedTuple):
    """What a list or a search knows of one record without opening it."""

    record_id: str
    created_at: datetime
    updated_at: datetime
    values: dict[str, JSON]


def line(record_id: str, created_at: datetime, updated_at: datetime, values: Mapping[str, JSON]) -> bytes:
    """One line. Times are aware and in UTC."""
    return rfc8785.dumps([record_id, created_at.isoformat(), updated_at.isoformat(), values])


def joined(lines: Iterable[bytes]) -> bytes:
    """The plaintext. A line break cannot occur inside a line: JSON escapes it."""
    return b"\n".join(lines)


def lines(data: bytes) -> list[bytes]:
    """The lines of a plaintext, which holds one at least."""
    return data.split(b"\n")


def without(lines: Iterable[bytes], record_id: str) -> list[bytes]:
    """All lines but that record's."""
    start = f'["{record_id}",'.encode()
    return [line for line in lines if not line.startswith(start)]


def digests(lines: Iterable[bytes]) -> list[Digest]:
    """Every line, read."""
    moment = datetime.fromisoformat
    rows = json.loads(b"[" + b",".join(lines) + b"]")
    return [Digest(record_id, moment(created), moment(updated), values) for record_id, created, updated, values in rows]
