"""The tests of both doors on both databases, and every page in all four dresses; `make test` runs half of each."""

import re
import subprocess
import sys
from collections.abc import Iterator

from tests.prove import Proved


def run() -> Iterator[Proved]:
    """All of them."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "--in-full",
        "tests/app/ui",
        "tests/app/api",
        "tests/app/exchange/importers",
        "tests/app/test_cli.py",
        "tests/app/test_restoring.py",
        "tests/journeys",
        "tests/test_roles.py",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout[-5000:]
    assert passed
    yield Proved("doors-in-full", int(passed[1]))
