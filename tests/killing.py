"""Fault injection: an operation killed at each of its SQL statements in turn, then looked at, then done again.

`python -m tests.killing [--database sqlite|postgresql] [--points N] [scene …]` prints `KILLED <scene> <database>
<points> of <all there are>` for each scene; without `--points` it goes through every one. A script of its own, because it
forks: from a process that has loaded everything, runs no thread and holds no connection.

A point lies before each statement and on either side of each commit, of both stores. The process kills itself there with
SIGKILL, so nothing is rolled back, closed or flushed. A second process then finds what is left.
"""

import argparse
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine, event
from sqlmodel import Session
from starlette.testclient import TestClient

from app.database import Stores
from app.main import create_app
from app.settings import Settings
from tests.browsing import Browsing
from tests.instances import Instance
from tests.postgres import Cluster, cluster


@dataclass(frozen=True)
class Stage:
    """The instance as the scene left it, and what the scene remembers of it."""

    settings: Settings
    app: FastAPI
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def stores(self) -> Stores:
        """Both databases."""
        found: Stores = self.app.state.stores
        return found

    def browsing(self) -> Browsing:
        """A browser that nobody has unlocked yet."""
        return Browsing(TestClient(self.app, base_url=self.settings.base_url, follow_redirects=False))


class Scene(ABC):
    """One operation. Each of the three runs in a process of its own, on the databases as the one before left them."""

    name: ClassVar[str]
    most: ClassVar[int | None] = None
    """At so many points at most, spread evenly: where hundreds of them are alike, inside one transaction."""

    @abstractmethod
    def prepare(self, instance: Instance) -> dict[str, Any]:
        """Set the stage once; what it returns (JSON) is remembered."""

    @abstractmethod
    def act(self, stage: Stage, ready: Callable[[], None]) -> None:
        """Do it. Points are counted once `ready` was called."""

    @abstractmethod
    def check(self, stage: Stage) -> None:
        """Raises AssertionError when something is lost; then does it again, to the end, and looks once more."""


class Counter:
    """Counts points, and at the one it was given the process dies."""

    def __init__(self, at: int) -> None:
        self.at, self.count, self.on = at, 0, False

    def listen(self) -> None:
        """To every engine and session that this process will have."""
        event.listen(Engine, "before_cursor_execute", lambda *_about: self.point())
        event.listen(Engine, "commit", lambda _connection: self.point())
        event.listen(Session, "after_commit", lambda _session: self.point())

    def ready(self) -> None:
        """From here on."""
        self.on = True

    def point(self) -> None:
        """One more."""
        self.count += self.on
        if self.on and self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class Theatre:
    """Databases that can be put back as they were, at one address, so that the app is put together once."""

    def __init__(self, folder: Path, server: Cluster | None) -> None:
        self.folder, self.server = folder, server
        urls = [SecretStr(server.create(name)) for name in ("run_main", "run_state")] if server else [None, None]
        self.settings = Settings(
            data_dir=folder / "run/data",
            state_dir=folder / "run/state",
            base_url="http://localhost:8000",
            kdf="floor",
            database_url=urls[0],
            state_database_url=urls[1],
        )

    def keep(self) -> None:
        """Remember the databases as they are."""
        shutil.copytree(self.folder / "run", self.folder / "kept")
        for name in ("main", "state") if self.server else ():
            self.server.create(f"kept_{name}", template=f"run_{name}")  # type: ignore[union-attr] # as the loop says

    def put_back(self) -> None:
        """As they were when they were kept."""
        shutil.rmtree(self.folder / "run")
        shutil.copytree(self.folder / "kept", self.folder / "run")
        for name in ("main", "state") if self.server else ():
            self.server.drop(f"run_{name}")  # type: ignore[union-attr] # as the loop says
            self.server.create(f"run_{name}", template=f"kept_{name}")  # type: ignore[union-attr] # as the loop says


def kill(scene: Scene, *, database: str, points: int | None) -> tuple[int, int]:
    """Go through a scene; at how many points, of how many. Raises AssertionError at the first that is not survived."""
    with _theatre(database) as theatre:
        app, notes = create_app(theatre.settings), theatre.folder / "notes"
        stage = Stage(theatre.settings, app)
        _prepare(scene, stage)
        theatre.keep()
        _rehearse(scene, stage)
        theatre.put_back()
        counting = Counter(0)
        assert _forked(lambda: notes.write_text(str(_act(scene, stage, counting)))) == 0, f"{scene.name}: fails without being killed"
        total = int(notes.read_text())
        wanted = min(points or total, scene.most or total, total)
        chosen = sorted({1 + step * (total - 1) // max(1, wanted - 1) for step in range(wanted)})
        for at in chosen:
            theatre.put_back()
            died = _forked(lambda: _act(scene, stage, Counter(at)))  # noqa: B023 - forked and over before the loop goes on
            # What runs in threads may come to a statement or two fewer; whoever came to the end must have left it whole too.
            assert died in {0, -signal.SIGKILL}, f"{scene.name}: fails by itself on the way to point {at}"
            assert _forked(lambda: scene.check(stage)) == 0, f"{scene.name} on {database}: not whole after a kill at {at} of {total}"
        return len(chosen), total


@contextmanager
def _theatre(database: str) -> Iterator[Theatre]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "run").mkdir()
        yield Theatre(folder, stack.enter_context(cluster()) if database == "postgresql" else None)


def _prepare(scene: Scene, stage: Stage) -> None:
    client = TestClient(stage.app, base_url=stage.settings.base_url, follow_redirects=False)
    made = scene.prepare(Instance(settings=stage.settings, app=stage.app, stores=stage.stores, client=client))
    stage.memory.update(json.loads(json.dumps(made)))
    for store in (stage.stores.main, stage.stores.state):
        store.shred()
    _alone(stage)


def _rehearse(scene: Scene, stage: Stage) -> None:
    """Once without a kill, in this process: what is loaded, compiled and cached on the way is there for every fork."""
    memory = dict(stage.memory)
    scene.act(stage, lambda: None)
    scene.check(stage)
    stage.memory.clear()
    stage.memory.update(memory)
    _alone(stage)
    gc.collect()
    gc.freeze()


def _alone(stage: Stage) -> None:
    """No connection and no thread is left that a fork would tear in two."""
    stage.app.state.intake.close()
    stage.stores.close()
    deadline = time.monotonic() + 30
    while threading.active_count() > 1:
        assert time.monotonic() < deadline, f"threads stay: {threading.enumerate()}"
        time.sleep(0.01)


def _act(scene: Scene, stage: Stage, counter: Counter) -> int:
    counter.listen()
    scene.act(stage, counter.ready)
    return counter.count


def _forked(work: Callable[[], object]) -> int:
    """Do something in a process of its own; its exit status, negative for the signal that ended it. It says what failed."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, sys.stdout.fileno())
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> int:
    """The scenes named, or all of them."""
    from tests.kill_scenes import SCENES  # noqa: PLC0415 - they are written with the names above

    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--points", type=int)
    parser.add_argument("scenes", nargs="*")
    given = parser.parse_args()
    for scene in SCENES:
        if not given.scenes or scene.name in given.scenes:
            count, total = kill(scene, database=given.database, points=given.points)
            print(f"KILLED {scene.name} {given.database} {count} of {total}", flush=True)
    return 0


if __name__ == "__main__":
    # Under its own name, so that what the scenes import and what runs here are the same classes.
    from tests.killing import main as run

    sys.exit(run())
