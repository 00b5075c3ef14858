"""Mail that is broken or means harm: one fault stays one, limits hold, and nothing that is put together breaks the reading."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.exchange.importers.mail import headers, markup
from app.exchange.importers.mail.stream import DEPTH, LONGEST_FIELD
from tests.app.exchange.importers.test_mail import NOW, ORDER, mails_of, read, whole_mail
from tests.mailboxes import html_mail, json_ld, mail
from vault.records import Interaction

FAULTS: dict[str, bytes] = {
    "boundary never closed": whole_mail().replace(b"--b 1--", b""),
    "boundary of nobody": whole_mail().replace(b'boundary="b 1"', b'boundary="b 2"'),
    "boundary missing": whole_mail().replace(b'; boundary="b 1"', b""),
    "no date": whole_mail().replace(b"Date:", b"Dote:"),
    "date of nonsense": whole_mail().replace(b"02 Mar 2019", b"99 Mar 99999"),
    "date of the far future": whole_mail().replace(b"2019 09", b"2999 09"),
    "NUL everywhere": whole_mail()[:40] + whole_mail()[40:].replace(b" ", b"\x00"),
    "NUL in a head": whole_mail().replace(b"Corner", b"Cor\x00ner"),
    "a head without colon": whole_mail().replace(b"Date:", b"what is this\r\nDate:"),
    "a head of a megabyte": whole_mail().replace(b"Date:", b"To: " + b"x" * 1_000_000 + b"\r\nDate:"),
    "a hundred thousand heads": whole_mail().replace(b"Date:", b"To: x@x.example\r\n" * 100_000 + b"Date:"),
    "a folded head without end": whole_mail().replace(b"Date:", b"To: x\r\n" + b" y\r\n" * 100_000 + b"Date:"),
    "a line of a megabyte": whole_mail().replace(b"<p>", b"x" * 1_000_000 + b"<p>"),
    "encoded word broken": whole_mail().replace(b"Corner Shop", b"=?utf-8?b?AAA?="),
    "encoded word of no charset": whole_mail().replace(b"Corner Shop", b"=?x-none?q?Corner?="),
    "from of brackets": whole_mail().replace(b"Corner Shop <", b"<<<<" * 500),
    "from of nobody": whole_mail().replace(b"orders@mail.corner-shop.example", b""),
    "html cut off": whole_mail().replace(b"</script>", b""),
    "json broken": whole_mail().replace(b'"price"', b"price"),
    "json deep": whole_mail().replace(b'"12.50"', b"[" * 50_000 + b"]" * 50_000),
    "json of a huge number": whole_mail().replace(b'"12.50"', b"9" * 10_000),
    "base64 that is none": whole_mail().replace(
        b"Content-Type: text/html", b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64"
    ),
    "charset of nobody": whole_mail().replace(b"text/html", b"text/html; charset=\xff\xfe"),
    "charset that is a trap": whole_mail().replace(b"text/html", b"text/html; charset=idna"),
    "latin-1 in a head": whole_mail().replace(b"Corner", b"Caf\xe9"),
    "cut in the middle": whole_mail()[: len(whole_mail()) // 2],
    "mixed line ends": whole_mail().replace(b"\r\n", b"\n", 3).replace(b"\r\n--", b"\r\r\n--"),
    "parts in parts": mail(
        ["From: a@shop.example", 'Content-Type: multipart/mixed; boundary="p0"'],
        b"".join(f'--p{n}\nContent-Type: multipart/mixed; boundary="p{n + 1}"\n\n'.encode() for n in range(3_000)),
    ),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_one_fault_stays_one(name: str) -> None:
    """A mail with one fault is a mail; the sound one after it is read whole."""
    for piece in (1 << 20, 1000):
        reading = read(FAULTS[name] + b"\n" + html_mail("After <info@after.example>", json_ld(ORDER)), piece=piece)
        assert dict(reading.dropped)["mail"] == 2
        after = next(place for place, incoming in enumerate(reading.vendors) if incoming.vendor.name == "After")
        assert [one.what.title for one in reading.happened if one.position == after and isinstance(one.what, Interaction)] == [
            "Order A-1: Bread"
        ]


def test_limits_hold() -> None:
    """Of a head so many letters are kept, of parts in parts so many levels."""
    (found,) = mails_of(FAULTS["a head of a megabyte"])
    assert len(found.get(b"to")) <= LONGEST_FIELD
    deep = b"".join(f'--p{n}\nContent-Type: multipart/mixed; boundary="p{n + 1}"\n\n'.encode() for n in range(DEPTH + 3))
    page = f"--p{DEPTH - 1}\nContent-Type: text/html\n\n{json_ld(ORDER)}\n".encode()
    (found,) = mails_of(mail(["From: a@b.example", 'Content-Type: multipart/mixed; boundary="p0"'], deep + page))
    assert len(found.things) == 1


SEPARATOR = b"From a@b Sat Nov 21 12:00:00 2026\n"
BITS = st.sampled_from(
    [
        SEPARATOR,
        b"From: Shop <info@shop.example>\n",
        b"From: ",
        b"Date: Sat, 02 Mar 2019 09:30:00 +0000\n",
        *(b"\n", b"\r\n", b"\r", b" ", b"\x00", b"\xff", b"<", b">", b'"', b"'", b"{", b"[", b"schema.org", b"x" * 70_000),
        b"Content-Type: multipart/mixed; boundary=b\n",
        *(b"Content-Type: text/html\n", b"Content-Type: text/html; charset=", b"--b\n", b"--b--\n"),
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"=?utf-8?b?",
        b"List-Unsubscribe: <https://x.example/>\n",
        json_ld(ORDER).encode(),
        b"<div itemscope itemtype=http://schema.org/Order>",
        *(b"</div>", b"<span itemprop=price>", b"<!--", b"<script type=application/ld+json>"),
    ]
)


@settings(max_examples=150)
@given(st.lists(BITS | st.binary(max_size=40), max_size=60), st.integers(1, 9_000))
def test_no_file_breaks_the_reading(bits: list[bytes], piece: int) -> None:
    """Whatever is put together is read to its end, and the same whatever pieces it comes in."""
    data = SEPARATOR + b"From: Shop <info@shop.example>\n" + b"".join(bits)
    whole = read(data)
    assert read(data, piece=piece) == whole
    assert dict(whole.dropped)["mail"] >= 1


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_no_field_breaks_its_reading(raw: bytes) -> None:
    """Each reader of a field takes any bytes."""
    headers.text(raw)
    headers.sender(raw)
    headers.sender(b"a <" + raw + b"@shop.example>")
    headers.when(raw, [raw], now=NOW)
    assert all(len(link) < 2_000 for link in headers.unsubscribe(raw))
    things, _broken = markup.read(raw.decode("latin-1") + "schema.org")
    assert all(markup.type_of(thing) for thing in things if not isinstance(thing.get("@type"), (dict, list)))


@pytest.mark.parametrize("bad", ["<a '", "<!--", "<script>", "<div itemscope itemprop=x>", "<", '<a "', "<b itemprop=x>t", "</b>"])
def test_hostile_markup_takes_no_time_by_the_square(bad: str) -> None:
    """A megabyte of what is left open is passed in a moment; the test would not end otherwise."""
    markup.read(bad * (1_000_000 // len(bad)) + "schema.org")
