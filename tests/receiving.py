"""A company's server on this machine: it receives, notes, and answers as it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request: what came, and when its first byte was here (monotonic seconds)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Reply:
    """What to answer."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: float = 0


@dataclass
class Receiver:
    """`answer` decides on each request; without one everything is taken."""

    port: int
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Reply] = field(default=lambda _received: Reply())

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def types(self) -> list[str]:
        """The types of the events that came, in order."""
        return [str(event["type"]) for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        """The events that came, in order."""
        return [json.loads(one.body) for one in self.received if one.method == "POST"]

    def wait_for(self, count: int, *, seconds: float = 10) -> None:
        """Wait until so many requests have come. Fails when they do not."""
        until = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < until, f"{len(self.received)} of {count} requests came"
            time.sleep(0.01)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver, for the length of the block."""
    receiver = Receiver(port=0)

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            at = time.monotonic()
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            received = Received(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body, at)
            receiver.received.append(received)
            reply = receiver.answer(received)
            time.sleep(reply.after)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                pass  # the caller did not wait

        do_GET = do_POST = _take  # noqa: N815 - the names that the standard library calls

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    serving.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
