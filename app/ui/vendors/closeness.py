"""Closeness wanted against closeness shown: the page on which every number opens to what it was counted from."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Owner, Reader
from app.i18n import Lazy, _, lazy
from app.relationships import closeness
from app.relationships.closeness import Reason, Sign
from app.ui.pages import Page
from app.ui.render import render
from app.ui.vendors import closeness_parts
from app.ui.vendors.closeness_parts import ClosenessInWords
from app.ui.vendors.handlers import opened
from app.ui.vendors.words import plain
from app.ui.view import view
from vault import store
from vault.records import Interaction, MessageRecord

router = APIRouter(include_in_schema=False)

MOST = 50
"""Signs that one number opens to; the timeline has them all."""

WHAT: Mapping[str, Lazy] = {
    "offer": lazy("Offers"),
    "location_offer": lazy("Offers tied to a place"),
    "service": lazy("Notices about their service"),
    "contact": lazy("Contacts that they began"),
    "visit": lazy("Visits that they began"),
    "praise": lazy("Kindnesses of theirs"),
    "problem": lazy("Problems that they told you of"),
    "purchase": lazy("Purchases"),
    "letter": lazy("Letters"),
    "mail": lazy("Mails in your mailbox"),
}


@view
class SignLine:
    """One sign: when, what it was called, and where it is read."""

    at: datetime
    title: str
    href: str


@view
class ReasonInWords:
    """One sort of sign: how many, what each counts, what that makes, and what it was counted from."""

    what: str
    number: float
    each: str
    low: float
    high: float
    signs: tuple[SignLine, ...]
    more: int


@view(kw_only=True)
class ShowPage(Page):
    """The page. `low` and `high` are first steps a year, None when nothing is known."""

    template: ClassVar[str] = "closeness/show.html"
    vendor_id: str
    vendor: str
    closeness: ClosenessInWords
    reasons: tuple[ReasonInWords, ...]
    low: float | None
    high: float | None
    known_for: str
    whole_year: bool
    theirs: int
    mine: int
    few: float
    many: float


@router.get("/vendors/{vendor_id}/closeness")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """How close they keep, and why we say so."""
    kept = opened(owner, vendor_id)
    found = closeness_parts.shown(owner, vendor_id, kept.fields, known_since=kept.created_at)
    page = ShowPage(
        vendor_id=vendor_id,
        vendor=kept.fields.name,
        closeness=closeness_parts.in_words(kept.fields, found),
        reasons=tuple(_reason(owner, vendor_id, one) for one in found.reasons),
        low=found.low,
        high=found.high,
        known_for=closeness_parts.known_for(found),
        whole_year=found.days >= closeness.YEAR.days,
        theirs=found.theirs,
        mine=found.mine,
        few=closeness.FEW,
        many=closeness.MANY,
    )
    return render(request, page, owner=owner)


def _reason(owner: Owner, vendor_id: str, reason: Reason) -> ReasonInWords:
    low, high = closeness.OF_MAIL if reason.what == "mail" else (closeness.WEIGHT[reason.what],) * 2
    each = f"{low:g}" if low == high else _("%(low)s to %(high)s") % {"low": f"{low:g}", "high": f"{high:g}"}
    lines = tuple(_line(owner, vendor_id, one) for one in reason.signs[:MOST])
    more = max(0, len(reason.signs) - MOST)
    return ReasonInWords(str(WHAT[reason.what]), reason.number, each, reason.low, reason.high, lines, more)


def _line(owner: Owner, vendor_id: str, sign: Sign) -> SignLine:
    if sign.source == "message":
        message = store.get(owner.db, owner.keyring, MessageRecord, sign.record_id)
        return SignLine(sign.at, plain(message.fields.title) if message else "", f"/inbox/{sign.record_id}")
    happened = store.get(owner.db, owner.keyring, Interaction, sign.record_id)
    return SignLine(sign.at, happened.fields.title if happened else "", f"/vendors/{vendor_id}#timeline")
