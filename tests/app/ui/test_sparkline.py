"""The row of bars on a company's page."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.ui.vendors import sparkline

NOW = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)

happenings = st.lists(
    st.tuples(st.integers(-5, 1000).map(lambda days: NOW - timedelta(days=days)), st.sampled_from(("mine", "theirs")), st.booleans())
)


def test_months_are_those_where_the_owner_lives() -> None:
    """Half an hour into November in Dublin is still October in New York; both are the last bar there."""
    there = sparkline.draw([(NOW, "mine", False)], now=NOW, zone="America/New_York")
    here = sparkline.draw([(NOW, "theirs", True)], now=NOW, zone="UTC")
    assert there is not None and here is not None
    assert [row.month.month for row in (*there.rows, *here.rows)] == [10, 11]
    assert (there.bars[-1].mine, there.bars[-1].theirs, here.bars[-1].theirs, here.bars[-1].bad) == (22.0, 0.0, 22.0, True)
    assert [year for _x, year in here.years] == ["2025", "2026"] and len(here.bars) == sparkline.MONTHS
    assert (
        sparkline.draw([(NOW - timedelta(days=1000), "mine", True), (NOW + timedelta(days=1), "mine", True)], now=NOW, zone="UTC") is None
    )


@settings(max_examples=40)
@given(happenings)
def test_every_thing_is_counted_once_and_drawn_inside(happened: list[tuple[datetime, str, bool]]) -> None:
    """The table adds up to what happened in these months; no bar leaves the picture; the order says nothing."""
    drawn = sparkline.draw(happened, now=NOW, zone="UTC")
    within = [one for one in happened if datetime(2024, 12, 1, tzinfo=UTC) <= one[0] <= NOW]
    if drawn is None:
        assert not within
        return
    assert (drawn.mine + drawn.theirs, drawn.bad) == (len(within), sum(bad for _at, _side, bad in within))
    assert sum(row.mine + row.theirs for row in drawn.rows) == len(within)
    assert all(0 <= bar.x <= sparkline.WIDTH - sparkline.THICK and max(bar.mine, bar.theirs) <= sparkline.TALLEST for bar in drawn.bars)
    assert sparkline.draw(list(reversed(happened)), now=NOW, zone="UTC") == drawn
