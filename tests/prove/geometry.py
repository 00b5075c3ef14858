"""Ten thousand random areas and fixes beside shapely: inside, distance, bounds and radius; the antimeridian included."""

from collections.abc import Iterator

from tests.geometry import cases, check
from tests.prove import Proved

AREAS = 2500
LEAST = 10_000


def run() -> Iterator[Proved]:
    """All of them."""
    compared = sum(check(case, number) for number, case in enumerate(cases(0, AREAS)))
    assert compared >= LEAST, compared
    yield Proved("geometry", compared)
