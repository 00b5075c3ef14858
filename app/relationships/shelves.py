"""Marks of the timeline, sorted and packed: what a hundred thousand of them take in memory, and a page finds at once. Pure.

A shelf holds the marks of one segment of digests, newest first. `page` walks all shelves at once and takes only what it shows.
"""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import NamedTuple, Self

from app.relationships.timeline import Group, Mark, Side

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_ID = 16
_NOBODY = bytes(_ID)
_CURSOR = re.compile(r"(-?\d{1,18})\.(-?\d{1,18})\.(-?\d{1,9})\.([0-9a-f]{32})")


class Key(NamedTuple):
    """Where a mark stands: by when it happened, when it was written down, its step, its record. No two marks share one."""

    at: int
    recorded_at: int
    step: int
    record_id: str

    def __str__(self) -> str:
        return f"{self.at}.{self.recorded_at}.{self.step}.{self.record_id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """A key as an address carries it; None for anything else."""
        found = _CURSOR.fullmatch(text)
        return None if found is None else cls(int(found[1]), int(found[2]), int(found[3]), found[4])


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // _TICK


@dataclass(frozen=True)
class Shelf:
    """Packed marks. Times are microseconds since 1970, ids 16 bytes each; `kinds` numbers the pairs that `meanings` spells out."""

    at: "array[int]"
    recorded_at: "array[int]"
    records: bytes
    parties: bytes
    steps: "array[int]"
    kinds: "array[int]"
    meanings: tuple[tuple[str, Group, Side, str], ...]

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> Self:
        """Sort and pack."""
        ordered = sorted(((_key(mark), mark) for mark in marks), key=lambda one: one[0], reverse=True)
        numbers: dict[tuple[str, Group, Side, str], int] = {}
        kinds = array("H", (numbers.setdefault(mark[5:], len(numbers)) for _key_of, mark in ordered))
        return cls(
            at=array("q", (key.at for key, _mark in ordered)),
            recorded_at=array("q", (key.recorded_at for key, _mark in ordered)),
            records=b"".join(bytes.fromhex(mark.record_id) for _key_of, mark in ordered),
            parties=b"".join(bytes.fromhex(mark.party) or _NOBODY for _key_of, mark in ordered),
            steps=array("l", (mark.step for _key_of, mark in ordered)),
            kinds=kinds,
            meanings=tuple(numbers),
        )

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return 600 + len(self) * (2 * self.at.itemsize + 2 * _ID + self.steps.itemsize + self.kinds.itemsize)

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def last_moves(self) -> dict[str, datetime]:
        """When each party made the last move of its own."""
        theirs = {number for number, meaning in enumerate(self.meanings) if meaning[2] == "theirs"}
        found: dict[str, datetime] = {}
        for row, kind in enumerate(self.kinds):
            if kind in theirs:
                found.setdefault(self.parties[row * _ID : (row + 1) * _ID].hex(), EPOCH + self.at[row] * _TICK)
        return found

    def key(self, row: int) -> Key:
        """Where a row stands."""
        return Key(self.at[row], self.recorded_at[row], self.steps[row], self.records[row * _ID : (row + 1) * _ID].hex())

    def mark(self, row: int) -> Mark:
        """A row, unpacked."""
        party = self.parties[row * _ID : (row + 1) * _ID]
        at, recorded_at = EPOCH + self.at[row] * _TICK, EPOCH + self.recorded_at[row] * _TICK
        who = "" if party == _NOBODY else party.hex()
        return Mark(at, recorded_at, self.key(row).record_id, self.steps[row], who, *self.meanings[self.kinds[row]])

    def of_party(self, party: str) -> Iterator[int]:
        """The rows of one vendor or client, newest first."""
        wanted = bytes.fromhex(party)
        found = self.parties.find(wanted)
        while found >= 0:
            # An id may begin inside another, so that only what begins at a multiple of its length counts.
            if found % _ID == 0:
                yield found // _ID
            found = self.parties.find(wanted, found + 1)

    def after(self, before: Key | None) -> int:
        """The first row that is older than a key; 0 without one."""
        if before is None:
            return 0
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.key(middle) < before:
                high = middle
            else:
                low = middle + 1
        return low


@dataclass(frozen=True)
class Chosen:
    """What a reader wants to see: of whom (nobody named is everybody), which groups, whose move; empty is all."""

    parties: frozenset[str] | None = None
    group: str = ""
    side: str = ""


@dataclass(frozen=True)
class Found:
    """A page of marks, newest first; `older` is where the next one begins, None at the end."""

    marks: tuple[Mark, ...]
    older: Key | None


def page(
    shelves: Iterable[Shelf], chosen: Chosen, *, limit: int, before: Key | None = None, hides: Callable[[Mark], bool] = lambda _mark: False
) -> Found:
    """The newest `limit` marks older than `before`. `hides` says of a mark that it is as if it had not happened yet."""
    streams = [_stream(shelf, chosen, before) for shelf in shelves]
    marks = (shelf.mark(row) for _key_of, row, shelf in merge(*streams, key=lambda one: one[0], reverse=True))
    shown = list(islice((mark for mark in marks if not hides(mark)), limit + 1))
    return Found(tuple(shown[:limit]), _key(shown[limit - 1]) if len(shown) > limit else None)


def counts(shelves: Iterable[Shelf], parties: Collection[str] | None) -> Counter[tuple[Group, Side]]:
    """How many marks there are of each group and side."""
    total: Counter[tuple[Group, Side]] = Counter()
    for shelf in shelves:
        rows = shelf.kinds if parties is None else [shelf.kinds[row] for party in parties for row in shelf.of_party(party)]
        for number, count in Counter(rows).items():
            _source, group, side, _what = shelf.meanings[number]
            total[group, side] += count
    return total


def _stream(shelf: Shelf, chosen: Chosen, before: Key | None) -> Iterator[tuple[Key, int, Shelf]]:
    start = shelf.after(before)
    fits = [_fits(meaning, chosen) for meaning in shelf.meanings]
    if not any(fits):
        return
    rows: Iterable[int] = range(start, len(shelf))
    if chosen.parties is not None:
        rows = sorted(row for party in chosen.parties for row in shelf.of_party(party) if row >= start)
    for row in rows:
        if fits[shelf.kinds[row]]:
            yield shelf.key(row), row, shelf


def _fits(meaning: Sequence[str], chosen: Chosen) -> bool:
    _source, group, side, _what = meaning
    return chosen.group in {"", group} and chosen.side in {"", side}


def _key(mark: Mark) -> Key:
    return Key(microseconds(mark.at), microseconds(mark.recorded_at), mark.step, mark.record_id)
