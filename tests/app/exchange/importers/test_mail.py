"""Mail files: who is found, what is read of their mails, and that nothing in a mail can break the reading."""

import base64
import quopri
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from app.exchange.importers.mail import roles
from app.exchange.importers.mail.mailbox import Mailbox, form
from app.exchange.importers.mail.stream import Mail, Splitter
from app.exchange.importers.reading import ImportRefused, Reading
from tests.mailboxes import BEGIN, Expected, html_mail, json_ld, mail, mbox
from vault.records import Commitment, Interaction

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SHOP = "Corner Shop <orders@mail.corner-shop.example>"


def read(data: bytes, *, how: str = "mbox", piece: int = 1 << 20) -> Reading:
    box = Mailbox(how, zone="Europe/Dublin", now=NOW)
    for start in range(0, len(data), piece):
        box.write(data[start : start + piece])
    return box.whole()


def senders(reading: Reading) -> dict[str, str]:
    return {incoming.vendor.name: incoming.sort for incoming in reading.vendors}


def told(*pieces: bytes) -> tuple[list[Interaction], list[Commitment]]:
    whats = [one.what for one in read(b"".join(pieces)).happened]
    return [one for one in whats if isinstance(one, Interaction)], [one for one in whats if isinstance(one, Commitment)]


def simple(sender: str, *heads: str, body: bytes = b"Hello.\n", at: datetime = BEGIN) -> bytes:
    return mail([f"From: {sender}", f"Date: {at:%a, %d %b %Y %H:%M:%S +0000}", *heads], body, at=at)


def mails_of(data: bytes, *, mbox: bool = True, piece: int = 1 << 20) -> list[Mail]:
    found: list[Mail] = []
    splitter = Splitter(found.append, mbox=mbox)
    for start in range(0, len(data), piece):
        splitter.write(data[start : start + piece])
    splitter.close()
    return found


def test_a_generated_mailbox_is_counted() -> None:
    """Mails, senders, spam and orders of a made mailbox are all found."""
    expected = Expected()
    reading = read(b"".join(mbox(3_000_000, expected)))
    counts = dict(reading.dropped)
    assert (counts["mail"], counts["mail_spam"]) == (expected.mails, expected.spam)
    assert {incoming.vendor.domains[0] for incoming in reading.vendors} == expected.senders
    assert sum(isinstance(one.what, Interaction) for one in reading.happened) == len(expected.orders)


def test_what_is_known_of_a_sender() -> None:
    """Hosts of one registered domain are one vendor, with first and last mail, how many, and the newest way to unsubscribe."""
    leave = "List-Unsubscribe: <mailto:leave@corner-shop.example?subject=x>,\n <https://corner-shop.example/leave?t=2>"
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    old = simple(SHOP, "List-Unsubscribe: <https://corner-shop.example/leave?t=1>", at=datetime(2024, 5, 1, 8, tzinfo=UTC))
    new = simple("Corner Shop News <news@corner-shop.example>", leave, one_click, at=datetime(2026, 2, 3, 8, tzinfo=UTC))
    (incoming,) = read(new + old + simple(SHOP)).vendors
    vendor = incoming.vendor
    assert (vendor.name, vendor.domains, incoming.sort) == ("Corner Shop", ("corner-shop.example",), "company")
    assert vendor.mail is not None
    assert (vendor.mail.first, vendor.mail.last, vendor.mail.count) == (date(2019, 3, 2), date(2026, 2, 3), 3)
    assert vendor.mail.unsubscribe == ("https://corner-shop.example/leave?t=2", "mailto:leave@corner-shop.example?subject=x")
    assert vendor.mail.one_click
    assert [contact.value for contact in vendor.contacts] == ["orders@mail.corner-shop.example", "news@corner-shop.example"]


@pytest.mark.parametrize(
    ("sender", "heads", "sort"),
    [
        (SHOP, (), "company"),
        ("Hotel <kundenservice@hotel.example>", (), "company"),
        ("x <no_reply@x.example>", (), "company"),
        ("Kim Example <kim.example@firm.example>", (), "perhaps"),
        ("Kim Example <kim.example@firm.example>", ("List-Unsubscribe: <mailto:x@firm.example>",), "company"),
        ("Kim Example <kim.example@firm.example>", ("Auto-Submitted: auto-generated",), "company"),
        ("Kim Example <kim.example@firm.example>", ("Auto-Submitted: no",), "perhaps"),
        ("Kim Example <kim.example@firm.example>", ("Precedence: bulk",), "company"),
        ("Kim <kim@firm.example>", ("List-Post: <mailto:l@l.example>", "List-Unsubscribe: <mailto:x@l.example>"), "perhaps"),
        ("Kim Example <kim@gmail.com>", (), None),
        ("Kim Example <kim@mail.gmx.net>", (), None),
        ("Kim's Plumbing <kim@gmail.com>", ("List-Unsubscribe: <mailto:x@kim.example>",), "perhaps"),
    ],
)
def test_companies_and_people(sender: str, heads: Sequence[str], sort: str | None) -> None:
    """Each mark of a company counts by itself; a private mailbox alone is a person, and is left out."""
    reading = read(simple(sender, *heads))
    assert [incoming.sort for incoming in reading.vendors] == ([sort] if sort else [])
    assert dict(reading.dropped).get("mail_people", 0) == (not sort)


def test_names() -> None:
    """A company is called what it calls itself; a person's name and an address are no name for it."""
    assert senders(read(simple("Kim Example <kim.example@firm.example>", "Precedence: bulk"))) == {"firm.example": "company"}
    assert senders(read(simple('"info@firm.example" <info@firm.example>'))) == {"firm.example": "company"}
    assert senders(read(simple("=?utf-8?q?M=C3=BCller_=26_Co?= <info@firm.example>"))) == {"Müller & Co": "company"}
    assert senders(read(simple("Northwind Broadband <northwind@northwind.example>", "Precedence: bulk"))) == {
        "Northwind Broadband": "company"
    }


def test_a_mailbox_is_never_taken_for_a_company_of_its_name() -> None:
    """Anybody can call a private mailbox by a company's name: it stays beside the company, with its address."""
    reading = read(simple(SHOP) + simple("Corner Shop <corner.shop@gmail.com>", "List-Unsubscribe: <mailto:x@evil.example>"))
    assert senders(reading) == {"Corner Shop": "company", "Corner Shop (corner.shop@gmail.com)": "perhaps"}
    assert [incoming.vendor.domains for incoming in reading.vendors] == [("corner-shop.example",), ()]


def test_the_owner_is_left_out() -> None:
    """Whom most mails go to is the owner: what came from there was sent, not received."""
    reading = read(simple(SHOP, "To: Robin <robin@own.example>") * 4 + simple("Robin <robin@own.example>", "To: kim@gmail.com") * 2)
    assert (senders(reading), dict(reading.dropped)["mail_own"]) == ({"Corner Shop": "company"}, 2)


def test_spam_and_mails_without_a_sender_are_counted() -> None:
    junk = simple(SHOP, "X-Spam-Flag: yes") + simple(SHOP, "X-Gmail-Labels: Inbox,Spam") + simple("nobody")
    reading = read(junk + simple(SHOP))
    assert dict(reading.dropped) == {"mail": 4, "mail_spam": 2, "mail_no_sender": 1}
    assert reading.vendors[0].vendor.mail is not None
    assert reading.vendors[0].vendor.mail.count == 1


ORDER = {
    "@type": "Order",
    "orderNumber": "A-1",
    "price": "12.50",
    "priceCurrency": "EUR",
    "acceptedOffer": {"itemOffered": {"name": "Bread"}},
}


def test_an_order_of_several_mails_is_one() -> None:
    """Confirmed, sent, delivered: one purchase, at the time of the first; a parcel to come is a promise of theirs."""
    parcel = {"@type": "ParcelDelivery", "expectedArrivalUntil": "2026-11-25", "partOfOrder": {"@type": "Order"}}
    first = html_mail(SHOP, json_ld(ORDER), at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    second = html_mail(SHOP, json_ld({**ORDER, "price": "", "orderDelivery": parcel}), at=datetime(2026, 11, 21, 9, tzinfo=UTC))
    (bought,), (promised,) = told(second, first)
    assert (bought.title, bought.amount, bought.currency) == ("Order A-1: Bread", "12.50", "EUR")
    assert (bought.kind, bought.happened_at) == ("purchase", datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert (promised.promise, promised.by, promised.due_date) == ("To arrive: Order A-1: Bread", "them", date(2026, 11, 25))
    assert promised.said_on == date(2026, 11, 21)


def test_an_invoice_to_come_is_a_promise_of_mine() -> None:
    invoice = {
        "@type": "Invoice",
        "accountId": "K-7",
        "paymentDueDate": "2026-12-01",
        "totalPaymentDue": {"@type": "PriceSpecification", "price": 49.9, "priceCurrency": "EUR"},
    }
    (bought,), (promised,) = told(html_mail(SHOP, json_ld(invoice)))
    assert (bought.title, bought.amount) == ("Invoice K-7", "49.90")
    assert (promised.promise, promised.by, promised.due_date) == ("To pay: Invoice K-7 (49.90 EUR)", "me", date(2026, 12, 1))
    assert told(html_mail(SHOP, json_ld({**invoice, "paymentStatus": "http://schema.org/PaymentComplete"})))[1] == []
    (late,), none = told(html_mail(SHOP, json_ld({**invoice, "paymentDueDate": "2019-04-01"})))
    assert none == []
    assert "Its day was 2019-04-01." in late.note


@pytest.mark.parametrize(
    ("thing", "promise", "due"),
    [
        (
            {
                "@type": "LodgingReservation",
                "reservationNumber": "R1",
                "checkinTime": "2026-12-24T15:00:00+01:00",
                "reservationFor": {"name": "Inn"},
            },
            "Booked: Reservation R1: Inn",
            datetime(2026, 12, 24, 14, tzinfo=UTC),
        ),
        (
            {"@type": "http://schema.org/FlightReservation", "reservationFor": {"@type": "Flight", "departureTime": "2026-12-24T15:00:00"}},
            "Booked: Reservation",
            datetime(2026, 12, 24, 15, tzinfo=UTC),
        ),
        (
            {"@type": "Subscription", "name": "Paper", "nextBillingDate": "2027-01-01"},
            "Runs until then, or is renewed: Subscription: Paper",
            date(2027, 1, 1),
        ),
        ({"@type": "Invoice", "paymentDueDate": "2026-11-21"}, "To pay: Invoice", date(2026, 11, 21)),
    ],
)
def test_what_is_to_come_is_a_promise(thing: dict[str, object], promise: str, due: date) -> None:
    _bought, (promised,) = told(html_mail(SHOP, json_ld(thing)))
    assert (promised.promise, promised.due_at or promised.due_date) == (promise, due)


def test_what_was_cancelled_is_no_purchase_and_no_promise() -> None:
    booked = {"@type": "EventReservation", "reservationNumber": "E1", "startDate": "2026-12-24", "totalPrice": "10", "priceCurrency": "EUR"}
    first = html_mail(SHOP, json_ld(booked), at=datetime(2026, 11, 1, 9, tzinfo=UTC))
    second = html_mail(
        SHOP, json_ld({**booked, "reservationStatus": "http://schema.org/ReservationCancelled"}), at=datetime(2026, 11, 2, 9, tzinfo=UTC)
    )
    (noted,), promised = told(first, second)
    assert (noted.kind, noted.amount, promised) == ("contact", None, [])


def test_microdata_says_the_same_as_json() -> None:
    """The same order in both ways of writing it."""
    microdata = (
        '<div itemscope itemtype="http://schema.org/Order"><span itemprop=orderNumber>A-1</span>'
        '<div itemprop="acceptedOffer" itemscope itemtype="http://schema.org/Offer"><meta itemprop="price" content="12.50"/>'
        '<meta itemprop="priceCurrency" content="EUR"/><div itemprop="itemOffered" itemscope itemtype="http://schema.org/Product">'
        '<b itemprop="name">Bread</b></div></div><link itemprop="orderStatus" href="http://schema.org/OrderProcessing"/>'
        '<time itemprop="orderDate" datetime="2019-03-01T10:00:00Z">yesterday</time></div>'
    )
    (one,), _none = told(html_mail(SHOP, microdata))
    (other,), _none = told(html_mail(SHOP, json_ld({**ORDER, "orderDate": "2019-03-01T10:00:00Z"})))
    assert one == other


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("12.5", "12.50"),
        (7, "7.00"),
        ("1.234,50 €", "1234.50"),
        ("$1,234", "1234.00"),
        ("EUR 9", "9.00"),
        ("free", None),
        ("9" * 30, None),
        (True, None),
    ],
)
def test_amounts(written: object, amount: str | None) -> None:
    (one,), _none = told(html_mail(SHOP, json_ld({"@type": "Order", "orderNumber": "1", "price": written})))
    assert one.amount == amount


def test_a_mail_found_forged_states_nothing() -> None:
    """What the receiving server found to be forged counts as a mail of that name, and what it states is not read."""
    heads = ("Authentication-Results: mx.home.example; spf=pass; dmarc=FAIL header.from=corner-shop.example",)
    assert told(html_mail(SHOP, json_ld(ORDER), heads=heads)) == ([], [])


def test_transfer_encodings_and_character_sets() -> None:
    """The same order, however its part is sent over."""
    markup_text = json_ld({**ORDER, "acceptedOffer": {"itemOffered": {"name": "Käse"}}})
    for charset in ("utf-8", "iso-8859-1", "utf-16", "no-such-charset"):
        raw = markup_text.encode("utf-8" if charset.startswith("no") else charset)
        for way, body in (("8bit", raw), ("base64", base64.encodebytes(raw)), ("quoted-printable", quopri.encodestring(raw))):
            if way == "8bit" and charset == "utf-16":
                continue
            heads = [f"From: {SHOP}", "Date: Sat, 02 Mar 2019 09:30:00 +0000", f"Content-Type: text/html; charset={charset}"]
            (one,), _none = told(mail([*heads, f"Content-Transfer-Encoding: {way}"], body))
            assert one.title == "Order A-1: Käse", (charset, way)


def whole_mail(end: str = "\r\n") -> bytes:
    heads = [f"From: {SHOP}", "Date: Sat, 02 Mar 2019 09:30:00 +0000", 'Content-Type: multipart/alternative; boundary="b 1"']
    plain = "before\n--b 1\nContent-Type: text/plain\n\nFrom here on\n"
    parts = f"{plain}--b 1\nContent-Type: text/html\n\n<p>{json_ld(ORDER)}</p>\n--b 1--\nafter\n"
    return mail(heads, parts.replace("\n", end).encode(), end=end)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_line_ends_and_pieces(end: str, piece: int) -> None:
    """Where the file is cut into pieces, and how its lines end, changes nothing."""
    reading = read(whole_mail(end) * 2, piece=piece)
    assert dict(reading.dropped) == {"mail": 2}
    assert [one.what.title for one in reading.happened if isinstance(one.what, Interaction)] == ["Order A-1: Bread"]


def test_attached_mails_and_pages_are_not_read() -> None:
    """A mail forwarded as an attachment speaks for itself, not for who forwarded it."""
    inner = f"From: Other <info@other.example>\nContent-Type: text/html\n\n{json_ld(ORDER)}\n"
    for kind in ("message/rfc822", "text/html\nContent-Disposition: attachment"):
        body = f"--b\nContent-Type: {kind}\n\n{inner}\n--b--\n".encode()
        reading = read(mail([f"From: {SHOP}", "Date: Sat, 02 Mar 2019 09:30:00 +0000", "Content-Type: multipart/mixed; boundary=b"], body))
        assert (senders(reading), reading.happened) == ({"Corner Shop": "company"}, ())


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"From a@b Sat Nov 21 12:00:00 2026\nFrom: a@b\n", "mbox"),
        (b"\xef\xbb\xbf\n\nFrom a@b Sat Nov 21 12:00:00 2026\r\nX-GM-THRID: 1\r\n", "mbox"),
        (b"Received: by x\n\tfor y\nFrom: a@b\n\nhi", "eml"),
        (b"From: a@b\rDate: x\r\rhi", "eml"),
        (b"From a friend\nhello\n", None),
        (b"Dear: shop\nFrom: me\n", None),
        (b"BEGIN:VCARD\nVERSION:3.0\n", None),
        (b"name,url\n", None),
        (b"", None),
    ],
)
def test_a_mail_file_is_known_by_its_start(start: bytes, found: str | None) -> None:
    assert form(start) == found


def test_one_mail() -> None:
    reading = read(b"\xef\xbb\xbf\n" + simple(SHOP).split(b"\n", 1)[1], how="eml")
    assert senders(reading) == {"Corner Shop": "company"}


def test_a_mailbox_without_mails_is_refused() -> None:
    with pytest.raises(ImportRefused) as refused:
        read(b"From a@b Sat Nov 21 12:00:00 2026\n\n\n")
    assert refused.value.code == "mail_none"


@pytest.mark.parametrize(
    ("local", "is_one"),
    [("no-reply", True), ("donotreply.x", True), ("orders+7", True), ("kim", False), ("kim.order", True), ("informal", False)],
)
def test_offices(local: str, *, is_one: bool) -> None:
    assert roles.office(local) is is_one
