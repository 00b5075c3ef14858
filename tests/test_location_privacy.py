"""A vendor cannot tell where an owner is, lives or reads."""

from tests.instances import Instance
from tests.location_privacy import program, scenes


def test_a_vendor_sees_the_same_wherever_the_owner_is(instance: Instance) -> None:
    """At the place, elsewhere, in a private zone: equal transcripts. With paired times: `make prove`."""
    found = scenes(instance)
    said = {where: program(scene) for where, scene in found.items()}
    assert [found[where].matched > 0 for where in found] == [True, False, False]
    assert said["inside"] == said["outside"]
    assert said["inside"] == said["in a private zone"]
    assert len(said["inside"]) == 14
