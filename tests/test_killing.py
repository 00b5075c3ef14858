"""An operation killed at a statement leaves everything whole, and can be done again. Every statement: `make prove`."""

import subprocess
import sys

from tests.kill_scenes import SCENES
from tests.prove.kill_points import points

EACH = 3


def test_whoever_is_killed_loses_nothing() -> None:
    """Three points of each scene, spread from its first statement to its last."""
    done = subprocess.run([sys.executable, "-m", "tests.killing", "--points", str(EACH)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert points(done.stdout) == len(SCENES) * EACH
