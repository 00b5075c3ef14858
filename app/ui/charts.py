"""Pictures of the balance as geometry: what the templates draw in the colours of the page. Pure; numbers are SVG units."""

from collections.abc import Sequence
from math import cos, radians, sin

from app.relationships.ranges import Range
from app.ui.view import view

STEEPEST = 20
"""Degrees by which the beam leans when one side depends wholly and the other not at all."""

SURE, VAGUE = 0.1, 1.2
"""Up to the first width of an asymmetry the beam is drawn through; beyond the second it is not drawn at all."""

Point = tuple[float, float]


@view
class Pan:
    """One side of the beam: where it hangs, and its weight from the least that it may be to the most."""

    x: float
    y: float
    least: float
    most: float


@view
class Beam:
    """A balance beam. `wedge` are the two triangles that it may lie in; `sure` draws it through, `vague` not at all."""

    line: tuple[Point, Point]
    wedge: tuple[str, str]
    mine: Pan
    theirs: Pan
    sure: bool
    vague: bool


MIDDLE: Point = (200.0, 62.0)
ARM, TALLEST = 140.0, 56.0


def beam(mine: Range, theirs: Range) -> Beam:
    """The side that leans harder hangs lower: mine is left."""
    lean = mine.minus(theirs)
    middle = (lean.low + lean.high) / 2
    left, right = _ends(middle)
    low, high = _ends(lean.low), _ends(lean.high)
    return Beam(
        line=(left, right),
        wedge=(_path((MIDDLE, low[0], high[0])), _path((MIDDLE, low[1], high[1]))),
        mine=Pan(left[0], left[1], _round(mine.low * TALLEST), _round(mine.high * TALLEST)),
        theirs=Pan(right[0], right[1], _round(theirs.low * TALLEST), _round(theirs.high * TALLEST)),
        sure=lean.width <= SURE,
        vague=lean.width > VAGUE,
    )


@view
class Spot:
    """A vendor on the map: a box as large as what is open, `sure` when it is as good as a point."""

    number: int
    x: float
    y: float
    width: float
    height: float
    tone: str
    sure: bool

    @property
    def middle(self) -> Point:
        """Where its number stands."""
        return _round(self.x + self.width / 2), _round(self.y + self.height / 2)


MAP_LEFT, MAP_TOP, MAP_WIDTH, MAP_HEIGHT = 28.0, 12.0, 352.0, 232.0


def spot(number: int, magnitude: Range, asymmetry: Range, tone: str) -> Spot:
    """Who I lean on is left, who leans on me right; the closer the higher."""
    left, right = map_x(asymmetry.high), map_x(asymmetry.low)
    top, bottom = map_y(magnitude.high), map_y(magnitude.low)
    sure = asymmetry.width <= SURE
    return Spot(number, left, top, _round(right - left), _round(bottom - top), tone, sure)


def map_x(asymmetry: float) -> float:
    """Where an asymmetry lies: 1, I lean, is left."""
    return _round(MAP_LEFT + MAP_WIDTH * (1 - asymmetry) / 2)


def map_y(magnitude: float) -> float:
    """Where a magnitude lies: 1 is on top."""
    return _round(MAP_TOP + MAP_HEIGHT * (1 - magnitude))


@view
class Band:
    """A range over time: what it may be (`area`), and its ends as lines."""

    area: str
    low: str
    high: str


TIME_LEFT, TIME_TOP, TIME_WIDTH, TIME_HEIGHT = 26.0, 10.0, 362.0, 76.0
FAR = 36.0
"""Marks of years closer than this would run into each other."""


def band(ranges: Sequence[Range]) -> Band:
    """A range at evenly spaced moments, from left to right, as steps: evidence comes at once, not bit by bit."""
    low, high = (_steps([getattr(one, end) for one in ranges]) for end in ("low", "high"))
    return Band(_path((*high, *reversed(low))), _path(low), _path(high))


def years(of: Sequence[int]) -> tuple[tuple[float, str], ...]:
    """Where each year begins among evenly spaced moments; one too near to the next gives way to it."""
    starts = {year: time_x(of.index(year), len(of)) for year in sorted(set(of))}
    places = list(starts.items())
    return tuple(
        (x, str(year))
        for (year, x), (_next, after) in zip(places, [*places[1:], (0, TIME_LEFT + TIME_WIDTH + FAR)], strict=True)
        if after - x >= FAR
    )


def time_x(index: int, count: int) -> float:
    """Where the moment of an index lies among `count`."""
    return _round(TIME_LEFT + TIME_WIDTH * index / max(1, count - 1))


def time_y(value: float) -> float:
    """Where a dependence lies: 1 is on top."""
    return _round(TIME_TOP + TIME_HEIGHT * (1 - value))


def share(value: float) -> float:
    """A share as a length on a bar of 100."""
    return _round(value * 100)


def _steps(values: Sequence[float]) -> list[Point]:
    points: list[Point] = []
    for index, value in enumerate(values):
        if index:
            points.append((time_x(index, len(values)), points[-1][1]))
        points.append((time_x(index, len(values)), time_y(value)))
    return points


def _ends(lean: float) -> tuple[Point, Point]:
    angle = radians(lean * STEEPEST)
    across, down = ARM * cos(angle), ARM * sin(angle)
    (x, y) = MIDDLE
    return (_round(x - across), _round(y + down)), (_round(x + across), _round(y - down))


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _round(value: float) -> float:
    return round(value, 1)
