"""Small strict readers of JSON values. Each takes a value and its JSON pointer, and returns it or raises TermsError there."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from consent.errors import TermsError
from consent.terms.durations import LONGEST, SHORTEST, duration

T = TypeVar("T")

MAX_URL = 2048
_SHOWN_KEY = 64
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
# Control characters, lone surrogates and bidirectional overrides: they show a person something other than what is hashed.
_UNSEEN = frozenset({"Cc", "Cs"})
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def at(pointer: str, key: str | int) -> str:
    """The pointer one step further in (RFC 6901), a foreign key cut to a length fit to be repeated."""
    return f"{pointer}/{str(key)[:_SHOWN_KEY].replace('~', '~0').replace('/', '~1')}"


@dataclass(frozen=True)
class Object:
    """A JSON object whose keys have been checked; hands out one member at a time."""

    members: Mapping[str, object]
    pointer: str

    def has(self, key: str) -> bool:
        """Whether the key is there. A null counts as there, and is then refused by its type."""
        return key in self.members

    def read(self, key: str, reader: Callable[[object, str], T]) -> T:
        """The member, read. Raises TermsError when it is missing."""
        if key not in self.members:
            raise TermsError(at(self.pointer, key), "missing", f"{key} is required")
        return reader(self.members[key], at(self.pointer, key))

    def maybe(self, key: str, reader: Callable[[object, str], T]) -> T | None:
        """The member, read, or None where it is left out."""
        return self.read(key, reader) if key in self.members else None

    def many(self, key: str, reader: Callable[[object, str], T], limit: int, least: int = 0) -> tuple[T, ...]:
        """The members of a list of `least` to `limit` different values; an absent list is an empty one when `least` is 0."""
        if key not in self.members and not least:
            return ()
        values = self.read(key, array)
        pointer = at(self.pointer, key)
        if not least <= len(values) <= limit:
            raise TermsError(pointer, "out-of-bounds", f"{key} takes {least} to {limit} values")
        found: list[T] = []
        for index, value in enumerate(values):
            item = reader(value, at(pointer, index))
            if item in found:
                raise TermsError(at(pointer, index), "duplicate", "this value is there already")
            found.append(item)
        return tuple(found)


def object_of(*allowed: str) -> Callable[[object, str], Object]:
    """A reader of objects that have these keys at most."""

    def read(value: object, pointer: str) -> Object:
        if not isinstance(value, Mapping):
            raise TermsError(pointer, "type", "an object is needed here")
        for key in value:
            if key not in allowed:
                raise TermsError(at(pointer, key), "unknown-key", "this key is not known here")
        return Object(value, pointer)

    return read


def array(value: object, pointer: str) -> Sequence[object]:
    """A JSON array."""
    if not isinstance(value, list | tuple):
        raise TermsError(pointer, "type", "an array is needed here")
    return value


def text(limit: int) -> Callable[[object, str], str]:
    """A reader of text of 1 to `limit` characters that shows all it contains."""

    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str):
            raise TermsError(pointer, "type", "text is needed here")
        if not value.strip() or len(value) > limit:
            raise TermsError(pointer, "out-of-bounds", f"1 to {limit} characters are needed here")
        if any(letter in _OVERRIDES or unicodedata.category(letter) in _UNSEEN for letter in value):
            raise TermsError(pointer, "format", "control characters are not taken")
        return value

    return read


def one_of(choices: Collection[str], code: str = "unknown-term") -> Callable[[object, str], str]:
    """A reader of one of these words."""

    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str):
            raise TermsError(pointer, "type", "text is needed here")
        if value not in choices:
            raise TermsError(pointer, code, "this value is not known")
        return value

    return read


def matching(pattern: str, what: str) -> Callable[[object, str], str]:
    """A reader of text of one form; `what` says which."""
    compiled = re.compile(pattern)

    def read(value: object, pointer: str) -> str:
        if not isinstance(value, str):
            raise TermsError(pointer, "type", "text is needed here")
        if compiled.fullmatch(value) is None:
            raise TermsError(pointer, "format", f"{what} is needed here")
        return value

    return read


def whole(least: int, most: int) -> Callable[[object, str], int]:
    """A reader of whole numbers within bounds. `true` is none, and neither is 2.0."""

    def read(value: object, pointer: str) -> int:
        if type(value) is not int:
            raise TermsError(pointer, "type", "a whole number is needed here")
        if not least <= value <= most:
            raise TermsError(pointer, "out-of-bounds", f"{least} to {most} is possible here")
        return value

    return read


def span(value: object, pointer: str) -> str:
    """An ISO 8601 duration between PT1M and P10Y, kept as written."""
    if not isinstance(value, str):
        raise TermsError(pointer, "type", "an ISO 8601 duration is needed here")
    try:
        found = duration(value)
    except ValueError:
        raise TermsError(pointer, "format", "an ISO 8601 duration of whole numbers is needed here") from None
    if not (SHORTEST.at_most(found) and found.at_most(LONGEST)):
        raise TermsError(pointer, "out-of-bounds", "PT1M to P10Y is possible here")
    return value


def moment(value: object, pointer: str) -> datetime:
    """An RFC 3339 instant, brought to UTC; a fraction of a second is dropped, which never makes anything last longer."""
    match = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise TermsError(pointer, "format" if isinstance(value, str) else "type", "an RFC 3339 time with its offset is needed here")
    try:
        return datetime.fromisoformat(f"{match[1]}{match[2]}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise TermsError(pointer, "format", "there is no such time") from None


def clock(value: object, pointer: str) -> time:
    """A time of day, HH:MM, 00:00 to 23:59."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise TermsError(pointer, "format" if isinstance(value, str) else "type", "a time of day (HH:MM) is needed here")
    return time(int(match[1]), int(match[2]))


def time_zone(value: object, pointer: str) -> str:
    """The name of an IANA time zone."""
    return one_of(_zones())(value, pointer)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def url(value: object, pointer: str) -> str:
    """An absolute http or https URL with a host, no user and no space, of at most 2,048 characters."""
    found = text(MAX_URL)(value, pointer)
    try:
        parts = urlsplit(found)
        fits = parts.scheme in {"https", "http"} and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        fits = False
    if not fits or any(letter.isspace() for letter in found):
        raise TermsError(pointer, "format", "an absolute http or https URL is needed here")
    return found
