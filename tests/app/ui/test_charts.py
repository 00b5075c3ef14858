"""Pictures of the balance say the same as its numbers."""

from hypothesis import given
from hypothesis import strategies as st

from app.relationships.ranges import UNKNOWN, Range
from app.ui import charts

ranges = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda ends: Range(min(ends), max(ends)))


@given(ranges, ranges)
def test_the_side_that_leans_more_hangs_lower(mine: Range, theirs: Range) -> None:
    """Left is mine; what is open shows as a wedge, and nothing is drawn where too little is known."""
    drawn = charts.beam(mine, theirs)
    lean = mine.minus(theirs)
    middle = lean.low + lean.high
    if abs(middle) > 0.02:
        assert (drawn.mine.y > drawn.theirs.y) is (middle > 0)
    assert drawn.vague is (lean.width > charts.VAGUE) and drawn.sure is (lean.width <= charts.SURE)
    assert 0 <= drawn.mine.least <= drawn.mine.most <= charts.TALLEST
    assert not (drawn.sure and drawn.vague)


@given(ranges, ranges)
def test_spots_stay_on_the_map(magnitude: Range, theirs: Range) -> None:
    """A box lies inside the map, left where I lean, and as large as what is open."""
    asymmetry = magnitude.minus(theirs)
    spot = charts.spot(1, magnitude, asymmetry, "neutral")
    assert charts.MAP_LEFT <= spot.x <= spot.x + spot.width <= charts.MAP_LEFT + charts.MAP_WIDTH + 0.1
    assert charts.MAP_TOP <= spot.y <= spot.y + spot.height <= charts.MAP_TOP + charts.MAP_HEIGHT + 0.1
    assert charts.map_x(1) < charts.map_x(-1) and charts.map_y(1) < charts.map_y(0)
    assert spot.middle[0] == round(spot.x + spot.width / 2, 1)


def test_nothing_known_is_not_drawn_in_the_middle() -> None:
    """No line stands for a half that nobody has said."""
    assert charts.beam(UNKNOWN, UNKNOWN).vague


def test_a_band_steps_when_evidence_comes() -> None:
    """Flat until the moment of the change, then at once at its new ends; the area runs round both."""
    drawn = charts.band([UNKNOWN, Range(0.5, 0.5)])
    assert drawn.low == "26,86 388,86 388,48" and drawn.high == "26,10 388,10 388,48"
    assert drawn.area == "26,10 388,10 388,48 388,48 388,86 26,86"
    assert charts.band([Range(0, 1)]).low == "26,86"


def test_years_that_would_run_into_each_other_give_way() -> None:
    """December's mark yields to January's; the last year always stands."""
    assert [text for _x, text in charts.years([2024, 2025, *[2025] * 11, *[2026] * 11])] == ["2025", "2026"]
    assert charts.years([2026]) == ((26.0, "2026"),)
