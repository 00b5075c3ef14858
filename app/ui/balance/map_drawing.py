"""Areas, private zones and where you are, drawn as an SVG with a scale and a compass. No tiles: nothing is loaded.

Pure: shapes in, markup out. Colours and strokes are the style sheet's; what is drawn stands in words beside it.
"""

from collections.abc import Sequence
from math import dist, floor, log10

from markupsafe import Markup, escape

from app.ui.view import view
from consent.places import Area, Circle, Fix, Polygon
from consent.places.globe import flat
from consent.places.rings import Point, Ring

WIDTH, HEIGHT = 640, 400
FARTHEST_M = 400_000
"""A map of more than this from edge to edge says nothing; then there is none."""

_MARGIN = 28
_LEAST_M = 200.0
_STEPS = (1, 2, 5)
_ASIDE = 24.0


@view
class Drawn:
    """One thing on the map. `kind` is a class of the style sheet: offer or zone; `mark` is the number beside it in the table."""

    area: Area
    kind: str
    mark: str = ""


@view
class _Frame:
    """Metres to units: north is up."""

    centre: Point
    east: float
    north: float
    per_unit: float

    def at(self, p: Point) -> tuple[float, float]:
        east, north = flat(self.centre, p)
        return WIDTH / 2 + (east - self.east) / self.per_unit, HEIGHT / 2 - (north - self.north) / self.per_unit


def draw(drawn: Sequence[Drawn], *, title: str, north: str, here: Fix | None = None) -> Markup | None:
    """The map, `title` being its text alternative and `north` the letter of its compass; None where there is nothing to draw."""
    frame = _frame(drawn, here)
    if frame is None:
        return None
    dot = frame.at(here.point) if here else None
    parts = [Markup('<g class="map-{}">{}</g>').format(one.kind, _shape(frame, one, dot)) for one in drawn]
    if here is not None:
        x, y = frame.at(here.point)
        radius = max(5.0, here.accuracy_m / frame.per_unit)
        around = Markup('<circle class="map-accuracy" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, radius)
        parts.append(around + Markup('<circle class="map-here" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(x, y))
    head = Markup('<svg class="map" role="img" viewBox="0 0 {} {}"><title>{}</title>').format(WIDTH, HEIGHT, title)
    return head + Markup("").join(parts) + _scale(frame) + _compass(north) + Markup("</svg>")


def length(metres: float) -> str:
    """A distance to be read: `40 m`, `1.2 km`, `31 km`."""
    if metres < 995:
        return f"{round(metres, -1):.0f} m"
    return f"{metres / 1000:.1f} km" if metres < 9950 else f"{metres / 1000:.0f} km"


def _frame(drawn: Sequence[Drawn], here: Fix | None) -> _Frame | None:
    round_ = [one.area.enclosing for one in drawn]
    if here is not None:
        round_.append((here.point, _LEAST_M / 2))
    if not round_:
        return None
    centre = round_[-1][0]
    spots = [(flat(centre, middle), radius) for middle, radius in round_]
    west, east = min(spot[0] - radius for spot, radius in spots), max(spot[0] + radius for spot, radius in spots)
    south, north = min(spot[1] - radius for spot, radius in spots), max(spot[1] + radius for spot, radius in spots)
    if max(east - west, north - south) > FARTHEST_M:
        return None
    across, up = max(east - west, _LEAST_M), max(north - south, _LEAST_M)
    per_unit = max(across / (WIDTH - 2 * _MARGIN), up / (HEIGHT - 2 * _MARGIN))
    return _Frame(centre, (west + east) / 2, (south + north) / 2, per_unit)


def _shape(frame: _Frame, one: Drawn, dot: tuple[float, float] | None) -> Markup:
    shapes = [_circle(frame, part) if isinstance(part, Circle) else _polygon(frame, part) for part in one.area.parts]
    x, y = frame.at(one.area.enclosing[0])
    # A number under the dot that says where I am could not be read.
    y -= _ASIDE if dot is not None and dist(dot, (x, y)) < _ASIDE else 0
    label = Markup('<text x="{:.1f}" y="{:.1f}">{}</text>').format(x, y, one.mark) if one.mark else Markup("")
    return Markup("").join(shapes) + label


def _circle(frame: _Frame, circle: Circle) -> Markup:
    x, y = frame.at(circle.centre)
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, max(2.0, circle.around_m / frame.per_unit))


def _polygon(frame: _Frame, polygon: Polygon) -> Markup:
    return Markup('<path fill-rule="evenodd" d="{}"/>').format(" ".join(_path(frame, ring) for ring in polygon.rings))


def _path(frame: _Frame, ring: Ring) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (frame.at(p) for p in ring)) + "Z"


def _scale(frame: _Frame) -> Markup:
    """A bar of a round number of metres, at most a quarter of the width."""
    metres = _round(frame.per_unit * WIDTH / 4)
    x, y = _MARGIN / 2, HEIGHT - _MARGIN / 2
    end = x + metres / frame.per_unit
    bar = Markup('<path d="M{:.1f} {:.1f}v6H{:.1f}v-6"/>').format(x, y - 6, end)
    return Markup('<g class="map-scale">{}<text x="{:.1f}" y="{:.1f}">{}</text></g>').format(bar, x + 4, y - 8, length(metres))


def _round(metres: float) -> float:
    ten = 10.0 ** floor(log10(metres))
    return max(step * ten for step in _STEPS if step * ten <= metres)


def _compass(north: str) -> Markup:
    x, y = WIDTH - _MARGIN, _MARGIN
    needle = Markup('<path d="M{} {}l7 22-7-5-7 5z"/>').format(x, y)
    return Markup('<g class="map-compass">{}<text x="{}" y="{}">{}</text></g>').format(needle, x, y - 8, escape(north))
