"""The real program in a process of its own, as `make run` starts it."""

import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from app.settings import Settings

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
SET_UP = re.compile(r"^Set up: (\S+)$", re.MULTILINE)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the environment variables that would make them."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    plain = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name, value in given.items()
        if value is not None
    }
    mine = {f"BOTHWAYS_{name.upper()}": ",".join(value) if isinstance(value, list) else str(value) for name, value in plain.items()}
    others = {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")}
    return others | mine | {"PYTHONUNBUFFERED": "1"}


@dataclass
class Server:
    """A running `bothways serve`. What it writes goes to `log`, which outlives restarts."""

    settings: Settings
    log: Path
    extra: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it is reached, without a slash at the end."""
        return self.settings.base_url

    @property
    def set_up(self) -> str:
        """The one-time link of the first owner, from its output."""
        found = SET_UP.findall(self.output)
        assert found, f"no `Set up:` line in:\n{self.output}"
        return str(found[-1])

    @property
    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> "Server":
        """Start it and wait until it answers. Fails with its output when it does not."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "app.cli", "serve"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.settings) | self.extra, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"the server did not start:\n{self.output}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End it as an operator would, and wait."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None

    def kill(self) -> None:
        """Cut its power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self) -> "Server":
        """Stop and start it on the same data."""
        self.stop()
        return self.start()

    def cli(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a CLI verb on the same data, as on a pipe."""
        command = [sys.executable, "-m", "app.cli", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(self.settings) | self.extra, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.settings.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False
