"""The picture of the mirror as geometry: three sets that overlap, with how many things lie where. Pure; numbers are SVG units."""

from app.i18n import Lazy, lazy
from app.relationships.crm_mirror import Overlap, Side
from app.ui.view import view


@view
class Circle:
    """One set: whose it is, where it lies, what it is called and how many things are in it."""

    side: Side
    x: int
    y: int
    label_x: int
    label_y: int
    label: str
    count: int


@view
class Region:
    """How many things are in exactly these sets, and where that is written."""

    x: int
    y: int
    label: str
    count: int


@view
class Sets:
    """Three circles and the seven regions in which they cut each other."""

    circles: tuple[Circle, ...]
    regions: tuple[Region, ...]


_CIRCLES: tuple[tuple[Side, int, int, int, int, Lazy], ...] = (
    ("mine", 132, 108, 70, 18, lazy("you hold")),
    ("theirs", 228, 108, 290, 18, lazy("they hold")),
    ("allowed", 180, 188, 180, 286, lazy("you allowed")),
)
_REGIONS: tuple[tuple[tuple[Side, ...], int, int, Lazy], ...] = (
    (("theirs", "mine", "allowed"), 180, 140, lazy("they have it right, and may")),
    (("theirs", "mine"), 180, 78, lazy("they have it right, and no permission covers it")),
    (("theirs", "allowed"), 240, 168, lazy("a permission covers it, but it is not what you hold")),
    (("theirs",), 276, 88, lazy("only they hold it")),
    (("mine", "allowed"), 120, 168, lazy("they may have it, and do not say that they do")),
    (("mine",), 84, 88, lazy("only you hold it")),
    (("allowed",), 180, 238, lazy("allowed, and nobody names a value")),
)


def sets(overlap: Overlap) -> Sets:
    """The picture of an overlap."""
    return Sets(
        circles=tuple(Circle(side, x, y, lx, ly, str(label), overlap.whole(side)) for side, x, y, lx, ly, label in _CIRCLES),
        regions=tuple(Region(x, y, str(label), overlap.of(*sides)) for sides, x, y, label in _REGIONS),
    )
