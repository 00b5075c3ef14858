"""Requests: a company asks for consent; the owner reads it in plain words, takes it, takes less of it, or declines."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select
from starlette.responses import Response

from app import i18n
from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.auth.resealing import relationship_key_place
from app.errors import NotFound
from app.exchange import approvals, countering
from app.exchange.approvals import NEW_VENDOR, Desk, Shown
from app.exchange.countering import Answer
from app.i18n import _
from app.tables import Client
from app.ui import wording
from app.ui.addresses import strangers
from app.ui.addresses.strangers import Stranger
from app.ui.forms import FormErrors
from app.ui.grants import proviso, releasing
from app.ui.grants.releasing import Choice
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.requests import answers, narrowing, terms_in_words
from app.ui.requests.answers import Beside, Difference, Offered
from app.ui.requests.narrowing import Choice as Narrowed
from app.ui.requests.narrowing import LineForm
from app.ui.requests.terms_in_words import TermsInWords
from app.ui.vendors import clients
from app.ui.vendors.clients import ClientInWords, Known
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import counters, decision, grants, roster
from consent.errors import TermsError
from consent.store import Grant, Receipt
from consent.store import Request as Asked
from consent.terms import Terms
from vault import store
from vault.records import AddressRecord

router = APIRouter(include_in_schema=False)


@view
class Row:
    """A request in the list."""

    request_id: str
    who: str
    statement: str
    state: str
    tone: str
    created_at: datetime
    expires_at: datetime


@view(kw_only=True)
class IndexPage(Page):
    """Every request, those that wait first."""

    template: ClassVar[str] = "requests/index.html"
    waiting: tuple[Row, ...]
    decided: tuple[Row, ...]


@view
class Came:
    """How a request reached the owner."""

    text: str
    address_id: str | None


@view(kw_only=True)
class ShowPage(Page):
    """One request, with the form that grants it. `open` is False once it has been decided or has run out."""

    template: ClassVar[str] = "requests/show.html"
    request_id: str
    open: bool
    state: str
    client: ClientInWords
    known: Known | None
    came: Came
    reference: str
    created_at: datetime
    expires_at: datetime
    terms: TermsInWords
    grant_id: str | None
    renews: bool
    changes: tuple[Difference, ...]
    beside: Beside | None
    offer: Offered | None
    receipt_id: str | None
    agreements: tuple[tuple[str, str], ...]
    agreement: str
    lines: tuple[LineForm, ...]
    choices: tuple[Choice, ...]
    stranger: Stranger | None
    expires: str
    vendors: tuple[tuple[str, str], ...]
    vendor: str
    shares: tuple[tuple[str, str], ...]
    share: str
    errors: Mapping[str, str]


@router.get("/requests")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list of requests."""
    newest = select(Asked).where(Asked.account_id == owner.account_id).order_by(col(Asked.created_at).desc()).limit(200)
    found = owner.db.exec(newest).all()
    names = clients.names(owner, [row.client_id for row in found])
    rows = [(_waits(row, owner.now), _row(row, names, owner.now)) for row in found]
    page = IndexPage(waiting=tuple(row for waits, row in rows if waits), decided=tuple(row for waits, row in rows if not waits))
    return render(request, page, owner=owner)


@router.get("/requests/{request_id}")
def show(request: Request, request_id: str, owner: Reader) -> HTMLResponse:
    """One request in plain words."""
    return render(request, _page(owner, _find(owner, request_id), Form(), {}), owner=owner)


@router.post("/requests/{request_id}/approve")
def approve(request: Request, request_id: str, owner: Writer) -> Response:
    """Grant what was kept of the request."""
    asked = _find(owner, request_id)
    if not _waits(asked, owner.now):
        return see_other(f"/requests/{request_id}?done=already")
    form = owner.form
    if form.get("choose") == "all":
        return render(request, _page(owner, asked, form, {}, all_kept=True), owner=owner)
    if form.get("choose") == "mine":
        return render(request, _page(owner, asked, answers.with_my_terms(owner, _terms(asked), form), {}), owner=owner)
    choice, vendor = _choice(owner, asked)
    client = _client(owner, asked.client_id)
    releasing.refuse_without_key(owner, choice.granted, client, choice.errors)
    items = releasing.choose(owner, choice.granted, form, choice.errors) if choice.granted else ()
    share = proviso.chosen(choice.granted, form, choice.errors) if choice.granted else None
    if choice.granted is None or choice.errors:
        return render(request, _page(owner, asked, form, choice.errors), status=422, owner=owner)
    shown = _shown(owner, choice.granted)
    grant = approvals.approve(desk(owner), asked, choice.granted, client=client, vendor=vendor, shown=shown, usefulness_share=share)
    releasing.release(owner, grant, client, items)
    return see_other(f"/grants/{grant.grant_id}?done=granted")


@router.post("/requests/{request_id}/counter")
def counter(request: Request, request_id: str, owner: Writer) -> Response:
    """Offer something else, once: what was kept of the request, perhaps under another agreement."""
    asked = _find(owner, request_id)
    if not _waits(asked, owner.now):
        return see_other(f"/requests/{request_id}?done=already")
    wanted = _terms(asked)
    choice, vendor = _choice(owner, asked)
    offer = _under(choice.granted, owner.form.get("agreement", answers.AS_ASKED), choice.errors) if choice.granted else None
    if offer is not None:
        try:
            counters.fits(offer, wanted)
        except TermsError as wrong:
            choice.errors.add("agreement", wording.of_code(wording.TERMS_ERRORS, wrong.code))
    client = _client(owner, asked.client_id)
    releasing.refuse_without_key(owner, offer, client, choice.errors)
    share = proviso.chosen(offer, owner.form, choice.errors) if offer else None
    if offer is None or choice.errors:
        return render(request, _page(owner, asked, owner.form, choice.errors), status=422, owner=owner)
    countering.counter(desk(owner), asked, client, Answer(offer, vendor, _shown(owner, offer), share))
    return see_other(f"/requests/{request_id}?done=countered")


@router.post("/requests/{request_id}/decline")
def decline(request_id: str, owner: Writer) -> Response:
    """Say no; also to a counter-offer of one's own that nobody has answered."""
    asked = _find(owner, request_id)
    if asked.state not in grants.OPEN or owner.now >= asked.expires_at:
        return see_other(f"/requests/{request_id}?done=already")
    countering.decline(desk(owner), asked, _client(owner, asked.client_id))
    return see_other("/requests?done=declined")


@router.get("/receipts/{receipt_id}")
def receipt(receipt_id: str, owner: Reader) -> Response:
    """A receipt of the owner's, a compact JWS, as a file."""
    found = owner.db.get(Receipt, (owner.account_id, receipt_id))
    if found is None:
        raise NotFound
    name = f'attachment; filename="bothways-receipt-{found.created_at:%Y-%m-%d}-{receipt_id[:8]}.jws"'
    return Response(found.jws, media_type="application/jose", headers={"Content-Disposition": name})


def desk(owner: Owner) -> Desk:
    """The owner's hand, for `approvals`."""
    return Desk(
        db=owner.db,
        keyring=owner.keyring,
        now=owner.now,
        time_zone=owner.profile.time_zone,
        act=lambda signer: owner.act(signer=signer),
        signer_for=owner.signer_for,
        key_place=lambda client_id, kid: relationship_key_place(owner.account_id, client_id, kid),
    )


def _choice(owner: Owner, asked: Asked) -> tuple[Narrowed, str]:
    """What the form keeps of a request, and which company it names; both checked."""
    form = owner.form
    choice = narrowing.choose(_terms(asked), form, zone=owner.profile.time_zone, now=owner.now)
    vendor = form.get("vendor", NEW_VENDOR)
    if vendor != NEW_VENDOR and vendor not in clients.vendors(owner):
        choice.errors.add("vendor", _("Choose one of your companies, or a new one."))
    if not _renewable(owner, asked):
        choice.errors.add("", _("The permission that this would change has ended. Decline; they can ask for a new one."))
    return choice, vendor


def _under(kept: Terms, agreement: str, errors: FormErrors) -> Terms | None:
    """The terms under the chosen agreement."""
    if agreement in roster.ROSTER:
        return replace(kept, agreement=agreement)
    if agreement == answers.NO_AGREEMENT:
        return replace(kept, agreement=None)
    if agreement != answers.AS_ASKED:
        errors.add("agreement", _("Choose an agreement from the list."))
        return None
    return kept


def _shown(owner: Owner, terms: Terms) -> Shown:
    return Shown(
        text=terms_in_words.in_words(terms).text(),
        language=i18n.language(),
        rules_version=decision.RULES_VERSION,
        withdraw_at=f"{owner.settings.base_url}/grants",
    )


def _find(owner: Owner, request_id: str) -> Asked:
    found = owner.db.get(Asked, (owner.account_id, request_id))
    if found is None:
        raise NotFound
    return found


def _client(owner: Owner, client_id: str) -> Client:
    found = owner.db.get(Client, client_id)
    if found is None:
        raise NotFound
    return found


def _renewable(owner: Owner, asked: Asked) -> bool:
    """Whether the permission that the request would change can still be changed; True for a new one."""
    if asked.grant_id is None:
        return True
    grant = grants.find(owner.db, owner.account_id, asked.grant_id)
    return grant is not None and grant.status in grants.RENEWABLE


def _grant_of(owner: Owner, asked: Asked) -> str | None:
    """The permission that the request led to, or would change."""
    if asked.grant_id is not None:
        return asked.grant_id
    led_to = select(Grant.grant_id).where(Grant.account_id == owner.account_id, Grant.request_id == asked.request_id)
    return owner.db.exec(led_to).first()


def _terms(asked: Asked) -> Terms:
    return grants.asked(asked)


def _waits(asked: Asked, now: datetime) -> bool:
    return asked.state == "pending" and now < asked.expires_at


def _state(asked: Asked, now: datetime) -> str:
    over = asked.state in grants.OPEN and now >= asked.expires_at
    return "expired" if over else asked.state


def _row(asked: Asked, names: Mapping[str, str], now: datetime) -> Row:
    state = _state(asked, now)
    return Row(
        request_id=asked.request_id,
        who=names.get(asked.client_id, _("a system you do not know")),
        statement=plain(_terms(asked).statement),
        state=wording.of_code(wording.REQUEST, state),
        tone={"pending": "wait", "countered": "theirs", "granted": "good"}.get(state, "neutral"),
        created_at=asked.created_at,
        expires_at=asked.expires_at,
    )


def _page(owner: Owner, asked: Asked, form: Form, errors: Mapping[str, str], *, all_kept: bool = False) -> ShowPage:
    terms = _terms(asked)
    client = _client(owner, asked.client_id)
    known = clients.tied(owner).get(asked.client_id)
    link = _link(owner, asked)
    mine = clients.vendors(owner)
    shares, share = proviso.options(owner, terms, form)
    given_to = mine.get(link.vendor_id) if link and link.vendor_id else None
    zone = owner.profile.time_zone
    return ShowPage(
        request_id=asked.request_id,
        open=_waits(asked, owner.now),
        state=wording.of_code(wording.REQUEST, _state(asked, owner.now)),
        client=clients.in_words(client),
        known=known,
        came=_came(asked, link, given_to),
        stranger=strangers.of_request(owner, asked.address_id, client),
        reference=plain(asked.client_reference or ""),
        created_at=asked.created_at,
        expires_at=asked.expires_at,
        terms=terms_in_words.in_words(terms),
        grant_id=_grant_of(owner, asked),
        renews=asked.grant_id is not None and asked.state in grants.OPEN,
        changes=answers.differences(owner, asked, terms),
        beside=answers.beside(owner, terms, asked),
        offer=answers.offered(asked, owner.now),
        receipt_id=answers.refusal_receipt(owner, asked),
        agreements=answers.agreements(terms),
        agreement=form.get("agreement", answers.AS_ASKED),
        choices=releasing.on_request(owner, terms, form, before=_before(owner, asked)),
        lines=narrowing.lines(terms, form, errors, zone=zone, all_kept=all_kept),
        expires=form.get("expires", narrowing.last_day(terms, zone)),
        vendors=((NEW_VENDOR, _("A new company, named as they name themselves")), *((one.vendor_id, one.name) for one in mine.values())),
        shares=shares,
        share=share,
        vendor=form.get("vendor", known.vendor_id if known else given_to.vendor_id if given_to else NEW_VENDOR),
        errors=errors,
    )


def _link(owner: Owner, asked: Asked) -> AddressRecord | None:
    opened = store.get(owner.db, owner.keyring, AddressRecord, asked.address_id) if asked.address_id else None
    return opened.fields if opened else None


def _before(owner: Owner, asked: Asked) -> Grant | None:
    return grants.find(owner.db, owner.account_id, asked.grant_id) if asked.grant_id else None


def _came(asked: Asked, link: AddressRecord | None, given_to: Known | None) -> Came:
    if link is None:
        return Came(_("You entered their code yourself."), None)
    if given_to is None:
        named = _("Through your contact link “%(label)s”.") % {"label": link.label}
        return Came(named if link.label else _("Through one of your contact links."), asked.address_id)
    return Came(_("Through the contact link that you gave to %(vendor)s.") % {"vendor": given_to.name}, asked.address_id)
