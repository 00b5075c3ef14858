"""The way out: only to where it may lead, within its time, and with nothing read that is not needed."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.destinations import parse_allowed
from app.exchange import outbound
from app.exchange.outbound import Failed, Outbound
from tests.certificates import certificate_for
from tests.hostile_addresses import addresses, attempts, urls
from tests.receiving import Reply, receiving


def test_nothing_leads_inside() -> None:
    """Some of each kind; all of them: `make prove`."""
    assert attempts(addresses_=addresses()[::12], urls_=urls(443)[::4]) > 100


def test_what_may_be_called_is_called() -> None:
    """Host, body and headers as they were given; the answer's status, wait, and the first part of its body."""
    with receiving() as receiver:
        receiver.answer = lambda _received: Reply(503, {"Retry-After": "7"}, b"x" * 100)
        out = Outbound([parse_allowed(f"127.0.0.1:{receiver.port}")])
        answer = out.post(f"{receiver.url}/a?b=c", b"hello", {"webhook-id": "1"})
        assert (answer.status, answer.retry_after, answer.body, answer.whole) == (503, "7", b"x" * 100, True)
        (one,) = receiver.received
        assert (one.method, one.path, one.body, one.headers["webhook-id"]) == ("POST", "/a?b=c", b"hello", "1")
        assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert "x" * 10 not in repr(answer)
        assert out.get(receiver.url, {}, most=10).body == b"x" * 10
        assert not out.get(receiver.url, {}, most=10).whole


def test_an_endless_body_is_left() -> None:
    """Somebody who sends for ever is read to the limit, and no further."""

    def endless(connected: socket.socket) -> None:
        connected.recv(65536)
        connected.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connected.sendall(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")

    with serving(endless) as port:
        begun = time.monotonic()
        answer = allowing(port).get(f"http://127.0.0.1:{port}/", {}, most=20_000)
    assert (len(answer.body), answer.whole) == (20_000, False)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_drip_ends_by_the_deadline(sent: bytes) -> None:
    """A byte now and then keeps nobody: the whole call has one end, in the headers as in the body."""

    def drip(connected: socket.socket) -> None:
        connected.sendall(sent)
        while True:
            connected.sendall(b"x")
            time.sleep(0.1)

    with serving(drip if sent else lambda _connected: time.sleep(5)) as port:
        begun = time.monotonic()
        with pytest.raises(Failed, match="timeout"):
            allowing(port, total=0.7).post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"])
def test_nonsense_is_broken(sent: bytes) -> None:
    """What is no HTTP answer, or only part of one."""

    def answer(connected: socket.socket) -> None:
        connected.recv(65536)
        connected.sendall(sent)

    with serving(answer) as port, pytest.raises(Failed, match="broken"):
        allowing(port).post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_the_name_stays_the_name(tmp_path: Path) -> None:
    """Connected to an address, TLS still asks for the name, and its certificate must be for it."""
    certificate, key = certificate_for("shop.example", tmp_path)
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    def answer(connected: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connected, server_side=True) as secured:
            while not heard or not heard[-1].endswith(b"{}"):
                heard.append(heard.pop() + secured.recv(65536) if heard else secured.recv(65536))
            secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    heard: list[bytes] = []
    with serving(answer) as port:
        trusting = ssl.create_default_context(cafile=certificate)
        for name, verdict in (("shop.example", "200"), ("other.example", "tls")):
            allowed = [parse_allowed(f"{name}:{port}")]
            out = Outbound(allowed, resolve=lambda _host, _port: ["127.0.0.1"], tls=trusting)
            try:
                assert str(out.post(f"https://{name}:{port}/", b"{}", {}).status) == verdict
            except Failed as failed:
                assert failed.outcome == verdict
        with pytest.raises(Failed, match="tls"):
            Outbound([parse_allowed(f"127.0.0.1:{port}")]).post(f"https://127.0.0.1:{port}/", b"{}", {})
    assert asked[:2] == ["shop.example", "other.example"]
    assert f"Host: shop.example:{port}\r\n".encode() in heard[0]


def test_the_next_address_is_tried() -> None:
    """A name with two addresses, the first of which nobody listens on."""
    with receiving() as receiver:
        allowed = [parse_allowed(f"shop.example:{receiver.port}")]
        out = Outbound(allowed, resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])
        assert out.post(f"http://shop.example:{receiver.port}/", b"{}", {}).status == 204


def test_looking_up_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs holds nobody longer than its time; when too many hang, nobody waits in line."""
    over = threading.Event()

    def hang(*_args: object, **_more: object) -> list[object]:
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(outbound, "LOOK_UP_SECONDS", 0.05)
    try:
        assert [outbound.look_up("shop.example", 443) for _ in range(16)] == [[]] * 16
        with pytest.raises(Failed, match="unreachable"):
            outbound.look_up("shop.example", 443)
    finally:
        over.set()
    monkeypatch.undo()
    until = time.monotonic() + 5
    while not outbound._LOOK_UPS.acquire(blocking=False):
        assert time.monotonic() < until
        time.sleep(0.01)
    outbound._LOOK_UPS.release()
    assert outbound.look_up("nowhere.invalid", 443) == []


def allowing(port: int, *, total: float = 5) -> Outbound:
    return Outbound([parse_allowed(f"127.0.0.1:{port}")], total=total)


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that handles each connection by `answer`; the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def handle(connected: socket.socket) -> None:
        with connected, suppress(OSError):
            answer(connected)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()
