"""GeoJSON (RFC 7946) to an area and back: a Polygon, a MultiPolygon, or a Point with `radius_m`. Pure."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

from consent.canonical import JSON, dumps
from consent.errors import AreaError
from consent.places.areas import Area, Circle, Polygon
from consent.places.rings import DEGREE, HALF, POLE, WHOLE, Point, Ring, cross, crosses_itself, doubled_size, place_of, unrolled

MAX_POSITIONS = 500
"""Positions in one area, over all rings."""

MAX_POLYGONS = 50
"""Polygons in a MultiPolygon."""

MAX_CIRCLE_M = 100_000
"""The widest circle, in metres: what terms can allow at most."""

_KEYS = {"Point": {"type", "coordinates", "radius_m", "bbox"}, "Polygon": {"type", "coordinates", "bbox"}}
_KEYS["MultiPolygon"] = _KEYS["Polygon"]


def parse(value: object) -> Area:
    """Read and check an area: a geometry, or a Feature with one whose `radius_m` may stand among its properties.

    Raises AreaError with one of the codes type, unknown-key, missing, range, too-many, unclosed, degenerate, crossing,
    pole, hole.
    """
    area = _read(_geometry(value))
    for index, part in enumerate(area.parts):
        if isinstance(part, Polygon):
            _check(part, _pointer(area, index))
    return area


def text_of(area: Area) -> str:
    """An area as canonical GeoJSON, the form in which it is kept. `load` reads it back."""
    return dumps(geometry(area)).decode()


def geometry(area: Area) -> dict[str, JSON]:
    """An area as a GeoJSON geometry; a circle as a Point with `radius_m`."""
    first = area.parts[0]
    if isinstance(first, Circle):
        return {"type": "Point", "coordinates": _degrees(first.centre), "radius_m": first.around_m}
    drawn: list[JSON] = [
        [[_degrees(p) for p in (*ring, ring[0])] for ring in part.rings] for part in area.parts if isinstance(part, Polygon)
    ]
    return {"type": "Polygon", "coordinates": drawn[0]} if len(drawn) == 1 else {"type": "MultiPolygon", "coordinates": drawn}


def load(text: str) -> Area:
    """An area from the text in which it is kept. It was checked when it came and is not checked again.

    Nothing is remembered here: an owner's zones are read by this, too."""
    return _read(json.loads(text))


def _geometry(value: object) -> Mapping[str, object]:
    found = _object(value, "")
    if found.get("type") != "Feature":
        return found
    _only(found, {"type", "geometry", "properties", "id", "bbox"}, "")
    inner = _object(found.get("geometry"), "/geometry")
    properties = _object(found.get("properties") or {}, "/properties")
    _only(properties, {"radius_m"}, "/properties")
    return {**inner, **properties}


def _read(found: Mapping[str, object]) -> Area:
    kind = found.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise AreaError("/type", "type", "type must be Polygon, MultiPolygon, or Point with radius_m")
    _only(found, _KEYS[kind], "")
    if "coordinates" not in found:
        raise AreaError("/coordinates", "missing", "coordinates are required")
    coordinates = found["coordinates"]
    if kind == "Point":
        return Area((Circle(_position(coordinates, "/coordinates"), _radius(found)),))
    polygons = [coordinates] if kind == "Polygon" else _list(coordinates, "/coordinates", MAX_POLYGONS)
    start = ["/coordinates"] if kind == "Polygon" else [f"/coordinates/{index}" for index in range(len(polygons))]
    parts = tuple(_polygon(polygon, pointer) for polygon, pointer in zip(polygons, start, strict=True))
    if sum(len(ring) for part in parts for ring in part.rings) > MAX_POSITIONS:
        raise AreaError("/coordinates", "too-many", f"an area has at most {MAX_POSITIONS} positions")
    return Area(parts)


def _radius(found: Mapping[str, object]) -> float:
    if "radius_m" not in found:
        raise AreaError("/radius_m", "missing", "a Point needs radius_m, in metres")
    radius = found["radius_m"]
    # NaN compares false with everything, so it does not pass either.
    if isinstance(radius, bool) or not isinstance(radius, int | float) or not 0 < radius <= MAX_CIRCLE_M:
        raise AreaError("/radius_m", "range", f"radius_m is a number of metres above 0 and up to {MAX_CIRCLE_M}")
    return float(radius)


def _polygon(value: object, pointer: str) -> Polygon:
    rings = _list(value, pointer, MAX_POSITIONS)
    outer, *holes = (_ring(ring, f"{pointer}/{index}") for index, ring in enumerate(rings))
    return Polygon((outer, *(_beside(outer, hole) for hole in holes)))


def _beside(outer: Ring, hole: Ring) -> Ring:
    """A hole with longitudes that run on as those of its outer ring do."""
    west = min(x for x, _y in outer)
    turn = (min(x for x, _y in hole) - west) // WHOLE * WHOLE
    return tuple((x - turn, y) for x, y in hole)


def _ring(value: object, pointer: str) -> Ring:
    positions = _list(value, pointer, MAX_POSITIONS + 1)
    points = [_position(position, f"{pointer}/{index}") for index, position in enumerate(positions)]
    if len(points) < 4 or points[0] != points[-1]:
        raise AreaError(pointer, "unclosed", "a ring has at least four positions, the last the same as the first")
    whole = unrolled(points)
    if whole[0] != whole[-1]:
        raise AreaError(pointer, "pole", "a ring that goes round a pole is cut along the antimeridian, with an edge along the pole")
    found = [p for p, after in pairwise(whole) if p != after]
    if len(found) < 3 or not doubled_size(tuple(found)):
        raise AreaError(pointer, "degenerate", "a ring encloses something: its positions are not all on one line")
    return tuple(found)


def _check(polygon: Polygon, pointer: str) -> None:
    """What makes a polygon mean one thing: rings that do not cross, holes that lie inside."""
    outer, *holes = polygon.rings
    for index, ring in enumerate(polygon.rings):
        if crosses_itself(ring):
            raise AreaError(f"{pointer}/{index}", "crossing", "a ring does not cross or touch itself")
        if any(cross(ring, other) for other in polygon.rings[:index]):
            raise AreaError(f"{pointer}/{index}", "crossing", "rings do not cross one another")
    for index, hole in enumerate(holes, 1):
        if any(place_of(outer, p) < 0 for p in hole):
            raise AreaError(f"{pointer}/{index}", "hole", "what is cut out lies inside the first ring")


def _position(value: object, pointer: str) -> Point:
    numbers = _list(value, pointer, 3)
    if len(numbers) < 2 or any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
        raise AreaError(pointer, "type", "a position is [longitude, latitude] in degrees, perhaps with a height")
    return _grid(numbers[0], HALF, f"{pointer}/0"), _grid(numbers[1], POLE, f"{pointer}/1")


def _grid(number: object, limit: int, pointer: str) -> int:
    degrees = limit // DEGREE
    # Written so that NaN, which compares false with everything, does not pass.
    if not isinstance(number, int | float) or not -degrees <= number <= degrees:
        raise AreaError(pointer, "range", f"a number from -{degrees} to {degrees} is needed here")
    return round(number * DEGREE)


def _list(value: object, pointer: str, most: int) -> Sequence[object]:
    if not isinstance(value, list | tuple) or not value:
        raise AreaError(pointer, "type", "a list with something in it is needed here")
    if len(value) > most:
        raise AreaError(pointer, "too-many", f"at most {most} can stand here")
    return value


def _object(value: object, pointer: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise AreaError(pointer, "type", "an object is needed here")
    return value


def _only(found: Mapping[str, object], known: set[str], pointer: str) -> None:
    for key in found:
        if key not in known:
            raise AreaError(f"{pointer}/{str(key)[:64].replace('~', '~0').replace('/', '~1')}", "unknown-key", "this key is not known here")


def _pointer(area: Area, index: int) -> str:
    return "/coordinates" if len(area.parts) == 1 else f"/coordinates/{index}"


def _degrees(p: Point) -> list[JSON]:
    return [_within(p[0]) / DEGREE, p[1] / DEGREE]


def _within(x: int) -> int:
    """A longitude that ran on over the antimeridian, as it was written."""
    return x if -HALF <= x <= HALF else (x + HALF) % WHOLE - HALF
