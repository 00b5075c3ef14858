"""Where calls may go: the forms of a web address, and which network addresses lie outside. Pure: the network is not asked.

A web address that a company registered leads this host wherever the company likes. So the forms are few, every address is
classified by an explicit table (`ipaddress.is_global` alone lets internal ones through, behind NAT64, 6to4 or an IPv4-mapped
form), and what the operator allows is written down entry by entry.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import idna

Address = IPv4Address | IPv6Address
LONGEST: Final = 2048
USUAL_PORT: Final = 443
_PORTS: Final = {"https": USUAL_PORT, "http": 80}

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<six>[0-9a-fA-F:.]{2,45})\]|(?P<name>[^\x00-\x20\x7f/?#@:\\\[\]%]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/[!\"$-\[\]-~]*)?(?:\?[!\"$-\[\]-~]*)?)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What a resolver may take for a number, and so for an IPv4 address in one of its odder forms.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# IANA special-purpose registries (RFC 6890 and its updates), multicast, reserved, and two of the clouds' own addresses.
_INSIDE_FOUR = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Of IPv6 only global unicast is outside, and these parts of it are not.
_GLOBAL_SIX = IPv6Network("2000::/3")
_INSIDE_SIX = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20"))
_MAPPED, _NAT64, _SIX_TO_FOUR = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")


class OddAddress(ValueError):
    """A web address in a form that is not called, with the reason for its author."""


@dataclass(frozen=True)
class Destination:
    """A web address taken apart: `host` in lower-case ASCII without brackets, `target` as it goes into the request line."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def literal(self) -> Address | None:
        """The address, where the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """As the header `Host` has it (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Allowed:
    """One entry of the operator's list: a host name or a network, on one port or on all."""

    host: str | None
    network: IPv4Network | IPv6Network | None
    port: int | None

    def covers(self, destination: Destination, address: Address) -> bool:
        """Whether this entry allows calling `destination` at `address`."""
        if self.port not in {None, destination.port}:
            return False
        return self.host == destination.host if self.network is None else address in self.network


def parse(url: str) -> Destination:
    """Take a web address apart. Raises OddAddress for every form that two programs could read in two ways."""
    found = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if found is None:
        raise OddAddress("must be a plain https address, without a user, a fragment, spaces or backslashes")
    scheme, port = found["scheme"].lower(), found["port"]
    number = int(port) if port else _PORTS[scheme]
    if not 1 <= number <= 65535 or (port or "1").startswith("0"):
        raise OddAddress("the port is not one")
    target = found["target"]
    return Destination(scheme, _host(found["name"], found["six"]), number, target if target.startswith("/") else f"/{target}")


def parse_allowed(entry: str) -> Allowed:
    """One entry: `host`, `host:port`, `address`, `address:port` or a network such as `192.168.0.0/16`. Raises OddAddress."""
    if "/" in entry:
        try:
            return Allowed(None, ip_network(entry), None)
        except ValueError:
            raise OddAddress(f"{entry!r} is not a network") from None
    bare = f"[{entry}]" if entry.count(":") > 1 and not entry.startswith("[") else entry
    try:
        found = parse(f"http://{bare}/")
    except OddAddress:
        raise OddAddress(f"{entry!r} is neither a host, a host with a port, nor a network") from None
    port = found.port if re.search(r":[0-9]+$", bare) else None
    literal = found.literal
    return Allowed(None, ip_network(unwrap(literal)), port) if literal else Allowed(found.host, None, port)


def unwrap(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056) one; any other as it is."""
    if isinstance(address, IPv6Address) and address.scope_id is None:
        if address in _MAPPED or address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        if address in _SIX_TO_FOUR:
            return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def outside(address: Address) -> bool:
    """Whether an address is out on the internet: no part of this host, its network, its cloud, or of what is reserved."""
    inner = unwrap(address)
    if isinstance(inner, IPv4Address):
        return not any(inner in network for network in _INSIDE_FOUR)
    return inner.scope_id is None and inner in _GLOBAL_SIX and not any(inner in network for network in _INSIDE_SIX)


def permitted(destination: Destination, address: Address, allowed: Iterable[Allowed], *, usual_port: int = USUAL_PORT) -> bool:
    """Whether `destination` may be called at `address`: outside, by https at the usual port; or as the operator allows."""
    inner = unwrap(address)
    if any(entry.covers(destination, inner) for entry in allowed):
        return True
    return destination.scheme == "https" and destination.port == usual_port and outside(address)


def complaint(url: str, allowed: Sequence[Allowed]) -> str | None:
    """Why a web address can never be called, judged by its form alone; None when it may be. Nothing is looked up: whether a
    name exists here, and where it leads, is not told to whoever registers it."""
    try:
        destination = parse(url)
    except OddAddress as odd:
        return str(odd)
    literal = destination.literal
    if literal is not None:
        return None if permitted(destination, literal, allowed) else "must be an https address on port 443, out on the internet"
    near = [entry for entry in allowed if entry.port in {None, destination.port} and (entry.network or entry.host == destination.host)]
    usual = destination.scheme == "https" and destination.port == USUAL_PORT
    return None if usual or near else "must be an https address on port 443"


def _host(name: str | None, six: str | None) -> str:
    if name is None:
        try:
            return str(IPv6Address(six or ""))
        except ValueError:
            raise OddAddress("the host is not an address") from None
    host = _ascii(name)
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise OddAddress("the host is not a name")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise OddAddress("the host is a number in an odd form") from None
    return host


def _ascii(name: str) -> str:
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise OddAddress("the host is not a name") from None
