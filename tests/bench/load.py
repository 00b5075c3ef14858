"""A load generator in a process of its own: raw sockets, requests made beforehand, nothing but the reading of lengths between.

On standard input a JSON object `{port, connections, seconds, requests: [text, …]}`; on standard output what came of it.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(frozen=True)
class Outcome:
    """Answers per second, the 50th and 99th percentile of their times (milliseconds), and how many had which status."""

    rate: float
    p50: float
    p99: float
    statuses: dict[str, int]


def http(method: str, path: str, *, host: str, token: str = "", body: object = None) -> str:
    """One request of HTTP/1.1 with a bearer token, as text."""
    return raw(method, path, host=host, authorization=f"Bearer {token}" if token else "", body=body)


def raw(method: str, path: str, *, host: str, authorization: str, body: object = None) -> str:
    """One request of HTTP/1.1, as text."""
    content = "" if body is None else json.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "content-type: application/json", f"content-length: {len(content.encode())}"]
    return "\r\n".join([*lines, *([f"authorization: {authorization}"] if authorization else []), "", content])


def load(port: int, requests: Sequence[str], *, connections: int, seconds: float) -> Outcome:
    """Send the requests in turn over so many connections, each waiting for its answer, for so long."""
    given = json.dumps({"port": port, "connections": connections, "seconds": seconds, "requests": list(requests)})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"], input=given, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    return Outcome(**json.loads(done.stdout))


def _main() -> None:
    given = json.load(sys.stdin)
    queue = cycle([request.encode() for request in given["requests"]])
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    took: list[float] = []
    statuses: Counter[str] = Counter()
    clock = time.perf_counter
    for _ in range(given["connections"]):
        connection = socket.create_connection(("127.0.0.1", given["port"]))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        sent[connection] = clock()
        connection.sendall(next(queue))
    started = clock()
    until = started + given["seconds"]
    now = started
    while now < until:
        for key, _ in selector.select(1):
            connection = key.fileobj  # type: ignore[assignment]  # what was registered
            answer = _answer(connection)
            now = clock()
            took.append(now - sent[connection])
            statuses[answer[9:12].decode()] += 1
            sent[connection] = now
            connection.sendall(next(queue))
    took.sort()
    quantile = {share: took[int(share * (len(took) - 1))] * 1000 for share in (0.5, 0.99)}
    print(json.dumps({"rate": len(took) / (now - started), "p50": quantile[0.5], "p99": quantile[0.99], "statuses": statuses}))


def _answer(connection: socket.socket) -> bytes:
    answer = connection.recv(65536)
    while True:
        head = answer.find(END)
        if head >= 0:
            at = answer.find(LENGTH, 0, head + 2)
            length = int(answer[at + len(LENGTH) : answer.index(b"\r", at)]) if at >= 0 else 0
            if len(answer) >= head + len(END) + length:
                return answer
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        answer += more


if __name__ == "__main__":
    _main()
