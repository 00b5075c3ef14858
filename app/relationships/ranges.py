"""Numbers that are known only to lie between two ends, from 0 to 1. Pure interval arithmetic (Moore 1966).

Every operation here is monotone in each of its arguments, so the ends of a result are the results of the ends, and
nothing is widened: each value inside a result comes from values inside the arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, order=True)
class Range:
    """From `low` to `high`, both included. A single point when they are equal."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """How much is open."""
        return self.high - self.low

    def minus(self, other: "Range") -> "Range":
        """Every difference between a value here and one there: may be negative, down to -1."""
        return Range(self.low - other.high, self.high - other.low)


UNKNOWN = Range(0.0, 1.0)
"""All that is known of what nobody has said."""


def point(value: float) -> Range:
    """A value that is known, brought into 0 to 1."""
    held = min(1.0, max(0.0, value))
    return Range(held, held)


def at_least(value: Range) -> Range:
    """What is known of something of which only a part is seen: no less than the part."""
    return Range(value.low, 1.0)


def mean(weighted: Iterable[tuple[float, Range]]) -> Range:
    """The weighted mean; the weights add up to 1."""
    parts = tuple(weighted)
    return _held(sum(weight * part.low for weight, part in parts), sum(weight * part.high for weight, part in parts))


def root_of_product(one: Range, other: Range) -> Range:
    """The geometric mean: nothing where either is nothing, and half of half and half."""
    return _held(sqrt(one.low * other.low), sqrt(one.high * other.high))


def least(ranges: Iterable[Range]) -> Range:
    """The smallest of several, of which there is one at least."""
    found = tuple(ranges)
    return Range(min(one.low for one in found), min(one.high for one in found))


def greatest(ranges: Iterable[Range]) -> Range:
    """The largest of several, of which there is one at least."""
    found = tuple(ranges)
    return Range(max(one.low for one in found), max(one.high for one in found))


def _held(low: float, high: float) -> Range:
    # Weights such as 0.6 + 0.2 + 0.2 may add up to a hair more than 1 in binary.
    return Range(min(1.0, max(0.0, low)), min(1.0, max(0.0, high)))
