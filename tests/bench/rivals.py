"""The real program beside what it is compared with, each in a process of its own, loaded in turns."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from pydantic import SecretStr

from app.database import Stores, open_stores
from app.settings import Settings
from tests.bench.load import Outcome, load
from tests.databases import postgres_copy, postgres_template, sqlite_copy, sqlite_template
from tests.postgres import cluster
from tests.serving import ROOT, START_SECONDS, Server, free_port

KINDS = ("sqlite", "postgresql")
SECONDS = 3.0
ROUNDS = 3


@dataclass(frozen=True)
class Rivals:
    """Where both listen."""

    ours: Settings
    bare: int


@contextmanager
def rivals(kind: str, prepare: Callable[[Stores], None]) -> Iterator[Rivals]:
    """Both running on databases of their own of one kind; `prepare` fills ours before it starts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        main: SecretStr | None = None
        state: SecretStr | None = None
        bare = str(folder / "bare.sqlite3")
        if kind == "sqlite":
            sqlite_copy(sqlite_template(folder / "template"), folder)
        else:
            server = postgres_template(stack.enter_context(cluster(durable=True)), folder / "template")
            database = stack.enter_context(postgres_copy(server))
            main, state = SecretStr(database.main_url), SecretStr(database.state_url)
            bare = server.create("bare")
        settings = Settings(
            data_dir=folder / "data",
            state_dir=folder / "state",
            port=port,
            base_url=f"http://localhost:{port}",
            kdf="floor",
            database_url=main,
            state_database_url=state,
        )
        stores = open_stores(settings)
        prepare(stores)
        stores.close()
        ours = Server(settings, folder / "log").start()
        stack.callback(ours.stop)
        yield Rivals(settings, stack.enter_context(bare_server(bare)))


@contextmanager
def bare_server(database: str = "") -> Iterator[int]:
    """The bare routes; their port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare", str(port), *([database] if database else [])]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        await_answer(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def await_answer(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until something answers there, whatever it says."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urlopen(Request(f"http://127.0.0.1:{port}/healthz"), timeout=5).close()
        except (URLError, ConnectionError, TimeoutError) as failed:
            if isinstance(failed, URLError) and hasattr(failed, "status"):  # an HTTP error is an answer
                return
            assert process.poll() is None and time.monotonic() < deadline, "it did not start"
            time.sleep(0.02)
        else:
            return


@dataclass(frozen=True)
class Side:
    """What one side is sent."""

    port: int
    requests: Sequence[str]
    statuses: frozenset[str]


def compared(ours: Side, base: Side, *, connections: int, seconds: float = SECONDS, rounds: int = ROUNDS) -> list[tuple[Outcome, Outcome]]:
    """Both loaded in turns, the order changing; one round before does not count. Ours is first in each pair."""
    pairs = []
    for number in range(rounds + 1):
        outcomes = {}
        for side in (ours, base) if number % 2 else (base, ours):
            outcome = load(side.port, side.requests, connections=connections, seconds=seconds if number else 1)
            assert set(outcome.statuses) <= side.statuses, outcome
            outcomes[side.port] = outcome
        pairs.append((outcomes[ours.port], outcomes[base.port]))
    return pairs[1:]


def ratio(pairs: Sequence[tuple[Outcome, Outcome]], what: Callable[[Outcome], float]) -> float:
    """The median over the rounds of the ratio within a round."""
    return statistics.median(what(ours) / what(base) for ours, base in pairs)


def figures(pairs: Sequence[tuple[Outcome, Outcome]]) -> str:
    """The medians themselves, for reading."""
    rates = [statistics.median(one.rate for one in side) for side in zip(*pairs, strict=True)]
    tails = [statistics.median(one.p99 for one in side) for side in zip(*pairs, strict=True)]
    return f"{rates[0]:,.0f}/s beside {rates[1]:,.0f}/s; p99 {tails[0]:.1f} ms beside {tails[1]:.1f} ms"
