"""`/search`: everything that the owner keeps, found by its words.

What is looked for is the owner's secret: it comes in the body of a POST, so that no address, no log and no history of a
browser or proxy has it. Nothing is changed by it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.auth.owner import Owner, Reader, Sent
from app.i18n import Lazy, _, lazy
from app.relationships import search
from app.relationships.search import Hit, Pile, Query, Run
from app.relationships.searched import SEARCHED
from app.relationships.shelves import EPOCH, Key
from app.ui.inbox import quiet
from app.ui.pages import Page
from app.ui.render import render
from app.ui.search import finding
from app.ui.vendors import clients
from app.ui.vendors.words import plain
from app.ui.view import view
from consent.store import Grant
from consent.store import Request as Asked
from vault import attachments, store
from vault.records import Kind
from vault.store import Record

router = APIRouter(include_in_schema=False)

FEW, MANY = 6, 100
"""Of each kind, and of one kind alone."""

KINDS: Mapping[str, Lazy] = {
    "vendor": lazy("Companies"),
    "commitment": lazy("Promises"),
    "message": lazy("Messages"),
    "letter": lazy("Letters"),
    "consent": lazy("Permissions and requests"),
    "elsewhere": lazy("Permissions given elsewhere"),
    "interaction": lazy("What happened"),
    "job": lazy("Jobs"),
    "item": lazy("My data"),
    "document": lazy("Documents"),
    "held": lazy("What they hold on you"),
    "incident": lazy("Known of companies"),
    "prices": lazy("Prices"),
    "policy": lazy("Their terms and policies"),
    "address": lazy("Contact links"),
}
"""Everything that can be found, in the order of the page."""

PLACES: Mapping[str, str] = {
    "vendor": "/vendors/{id}",
    "commitment": "/commitments/{id}",
    "message": "/inbox/{id}",
    "letter": "/letters/{id}",
    "elsewhere": "/elsewhere/{id}",
    "interaction": "/timeline?company={vendor}&before={cursor}",
    "job": "/jobs/{id}",
    "item": "/items/{id}/edit",
    "held": "/vendors/{vendor}/mirror",
    "incident": "/vendors/{vendor}#known",
    "prices": "/vendors/{vendor}#known",
    "policy": "/vendors/{vendor}/policies/{id}",
    "address": "/addresses/{id}",
}
HOLDERS: Mapping[str, str] = {Kind.ITEM: "items", Kind.VENDOR: "vendors", Kind.COMMITMENT: "commitments"}


class Row(NamedTuple):
    """Something found. `title` and `text` are runs, the words looked for marked; `vendor` is whose it is."""

    href: str
    title: tuple[Run, ...]
    text: tuple[Run, ...]
    vendor: str
    at: datetime | None


@view
class Group:
    """What was found of one kind. `more` when there is more than `total`, which was enough to look at."""

    kind: str
    title: str
    rows: tuple[Row, ...]
    total: int
    more: bool


@view(kw_only=True)
class IndexPage(Page):
    """The form and what was found. `short` when there was too little to look for; `only` is the kind that alone is shown."""

    template: ClassVar[str] = "search/index.html"
    query: str
    groups: tuple[Group, ...]
    total: int
    more: bool
    short: bool
    only: str


@view(kw_only=True)
class PartPage(IndexPage):
    """The same without the frame, for a script that shows it while somebody types."""

    template: ClassVar[str] = "search/_results.html"


@router.get("/search")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The form."""
    return render(request, _page(IndexPage, "", (), only=""), owner=owner)


@router.post("/search")
def find(request: Request, sender: Sent) -> HTMLResponse:
    """What a query finds; `kind` shows one kind alone, `part` leaves the frame out."""
    typed, only = sender.form.get("q").strip()[: search.LONGEST], sender.form.get("kind")
    only = only if only in KINDS else ""
    page = PartPage if sender.form.get("part") else IndexPage
    with sender.reading() as owner:
        return render(request, _page(page, typed, groups(owner, Query.of(typed), only=only), only=only), owner=owner)


def groups(owner: Owner, query: Query, *, only: str = "") -> tuple[Group, ...]:
    """The best of each kind, or of one; kinds of which nothing was found are left out."""
    if not query.enough:
        # Whoever begins to type will go on: what takes long the first time is done meanwhile.
        _piles(owner, "vendor"), _piles(owner, "interaction")
        return ()
    found = (_group(owner, query, kind, MANY if only else FEW) for kind in KINDS if only in {"", kind})
    return tuple(group for group in found if group.rows)


def _page(page: type[IndexPage], typed: str, found: Sequence[Group], *, only: str) -> IndexPage:
    return page(
        query=typed,
        groups=tuple(found),
        total=sum(group.total for group in found),
        more=any(group.more for group in found),
        short=bool(typed) and not Query.of(typed).enough,
        only=only,
    )


def _piles(owner: Owner, kind: str) -> list[Pile]:
    made: Mapping[str, Callable[[Owner], list[Pile]]] = {"document": finding.documents, "consent": finding.consents}
    return made[kind](owner) if kind in made else finding.piles(owner, kind)


def _group(owner: Owner, query: Query, kind: str, limit: int) -> Group:
    hits = search.find(_piles(owner, kind), query, limit=limit)
    shown = {"document": _documents, "consent": _consents}.get(kind)
    rows = tuple(shown(owner, query, hits.best) if shown else _records(owner, query, kind, hits.best)) if hits.best else ()
    return Group(kind, str(KINDS[kind]), rows, hits.total, hits.more)


def _records(owner: Owner, query: Query, kind: str, hits: Sequence[Hit]) -> Iterator[Row]:
    searched = SEARCHED[kind]
    opened = store.values_of(owner.db, owner.keyring, searched.model, [hit.record_id for hit in hits])
    parties = {hit.record_id: _party(opened.get(hit.record_id, {})) for hit in hits}
    known = clients.of_parties(owner, parties.values())
    for hit in hits:
        values: Mapping[str, Any] = opened.get(hit.record_id, {})
        vendor = known.get(parties[hit.record_id])
        if not values or (kind == "message" and quiet.held(owner, values)):
            continue
        cursor = Key(hit.at + 1, 0, 0, "0" * 32)
        place = PLACES[kind] if vendor or "{vendor}" not in PLACES[kind] else ""
        yield Row(
            href=place.format(id=hit.record_id, vendor=vendor.vendor_id if vendor else "", cursor=cursor),
            title=search.marked(plain(searched.title(values)) or str(KINDS[kind]), query),
            text=search.excerpt(plain(searched.body(values)), query),
            vendor="" if kind == "vendor" or vendor is None else vendor.name,
            at=_at(hit) if searched.when else None,
        )


def _documents(owner: Owner, query: Query, hits: Sequence[Hit]) -> Iterator[Row]:
    described = {one.attachment_id: one for one in attachments.all_of(owner.db, owner.keyring)}
    holders = {described[hit.record_id].record_id for hit in hits if hit.record_id in described}
    chosen = select(Record.record_id, Record.kind).where(Record.account_id == owner.account_id, col(Record.record_id).in_(holders))
    kinds = dict(owner.db.exec(chosen).all())
    for hit in hits:
        one = described.get(hit.record_id)
        if one is not None and kinds.get(one.record_id) in HOLDERS:
            href = f"/{HOLDERS[kinds[one.record_id]]}/{one.record_id}/documents/{one.attachment_id}"
            yield Row(href, search.marked(plain(one.name), query), (), "", one.created_at)


def _consents(owner: Owner, query: Query, hits: Sequence[Hit]) -> Iterator[Row]:
    ids = [hit.record_id for hit in hits]
    given = select(Grant).where(Grant.account_id == owner.account_id, col(Grant.grant_id).in_(ids))
    asked = select(Asked).where(Asked.account_id == owner.account_id, col(Asked.request_id).in_(ids))
    said = {row.grant_id: ("grants", row.client_id, row.terms, row.given_at) for row in owner.db.exec(given)}
    said |= {row.request_id: ("requests", row.client_id, row.details, row.created_at) for row in owner.db.exec(asked)}
    names = clients.names(owner, {client_id for _noun, client_id, _terms, _at in said.values()})
    for hit in hits:
        noun, client_id, terms, at = said[hit.record_id]
        text = search.excerpt(finding.text_of(terms, at), query)
        yield Row(f"/{noun}/{hit.record_id}", search.marked(names.get(client_id, _("A company")), query), text, "", at)


def _party(values: Mapping[str, Any]) -> str:
    return str(values.get("vendor_id") or values.get("client_id") or "")


def _at(hit: Hit) -> datetime:
    return datetime.fromtimestamp(hit.at / 1_000_000, EPOCH.tzinfo)
