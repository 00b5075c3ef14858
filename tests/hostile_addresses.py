"""Where a company might send this host: addresses inside, in every dress, and web addresses in forms that mislead.

Every attempt is made for real, with a resolver that obliges the attacker. Two witnesses count: a listener inside, and an
audit hook of the interpreter that sees every connect and keeps those to the outside from leaving this machine.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

from app.destinations import parse_allowed
from app.exchange.outbound import Failed, Outbound
from tests.receiving import Reply, receiving

INSIDE_FOUR = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32 169.254.169.254/32 "
    "100.100.100.200/32"
).split()
INSIDE_SIX = (
    "::/128 ::1/128 ::/96 100::/64 64:ff9b:1::/48 2001::/32 2001:20::/28 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fd00:ec2::254/128 "
    "fe80::/10 fec0::/10 ff00::/8 4000::/3 e000::/4"
).split()
PUBLIC = "1.1.1.1"
OUTSIDE = ("1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "198.20.0.1", "223.255.255.254", "2606:4700::1111", "2a00::1")


@dataclass
class Witness:
    """What was connected to. `port` is where the listener inside is; `accepted` counts what it got."""

    port: int
    accepted: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def inside(self) -> int:
        """How often anything connected to what is not the allowed receiver or the outside."""
        return len(self.accepted) + sum(1 for address in self.asked if address[1] == self.port and address[0] not in OUTSIDE)


_watching: dict[int, Witness] = {}


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (witness := _watching.get(threading.get_ident())):
        address = args[1]
        if isinstance(address, tuple):
            witness.asked.append(address)
            if address[0] in OUTSIDE:
                raise ConnectionRefusedError("nothing leaves this machine")


@contextmanager
def witnessed() -> Iterator[Witness]:
    """A listener on every address of this machine, and the hook on this thread."""
    if not getattr(sys, "_bothways_audit", False):
        sys.addaudithook(_audit)
        sys._bothways_audit = True  # type: ignore[attr-defined]  # a hook cannot be taken off; one is enough
    listener = (
        socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) if socket.has_ipv6 else socket.create_server(("", 0))
    )
    witness = Witness(listener.getsockname()[1])
    over = threading.Event()

    def accept() -> None:
        while True:
            connected, address = listener.accept()
            connected.close()
            if over.is_set():
                return
            witness.accepted.append(address)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    _watching[threading.get_ident()] = witness
    try:
        yield witness
    finally:
        del _watching[threading.get_ident()]
        over.set()
        socket.create_connection(("127.0.0.1", witness.port), 5).close()
        accepting.join()
        listener.close()


def addresses() -> list[str]:
    """Addresses inside: of each network the first, the last and one between; IPv4 also as mapped, NAT64, 6to4 and compatible."""
    found: list[str] = []
    for text in INSIDE_FOUR:
        network = IPv4Network(text)
        for address in dict.fromkeys((network[0], network[network.num_addresses // 2], network[-1])):
            found += [str(address), *_dressed(address)]
    for text in INSIDE_SIX:
        six = IPv6Network(text)
        found += [str(address) for address in dict.fromkeys((six[0], six[six.num_addresses // 2], six[-1]))]
    return list(dict.fromkeys(found))


def urls(port: int) -> list[str]:
    """Web addresses in forms that mislead one parser or another, most of them meaning 127.0.0.1 at the listener's port."""
    hosts = (
        "127.0.0.1 127.1 127.0.1 0 0.0.0.0 0177.0.0.1 0177.0.1 017700000001 0x7f.0.0.1 0x7f.1 0x7f000001 2130706433 127.0.0.01 127.0.0.1. "
        "127.0.0.0x1 0x7F.0x0.0x0.0x1 00000177.0.0.1 127.000.000.001 4294967297 2852039166 0xa9fea9fe 025177524776 169.254.43518 "
        "[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] "
        "[2002:7f00:1::] [fe80::1%25lo] [fe80::1%lo] [::1%25lo] [::1] [::ffff:0:127.0.0.1] [fd00:ec2::254] [127.0.0.1] [::1 ::1]] [] "
        "localhost LOCALHOST localhost. localhost.localdomain ip6-localhost localtest.me 127.0.0.1.nip.io spoofed.example. "
        "metadata.google.internal metadata instance-data a..b .localhost -a.example a-.example a_b.example xn--a.example *.example "
        "\uff11\uff12\uff17.\uff10.\uff10.\uff11 \u246b\u2466.\u24ea.\u24ea.\u2460 127\u30020\u30020\u30021 "
        "127\uff0e0\uff0e0\uff0e1 127\uff610\uff610\uff611 \u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3 "
        "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54 loc\u00adalhost localh\u043est 0x7f\u30021 \u24eax7f.1 "
        "127.0.0.1%00 127.0.0.1%2f 127.0.0.1%23 %31%32%37.0.0.1 localhost%00.shop.example user@127.0.0.1 user:pass@127.0.0.1 "
        "shop.example@127.0.0.1 127.0.0.1@shop.example shop.example%40127.0.0.1 shop.example\\@127.0.0.1 127.0.0.1\\shop.example"
    ).split(" ")
    found = [f"https://{host}:{port}/" for host in hosts]
    found += [f"http://{host}:{port}/" for host in ("127.0.0.1", "localhost", "[::1]", "shop.example")]
    found += [
        f"{scheme}://127.0.0.1:{port}/" for scheme in "ftp gopher file dict ldap ws wss unix jar data javascript HTTP https+unix".split()
    ]
    tail = f"127.0.0.1:{port}"
    found += [
        f"//{tail}/", f"https:{tail}/", f"https:/{tail}/", f"https:///{tail}/", f"https:\\\\{tail}\\", f"https:/\\{tail}/", f" https://{tail}/",
        f"https://{tail}/ ", f"ht\ntps://{tail}/", f"https://{tail}\t/", f"https://\t{tail}/", f"https://127.0.0.1\n:{port}/", f"https://{tail}/#x",
        f"https://shop.example:{port}#@{tail}/", f"https://shop.example:{port}?@{tail}/", f"https://shop.example:{port}\\@{tail}/",
        f"https://shop.example:{port}/\\@{tail}", f"https://{tail}/\r\nHost: x", f"https://shop.example:{port}:{port}/",
        f"https://127.0.0.1:0{port}/",
        "https://127.0.0.1:/", "https://127.0.0.1:99999/", "https://127.0.0.1:-1/", f"https://127.0.0.1:+{port}/",
        f"https://127.0.0.1: {port}/",
        "https://:443/", "", "https", f"https://{'a' * 300}.example:{port}/", f"https://{'a.' * 200}example:{port}/",
        f"https://{tail}/{'x' * 3000}", "file:///etc/passwd", "https://127.0.0.1:\uff11/", f"https://shop.example:{port}/\x00",
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def attempts(*, addresses_: Sequence[str] | None = None, urls_: Sequence[str] | None = None) -> int:
    """Try everything; how many attempts there were. Raises AssertionError when one got inside, or when the witness is blind."""
    made = 0
    with witnessed() as witness:
        chosen = addresses() if addresses_ is None else addresses_
        for address in chosen:
            host = f"[{address}]" if ":" in address else address
            for answer in ([address], [PUBLIC, address], [address, PUBLIC]):
                made += _refused(_outbound(witness, answer), f"https://shop.example:{witness.port}/", witness)
            made += _refused(_outbound(witness, [PUBLIC]), f"https://{host}:{witness.port}/", witness)
        for url in urls(witness.port) if urls_ is None else urls_:
            made += _refused(_outbound(witness, ["127.0.0.1"]), url, witness)
        assert witness.asked == []
        made += _rebinding(witness) + _redirects(witness) + _proxies(witness)
        assert witness.inside() == 0, f"got inside: {witness.accepted} {witness.asked}"
        _the_witness_sees(witness)
    return made


def _refused(outbound: Outbound, url: str, witness: Witness) -> int:
    try:
        outbound.post(url, b"{}", {})
    except Failed as failed:
        assert failed.outcome == "unreachable", f"{url!r}: {failed}"
    else:
        raise AssertionError(f"{url!r} was called")
    assert witness.inside() == 0, f"{url!r} got inside"
    return 1


def _outbound(witness: Witness, answer: Sequence[str]) -> Outbound:
    return Outbound(resolve=lambda _host, _port: answer, usual_port=witness.port, total=5)


def _rebinding(witness: Witness) -> int:
    """The first answer is outside, every later one inside: there is no later one, and the connect goes to the first."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    before = len(witness.asked)
    made = _refused(Outbound(resolve=resolve, usual_port=witness.port), f"https://shop.example:{witness.port}/", witness)
    assert asked == ["shop.example"]
    assert witness.asked[before:] == [(PUBLIC, witness.port)]
    return made


def _redirects(witness: Witness) -> int:
    """A server that may be called sends the call on inside: its word is not followed."""
    with receiving() as receiver:
        outbound = Outbound([parse_allowed(f"127.0.0.1:{receiver.port}")], usual_port=witness.port)
        targets = [f"{scheme}://{host}:{witness.port}/" for scheme in ("http", "https") for host in ("127.0.0.1", "[::1]", "localhost")]
        made = 0
        for status in (300, 301, 302, 303, 305, 307, 308):
            for target in targets:
                more = {
                    "Location": target,
                    "Refresh": f"0; url={target}",
                    "Link": f"<{target}>; rel=preload",
                    "Alt-Svc": f'h2=":{witness.port}"',
                }
                receiver.answer = lambda _received, status=status, more=more: Reply(status, more)  # type: ignore[misc]  # bound now
                assert outbound.post(f"{receiver.url}/hooks", b"{}", {}).status == status
                assert outbound.get(f"{receiver.url}/keys", {}, most=10).status == status
                made += 2
        assert len(receiver.received) == made
    return made


def _proxies(witness: Witness) -> int:
    """Variables that name a proxy are not read."""
    there = f"http://127.0.0.1:{witness.port}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(names, there))
    try:
        with receiving() as receiver:
            outbound = Outbound([parse_allowed(f"127.0.0.1:{receiver.port}")])
            assert outbound.post(f"{receiver.url}/", b"{}", {}).status == 204
    finally:
        os.environ.clear()
        os.environ.update(before)
    return 1


def _the_witness_sees(witness: Witness) -> None:
    """Allowed by the operator, the same listener is reached: what counted nothing can count."""
    outbound = Outbound([parse_allowed(f"127.0.0.1:{witness.port}")])
    try:
        outbound.post(f"http://127.0.0.1:{witness.port}/", b"{}", {})
    except Failed as failed:
        assert failed.outcome == "broken"
    assert witness.inside() > 0, "the witness is blind"


def _dressed(address: IPv4Address) -> list[str]:
    four = int(address)
    return [
        str(IPv6Address((0xFFFF << 32) | four)),
        str(IPv6Address((0x0064_FF9B << 96) | four)),
        str(IPv6Address((0x2002 << 112) | (four << 80))),
        str(IPv6Address(four)),
    ]
