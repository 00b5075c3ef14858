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


def tail(name: str, ours: Callable[[], object], bare: Callable[[], object] | None, *, target: float, rounds: int = 40) -> Timing:
    """The 95th percentile of ours over the median of the bare one, in turns; in seconds where nothing is bare. Two rounds warm up."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds + 2):
        for mine in (number % 2 == 0, number % 2 == 1):
            act = ours if mine else bare
            if act is not None:
                spent[mine].append(_seconds(act))
    late = statistics.quantiles(spent[True][2:], n=20)[-1]
    base = statistics.median(spent[False][2:]) if bare else 1.0
    middle = statistics.median(spent[True][2:])
    figures = f"p50 {1000 * middle:.0f} ms, p95 {1000 * late:.0f} ms" + (f", bare {1000 * base:.0f} ms" if bare else "")
    return Timing(name, late / base, target, figures=figures)


def _seconds(act: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
