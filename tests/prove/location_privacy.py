"""Nothing that a vendor can see hangs on where an owner is: equal transcripts, and 2,000 paired times without an effect."""

from collections.abc import Iterator

from app.exchange import nearby
from tests.databases import fresh
from tests.instances import running
from tests.location_privacy import program, scenes, timed
from tests.prove import Proved

PAIRS = 2000
EFFECT = 0.05


def run() -> Iterator[Proved]:
    """Transcripts first, then times: at the place against elsewhere, and against a private zone there."""
    with fresh() as settings, running(settings) as instance:
        found = scenes(instance)
        said = {where: program(scene) for where, scene in found.items()}
        assert said["inside"] == said["outside"] == said["in a private zone"]
        assert [found[where].matched > 0 for where in found] == [True, False, False]
        yield Proved("location-privacy-transcripts", sum(len(lines) for lines in said.values()))
        usual, nearby.DELIVERIES = nearby.DELIVERIES, 1 << 30  # type: ignore[misc]  # so that every fix of the proof delivers
        try:
            for other in ("outside", "in a private zone"):
                effect = abs(timed(found["inside"], found[other], PAIRS // 2) - 0.5)
                assert effect < EFFECT, f"inside against {other}: {effect:.3f}"
        finally:
            nearby.DELIVERIES = usual  # type: ignore[misc]  # as above
        yield Proved("location-privacy", PAIRS)
