"""What the owner knows of a company, gathered for its page: who owns it, whom to write to, what happened, what others pay."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.auth.owner import Owner
from app.i18n import Lazy, _, lazy
from app.relationships import prices
from app.ui.render import as_money
from app.ui.vendors.policy_rows import Copy, copies
from app.ui.vendors.words import Link, external
from app.ui.view import view
from vault import store
from vault.records import DIGEST_TEXT, Incident, Price, Prices, PrivacyContact, Signpost, Vendor

INCIDENT: Mapping[str, Lazy] = {
    "breach": lazy("Data breach"),
    "price_rise": lazy("Price rise"),
    "policy_change": lazy("Change of terms"),
    "problem": lazy("Problem"),
    "other": lazy("Something else"),
}
WATCHED = ("competes", "sells")
PER: Mapping[str, Lazy] = {
    "P1W": lazy("a week"),
    "P1M": lazy("a month"),
    "P3M": lazy("a quarter"),
    "P6M": lazy("half a year"),
    "P1Y": lazy("a year"),
    "": lazy("once"),
}


@view
class IncidentLine:
    """Something that happened with them in the world; `link` where the source is an address of the web."""

    kind: str
    title: str
    note: str
    source: str
    link: Link | None
    happened_on: date
    recorded_at: datetime


@view
class PricesLine:
    """Two prices of one thing in words, and what lies between them. `verdict`: more, less, same, unknown, as the owner's side of it."""

    what: str
    mine: str
    new: str
    verdict: str
    said: str
    seen_on: date
    source: str
    link: Link | None


@view
class Known:
    """All of it. `competes` and `sells` are what the latest signposts say, None when nobody was asked; `asked_at` when that was."""

    owned_by: str
    substitutes: tuple[str, ...]
    privacy: PrivacyContact | None
    privacy_link: Link | None
    incidents: tuple[IncidentLine, ...]
    prices: tuple[PricesLine, ...]
    copies: tuple[Copy, ...]
    competes: bool | None
    sells: bool | None
    asked_at: datetime | None


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor) -> Known:
    """Gather it for one company."""
    competes, sells, asked_at = _watched(owner, vendor_id)
    return Known(
        owned_by=vendor.owned_by,
        substitutes=vendor.substitutes,
        privacy=vendor.privacy,
        privacy_link=external(vendor.privacy.url) if vendor.privacy else None,
        incidents=_incidents(owner, vendor_id),
        prices=_prices(owner, vendor_id),
        copies=copies(owner, vendor_id),
        competes=competes,
        sells=sells,
        asked_at=asked_at,
    )


def price_in_words(price: Price | None) -> str:
    """`€45.00 a month`; `not known`."""
    if price is None:
        return _("not known")
    return _("%(amount)s %(per)s") % {"amount": as_money(price.amount, price.currency), "per": PER[price.per or ""]}


def difference_in_words(pair: Prices) -> str:
    """What it costs to be a customer already."""
    found = prices.difference(pair)
    amount = as_money(found.amount.quantize(Decimal("0.01")), found.currency)
    words = {
        ("more", True): _("You pay %(amount)s a year more than a new customer."),
        ("less", True): _("You pay %(amount)s a year less than a new customer."),
        ("more", False): _("You paid %(amount)s more than a new customer pays."),
        ("less", False): _("You paid %(amount)s less than a new customer pays."),
    }
    if found.verdict == "same":
        return _("You pay what a new customer pays.")
    if found.verdict == "unknown":
        return _why_not(pair)
    return words[found.verdict, found.yearly] % {"amount": amount}


def _why_not(pair: Prices) -> str:
    if pair.mine is None:
        return _("What you pay is not written down.")
    if pair.new is None:
        return _("What a new customer pays is not known yet.")
    if pair.mine.currency != pair.new.currency:
        return _("They are of two currencies, so nothing is subtracted.")
    return _("Only one of them recurs, so nothing is subtracted.")


def _incidents(owner: Owner, vendor_id: str) -> tuple[IncidentLine, ...]:
    rows: list[tuple[str, dict[str, Any]]] = [
        (one.record_id, one.values) for one in owner.digests(Incident) if one.values["vendor_id"] == vendor_id
    ]
    rows.sort(key=lambda row: (row[1]["happened_on"], row[1]["recorded_at"], row[0]), reverse=True)
    return tuple(
        IncidentLine(
            kind=str(INCIDENT[values["kind"]]),
            title=values["title"],
            note=_whole(owner, record_id, values["note"]),
            source=values["source"],
            link=external(values["source"]),
            happened_on=date.fromisoformat(values["happened_on"]),
            recorded_at=datetime.fromisoformat(values["recorded_at"]),
        )
        for record_id, values in rows
    )


def _whole(owner: Owner, record_id: str, note: str) -> str:
    """A note that the digest may have clipped, whole."""
    if len(note) < DIGEST_TEXT:
        return note
    opened = store.get(owner.db, owner.keyring, Incident, record_id)
    return opened.fields.note if opened else note


def _prices(owner: Owner, vendor_id: str) -> tuple[PricesLine, ...]:
    found = [(one.record_id, Prices.model_validate(one.values)) for one in owner.digests(Prices) if one.values["vendor_id"] == vendor_id]
    found.sort(key=lambda row: (row[1].seen_on, row[1].recorded_at, row[0]), reverse=True)
    return tuple(_line(one) for _record_id, one in found)


def _line(one: Prices) -> PricesLine:
    return PricesLine(
        what=one.what,
        mine=price_in_words(one.mine),
        new=price_in_words(one.new),
        verdict=prices.difference(one).verdict,
        said=difference_in_words(one),
        seen_on=one.seen_on,
        source=one.source,
        link=external(one.source),
    )


def _watched(owner: Owner, vendor_id: str) -> tuple[bool | None, bool | None, datetime | None]:
    asked = [one for one in owner.digests(Signpost) if one.values["vendor_id"] == vendor_id]
    opened = [one.fields for one in (store.get(owner.db, owner.keyring, Signpost, digest.record_id) for digest in asked) if one]
    opened.sort(key=lambda one: (one.happened_at, one.recorded_at))
    said = {name: next((getattr(one, name) for one in reversed(opened) if getattr(one, name) != "unsaid"), None) for name in WATCHED}
    answers = [None if said[name] is None else said[name] == "yes" for name in WATCHED]
    return answers[0], answers[1], opened[-1].happened_at if opened else None
