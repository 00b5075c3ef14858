"""Two ways to the same end, timed in turns, so that what else the machine does falls on both."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """How many times the bare cost something takes, and how many it may."""

    name: str
    ratio: float
    target: float

    @property
    def line(self) -> str:
        """As `make bench` prints it."""
        return f"BENCH {self.name} {self.ratio:.2f} {self.target:.2f} {'holds' if self.ratio <= self.target else 'short'}"


def paired(name: str, ours: Callable[[], object], bare: Callable[[], object], *, target: float, rounds: int = 9) -> Timing:
    """The median over `rounds` of the ratio within a round; one round before them warms both up and does not count."""
    ratios = []
    for number in range(rounds + 1):
        first, second = (ours, bare) if number % 2 else (bare, ours)
        spent = {first: _seconds(first)}
        spent[second] = _seconds(second)
        ratios.append(spent[ours] / spent[bare])
    return Timing(name, statistics.median(ratios[1:]), target)


def _seconds(act: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
