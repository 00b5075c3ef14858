"""Narrowing a list by what its rows have in common, each choice with how many it would leave. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Narrowed(Generic[T]):
    """The rows that fit every choice; and of each facet, for each of its values, how many rows fit it and all the other choices."""

    rows: tuple[T, ...]
    counts: Mapping[str, Counter[str]]


def narrow(rows: Iterable[tuple[T, Mapping[str, Collection[str]]]], facets: Collection[str], chosen: Mapping[str, str]) -> Narrowed[T]:
    """`rows` are things with the values that they have of each facet; `chosen` is one value of some facets.

    A row that fits all choices counts for every facet. One that fits all but one counts for that facet alone: it would come
    in if another of its values were chosen.
    """
    kept: list[T] = []
    counts: dict[str, Counter[str]] = {facet: Counter() for facet in facets}
    for row, values in rows:
        missing = [facet for facet, value in chosen.items() if value not in values[facet]]
        if len(missing) > 1:
            continue
        if not missing:
            kept.append(row)
        for facet in missing or facets:
            counts[facet].update(values[facet])
    return Narrowed(tuple(kept), counts)
