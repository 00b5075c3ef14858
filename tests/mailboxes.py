"""Mailboxes of any size, made as they are read: newsletters, orders, people, mailing lists, attachments, spam. Every name is invented.

`mbox(size)` yields pieces of an mbox of about so many bytes; the same size gives the same mails. `expected` says what is in it.
"""

import base64
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

BEGIN = datetime(2019, 3, 2, 9, 30, tzinfo=UTC)
SHOPS = 40
FRIENDS = 12
ATTACHED = 600_000
"""Bytes of the largest attachment."""


@dataclass
class Expected:
    """What was written so far."""

    mails: int = 0
    size: int = 0
    spam: int = 0
    senders: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)


def mbox(size: int, expected: Expected, *, seed: int = 1) -> Iterator[bytes]:
    """Pieces of an mbox of at least `size` bytes, one mail each."""
    dice = random.Random(seed)  # noqa: S311 - the same mails every time are the point
    kinds = (_newsletter, _newsletter, _order, _friend, _office, _list, _attached, _spam)
    at = BEGIN
    while expected.size < size:
        at += timedelta(seconds=dice.randrange(60, 7_200))
        # A mailbox of 1 GB is mostly what is attached to it.
        piece = dice.choice(kinds)(dice, expected, at)
        expected.mails += 1
        expected.size += len(piece)
        yield piece


def mail(heads: Sequence[str], body: bytes, *, at: datetime = BEGIN, end: str = "\n") -> bytes:
    """One mail as an mbox holds it, with the line that begins it."""
    first = f"From sender@mail.example {at:%a %b %d %H:%M:%S %Y}"
    return "".join(line + end for line in (first, *heads, "")).encode() + body + (end * 2).encode()


def html_mail(sender: str, markup: str, *, at: datetime = BEGIN, heads: Sequence[str] = ()) -> bytes:
    """A mail of one HTML part."""
    given = [f"From: {sender}", f"Date: {format_datetime(at)}", 'Content-Type: text/html; charset="utf-8"', *heads]
    return mail(given, f"<html><body>{markup}</body></html>".encode(), at=at)


def json_ld(*things: object) -> str:
    """Things of schema.org as the script that mails carry."""
    given = [{"@context": "http://schema.org", **thing} if isinstance(thing, dict) else thing for thing in things]
    return f'<script type="application/ld+json">{json.dumps(given[0] if len(given) == 1 else given, ensure_ascii=False)}</script>'


def _newsletter(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    shop = dice.randrange(SHOPS)
    expected.senders.add(f"shop{shop}.example")
    heads = (
        "To: robin@home.example",
        f"List-Unsubscribe: <https://shop{shop}.example/leave?who=robin>, <mailto:leave@shop{shop}.example>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    )
    return html_mail(f"Shop number {shop} <news@mail.shop{shop}.example>", "<p>All new.</p>" * dice.randrange(20, 900), at=at, heads=heads)


def _order(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    shop, number = dice.randrange(SHOPS), f"N-{dice.randrange(10**6):06}"
    expected.senders.add(f"shop{shop}.example")
    expected.orders.add(f"{shop}/{number}")
    order = {
        "@type": "Order",
        "orderNumber": number,
        "price": f"{dice.randrange(200, 90_000) / 100:.2f}",
        "priceCurrency": "EUR",
        "merchant": {"@type": "Organization", "name": f"Shop number {shop}"},
    }
    return html_mail(f"Shop number {shop} <orders@shop{shop}.example>", json_ld(order) + "<p>Thank you.</p>", at=at)


def _friend(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    heads = [f"From: Friend {dice.randrange(FRIENDS)} <friend{dice.randrange(FRIENDS)}@gmail.com>", f"Date: {format_datetime(at)}"]
    return mail([*heads, "To: robin@home.example"], b"See you soon?\n>From where we stood.\n" * dice.randrange(1, 40), at=at)


def _office(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    expected.senders.add("northwind.example")
    heads = ["From: Northwind Broadband <support@northwind.example>", f"Date: {format_datetime(at)}", "To: robin@home.example"]
    return mail(heads, b"Your line is up again.\r\n" * dice.randrange(1, 40), at=at)


def _list(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    heads = [f"From: Member {dice.randrange(FRIENDS)} <someone@people.example>", f"Date: {format_datetime(at)}"]
    expected.senders.add("people.example")
    return mail([*heads, "List-Post: <mailto:talk@lists.example>", "Precedence: list"], b"I think so too.\n" * 30, at=at)


def _attached(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    expected.senders.add("nine-lives.example")
    heads = [
        "From: Nine Lives Insurance <no-reply@nine-lives.example>",
        f"Date: {format_datetime(at)}",
        'Content-Type: multipart/mixed; boundary="=_outer"',
    ]
    data = base64.encodebytes(dice.randbytes(dice.randrange(1_000, ATTACHED)))
    text = b"--=_outer\nContent-Type: text/plain\n\nYour papers.\n"
    papers = b"--=_outer\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n"
    return mail(heads, text + papers + data + b"--=_outer--\n", at=at)


def _spam(dice: random.Random, expected: Expected, at: datetime) -> bytes:
    expected.spam += 1
    heads = ["From: You won <win@prize.example>", f"Date: {format_datetime(at)}", "X-Spam-Flag: YES"]
    return mail(heads, b"Click.\n" * dice.randrange(1, 200), at=at)
