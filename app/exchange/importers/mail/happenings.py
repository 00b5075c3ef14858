"""From things of schema.org to what happened or will: orders, invoices, reservations, subscriptions. Pure.

Several mails speak of one order (confirmed, sent, delivered), so what has one number of one sender is one happening; a later
mail fills in what the first left out. A day that has passed is told with the purchase; only one that is still to come
becomes a promise, for an old mailbox would otherwise be a list of overdue bills.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo

from app.exchange.importers.mail.markup import Thing, text_of, things_of, type_of
from app.exchange.importers.reading import NAME, one_line
from app.i18n import _
from vault.records import Commitment, CommitmentEvent, Interaction

Sort = Literal["order", "delivery", "invoice", "reservation", "subscription"]
SORTS: dict[str, Sort] = {
    "Order": "order",
    "ParcelDelivery": "delivery",
    "Invoice": "invoice",
    "Reservation": "reservation",
    "ReservationPackage": "reservation",
    "Subscription": "subscription",
    "MediaSubscription": "subscription",
    "ProgramMembership": "subscription",
}
"""Types that are read (schema.org); every other `...Reservation` is a reservation too."""

PAID = frozenset({"PaymentComplete", "PaymentAutomaticallyApplied"})
OVER = frozenset({"OrderCancelled", "OrderReturned", "ReservationCancelled"})
STARTS = ("checkinTime", "checkinDate", "startTime", "startDate", "departureTime", "departureDate", "pickupTime", "pickupDate")
NUMBERS = ("orderNumber", "confirmationNumber", "reservationNumber", "reservationId", "trackingNumber", "membershipNumber", "accountId")
RENEWALS = ("renewalDate", "nextBillingDate", "expires", "validThrough", "validUntil", "endDate", "endTime")

_AMOUNT = re.compile(r"-?\d[\d.,' \u00a0\u202f]*")
_PLAIN = re.compile(r"-?\d{1,12}(\.\d{1,20})?")
_CENTS = re.compile(r"[.,](\d{1,2})$")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "zł": "PLN"}
"""Signs that belong to one currency. A dollar or a crown has many homes."""


@dataclass(frozen=True)
class Happening:
    """What one or more mails say about one order, invoice, reservation or subscription. `day` is when it falls due or begins."""

    sort: Sort
    number: str
    what: str
    amount: str | None
    currency: str | None
    at: datetime
    day: date | datetime | None
    seller: str = ""
    settled: bool = False
    over: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes two of one sender the same."""
        return self.sort, self.number or f"{self.what}\n{self.at.date()}\n{self.amount}"


def read(things: Iterable[Thing], *, at: datetime, zone: ZoneInfo) -> Iterator[Happening]:
    """What the things of a mail of the moment `at` say. `zone` is where a time without an offset is meant."""
    for thing in things:
        kind = type_of(thing)
        sort = SORTS.get(kind) or ("reservation" if kind.endswith("Reservation") else None)
        if sort is not None:
            one = _one(sort, thing, at=at, zone=zone)
            yield one
            if sort == "order":
                for parcel in read(things_of(thing.get("orderDelivery")), at=at, zone=zone):
                    yield replace(parcel, number=one.number or parcel.number, what=parcel.what or one.what, over=one.over)


def joined(first: Happening, second: Happening) -> Happening:
    """Both in one; the later mail knows better where things stand, the earlier when they began."""
    older, newer = sorted((first, second), key=lambda one: one.at)
    return replace(
        newer,
        what=newer.what or older.what,
        amount=newer.amount or older.amount,
        currency=newer.currency if newer.amount else older.currency,
        at=older.at,
        day=newer.day or older.day,
        seller=newer.seller or older.seller,
        settled=newer.settled or older.settled,
        over=newer.over or older.over,
    )


def interaction(one: Happening, vendor_id: str, *, now: datetime) -> Interaction | None:
    """The purchase that it was; None for what only promises (a parcel, a membership)."""
    if one.sort in {"delivery", "subscription"} and one.amount is None:
        return None
    return Interaction(
        vendor_id=vendor_id,
        kind="contact" if one.over or one.amount is None else "purchase",
        title=title(one),
        note="\n".join(_notes(one, now)),
        initiative="me",
        amount=None if one.over else one.amount,
        currency=None if one.over else one.currency,
        happened_at=one.at,
        recorded_at=now,
    )


def commitment(one: Happening, vendor_id: str, *, zone: str, now: datetime) -> Commitment | None:
    """The promise in it, when its day is still to come: to pay, to bring, to be there, to run on."""
    if one.day is None or one.over or one.settled or _passed(one.day, now, zone) or one.sort == "order":
        return None
    moment = one.day if isinstance(one.day, datetime) else None
    return Commitment(
        vendor_id=vendor_id,
        promise=_promise(one),
        by="me" if one.sort == "invoice" else "them",
        source="message",
        due_at=moment,
        due_date=None if moment else one.day,
        time_zone=zone,
        said_on=one.at.astimezone(ZoneInfo(zone)).date(),
        events=(CommitmentEvent(type="accepted", happened_at=one.at, recorded_at=now),),
    )


def title(one: Happening) -> str:
    """What to call it in a timeline."""
    words = {
        "order": _("Order"),
        "delivery": _("Delivery"),
        "invoice": _("Invoice"),
        "reservation": _("Reservation"),
        "subscription": _("Subscription"),
    }
    head = f"{words[one.sort]} {one.number}".strip()
    return _short(f"{head}: {one.what}" if one.what else head)


def _promise(one: Happening) -> str:
    words = {
        "delivery": _("To arrive: %(what)s"),
        "invoice": _("To pay: %(what)s"),
        "reservation": _("Booked: %(what)s"),
        "subscription": _("Runs until then, or is renewed: %(what)s"),
    }
    amount = f" ({one.amount} {one.currency or ''}".rstrip() + ")" if one.amount else ""
    about = title(replace(one, sort="order")) if one.sort == "delivery" else title(one)
    return _short(words[one.sort] % {"what": about} + amount)


def _notes(one: Happening, now: datetime) -> Iterator[str]:
    yield _("Read from a mail.")
    if one.seller:
        yield _("Sold by %(name)s.") % {"name": one.seller}
    if one.over:
        yield _("It was cancelled or sent back.")
    if one.day is not None and _passed(one.day, now, "UTC"):
        yield _("Its day was %(day)s.") % {"day": one.day.date() if isinstance(one.day, datetime) else one.day}


def _one(sort: Sort, thing: Thing, *, at: datetime, zone: ZoneInfo) -> Happening:
    amount, currency = _money(thing)
    status = {type_of({"@type": text_of(thing.get(name))}) for name in ("orderStatus", "paymentStatus", "reservationStatus")}
    return Happening(
        sort=sort,
        number=_short(next((found for name in NUMBERS if (found := text_of(thing.get(name)))), ""), 80),
        what=_what(thing),
        amount=amount,
        currency=currency if amount else None,
        at=min(_began(thing, zone) or at, at),
        day=_due(sort, thing, zone),
        seller=_short(next((found for name in ("merchant", "seller") if (found := text_of(thing.get(name)))), "")),
        settled=bool(status & PAID),
        over=bool(status & OVER),
    )


def _began(thing: Thing, zone: ZoneInfo) -> datetime | None:
    """When it was ordered or booked, noon of a day without an hour."""
    day = _day(thing, ("orderDate", "bookingTime", "dateCreated"), zone)
    return day if day is None or isinstance(day, datetime) else datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)


def _due(sort: Sort, thing: Thing, zone: ZoneInfo) -> date | datetime | None:
    if sort == "invoice":
        return _day(thing, ("paymentDueDate", "paymentDue"), zone)
    if sort == "delivery":
        return _day(thing, ("expectedArrivalUntil", "expectedArrivalFrom"), zone)
    if sort == "subscription":
        return _day(thing, RENEWALS, zone)
    if sort == "reservation":
        return _day(thing, STARTS, zone) or next(
            (day for one in things_of(thing.get("reservationFor")) if (day := _day(one, STARTS, zone))), None
        )
    return None


def _what(thing: Thing) -> str:
    offers = things_of(thing.get("acceptedOffer"))
    places = (
        *(offer.get("itemOffered") for offer in offers),
        *(item.get("orderedItem") or item for item in things_of(thing.get("orderedItem"))),
        thing.get("reservationFor"),
        thing.get("itemShipped"),
        thing.get("description"),
        thing.get("programName"),
        thing.get("name"),
    )
    names = dict.fromkeys(_short(found, 80) for place in places if (found := text_of(place)))
    return _short(", ".join(list(names)[:3]), 150)


def _money(thing: Thing) -> tuple[str | None, str | None]:
    """Price and currency wherever schema.org lets them stand: on the thing, in a price specification, in the offers."""
    for name in ("totalPaymentDue", "totalPrice", "minimumPaymentDue", "price", "acceptedOffer", "priceSpecification"):
        inner = next(iter(things_of(thing.get(name))), {})
        written = text_of(inner.get("price") or inner.get("value") if inner else thing.get(name))
        if amount := _amount(written):
            named = text_of(inner.get("priceCurrency") or inner.get("currency") or thing.get("priceCurrency")).upper()
            sign = next((code for mark, code in _SIGNS.items() if mark in written), None)
            return amount, named if _CURRENCY.fullmatch(named) else sign
    return None, None


def _amount(written: str) -> str | None:
    """An amount as schema.org wants it (`1234.5`), else as people write it (`1.234,50 €`), with two places."""
    if _PLAIN.fullmatch(written):
        return f"{Decimal(written):.2f}"
    found = _AMOUNT.search(written)
    if found is None:
        return None
    cents = _CENTS.search(found[0].strip())
    whole = re.sub(r"[^\d-]", "", found[0].strip()[: cents.start()] if cents else found[0])
    try:
        amount = Decimal(f"{whole or 0}.{cents[1] if cents else 0}")
    except InvalidOperation:
        return None
    return f"{amount:.2f}" if abs(amount) < 10**12 else None


def _day(thing: Thing, names: Iterable[str], zone: ZoneInfo) -> date | datetime | None:
    """The first of these that is a date or a time (ISO 8601)."""
    for name in names:
        written = text_of(thing.get(name))[:40]
        try:
            if len(written) <= len("2026-12-01"):
                return date.fromisoformat(written)
            moment = datetime.fromisoformat(written.replace(" ", "T", 1))
            return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _passed(day: date | datetime, now: datetime, zone: str) -> bool:
    return day <= now if isinstance(day, datetime) else day < now.astimezone(ZoneInfo(zone)).date()


def _short(text: str, longest: int = NAME) -> str:
    plain = one_line(text)
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
