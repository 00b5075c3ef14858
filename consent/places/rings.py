"""Rings on the grid of whole 1e-7 degrees (1.1 cm at the equator), where every question has an exact answer. Pure.

RFC 7946 section 3.1.1: between two positions an edge is a straight line in longitude and latitude. So inside and outside are
questions of plane integer geometry, and nothing here rounds.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

DEGREE = 10_000_000
HALF = 180 * DEGREE
WHOLE = 360 * DEGREE
POLE = 90 * DEGREE

Point: TypeAlias = tuple[int, int]
"""Longitude and latitude in 1e-7 degrees."""

Ring: TypeAlias = tuple[Point, ...]
"""Positions in order, the first not repeated at the end. Longitudes run on over the antimeridian instead of jumping."""

Edge: TypeAlias = tuple[Point, Point]


def unrolled(points: Sequence[Point]) -> list[Point]:
    """The same positions with longitudes that run on: a step of more than half the globe is one over the antimeridian.

    A step along a pole is no step at all and stays as it is written.
    """
    found, turn = [points[0]], 0
    for (before_x, before_y), (x, y) in pairwise(points):
        if not (abs(y) == POLE and before_y == y):
            turn += WHOLE * ((x - before_x < -HALF) - (x - before_x > HALF))
        found.append((x + turn, y))
    return found


def edges(ring: Ring) -> Iterator[Edge]:
    """Every edge, the closing one last."""
    yield from pairwise(ring)
    yield ring[-1], ring[0]


def doubled_size(ring: Ring) -> int:
    """Twice the area by the shoelace formula, with its sign: zero where everything lies on one line."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in edges(ring))


def side(a: Point, b: Point, p: Point) -> int:
    """On which side of the line from `a` to `b` a point lies: 1 left, -1 right, 0 on it."""
    turn = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return (turn > 0) - (turn < 0)


def place_of(ring: Ring, p: Point) -> int:
    """1 inside, 0 on an edge, -1 outside."""
    inside = False
    for a, b in edges(ring):
        turn = side(a, b, p)
        if turn == 0 and _between(a, b, p):
            return 0
        # A half-open edge, so that a ray through a corner counts it once.
        if (a[1] > p[1]) != (b[1] > p[1]) and turn == (1 if b[1] > a[1] else -1):
            inside = not inside
    return 1 if inside else -1


def crosses_itself(ring: Ring) -> bool:
    """Whether two edges meet anywhere but where one ends and the next begins."""
    count = len(ring)
    for (a, first), (b, second) in _near(list(edges(ring))):
        apart = (second - first) % count
        if apart in {1, count - 1}:
            one, other = (a, b) if apart == 1 else (b, a)
            if _folded(one, other):
                return True
        elif _meet(a, b):
            return True
    return False


def cross(one: Ring, other: Ring) -> bool:
    """Whether an edge of one ring passes through an edge of the other. Touching is allowed."""
    of_one = len(one)
    return any((first < of_one) != (second < of_one) and _through(a, b) for (a, first), (b, second) in _near([*edges(one), *edges(other)]))


def _near(all_edges: Sequence[Edge]) -> Iterator[tuple[tuple[Edge, int], tuple[Edge, int]]]:
    """Every two edges that overlap in longitude, each with its number, the lower number first."""
    order = sorted(range(len(all_edges)), key=lambda number: min(all_edges[number][0][0], all_edges[number][1][0]))
    active: list[int] = []
    for number in order:
        edge = all_edges[number]
        west = min(edge[0][0], edge[1][0])
        active = [other for other in active if max(all_edges[other][0][0], all_edges[other][1][0]) >= west]
        for other in active:
            first, second = sorted((number, other))
            yield (all_edges[first], first), (all_edges[second], second)
        active.append(number)


def _between(a: Point, b: Point, p: Point) -> bool:
    """Whether a point of the line through `a` and `b` lies between them."""
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def _through(one: Edge, other: Edge) -> bool:
    (a, b), (c, d) = one, other
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _meet(one: Edge, other: Edge) -> bool:
    (a, b), (c, d) = one, other
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return _through(one, other) or any(side(p, q, r) == 0 and _between(p, q, r) for p, q, r in ends)


def _folded(one: Edge, following: Edge) -> bool:
    """Whether an edge goes back over the one before it."""
    (a, b), (_b, c) = one, following
    return side(a, b, c) == 0 and (_between(a, b, c) or _between(b, c, a))
