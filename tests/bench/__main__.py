"""`make bench`: every timing, one line each: `BENCH <name> <ratio> <target> holds|short`."""

import importlib
import pkgutil
import sys

from app import logs
from tests import bench


def main() -> None:
    """Run every module of this folder. Whether a target holds is printed; a slow machine fails no build."""
    logs.set_up("error")
    only = set(sys.argv[1:])
    for module in sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if found.name not in {"__main__", "timing"}):
        if not only or module in only:
            for timing in importlib.import_module(f"tests.bench.{module}").run():
                print(timing.line, flush=True)


if __name__ == "__main__":
    main()
