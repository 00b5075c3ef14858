"""Areas: what is read, what is refused and why, what is inside, how far and how large."""

import json
import math
from typing import Any

import pytest

from consent.errors import AreaError
from consent.places import MAX_CIRCLE_M, MAX_POSITIONS, Area, Circle, Fix, Zone, load, parse, text_of
from consent.places.globe import FARTHEST_M, box, distance_m, enclosing, flat, round_, to_segment_m
from consent.places.rings import DEGREE
from tests.geometry import cases, check

SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
CROSSING = {"type": "Polygon", "coordinates": [[[179.9, 0], [-179.9, 0], [-179.9, 0.2], [179.9, 0.2], [179.9, 0]]]}
SPLIT = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[179.9, 0], [180, 0], [180, 0.2], [179.9, 0.2], [179.9, 0]]],
        [[[-180, 0], [-179.9, 0], [-179.9, 0.2], [-180, 0.2], [-180, 0]]],
    ],
}
POLAR = {"type": "Polygon", "coordinates": [[[-180, 89], [-90, 89], [0, 89], [90, 89], [180, 89], [180, 90], [-180, 90], [-180, 89]]]}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def point(longitude: Any = 0, latitude: Any = 0, **more: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude], **more}


def test_random_areas_agree_with_shapely() -> None:
    """A hundred areas at some fixes each, the antimeridian included. Ten thousand: `make prove`."""
    assert sum(check(case, number) for number, case in enumerate(cases(1, 100))) > 400


REFUSED: list[tuple[Any, str, str]] = [
    ("text", "type", ""),
    ([], "type", ""),
    ({}, "type", "/type"),
    ({"type": ["Point"]}, "type", "/type"),
    ({"type": "LineString", "coordinates": SQUARE}, "type", "/type"),
    ({"type": "Polygon"}, "missing", "/coordinates"),
    ({"type": "Polygon", "coordinates": {}}, "type", "/coordinates"),
    ({"type": "Polygon", "coordinates": []}, "type", "/coordinates"),
    ({"type": "Polygon", "coordinates": [SQUARE], "radius_m": 5}, "unknown-key", "/radius_m"),
    ({"type": "Polygon", "coordinates": [SQUARE], "a/b~": 5}, "unknown-key", "/a~1b~0"),
    (point(), "missing", "/radius_m"),
    (point(radius_m=0), "range", "/radius_m"),
    (point(radius_m=-1), "range", "/radius_m"),
    (point(radius_m=True), "range", "/radius_m"),
    (point(radius_m="5"), "range", "/radius_m"),
    (point(radius_m=math.nan), "range", "/radius_m"),
    (point(radius_m=math.inf), "range", "/radius_m"),
    (point(radius_m=MAX_CIRCLE_M + 1), "range", "/radius_m"),
    (point(180.0000001, radius_m=5), "range", "/coordinates/0"),
    (point(0, -90.1, radius_m=5), "range", "/coordinates/1"),
    (point(math.nan, radius_m=5), "range", "/coordinates/0"),
    (point(math.inf, radius_m=5), "range", "/coordinates/0"),
    (point(10**400, radius_m=5), "range", "/coordinates/0"),
    (point("1", radius_m=5), "type", "/coordinates"),
    (point(False, radius_m=5), "type", "/coordinates"),
    ({"type": "Point", "coordinates": [1], "radius_m": 5}, "type", "/coordinates"),
    ({"type": "Point", "coordinates": [1, 2, 3, 4], "radius_m": 5}, "too-many", "/coordinates"),
    (polygon(SQUARE[:3]), "unclosed", "/coordinates/0"),
    (polygon(SQUARE[:4]), "unclosed", "/coordinates/0"),
    (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "degenerate", "/coordinates/0"),
    (polygon([[0, 0], [0, 0], [0, 0], [0, 0]]), "degenerate", "/coordinates/0"),
    (polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), "degenerate", "/coordinates/0"),
    (polygon([[0, 0], [2, 1], [2, 0], [0, 2], [0, 0]]), "crossing", "/coordinates/0"),
    (polygon([[0, 0], [2, 0], [2, 2], [1, 0], [0, 2], [0, 0]]), "crossing", "/coordinates/0"),
    (polygon([[0, 0], [3, 0], [1, 0], [1, 1], [0, 0]]), "crossing", "/coordinates/0"),
    (polygon([[0, 0], [1, 0], [1, 1], [3, 1], [1, 1], [0, 0]]), "crossing", "/coordinates/0"),
    (polygon([[-180, 10], [-60, 10], [60, 10], [180, 10], [-180, 10]]), "pole", "/coordinates/0"),
    (polygon([[-120, 80], [0, 80], [120, 80], [-120, 80]]), "pole", "/coordinates/0"),
    (polygon(SQUARE, [[2, 2], [3, 2], [3, 3], [2, 2]]), "hole", "/coordinates/1"),
    (polygon(SQUARE, [[0.5, 0.5], [2, 0.5], [2, 0.6], [0.5, 0.5]]), "crossing", "/coordinates/1"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE[:4]]]}, "unclosed", "/coordinates/1/0"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE, [[2, 2], [3, 2], [3, 3], [2, 2]]]]}, "hole", "/coordinates/1/1"),
    ({"type": "MultiPolygon", "coordinates": [[SQUARE]] * 51}, "too-many", "/coordinates"),
    ({"type": "MultiPolygon", "coordinates": [[[[x, 0], [x + 1, 0], [x, 1], [x, 0]] for x in range(6)]] * 40}, "too-many", "/coordinates"),
    (polygon([[x / 1000, x * x / 1e6] for x in range(MAX_POSITIONS + 2)]), "too-many", "/coordinates/0"),
    ({"type": "Feature", "geometry": point(radius_m=5), "colour": 1}, "unknown-key", "/colour"),
    ({"type": "Feature", "geometry": None}, "type", "/geometry"),
    ({"type": "Feature", "geometry": point(), "properties": []}, "missing", "/radius_m"),
    ({"type": "Feature", "geometry": point(), "properties": [1]}, "type", "/properties"),
    ({"type": "Feature", "geometry": point(), "properties": {"radius": 1}}, "unknown-key", "/properties/radius"),
]


@pytest.mark.parametrize(("value", "code", "pointer"), REFUSED)
def test_one_thing_is_wrong_and_is_named(value: Any, code: str, pointer: str) -> None:
    with pytest.raises(AreaError) as refused:
        parse(value)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_forms_that_mean_the_same() -> None:
    """A geometry, a Feature, a height, a box, a repeated position, either winding: one area."""
    circle = parse(point(-6.26, 53.35, radius_m=400))
    assert parse({"type": "Feature", "id": 1, "geometry": point(-6.26, 53.35), "properties": {"radius_m": 400.0}}) == circle
    assert parse({"type": "Feature", "geometry": point(-6.26, 53.35, radius_m=400), "properties": None}) == circle
    assert parse({"type": "Point", "coordinates": [-6.26, 53.35, 12.5], "radius_m": 400, "bbox": []}) == circle
    square = parse(polygon(SQUARE))
    assert parse(polygon([*SQUARE[:2], SQUARE[1], *SQUARE[2:], SQUARE[-1]])) == square
    assert parse(polygon(SQUARE[::-1])).contains(Fix.at(0.5, 0.5))


@pytest.mark.parametrize("value", [point(-6.26, 53.35, radius_m=400), polygon(SQUARE), CROSSING, SPLIT, POLAR])
def test_text_is_read_back_as_the_same_area(value: Any) -> None:
    area = parse(value)
    assert load(text_of(area)) == area
    assert parse(json.loads(text_of(area))) == area


def test_circle_by_a_known_distance() -> None:
    """One degree of latitude is 111,195 m on this sphere."""
    degree = distance_m((0, 0), (0, DEGREE))
    assert degree == pytest.approx(111_195.08, abs=0.01)
    area = parse(point(0, 0, radius_m=55_597))
    assert area.contains(Fix.at(0, 0.4999)) and not area.contains(Fix.at(0, 0.5001))
    assert area.distance_m(Fix.at(0, 1)) == pytest.approx(degree - 55_597, abs=0.01)
    assert area.distance_m(Fix.at(0, 0.1)) == 0 == Circle((0, 0), 100).distance_m((0, 1))
    assert area.radius_m == 55_597


def test_edges_and_corners_are_inside() -> None:
    """Exactly, on the grid; one step out is out."""
    area = parse(polygon(SQUARE, [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75], [0.25, 0.25]]))
    assert all(area.contains(Fix.at(*at)) for at in [(0, 0), (1, 1), (0.5, 0), (1, 0.3), (0.25, 0.5), (0.1, 0.1)])
    assert not any(area.contains(Fix.at(*at)) for at in [(-1e-7, 0.5), (0.5, 1.0000001), (0.5, 0.5), (5, 5)])


@pytest.mark.parametrize("value", [CROSSING, SPLIT])
def test_over_the_antimeridian(value: Any) -> None:
    """A ring that crosses it and the same cut in two are one area: the same bounds, size and fixes."""
    area = parse(value)
    inside = [area.contains(Fix.at(x, 0.1)) for x in (179.9, 179.95, 180, -180, -179.95, -179.9, 179.89, -179.89, 0)]
    assert inside == [True] * 6 + [False] * 3
    assert area.bounds == (1_799_000_000, 0, -1_799_000_000, 2_000_000)
    assert area.radius_m == pytest.approx(15_725.3, abs=0.5)
    assert [area.bounds.hold((round(x * DEGREE), 0)) for x in (179.95, -179.95, 0)] == [True, True, False]
    assert area.distance_m(Fix.at(-179.8, 0.1)) == pytest.approx(11_119.5, abs=1)


def test_hole_over_the_antimeridian() -> None:
    """A hole written from the other side is cut out all the same."""
    hole = [[-179.95, 0.05], [179.95, 0.05], [179.95, 0.15], [-179.95, 0.15], [-179.95, 0.05]]
    area = parse({"type": "Polygon", "coordinates": [*CROSSING["coordinates"], hole]})
    assert [area.contains(Fix.at(x, 0.1)) for x in (180, -180, 179.93, -179.93)] == [False, False, True, True]


def test_what_ends_at_the_antimeridian_begins_there() -> None:
    """180 and -180 degrees are one meridian: bounds hold a fix written either way."""
    for value, at in (
        (polygon([[179, 0], [180, 0], [180, 1], [179, 1], [179, 0]]), 179.5),
        (polygon([[-180, 0], [-179, 0], [-179, 1], [-180, 1], [-180, 0]]), -179.5),
    ):
        bounds = parse(value).bounds
        assert [bounds.hold(Fix.at(x, 0.5).point) for x in (180, -180, at, -at)] == [True, True, True, False]


def test_poles() -> None:
    """A cap cut along the antimeridian, and a circle that holds the pole."""
    cap = parse(POLAR)
    assert [cap.contains(Fix.at(*at)) for at in [(10, 89.5), (-170, 90), (10, 88.9)]] == [True, True, False]
    assert cap.bounds == (-180 * DEGREE, 89 * DEGREE, 180 * DEGREE, 90 * DEGREE)
    assert cap.radius_m == pytest.approx(111_195, rel=0.01)
    for pole in (90, -90):
        circle = parse(point(0, pole, radius_m=1000))
        assert circle.contains(Fix.at(123, pole * 0.99995)) and not circle.contains(Fix.at(123, pole * 0.999))
        assert (circle.bounds.west, circle.bounds.east) == (-180 * DEGREE, 180 * DEGREE)
    near = parse(point(0, 89.99, radius_m=1100))
    assert near.bounds.hold(Fix.at(60, 89.995).point) == near.contains(Fix.at(60, 89.995))


def test_bounds_hold_every_point_of_a_circle() -> None:
    for latitude in (0, 53.35, -70, 84):
        circle = Circle((round(179.99 * DEGREE), round(latitude * DEGREE)), 5_000)
        bounds = Area((circle,)).bounds
        for course in range(0, 360, 5):
            at = round_(circle.centre, (4_999 * math.sin(math.radians(course)), 4_999 * math.cos(math.radians(course))))
            assert circle.holds(at) and bounds.hold(at)


def test_areas_far_apart_are_as_large_as_what_is_between() -> None:
    """Several polygons are one area; its radius spans them all, up to the whole globe."""
    far = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[x + 10, y] for x, y in SQUARE]]]}
    assert parse(far).radius_m == pytest.approx(distance_m((0, 0), (11 * DEGREE, 0)) / 2, rel=0.02)
    assert parse(far).bounds == (0, 0, 11 * DEGREE, DEGREE)
    around = [[[[x, 0], [x + 1, 0], [x, 1], [x, 0]]] for x in (-179, -60, 60)]
    assert parse({"type": "MultiPolygon", "coordinates": around}).radius_m > 5_000_000
    overlapping = {
        "type": "MultiPolygon",
        "coordinates": [
            [[[-170, 80], [-10, 80], [-10, 81], [-170, 80]]],
            [[[-20, 80], [150, 80], [150, 81], [-20, 80]]],
            [[[140, 80], [-160, 80], [140, 81], [140, 80]]],
        ],
    }
    assert parse(overlapping).bounds[::2] == (-180 * DEGREE, 180 * DEGREE)


def test_smallest_circle() -> None:
    """Through two points that are a diameter, through three that are not, around one, and around everything."""
    assert enclosing([(0, 0), (2 * DEGREE, 0), (DEGREE, DEGREE // 10)])[1] == pytest.approx(distance_m((0, 0), (DEGREE, 0)), rel=1e-4)
    centre, radius = enclosing([(0, 0), (DEGREE, 0), (DEGREE // 2, round(0.866 * DEGREE)), (DEGREE // 2, DEGREE // 2)])
    assert radius == pytest.approx(distance_m((0, 0), (DEGREE, 0)) / math.sqrt(3), rel=1e-3)
    assert distance_m(centre, (0, 0)) <= radius + 1e-6
    assert enclosing([(5, 5), (5, 5)]) == ((5, 5), 0.0)
    assert enclosing([(0, 0), (180 * DEGREE, 0)]) == ((0, 0), FARTHEST_M)
    in_line = [(DEGREE // 100, 0), (0, 0), (DEGREE // 50, 0), (DEGREE // 25, 0)]
    assert enclosing(in_line)[1] == pytest.approx(distance_m(in_line[1], in_line[-1]) / 2, rel=1e-4)


def test_what_is_far_too_wide_is_measured_by_no_more_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comb of five hundred teeth from pole to pole, and one at a pole: whoever sends it costs us no more than others do."""
    measured = list[int]()

    def counting(points: Any) -> Any:
        measured.append(len(points))
        return enclosing(points)

    monkeypatch.setattr("consent.places.areas.enclosing", counting)
    tall = [[number / 100, 80 if number % 2 else number / 1000 - 80] for number in range(480)]
    assert parse(polygon([*tall, [5, -81], [0, -81], tall[0]])).radius_m > 5_000_000
    wide = [[150 if number % 2 else number / 1000, 89.9 + number / 10_000] for number in range(480)]
    assert parse(polygon([*wide, [151, 89.95], [151, 89.89], [0, 89.89], wide[0]])).radius_m < MAX_CIRCLE_M
    assert max(measured) < 11_000
    pieces = list[Any]()

    def counted(*ends: Any) -> float:
        pieces.append(ends)
        return 1.0

    monkeypatch.setattr("consent.places.areas.to_segment_m", counted)
    parse(polygon([*wide, [151, 89.95], [151, 89.89], [0, 89.89], wide[0]])).distance_m(Fix.at(0, 80))
    assert len(pieces) < 11_000


def test_the_flat_picture_and_back() -> None:
    for at in [(-62_603_000, 533_498_000), (0, 0), (1_799_999_999, 800_000_000)]:
        for metres in [(0.0, 0.0), (1200.0, -800.0), (-30_000.0, 10.0)]:
            back = flat(at, round_(at, metres))
            assert math.dist(back, metres) < 0.05
    assert flat((0, 0), (0, 0)) == (0.0, 0.0)
    assert to_segment_m((3.0, 4.0), (3.0, 4.0)) == 5.0
    assert (to_segment_m((-1.0, 2.0), (1.0, 2.0)), to_segment_m((1.0, 0.0), (5.0, 0.0))) == (2.0, 1.0)
    assert box((0, 899_999_999), 5.0)[0] == -180 * DEGREE


def test_a_fix_is_somewhere_and_says_not_where() -> None:
    for at in [(181, 0), (0, 91), (math.nan, 0), (0, math.inf), (0, 0, -1), (0, 0, math.inf), (0, 0, math.nan)]:
        with pytest.raises(ValueError, match="no place on earth"):
            Fix.at(*at)
    assert "53" not in repr(Fix.at(-6.26, 53.35))


def test_a_zone_hides_whoever_may_be_in_it() -> None:
    """The circle of the fix's accuracy is enough; so a poor fix near home is hidden too."""
    zone = Zone(parse(point(-6.26, 53.35, radius_m=200)))
    beside = (-6.26, 53.354)
    assert [zone.hides(Fix.at(*beside, metres)) for metres in (0, 200, 250)] == [False, False, True]
    assert zone.hides(Fix.at(-6.26, 53.35))
    assert Zone(parse(polygon(SQUARE))).hides(Fix.at(-0.001, 0.5, 120))
