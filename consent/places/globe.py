"""Metres on the globe: a sphere of the earth's mean radius. Pure.

The true earth is flatter at the poles. Over the distances that areas may have (up to 100 km) a distance on the sphere differs
from the one on WGS84 by at most 0.6 %, which is 12 m at 2 km: less than what a phone's fix is wrong by.
"""

from collections.abc import Sequence
from itertools import combinations
from math import asin, atan2, cos, hypot, pi, radians, sin, sqrt

from consent.places.rings import DEGREE, HALF, POLE, WHOLE, Point

RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG), in metres."""

FARTHEST_M = pi * RADIUS_M
"""Half way round: nothing is farther."""

_NEARLY = 1 + 1e-9
_ROUNDS = 200

Flat = tuple[float, float]
"""Metres east and north of a centre."""

Disc = tuple[Flat, float]
"""A centre and a radius in metres."""


def distance_m(a: Point, b: Point) -> float:
    """Metres between two points (haversine, which is exact for near ones)."""
    south, north = _angle(a[1]), _angle(b[1])
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(_angle(b[0] - a[0]) / 2) ** 2
    return 2 * RADIUS_M * asin(min(1.0, sqrt(half)))


def flat(centre: Point, p: Point) -> Flat:
    """A point as metres east and north of a centre: its true distance in its true direction (azimuthal equidistant)."""
    here, there, across = _angle(centre[1]), _angle(p[1]), _angle(p[0] - centre[0])
    east = cos(there) * sin(across)
    north = cos(here) * sin(there) - sin(here) * cos(there) * cos(across)
    length, metres = hypot(east, north), distance_m(centre, p)
    return (metres * east / length, metres * north / length) if length else (0.0, metres)


def round_(centre: Point, flat_point: Flat) -> Point:
    """Back onto the globe: the point that lies so many metres east and north of a centre."""
    east, north = flat_point
    metres = hypot(east, north)
    if not metres:
        return centre
    here, far, course = _angle(centre[1]), metres / RADIUS_M, atan2(east, north)
    latitude = asin(max(-1.0, min(1.0, sin(here) * cos(far) + cos(here) * sin(far) * cos(course))))
    across = atan2(sin(course) * sin(far) * cos(here), cos(far) - sin(here) * sin(latitude))
    return wrapped(centre[0] + _grid(across)), _grid(latitude)


def wrapped(x: int) -> int:
    """A longitude brought back to between -180 (included) and 180 degrees."""
    return (x + HALF) % WHOLE - HALF


def enclosing(points: Sequence[Point]) -> tuple[Point, float]:
    """Centre and radius in metres of the smallest circle around points."""
    middle = _middle(points)
    if middle is None:
        return (0, 0), FARTHEST_M
    (east, north), _radius = _smallest([flat(middle, p) for p in points])
    centre = round_(middle, (east, north))
    # Measured on the globe again, so that it holds whatever the flat picture bent.
    return centre, max(distance_m(centre, p) for p in points)


def to_segment_m(a: Flat, b: Flat) -> float:
    """Metres from the centre of the flat picture to a straight line from `a` to `b`."""
    along = (b[0] - a[0], b[1] - a[1])
    length = along[0] ** 2 + along[1] ** 2
    share = 0.0 if not length else max(0.0, min(1.0, -(a[0] * along[0] + a[1] * along[1]) / length))
    return hypot(a[0] + share * along[0], a[1] + share * along[1])


def box(centre: Point, radius_m: float) -> tuple[int, int, int, int]:
    """West, south, east, north of a circle, rounded outwards; longitudes run on, and go all round where it holds a pole."""
    far = radius_m / RADIUS_M
    span = _grid(far) + 2
    south, north = centre[1] - span, centre[1] + span
    if south <= -POLE or north >= POLE:
        return -HALF, max(south, -POLE), HALF, min(north, POLE)
    across = _grid(asin(min(1.0, sin(far) / cos(_angle(centre[1]))))) + 2
    return centre[0] - across, south, centre[0] + across, north


def _middle(points: Sequence[Point]) -> Point | None:
    """The middle of points as seen from the centre of the earth; None where they lie all around it."""
    x = y = z = 0.0
    for longitude, latitude in ((_angle(p[0]), _angle(p[1])) for p in points):
        x, y, z = x + cos(latitude) * cos(longitude), y + cos(latitude) * sin(longitude), z + sin(latitude)
    if sqrt(x * x + y * y + z * z) < len(points) * 1e-6:
        return None
    return wrapped(_grid(atan2(y, x))), _grid(atan2(z, hypot(x, y)))


def _smallest(points: Sequence[Flat]) -> Disc:
    """The smallest circle around flat points: grown until the farthest point lies within it.

    Each round the circle grows, so no three points come twice and it ends; `_ROUNDS` only bounds what rounding could do.
    """
    disc: Disc = (points[0], 0.0)
    chosen: tuple[Flat, ...] = (points[0],)
    rounds, far = _ROUNDS, max(points, key=lambda p: _from(disc, p))
    while rounds and not _within(disc, far):
        disc, chosen = min(_around((*chosen, far)), key=lambda found: found[0][1], default=(disc, chosen))
        rounds, far = rounds - 1, max(points, key=lambda p: _from(disc, p))
    return disc


def _around(points: tuple[Flat, ...]) -> list[tuple[Disc, tuple[Flat, ...]]]:
    """Circles through two or three of at most four points that hold them all, each with the points that it goes through."""
    some = [*combinations(points, 2), *combinations(points, 3)]
    discs = [(found, chosen) for chosen in some if (found := _through(chosen)) is not None]
    return [(disc, chosen) for disc, chosen in discs if all(_within(disc, p) for p in points)]


def _through(points: tuple[Flat, ...]) -> Disc | None:
    (ax, ay), (bx, by) = points[0], points[1]
    if len(points) == 2:
        return ((ax + bx) / 2, (ay + by) / 2), hypot(bx - ax, by - ay) / 2
    bx, by, cx, cy = bx - ax, by - ay, points[2][0] - ax, points[2][1] - ay
    twice = 2 * (bx * cy - by * cx)
    if not twice:
        return None
    b, c = bx * bx + by * by, cx * cx + cy * cy
    x, y = (cy * b - by * c) / twice, (bx * c - cx * b) / twice
    return (ax + x, ay + y), hypot(x, y)


def _within(disc: Disc, p: Flat) -> bool:
    return _from(disc, p) <= disc[1] * _NEARLY + 1e-6


def _from(disc: Disc, p: Flat) -> float:
    return hypot(p[0] - disc[0][0], p[1] - disc[0][1])


def _angle(grid: int) -> float:
    return radians(grid / DEGREE)


def _grid(angle: float) -> int:
    return round(angle * 180 / pi * DEGREE)
