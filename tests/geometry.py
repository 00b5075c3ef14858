"""Areas and fixes at random, beside shapely as the oracle, which measures in projections of its own.

Containment of polygons is compared in plane longitude and latitude, which is what RFC 7946 means by an edge; circles and
distances in an azimuthal equidistant picture computed here with vectors, not with the angles that the code under test uses.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from consent.places import Area, Fix, load, parse, text_of

EARTH = 6_371_008.8
FIXES = 8
"""Fixes for each area: one in the middle of its box, others in and about it."""

# What may differ by rounding: to a grid of 1.1 cm, and between two ways of flattening the globe over some kilometres.
EDGE_M = 0.05
SHARE = 0.004


@dataclass(frozen=True)
class Case:
    """An area as a client writes it, with what shapely makes of it in longitudes that run on from `lon`."""

    geojson: dict[str, Any]
    shape: Any
    lon: float
    lat: float
    size_m: float


def cases(seed: int, count: int) -> Iterator[Case]:
    """Circles, convex and star-shaped rings, rings with holes, several polygons; a third of them at the antimeridian."""
    chance = random.Random(seed)  # noqa: S311 - the same cases every time
    makers = (_circle, _star, _holed, _several, _split)
    for number in range(count):
        lon = chance.choice((179.999, -179.998, 180.0)) + chance.uniform(-0.01, 0.01) if number % 3 == 0 else chance.uniform(-179, 179)
        lat = chance.uniform(-80, 80)
        yield makers[number % len(makers)](chance, _within(lon), lat, chance.uniform(50, 20_000))


def check(case: Case, seed: int) -> int:
    """Compare one area with the oracle at some fixes; how many. Raises AssertionError."""
    chance = random.Random(seed)  # noqa: S311 - the same fixes every time
    area = parse(case.geojson)
    again = load(text_of(area))
    compared = 0
    for longitude, latitude in _fixes(chance, case):
        fix = Fix.at(_within(longitude), latitude)
        expected, from_edge = _oracle(case, longitude, latitude)
        if from_edge <= max(EDGE_M, SHARE * case.size_m if case.geojson["type"] == "Point" else EDGE_M):
            continue
        assert area.contains(fix) is expected, (case.geojson, longitude, latitude)
        assert again.contains(fix) is expected
        assert not expected or area.bounds.hold(fix.point), (case.geojson, longitude, latitude)
        measured = area.distance_m(fix)
        assert measured == 0 if expected else abs(measured - from_edge) <= max(2.0, SHARE * from_edge + SHARE * case.size_m), (
            case.geojson,
            measured,
            from_edge,
        )
        compared += 1
    _check_radius(case, area)
    return compared


def _check_radius(case: Case, area: Area) -> None:
    """The circle holds every corner, and no smaller one could: it is at most 2/sqrt(3) of half the widest span (Jung)."""
    if case.geojson["type"] == "Point":
        assert area.radius_m == case.geojson["radius_m"]
        return
    corners = [_flat(case, *corner[:2]) for polygon in _polygons(case.shape) for corner in polygon.exterior.coords]
    widest = max(math.dist(a, b) for a in corners for b in corners)
    assert widest / 2 * (1 - SHARE) - 1 <= area.radius_m <= widest / math.sqrt(3) * (1 + SHARE) + 1


def _oracle(case: Case, longitude: float, latitude: float) -> tuple[bool, float]:
    """Whether shapely has the point inside, and its distance in metres to the nearest edge."""
    here = Point(longitude, latitude)
    if case.geojson["type"] == "Point":
        from_centre = math.dist((0, 0), _flat(case, longitude, latitude))
        radius = float(case.geojson["radius_m"])
        return from_centre <= radius, abs(from_centre - radius)
    metres = [LineString([_from(longitude, latitude, *at[:2]) for at in _cut(ring.coords)]) for ring in _rings(case.shape)]
    return bool(case.shape.covers(here)), min(line.distance(Point(0, 0)) for line in metres)


def _fixes(chance: random.Random, case: Case) -> Iterator[tuple[float, float]]:
    west, south, east, north = case.shape.bounds
    yield (west + east) / 2, (south + north) / 2
    for _each in range(FIXES - 1):
        yield chance.uniform(west - (east - west) / 3, east + (east - west) / 3), chance.uniform(south - (north - south) / 3, north)


def _circle(chance: random.Random, lon: float, lat: float, size: float) -> Case:
    up, across = _degrees(lat, size)
    geojson = {"type": "Point", "coordinates": [lon, lat], "radius_m": round(size, 1)}
    return Case(geojson, box(lon - across, lat - up, lon + across, lat + up), lon, lat, size)


def _star(chance: random.Random, lon: float, lat: float, size: float) -> Case:
    shape = _ring(chance, lon, lat, size)
    return Case({"type": "Polygon", "coordinates": [_written(shape.exterior)]}, shape, lon, lat, size)


def _holed(chance: random.Random, lon: float, lat: float, size: float) -> Case:
    outer = _ring(chance, lon, lat, size)
    hole = affinity.scale(outer, 0.4, 0.4, origin=(lon, lat))
    shape = Polygon(outer.exterior.coords, [hole.exterior.coords])
    return Case({"type": "Polygon", "coordinates": [_written(shape.exterior), _written(shape.interiors[0])]}, shape, lon, lat, size)


def _several(chance: random.Random, lon: float, lat: float, size: float) -> Case:
    _up, across = _degrees(lat, size)
    shapes = [_ring(chance, lon + shift * across, lat, size / 2) for shift in (-1.5, 0, 1.5)]
    written = [[_written(shape.exterior)] for shape in shapes]
    return Case({"type": "MultiPolygon", "coordinates": written}, MultiPolygon(shapes), lon, lat, size * 2)


def _split(chance: random.Random, lon: float, lat: float, size: float) -> Case:
    """A ring cut along the antimeridian where it crosses it, as RFC 7946 section 3.1.9 wants."""
    shape = _ring(chance, lon, lat, size)
    edge = 180.0 if lon > 0 else -180.0
    up = (lat - 10, lat + 10)
    halves = [shape.intersection(box(low, up[0], high, up[1])) for low, high in ((edge - 180, edge), (edge, edge + 180))]
    parts = [part for half in halves for part in _polygons(half) if part.area > 1e-12]
    if len(parts) < 2:
        return Case({"type": "Polygon", "coordinates": [_written(shape.exterior)]}, shape, lon, lat, size)
    outer = 180.0 if edge > 0 else -180.0
    written = [[_written(part.exterior, outside=outer)] for part in parts]
    return Case({"type": "MultiPolygon", "coordinates": written}, shape, lon, lat, size)


def _ring(chance: random.Random, lon: float, lat: float, size: float) -> Polygon:
    """A ring around a point, rounded to the grid."""
    up, across = _degrees(lat, size)
    count = chance.randint(3, 14)
    turns = sorted((number + chance.uniform(0.05, 0.95)) / count * 2 * math.pi for number in range(count))
    far = [chance.uniform(0.55, 1.0) for _turn in turns]
    points = [(lon + across * r * math.cos(turn), lat + up * r * math.sin(turn)) for turn, r in zip(turns, far, strict=True)]
    shape = Polygon([(round(x, 7), round(y, 7)) for x, y in points])
    return shape if shape.is_valid and shape.contains(Point(lon, lat)) else _ring(chance, lon, lat, size)


def _written(ring: Any, *, outside: float | None = None) -> list[list[float]]:
    """Positions with longitudes from -180 to 180. In a split polygon the antimeridian is written on its own side."""
    west = ring.bounds[0]
    if outside is None:
        return [[_within(x), y] for x, y in ring.coords]
    beyond = west >= 180 - 1e-9 or (outside < 0 and west < -180 - 1e-9)
    return [[round(x - 360 if beyond and outside > 0 else x + 360 if beyond else x, 7), y] for x, y in ring.coords]


def _degrees(lat: float, metres: float) -> tuple[float, float]:
    up = math.degrees(metres / EARTH)
    return up, up / math.cos(math.radians(lat))


def _flat(case: Case, longitude: float, latitude: float) -> tuple[float, float]:
    return _from(case.lon, case.lat, longitude, latitude)


def _from(lon: float, lat: float, longitude: float, latitude: float) -> tuple[float, float]:
    """Metres east and north, by vectors: the angle from the cross product, the direction from the tangent plane."""
    here, there = _vector(lon, lat), _vector(longitude, latitude)
    east = (-math.sin(math.radians(lon)), math.cos(math.radians(lon)), 0.0)
    north = _cross(here, east)
    x, y = _dot(there, east), _dot(there, north)
    angle, length = math.atan2(math.hypot(x, y), _dot(here, there)), math.hypot(x, y)
    return (EARTH * angle * x / length, EARTH * angle * y / length) if length else (0.0, 0.0)


def _cut(coordinates: Any) -> list[tuple[float, float]]:
    """An edge is straight in longitude and latitude; in metres it is followed in twenty steps."""
    at = [(x, y) for x, y in coordinates]
    steps = [(a[0] + (b[0] - a[0]) * n / 20, a[1] + (b[1] - a[1]) * n / 20) for a, b in pairwise(at) for n in range(20)]
    return [*steps, at[-1]]


def _rings(shape: Any) -> list[Any]:
    return [ring for polygon in _polygons(shape) for ring in (polygon.exterior, *polygon.interiors)]


def _polygons(shape: Any) -> list[Any]:
    return [part for part in getattr(shape, "geoms", [shape]) if isinstance(part, Polygon) and not part.is_empty]


def _vector(lon: float, lat: float) -> tuple[float, float, float]:
    x, y = math.radians(lon), math.radians(lat)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))


def _cross(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _within(longitude: float) -> float:
    return round((longitude + 180) % 360 - 180, 7)
