"""SIGKILL at every statement of what changes ways in, seals again or brings in: nothing is lost, and it can be done again."""

import re
import subprocess
import sys
from collections.abc import Iterator

from tests.prove import Proved

SIDES = (["--database", "sqlite"], ["--database", "postgresql", "--points", "12"])
"""All points on SQLite; on PostgreSQL, where each database is copied for each point, twelve of each scene. Side by side."""


def run() -> Iterator[Proved]:
    """In processes of their own, because they fork."""
    running = [subprocess.Popen([sys.executable, "-m", "tests.killing", *side], stdout=subprocess.PIPE, text=True) for side in SIDES]
    said = [process.communicate()[0] for process in running]
    assert all(process.returncode == 0 for process in running), "not whole after a kill; what failed is said above"
    yield Proved("kill-points", sum(points(text) for text in said))


def points(said: str) -> int:
    """How many points the scenes went through."""
    return sum(int(count) for count in re.findall(r"^KILLED \S+ \S+ (\d+) of \d+$", said, re.MULTILINE))
