"""Requests: a company asks for consent; the owner reads it in plain words, takes it, takes less of it, or declines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
from app.exchange import approvals
from app.exchange.approvals import NEW_VENDOR, Desk, Shown
from app.i18n import _
from app.relationships import vendors as vendor_rules
from app.tables import Client
from app.ui import clients, narrowing, terms_in_words, wording
from app.ui.clients import ClientInWords, Known
from app.ui.narrowing import LineForm
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.terms_in_words import Fact, TermsInWords
from app.ui.vendor_words import plain
from consent import decision, grants
from consent.store import Grant
from consent.store import Request as Asked
from consent.terms import Terms, parse
from vault import store
from vault.records import AddressRecord, Vendor

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Row:
    """A request in the list."""

    request_id: str
    who: str
    statement: str
    state: str
    tone: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class IndexPage(Page):
    """Every request, those that wait first."""

    template: ClassVar[str] = "requests/index.html"
    waiting: tuple[Row, ...]
    decided: tuple[Row, ...]


@dataclass(frozen=True)
class Came:
    """How a request reached the owner. `doubt` is said where the contact link was given to somebody else."""

    text: str
    address_id: str | None
    doubt: str


@dataclass(frozen=True)
class Change:
    """What a request would change of a permission that stands: line and question, now and then."""

    line: str
    label: str
    now: str
    then: str


@dataclass(frozen=True, kw_only=True)
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
    changes: tuple[Change, ...]
    lines: tuple[LineForm, ...]
    expires: str
    vendors: tuple[tuple[str, str], ...]
    vendor: str
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
    terms = _terms(asked)
    choice = narrowing.choose(terms, form, zone=owner.profile.time_zone, now=owner.now)
    vendor = form.get("vendor", NEW_VENDOR)
    if vendor != NEW_VENDOR and vendor not in clients.vendors(owner):
        choice.errors.add("vendor", _("Choose one of your companies, or a new one."))
    if not _renewable(owner, asked):
        choice.errors.add("", _("The permission that this would change has ended. Decline; they can ask for a new one."))
    if choice.granted is None or choice.errors:
        return render(request, _page(owner, asked, form, choice.errors), status=422, owner=owner)
    shown = Shown(
        text=terms_in_words.in_words(choice.granted).text(),
        language=i18n.language(),
        rules_version=decision.RULES_VERSION,
        withdraw_at=f"{owner.settings.base_url}/grants",
    )
    grant = approvals.approve(desk(owner), asked, choice.granted, client=_client(owner, asked.client_id), vendor=vendor, shown=shown)
    return see_other(f"/grants/{grant.grant_id}?done=granted")


@router.post("/requests/{request_id}/decline")
def decline(request_id: str, owner: Writer) -> Response:
    """Say no."""
    asked = _find(owner, request_id)
    if not _waits(asked, owner.now):
        return see_other(f"/requests/{request_id}?done=already")
    grants.decline(owner.db, owner.act(), asked)
    return see_other("/requests?done=declined")


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
    # As it was read when it came: what was in the future then may be over now, and the page says so itself.
    return parse(json.loads(asked.details), now=asked.created_at)


def _waits(asked: Asked, now: datetime) -> bool:
    return asked.state == "pending" and now < asked.expires_at


def _state(asked: Asked, now: datetime) -> str:
    over = asked.state == "pending" and now >= asked.expires_at
    return "expired" if over else asked.state


def _row(asked: Asked, names: Mapping[str, str], now: datetime) -> Row:
    state = _state(asked, now)
    return Row(
        request_id=asked.request_id,
        who=names.get(asked.client_id, _("a system you do not know")),
        statement=plain(_terms(asked).statement),
        state=wording.of_code(wording.REQUEST, state),
        tone={"pending": "wait", "granted": "good"}.get(state, "neutral"),
        created_at=asked.created_at,
        expires_at=asked.expires_at,
    )


def _page(owner: Owner, asked: Asked, form: Form, errors: Mapping[str, str], *, all_kept: bool = False) -> ShowPage:
    terms = _terms(asked)
    client = _client(owner, asked.client_id)
    known = clients.tied(owner).get(asked.client_id)
    link = _link(owner, asked)
    mine = clients.vendors(owner)
    given_to = mine.get(link.vendor_id) if link and link.vendor_id else None
    zone = owner.profile.time_zone
    return ShowPage(
        request_id=asked.request_id,
        open=_waits(asked, owner.now),
        state=wording.of_code(wording.REQUEST, _state(asked, owner.now)),
        client=clients.in_words(client),
        known=known,
        came=_came(asked, link, given_to, client),
        reference=plain(asked.client_reference or ""),
        created_at=asked.created_at,
        expires_at=asked.expires_at,
        terms=terms_in_words.in_words(terms),
        grant_id=_grant_of(owner, asked),
        changes=_changes(owner, asked, terms),
        lines=narrowing.lines(terms, form, errors, zone=zone, all_kept=all_kept),
        expires=form.get("expires", narrowing.last_day(terms, zone)),
        vendors=((NEW_VENDOR, _("A new company, named as they name themselves")), *((one.vendor_id, one.name) for one in mine.values())),
        vendor=form.get("vendor", known.vendor_id if known else given_to.vendor_id if given_to else NEW_VENDOR),
        errors=errors,
    )


def _link(owner: Owner, asked: Asked) -> AddressRecord | None:
    opened = store.get(owner.db, owner.keyring, AddressRecord, asked.address_id) if asked.address_id else None
    return opened.fields if opened else None


def _came(asked: Asked, link: AddressRecord | None, given_to: Known | None, client: Client) -> Came:
    if link is None:
        return Came(_("You entered their code yourself."), None, "")
    if given_to is None:
        named = _("Through your contact link “%(label)s”.") % {"label": link.label}
        return Came(named if link.label else _("Through one of your contact links."), asked.address_id, "")
    vendor = {"vendor": given_to.name}
    doubt = _("You gave this contact link to %(vendor)s; the system that uses it calls itself something else.") % vendor
    text = _("Through the contact link that you gave to %(vendor)s.") % vendor
    return Came(text, asked.address_id, "" if _same(given_to, client) else doubt)


def _same(given_to: Known, client: Client) -> bool:
    """Whether the client claims to be the company that the link was given to, by domain or by name."""
    claimed: Vendor = approvals.vendor_of(client)
    index = vendor_rules.Index.of([(given_to.vendor_id, given_to.name, given_to.domains)])
    return any(index.match(name, claimed.domains) for name in (claimed.name, client.name))


def _changes(owner: Owner, asked: Asked, terms: Terms) -> tuple[Change, ...]:
    """The difference to the permission that the request would change; nothing for a new one."""
    grant = grants.find(owner.db, owner.account_id, asked.grant_id) if asked.grant_id and asked.state == "pending" else None
    if grant is None:
        return ()
    before, after = _facts(terms_in_words.in_words(grants.standing(grant).terms)), _facts(terms_in_words.in_words(terms))
    keys = [*after, *(key for key in before if key not in after)]
    nothing = _("not at all")
    pairs = ((key, before.get(key), after.get(key)) for key in keys)
    return tuple(
        Change(line=key[0], label=either.label, now=old.text if old else nothing, then=new.text if new else nothing)
        for key, old, new in pairs
        if (either := new or old) and old != new
    )


def _facts(said: TermsInWords) -> dict[tuple[str, str], Fact]:
    whole = {("", fact.key): fact for fact in (*said.facts, *said.notice_facts)}
    return whole | {(line.purpose, fact.key): fact for line in said.lines for fact in line.facts}
