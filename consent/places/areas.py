"""Areas, fixes and private zones: is it in, how far is it, how large is it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from consent.places.globe import box, distance_m, enclosing, flat, to_segment_m, wrapped
from consent.places.rings import DEGREE, HALF, POLE, WHOLE, Point, Ring, edges, place_of

# An edge is straight in longitude and latitude; measured in metres it is cut into pieces of this many degrees, which on the
# globe are straight to within about a metre.
PIECE = DEGREE // 10

MOST_PIECES = 10_000
"""About as many points measure one area. Whose edges run on for more degrees is far too wide, or lies at a pole: its pieces are longer."""


class Bounds(NamedTuple):
    """The box around an area in whole 1e-7 degrees; `west` > `east` where it crosses the antimeridian (RFC 7946 section 5.2)."""

    west: int
    south: int
    east: int
    north: int

    def hold(self, p: Point) -> bool:
        """Whether a point with a longitude from -180 to 180 degrees lies in the box."""
        x, y = p
        across = self.west <= x <= self.east if self.west <= self.east else x >= self.west or x <= self.east
        return across and self.south <= y <= self.north


@dataclass(frozen=True)
class Fix:
    """One reading of where somebody is: a point, and by how many metres it may be wrong."""

    point: Point
    accuracy_m: float = 0.0

    @classmethod
    def at(cls, longitude: float, latitude: float, accuracy_m: float = 0.0) -> "Fix":
        """From degrees. Raises ValueError for what is no place on earth."""
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90 and 0 <= accuracy_m < float("inf")):
            raise ValueError("no place on earth")
        return cls((round(longitude * DEGREE), round(latitude * DEGREE)), accuracy_m)

    def __repr__(self) -> str:
        return "Fix(<somewhere>)"


@dataclass(frozen=True)
class Circle:
    """A point and the metres around it."""

    centre: Point
    around_m: float

    def holds(self, p: Point) -> bool:
        """Whether a point lies in it or on its edge."""
        return distance_m(self.centre, p) <= self.around_m

    def distance_m(self, p: Point) -> float:
        """Metres from a point outside to the edge."""
        return max(0.0, distance_m(self.centre, p) - self.around_m)

    def box(self) -> tuple[int, int, int, int]:
        """West, south, east, north; longitudes run on."""
        return box(self.centre, self.around_m)


@dataclass(frozen=True)
class Polygon:
    """A ring, and rings that are cut out of it."""

    rings: tuple[Ring, ...]

    def holds(self, p: Point) -> bool:
        """Whether a point lies in it or on an edge, exactly."""
        return any(self._holds((p[0] + turn, p[1])) for turn in (0, WHOLE, -WHOLE))

    def distance_m(self, p: Point, piece: int) -> float:
        """Metres from a point outside to the nearest edge, measured in pieces of at most `piece` on either axis."""
        return min(to_segment_m(flat(p, a), flat(p, b)) for ring in self.rings for edge in edges(ring) for a, b in _pieces(*edge, piece))

    def box(self) -> tuple[int, int, int, int]:
        """West, south, east, north; longitudes run on."""
        outer = self.rings[0]
        return min(x for x, _y in outer), min(y for _x, y in outer), max(x for x, _y in outer), max(y for _x, y in outer)

    def outline(self, piece: int) -> list[Point]:
        """Points of the outer ring, close enough together to be measured between: at most `piece` apart on either axis."""
        return [a for edge in edges(self.rings[0]) for a, _b in _pieces(*edge, piece)]

    def _holds(self, p: Point) -> bool:
        west, south, east, north = self.box()
        if not (west <= p[0] <= east and south <= p[1] <= north):
            return False
        places = [place_of(ring, p) for ring in self.rings]
        return 0 in places or places.count(1) % 2 == 1


@dataclass(frozen=True)
class Area:
    """A circle, or one or more polygons; together one area."""

    parts: tuple[Circle, ...] | tuple[Polygon, ...]

    def contains(self, fix: Fix) -> bool:
        """Whether the point of a fix lies in the area or on its edge."""
        return any(part.holds(fix.point) for part in self.parts)

    def distance_m(self, fix: Fix) -> float:
        """Metres from the point of a fix to the area; 0 inside. On the sphere: within 0.6 % of WGS84."""
        if self.contains(fix):
            return 0.0
        p = fix.point
        return min(part.distance_m(p, self._piece) if isinstance(part, Polygon) else part.distance_m(p) for part in self.parts)

    @cached_property
    def enclosing(self) -> tuple[Point, float]:
        """Centre, and radius in metres, of the smallest circle around the area."""
        first = self.parts[0]
        if isinstance(first, Circle):
            return first.centre, first.around_m
        return enclosing([p for part in self.parts if isinstance(part, Polygon) for p in part.outline(self._piece)])

    @cached_property
    def _piece(self) -> int:
        rings = [ring for part in self.parts if isinstance(part, Polygon) for ring in part.rings]
        return max(PIECE, -(-sum(_extent(*edge) for ring in rings for edge in edges(ring)) // MOST_PIECES))

    @property
    def radius_m(self) -> float:
        """What a grant's `max_radius_m` is compared with: the radius of the smallest circle around the area, in metres."""
        return self.enclosing[1]

    @cached_property
    def bounds(self) -> Bounds:
        """The box around it, rounded outwards."""
        boxes = [part.box() for part in self.parts]
        west, east = _span([(west, east) for west, _south, east, _north in boxes])
        return Bounds(west, max(-POLE, min(box[1] for box in boxes)), east, min(POLE, max(box[3] for box in boxes)))


@dataclass(frozen=True)
class Zone:
    """A private zone: who is in it, or may be in it as far as the fix can tell, is nowhere."""

    area: Area

    def hides(self, fix: Fix) -> bool:
        """Whether the circle of a fix's accuracy touches the zone."""
        return self.area.distance_m(fix) <= fix.accuracy_m


def _span(intervals: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The shortest way round the globe that covers intervals of longitude: from its west to its east end."""
    turned = sorted((wrapped(west), wrapped(west) + east - west) for west, east in intervals)
    reach, gaps = turned[0][1], []
    for west, east in turned[1:]:
        gaps.append((west - reach, west, reach))
        reach = max(reach, east)
    gaps.append((turned[0][0] + WHOLE - reach, turned[0][0], reach))
    gap, west, reach = max(gaps)
    if gap <= 0:
        return -HALF, HALF
    # What ends at the antimeridian is also what begins there: 180 and -180 degrees are one meridian.
    east = -HALF if wrapped(reach) == -HALF else wrapped(reach)
    return (HALF if west == -HALF else west), east


def _extent(a: Point, b: Point) -> int:
    return max(abs(b[0] - a[0]), abs(b[1] - a[1]))


def _pieces(a: Point, b: Point, piece: int) -> Iterator[tuple[Point, Point]]:
    count = max(1, ceil(_extent(a, b) / piece))
    cuts = [(a[0] + (b[0] - a[0]) * number // count, a[1] + (b[1] - a[1]) * number // count) for number in range(count + 1)]
    return pairwise(cuts)
