"""Two ways to the same end, timed in turns, so that what else the machine does falls on both."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """A ratio to what is compared with, and where it should lie: at most at the target, or at least at it. `figures` in words."""

    name: str
    ratio: float
    target: float
    at_least: bool = False
    figures: str = ""

    @property
    def holds(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    @property
    def line(self) -> str:
        """As `make bench` prints it."""
        return f"BENCH {self.name} {self.ratio:.2f} {self.target:.2f} {'holds' if self.holds else 'short'}"

    @property
    def row(self) -> str:
        """As a row of RESULTS.md."""
        sign = "≥" if self.at_least else "≤"
        return f"| {self.name} | {self.ratio:.2f} | {sign} {self.target:.2f} | {'holds' if self.holds else 'short'} | {self.figures} |"


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
