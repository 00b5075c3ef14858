"""`make bench`: every timing, one line each: `BENCH <name> <ratio> <target> holds|short`.

Names of modules run those only; `--table` writes what was measured into RESULTS.md as well.
"""

import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from app import logs
from tests import bench
from tests.bench.timing import Timing

TABLE = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Run every module of this folder that can be run. Whether a target holds is printed; a slow machine fails no build."""
    logs.set_up("error")
    only = {name for name in sys.argv[1:] if not name.startswith("-")}
    done = []
    for module in _modules(only):
        for timing in module.run():
            print(timing.line, flush=True)
            done.append(timing)
    if "--table" in sys.argv:
        TABLE.write_text(table(done, machine()), encoding="utf-8")


def table(timings: list[Timing], on: str) -> str:
    """RESULTS.md: what was measured, when, and on what kind of machine."""
    head = (
        "# What was measured",
        "",
        f"By `python -m tests.bench --table` on {datetime.now(UTC):%Y-%m-%d}; {on}.",
        "Each line is a ratio to something bare in the same run on the same machine, so that it can be compared between machines.",
        "What is bare stands in `tests/bench/bare.py`; each module of this folder says what it compares.",
        "",
        "| what | ratio | target | | figures |",
        "|---|---|---|---|---|",
    )
    return "\n".join([*head, *(timing.row for timing in timings)]) + "\n"


def machine() -> str:
    """Its kind: processor, cores, memory, system, Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _modules(only: set[str]) -> Iterator[ModuleType]:
    for name in sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if found.name != "__main__"):
        if only and name not in only:
            continue
        module = importlib.import_module(f"tests.bench.{name}")
        if hasattr(module, "run"):
            yield module


if __name__ == "__main__":
    main()
