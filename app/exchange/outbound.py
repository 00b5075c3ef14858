"""The only way out to the network. Companies choose where these calls go, so nothing they choose may lead inside.

One call is one connection: the name is looked up once, every address that it has is classified, and the connection goes to
one of these very addresses, so that a second answer of the resolver changes nothing. Host and SNI stay the name. Redirects
are not followed, proxy variables are not read (httpcore knows neither), the whole call ends by one deadline, and of the
answer a bounded part is read. What a company may learn of it is its status, never its body, and never why nothing answered.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from threading import BoundedSemaphore, Thread
from typing import Any, Final, Protocol

import httpcore2

from app.destinations import USUAL_PORT, Allowed, Destination, OddAddress, parse, permitted

TOTAL_SECONDS: Final = 15.0
CONNECT_SECONDS: Final = 5.0
LOOK_UP_SECONDS: Final = 5.0
BODY_READ: Final = 16 * 1024
# A resolver that hangs holds a thread each; beyond these nobody waits in line.
_LOOK_UPS = BoundedSemaphore(16)

Resolver = Callable[[str, int], Sequence[str]]


class Failed(Exception):
    """No answer. `outcome` is all that a company learns of it: `unreachable`, `tls`, `timeout`, `broken` or `stopped`.

    `unreachable` is one word for a name that does not exist, an address that is not called and a connection that was
    refused: told apart, they would map this host's network.
    """

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Watch(Protocol):
    """Who wants to be asked at the last moment before anything is sent, and told when all of it has left."""

    def leaving(self) -> None:
        """The connection stands and nothing was sent yet. Raises Failed to send nothing."""

    def left(self) -> None:
        """Everything was handed to the network."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, how long to wait before the next call, and at most the first part of the body."""

    status: int
    retry_after: str
    body: bytes = field(repr=False)
    whole: bool


@cache
def usual_tls() -> ssl.SSLContext:
    """Certificates are checked by the authorities that this machine trusts. Read when the first call goes out: that takes a while."""
    return ssl.create_default_context()


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver, within bounded time; none when there are none. Raises Failed."""
    if not _LOOK_UPS.acquire(blocking=False):
        raise Failed("unreachable")
    found: list[str] = []

    def ask() -> None:
        try:
            found.extend(str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError:
            pass
        finally:
            _LOOK_UPS.release()

    asking = Thread(target=ask, name="look-up", daemon=True)
    asking.start()
    asking.join(LOOK_UP_SECONDS)
    return [] if asking.is_alive() else found


@dataclass(frozen=True)
class Outbound:
    """Calls to where `allowed` and the rules let them go."""

    allowed: Sequence[Allowed] = ()
    resolve: Resolver = field(default=look_up, repr=False)
    usual_port: int = USUAL_PORT
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    total: float = TOTAL_SECONDS

    @property
    def secured(self) -> ssl.SSLContext:
        """What TLS goes by: `tls`, or what is usual."""
        return self.tls or usual_tls()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, watch: Watch | None = None) -> Answer:
        """Send `body`. Raises Failed."""
        return self._call("POST", url, body=body, headers=headers, watch=watch, most=BODY_READ)

    def get(self, url: str, headers: Mapping[str, str], *, most: int) -> Answer:
        """Fetch at most `most` bytes. Raises Failed."""
        return self._call("GET", url, body=None, headers=headers, watch=None, most=most)

    def _call(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], watch: Watch | None, most: int) -> Answer:
        try:
            destination = parse(url)
        except OddAddress:
            raise Failed("unreachable") from None
        target = httpcore2.URL(scheme=destination.scheme, host=destination.host, port=destination.port, target=destination.target)
        sent = {"Host": destination.authority, "User-Agent": "Bothways", "Connection": "close", **headers}
        way = _Way(self, destination, time.monotonic() + self.total, watch)
        connection = httpcore2.HTTPConnection(target.origin, ssl_context=self.secured, network_backend=way)
        try:
            with connection.stream(method, target, headers=list(sent.items()), content=body) as response:
                return _answer(response, most)
        except (httpcore2.ProtocolError, httpcore2.NetworkError):
            raise Failed("broken") from None
        finally:
            connection.close()

    def reach(self, host: str, port: int) -> socket.socket:
        """A connection to a host that the operator's own settings name, wherever it lies: nobody else chooses it. Raises Failed.

        It is looked up within bounded time, and what answers is between it and the caller.
        """
        for address in dict.fromkeys(self.resolve(host, port)):
            try:
                return socket.create_connection((address, port), CONNECT_SECONDS)
            except OSError:
                continue
        raise Failed("unreachable")

    def addresses(self, destination: Destination) -> list[str]:
        """Where to connect. Raises Failed when there is no address, or when any of them is not permitted."""
        literal = destination.literal
        found = [str(literal)] if literal else list(dict.fromkeys(self.resolve(destination.host, destination.port)))
        if not found or not all(permitted(destination, ip_address(one), self.allowed, usual_port=self.usual_port) for one in found):
            raise Failed("unreachable")
        return found


def _answer(response: httpcore2.Response, most: int) -> Answer:
    body = bytearray()
    whole = True
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > most:
            whole = False
            break
    wait = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
    return Answer(response.status, wait.decode("ascii", "replace"), bytes(body[:most]), whole)


class _Way(httpcore2.NetworkBackend):
    """Connects one call. Whatever httpcore asks for, the connection goes to an address that was permitted."""

    def __init__(self, outbound: Outbound, destination: Destination, deadline: float, watch: Watch | None) -> None:
        self.outbound, self.destination, self.deadline, self.watch = outbound, destination, deadline, watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        for address in self.outbound.addresses(self.destination):
            try:
                connected = socket.create_connection((address, self.destination.port), min(CONNECT_SECONDS, _left(self.deadline)))
            except OSError:
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Stream(connected, self.deadline, self.watch)
        raise Failed("unreachable")


class _Stream(httpcore2.NetworkStream):
    """A connection on which every wait ends by the deadline of the call."""

    def __init__(self, connected: socket.socket, deadline: float, watch: Watch | None) -> None:
        self._socket, self._deadline, self._watch = connected, deadline, watch
        self._leaving = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._leaving and self._watch is not None:
            self._leaving, watch, self._watch = False, self._watch, None
            watch.left()
        try:
            self._socket.settimeout(_left(self._deadline))
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise Failed("timeout") from None
        except OSError as broken:
            raise httpcore2.ReadError(str(broken)) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._leaving and self._watch is not None:
            self._watch.leaving()
            self._leaving = True
        try:
            self._socket.settimeout(_left(self._deadline))
            self._socket.sendall(buffer)
        except TimeoutError:
            raise Failed("timeout") from None
        except OSError as broken:
            raise httpcore2.WriteError(str(broken)) from None

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            self._socket.settimeout(_left(self._deadline))
            self._socket = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError:
            self.close()
            raise Failed("timeout") from None
        except OSError:  # `ssl.SSLError` is one
            self.close()
            raise Failed("tls") from None
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "socket" else None


def _left(deadline: float) -> float:
    """Seconds until the deadline. Raises Failed when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise Failed("timeout")
    return left
