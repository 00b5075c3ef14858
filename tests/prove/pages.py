"""The tests of the pages on both databases; `make test` runs each of them on one of the two."""

import re
import subprocess
import sys
from collections.abc import Iterator

from tests.prove import Proved


def run() -> Iterator[Proved]:
    """All of them, on both."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "--every-database", "tests/app/ui"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-5000:]
    assert passed
    yield Proved("pages-on-both-databases", int(passed[1]))
