"""`make prove`: every proof, one line each: `PROVED <name> <count>`; exits with 1 when one fails."""

import importlib
import pkgutil
import sys
import traceback

from app import logs
from tests import prove


def main() -> int:
    """Run every module of this folder, the others too when one fails. Answers the exit status."""
    failed = 0
    logs.set_up("error")
    only = set(sys.argv[1:])
    for module in sorted(found.name for found in pkgutil.iter_modules(prove.__path__) if found.name != "__main__"):
        if only and module not in only:
            continue
        try:
            for proved in importlib.import_module(f"tests.prove.{module}").run():
                print(proved.line, flush=True)
        except AssertionError:
            failed = 1
            print(f"FAILED {module}", flush=True)
            traceback.print_exc()
    return failed


if __name__ == "__main__":
    sys.exit(main())
