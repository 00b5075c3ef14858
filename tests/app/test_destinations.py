"""Web addresses are taken apart in one way only, and every network address is inside or outside by a table."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.destinations import Allowed, Destination, OddAddress, complaint, outside, parse, parse_allowed, permitted, unwrap
from tests.hostile_addresses import OUTSIDE, addresses


@pytest.mark.parametrize(
    ("url", "destination", "authority"),
    [
        ("https://shop.example", Destination("https", "shop.example", 443, "/"), "shop.example"),
        ("HTTPS://Shop.Example:443/a/b?c=d%20e", Destination("https", "shop.example", 443, "/a/b?c=d%20e"), "shop.example"),
        ("https://shop.example?x", Destination("https", "shop.example", 443, "/?x"), "shop.example"),
        ("https://shop.example:8443/", Destination("https", "shop.example", 8443, "/"), "shop.example:8443"),
        ("http://192.168.1.5/", Destination("http", "192.168.1.5", 80, "/"), "192.168.1.5"),
        ("https://[2A00:0::1]:444/", Destination("https", "2a00::1", 444, "/"), "[2a00::1]:444"),
        ("https://bücher.example/", Destination("https", "xn--bcher-kva.example", 443, "/"), "xn--bcher-kva.example"),
        ("https://日本.example/", Destination("https", "xn--wgv71a.example", 443, "/"), "xn--wgv71a.example"),
    ],
)
def test_a_plain_address_is_taken_apart(url: str, destination: Destination, authority: str) -> None:
    """Host in lower-case ASCII, the target as it was written."""
    assert parse(url) == destination
    assert destination.authority == authority


@given(st.text(max_size=60))
def test_whatever_is_written_is_an_address_or_odd(text: str) -> None:
    """Nothing else is raised, and what is taken holds nothing that could end a header."""
    for url in (text, f"https://{text}/", f"https://shop.example/{text}"):
        try:
            found = parse(url)
        except OddAddress:
            continue
        said = found.host + found.target + found.authority
        assert said.isascii() and said.isprintable() and " " not in said


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_is_outside(address: str) -> None:
    """Neighbours of the private ranges included; and in every dress."""
    plain = ip_address(address)
    assert outside(plain)
    if plain.version == 4:
        assert outside(ip_address(f"::ffff:{address}")) and outside(ip_address(f"64:ff9b::{address}"))
        assert unwrap(ip_address(f"::ffff:{address}")) == plain


def test_everything_else_is_inside() -> None:
    """Every address of the hostile list."""
    assert [address for address in addresses() if outside(ip_address(address))] == []
    assert not outside(ip_address("2a00::1%eth0"))


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("printer.lan", Allowed("printer.lan", None, None)),
        ("Printer.lan:8080", Allowed("printer.lan", None, 8080)),
    ],
)
def test_an_entry_names_a_host(entry: str, allowed: Allowed) -> None:
    """On one port or on all."""
    assert parse_allowed(entry) == allowed


@pytest.mark.parametrize(
    ("entry", "url", "address", "may"),
    [
        ("10.0.0.0/8", "http://till.lan:9000/", "10.1.2.3", True),
        ("10.0.0.0/8", "http://till.lan:9000/", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "http://till.lan:9000/", "11.1.2.3", False),
        ("10.0.0.5", "http://10.0.0.5:1/", "10.0.0.5", True),
        ("10.0.0.5:8080", "http://10.0.0.5:8081/", "10.0.0.5", False),
        ("fd00::1", "http://[fd00::1]/", "fd00::1", True),
        ("[fd00::1]:80", "http://[fd00::1]/", "fd00::1", True),
        ("fd00::/8", "http://[fd00::1]/", "10.0.0.1", False),
        ("localhost:9000", "http://localhost:9000/", "127.0.0.1", True),
        ("localhost:9000", "http://127.0.0.1:9000/", "127.0.0.1", False),
        ("shop.example", "http://evil.example/", "10.0.0.1", False),
    ],
)
def test_an_entry_allows_what_it_names(entry: str, url: str, address: str, *, may: bool) -> None:
    """A host, a network, a port; nothing beside it."""
    assert permitted(parse(url), ip_address(address), [parse_allowed(entry)]) is may


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "http://x", "a b", "", "host:port", "0x7f.1", "::1/200"])
def test_an_odd_entry_is_refused(entry: str) -> None:
    """Rather than read as something that it may not mean."""
    with pytest.raises(OddAddress):
        parse_allowed(entry)


@pytest.mark.parametrize(
    ("url", "entries", "wrong"),
    [
        ("https://shop.example/hooks", [], None),
        ("https://localhost/hooks", [], None),
        ("https://1.1.1.1/hooks", [], None),
        ("https://10.0.0.1/hooks", [], "port 443"),
        ("https://10.0.0.1/hooks", ["10.0.0.0/8"], None),
        ("http://shop.example/hooks", [], "https"),
        ("http://till.lan/hooks", ["till.lan"], None),
        ("http://till.lan/hooks", ["10.0.0.0/8"], None),
        ("http://till.lan/hooks", ["10.0.0.1:9000"], "https"),
        ("https://shop.example:8443/hooks", [], "443"),
        ("https://me@shop.example/hooks", [], "without a user"),
        ("https://shop.example/hooks#x", [], "fragment"),
    ],
)
def test_a_complaint_is_about_the_form_alone(url: str, entries: list[str], wrong: str | None) -> None:
    """A name is not looked up: that it leads inside, or nowhere, is not said."""
    said = complaint(url, [parse_allowed(entry) for entry in entries])
    assert said is None if wrong is None else wrong in (said or "")
