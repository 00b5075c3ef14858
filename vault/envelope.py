"""Envelope v1: sealed bytes of one place <-> fields. Pure. The exact bytes stand in FORMAT.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import rfc8785

from vault import cipher
from vault.errors import Sealed
from vault.padding import pad, unpad

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

VERSION = 1
SUITE_RECORD = 1
SUITE_MAILBOX = 2
SUITE_INSTANCE = 3
SUITE_CAPABILITY = 4
SALT_BYTES = 24
_HEADER = 6
HEAD_BYTES = _HEADER + SALT_BYTES
"""What stands before the ciphertext. No two sealings share it: the salt is random."""
_LABEL = b"bothways/envelope/v1"


@dataclass(frozen=True)
class Place:
    """Where a sealed value lives. It opens there and nowhere else: all of it is authenticated, with the generation."""

    table: str
    kind: str
    record_id: str
    account_id: str
    schema_version: int


def canonical(fields: Mapping[str, JSON]) -> bytes:
    """RFC 8785 JSON. Raises ValueError for what JSON cannot hold (NaN, integers beyond 2^53, lone surrogates)."""
    return rfc8785.dumps(fields)


def seal_fields(kind_key: bytes, place: Place, generation: int, fields: Mapping[str, JSON]) -> bytes:
    """Seal a record's fields. Raises ValueError when they are not JSON."""
    return seal_bytes(kind_key, place, generation, canonical(fields))


def open_fields(kind_key: bytes, place: Place, generation: int, sealed: bytes) -> dict[str, JSON]:
    """Open a record's fields. Raises `Sealed` for every failure."""
    try:
        fields = json.loads(open_bytes(kind_key, place, generation, sealed), parse_int=_number)
    except ValueError:
        raise Sealed from None
    if not isinstance(fields, dict):
        raise Sealed
    return fields


def seal_bytes(kind_key: bytes, place: Place, generation: int, data: bytes) -> bytes:
    """Seal raw bytes, padded to their size class."""
    start = header(generation)
    salt = cipher.random_bytes(SALT_BYTES)
    key, nonce = _once(kind_key, salt)
    return start + salt + cipher.seal(key, nonce, pad(data), _aad(start, place))


def open_bytes(kind_key: bytes, place: Place, generation: int, sealed: bytes) -> bytes:
    """Open raw bytes. Raises `Sealed` for every failure."""
    start = header(generation)
    if not sealed.startswith(start):
        raise Sealed
    salt, ciphertext = sealed[_HEADER : _HEADER + SALT_BYTES], sealed[_HEADER + SALT_BYTES :]
    key, nonce = _once(kind_key, salt)
    try:
        return unpad(cipher.open_(key, nonce, ciphertext, _aad(start, place)))
    except ValueError:
        raise Sealed from None


def header(generation: int) -> bytes:
    """The 6 bytes with which every value begins that is sealed under the account key of that generation."""
    return bytes([VERSION, SUITE_RECORD]) + generation.to_bytes(4, "big")


def generation_of(sealed: bytes) -> int:
    """The generation that a value says it is sealed under; what it says is authenticated only by opening it."""
    return int.from_bytes(sealed[2:_HEADER], "big")


def _once(kind_key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    # The salt is 192 random bits and key and nonce both hang on it: a pair repeats only when a salt repeats, which
    # after 2^64 sealings of one kind has a chance of 2^-65. There is no counter, so no restored snapshot can replay one.
    derived = cipher.derive(kind_key, _LABEL, length=cipher.KEY_BYTES + cipher.NONCE_BYTES, salt=salt)
    return derived[: cipher.KEY_BYTES], derived[cipher.KEY_BYTES :]


def _number(digits: str) -> int | float:
    # RFC 8785 writes the float 1e20 without an exponent. Read back as an integer it could not be sealed again.
    number = int(digits)
    return number if abs(number) < 1 << 53 else float(digits)


def _aad(header: bytes, place: Place) -> bytes:
    names = (place.table, place.kind, place.record_id, place.account_id)
    return cipher.join(header, *(name.encode() for name in names), place.schema_version.to_bytes(4, "big"))
