"""What a reader of files hands on, and the one way in which it says no.

A reader takes bytes and returns a `Reading`, or raises `ImportRefused`; it writes nothing. It never puts a secret into
what it returns: passwords and their like are counted while reading and left where they were.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import ValidationError

from vault.records import Commitment, Interaction, Item, Vendor

ENTRIES = 20_000
"""Most cards, logins or lines in one file."""

VALUE = 20_000
"""Longest single text that is kept, in characters."""

NAME = 200
"""Longest name that is kept, in characters."""

MANY = 200
"""Most contacts, domains or fields that one vendor takes from one file."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BINARY = (
    (b"PK\x03\x04", "zip"),
    (b"%PDF", "pdf"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x03\xd9\xa2\x9a", "keepass"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x1f\x8b", "gzip"),
    (b"age-encryption.org/", "encrypted"),
    (b"-----BEGIN PGP MESSAGE", "encrypted"),
    (b"-----BEGIN AGE ENCRYPTED", "encrypted"),
    (b"Salted__", "encrypted"),
    (b"!BDN", "outlook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "outlook"),
)


class ImportRefused(Exception):
    """This file cannot be imported. `code` is stable and worded by the door; `line` counts from 1; `what` names the thing that is wrong."""

    def __init__(self, code: str, *, line: int | None = None, what: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.what = what


@dataclass(frozen=True)
class Skipped:
    """An entry that is left out as a whole: where in the file, what it was called, and why (a code)."""

    line: int
    name: str
    why: str


@dataclass(frozen=True)
class Incoming:
    """A vendor as the file has it. `login_notes` are kept apart: they may hold secrets and are only kept when the owner says so.

    `sort` is set where the owner chooses vendor by vendor: `company` or `perhaps`.
    """

    vendor: Vendor
    login_notes: str = field(default="", repr=False)
    sort: str = ""


@dataclass(frozen=True)
class Happened:
    """An interaction or a promise that a file tells of, and the position among its vendors of the one that it is with."""

    position: int
    what: Interaction | Commitment = field(repr=False)


@dataclass(frozen=True)
class Reading:
    """A whole file, understood. `dropped` counts, by code, what was seen and not taken."""

    format: str
    vendors: tuple[Incoming, ...] = field(repr=False)
    items: tuple[Item, ...] = field(default=(), repr=False)
    dropped: tuple[tuple[str, int], ...] = ()
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[str, ...] = ()
    happened: tuple[Happened, ...] = field(default=(), repr=False)


def counted(dropped: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Counts in a stable order, without zeroes."""
    return tuple(sorted((code, count) for code, count in dropped.items() if count > 0))


def clean(text: object, *, longest: int = VALUE) -> str:
    """A value as it may be kept: text only, line ends as `\\n`, no control characters or half surrogates, no outer space.

    Raises ImportRefused `value_too_long`, because a cut value would be a lost one.
    """
    if text is None or isinstance(text, (dict, list)):
        return ""
    if isinstance(text, bool):
        return "true" if text else "false"
    plain = _CONTROL.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(plain) > longest:
        raise ImportRefused("value_too_long", what=plain[:40])
    return plain


def one_line(text: object, *, longest: int = VALUE) -> str:
    """A value of a single line; white space within becomes one space."""
    return " ".join(clean(text, longest=longest).split())


def short_name(text: object) -> tuple[str, str]:
    """A name that fits a list, and the whole of it when it had to be cut (else empty)."""
    whole = one_line(text)
    return (whole, "") if len(whole) <= NAME else (whole[: NAME - 1].rstrip() + "…", whole)


@contextmanager
def fitting(*, line: int | None = None, what: str = "") -> Iterator[None]:
    """Turn what a record will not hold (too long, too many) into ImportRefused `value_too_long` naming the field."""
    try:
        yield
    except ValidationError as bad:
        field_name = str(bad.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise ImportRefused("value_too_long", line=line, what=f"{what[:40]} ({field_name})".strip()) from None


def check_binary(start: bytes) -> None:
    """Raises ImportRefused `binary` naming what a file is that begins like no text."""
    for magic, what in _BINARY:
        if start.startswith(magic):
            raise ImportRefused("binary", what=what)


def check_text(data: bytes) -> bytes:
    """The bytes of a text file, as UTF-8 where a byte order mark says how. Raises ImportRefused for what is no text at all."""
    if not data.strip():
        raise ImportRefused("empty")
    check_binary(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError as bad:
            raise ImportRefused("encoding", line=1, what="UTF-16") from bad
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\x00" in data:
        raise ImportRefused("nul", line=data[: data.index(b"\x00")].count(b"\n") + 1)
    if not data.strip():
        raise ImportRefused("empty")
    return data


def utf8(data: bytes) -> str:
    """Text in UTF-8. Raises ImportRefused naming the line of the first byte that is not."""
    try:
        return data.decode()
    except UnicodeDecodeError as bad:
        raise ImportRefused("encoding", line=data[: bad.start].count(b"\n") + 1, what="UTF-8") from bad
