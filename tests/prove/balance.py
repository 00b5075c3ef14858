"""The laws of the balance on a thousand drawn cases each: bounds, order, substitutes, kept promises, replay."""

from collections.abc import Iterator

from tests.app.relationships.laws import LAWS, hold
from tests.prove import Proved

CASES = 1000


def run() -> Iterator[Proved]:
    """All of them."""
    for law in range(len(LAWS)):
        hold(law, CASES)
    yield Proved("balance", CASES * len(LAWS))
