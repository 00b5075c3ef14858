"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a hash means the value."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import rfc8785

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None


def dumps(value: JSON) -> bytes:
    """The RFC 8785 bytes of a JSON value. Raises rfc8785.CanonicalizationError for what JSON cannot say exactly."""
    return rfc8785.dumps(cast("Any", value))


def join(*parts: bytes) -> bytes:
    """Concatenation with every part behind its length (u32, big-endian), so that no two lists of parts share their bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
