"""What changes from one consent to another, part by part, and in which direction. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from consent.terms.narrowing import PARTS
from consent.terms.shapes import Purpose, Terms

Direction: TypeAlias = Literal["added", "removed", "wider", "narrower", "changed"]

TEXTS = ("statement", "notice", "jurisdiction", "agreement")


@dataclass(frozen=True)
class Change:
    """One thing that differs.

    `purpose` is the line, None for the whole; `part` is the key in `authorization_details`, "" for a whole line and
    "in_return" for a promise, whose words are then in `words`. "wider" lets the company do more than before.
    """

    purpose: str | None
    part: str
    direction: Direction
    words: str = ""


def difference(before: Terms, after: Terms) -> tuple[Change, ...]:
    """Every change, the whole first, then line by line in the order of `after`, then the lines that went.

    Two texts of one meaning (P1W and P7D, the same channels in another order) are no change.
    """
    return (*_whole(before, after), *_lines(before, after))


def _whole(before: Terms, after: Terms) -> Iterator[Change]:
    for name in TEXTS:
        if getattr(before, name) != getattr(after, name):
            yield Change(None, name, "changed")
    if before.expires != after.expires:
        yield Change(None, "expires", "wider" if after.expires > before.expires else "narrower")
    stored = _direction(_stored(after, before), _stored(before, after))
    if stored:
        yield Change(None, "storage", stored)
    yield from (Change(None, "in_return", "added", promise.promise) for promise in after.in_return if promise not in before.in_return)
    yield from (Change(None, "in_return", "removed", promise.promise) for promise in before.in_return if promise not in after.in_return)


def _lines(before: Terms, after: Terms) -> Iterator[Change]:
    for line in after.purposes:
        if line.purpose in before.lines:
            yield from _parts(before.lines[line.purpose][1], line)
        else:
            yield Change(line.purpose, "", "added")
    yield from (Change(line.purpose, "", "removed") for line in before.purposes if line.purpose not in after.lines)


def _parts(before: Purpose, after: Purpose) -> Iterator[Change]:
    for part, fits in PARTS.items():
        found = _direction(fits(after, before), fits(before, after))
        if found:
            yield Change(after.purpose, part, found)


def _direction(no_more: bool, no_less: bool) -> Direction | None:
    """From whether the new lies within the old and the old within the new."""
    if no_more and no_less:
        return None
    return "narrower" if no_more else "wider" if no_less else "changed"


def _stored(narrow: Terms, wide: Terms) -> bool:
    """Whether one is kept in no other place than the other; nowhere named means anywhere."""
    return not wide.storage_locations or (bool(narrow.storage_locations) and set(narrow.storage_locations) <= set(wide.storage_locations))
