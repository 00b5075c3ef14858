"""`/vendors`: the list of companies, searched, narrowed, sorted and turned page by page; every state of it is a link."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.auth.owner import Owner, Reader
from app.i18n import Lazy, lazy
from app.relationships import commitments, facets, search
from app.relationships.search import Query
from app.ui.choices import Choice, Facet, address, choices
from app.ui.commitments import promises
from app.ui.imports.words import FORMATS
from app.ui.pages import Page
from app.ui.render import render
from app.ui.search import finding
from app.ui.vendors import happened
from app.ui.vendors.form import CLOSENESS_SHORT
from app.ui.view import view
from consent import grants
from consent.store import Grant
from vault.records import Vendor
from vault.segments import Digest

router = APIRouter(include_in_schema=False)

WINDOW = 100
"""Companies on one page of the list."""

LATELY = timedelta(days=90)

YES: Mapping[str, Lazy] = {"yes": lazy("yes"), "no": lazy("no")}
HEARD: Mapping[str, Lazy] = {"lately": lazy("in the last 90 days"), "not": lazy("not in the last 90 days")}
FACETS: Mapping[str, tuple[Lazy, Mapping[str, Lazy] | None]] = {
    "closeness": (lazy("Closeness wanted"), {str(code): text for code, text in CLOSENESS_SHORT.items()}),
    "consent": (lazy("Has permission"), YES),
    "promise": (lazy("Has an open promise"), YES),
    "heard": (lazy("Heard from them"), HEARD),
    "job": (lazy("Job"), None),
    "tag": (lazy("Tag"), None),
    "source": (lazy("Imported from"), FORMATS),
}
SORTS: Mapping[str, Lazy] = {"": lazy("Name"), "added": lazy("Added last"), "heard": lazy("Heard from last")}


Values = Mapping[str, Collection[str]]
"""What a company has of each facet."""


@view
class Row:
    """A company in the list."""

    vendor_id: str
    name: str
    domains: tuple[str, ...]
    job: str
    tags: tuple[str, ...]
    closeness: str


@view(kw_only=True)
class IndexPage(Page):
    """A window on the list, or on what is left of it. `start` counts from 0; `said` is what the search form has to keep."""

    template: ClassVar[str] = "vendors/index.html"
    query: str
    said: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    facets: tuple[Facet, ...]
    chosen: tuple[Choice, ...]
    sorts: tuple[Choice, ...]
    narrowed: bool
    start: int
    found: int
    total: int
    previous: str
    next: str


@router.get("/vendors")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list; `?q=` searches all that a record says, each facet narrows, `?sort=` orders, `?from=` moves on."""
    said = _said(request.query_params)
    everything = owner.digests(Vendor)
    chosen = {name: said[name] for name in FACETS if name in said}
    heard = _heard(owner, everything)
    narrowed = facets.narrow(_valued(owner, everything, said.get("q", ""), heard), FACETS, chosen)
    rows = sorted(narrowed.rows, key=_order(said.get("sort", ""), heard))
    start = _start(request.query_params.get("from", ""), len(rows))
    offered = tuple(_facet(name, narrowed.counts[name], said) for name in FACETS)
    page = IndexPage(
        query=said.get("q", ""),
        said=tuple((name, value) for name, value in said.items() if name != "q"),
        rows=tuple(_row(digest) for digest in rows[start : start + WINDOW]),
        facets=tuple(facet for facet in offered if len(facet.choices) > 1 or any(one.chosen for one in facet.choices)),
        chosen=tuple(one for facet in offered for one in facet.choices if one.chosen),
        sorts=tuple(Choice(str(text), 0, _href(said, sort=code), said.get("sort", "") == code) for code, text in SORTS.items()),
        narrowed=bool(chosen or said.get("q")),
        start=start,
        found=len(rows),
        total=len(everything),
        previous=_href(said, **{"from": str(start - WINDOW) if start > WINDOW else ""}) if start else "",
        next=_href(said, **{"from": str(start + WINDOW)}) if start + WINDOW < len(rows) else "",
    )
    return render(request, page, owner=owner)


def _said(query: Mapping[str, str]) -> dict[str, str]:
    known = {"q": query.get("q", "").strip()[: search.LONGEST], **{name: query.get(name, "")[:1000] for name in FACETS}}
    sort = query.get("sort", "")
    return {name: value for name, value in {**known, "sort": sort if sort in SORTS else ""}.items() if value}


def _href(said: Mapping[str, str], **changes: str) -> str:
    return address("/vendors", said, **changes)


def _facet(name: str, counts: Any, said: Mapping[str, str]) -> Facet:
    title, words = FACETS[name]
    return Facet(str(title), choices(counts, said.get(name, ""), lambda value: _href(said, **{name: value}), words))


def _valued(owner: Owner, everything: Iterable[Digest], query: str, heard: Mapping[str, datetime]) -> Iterable[tuple[Digest, Values]]:
    """The companies that the search finds, with what each has of every facet."""
    found = _found(owner, query)
    allowed, open_promises = _allowed(owner), _promising(owner)
    since = owner.now - LATELY
    for digest in everything:
        if found is not None and digest.record_id not in found:
            continue
        values: Mapping[str, Any] = digest.values
        last = heard.get(digest.record_id)
        yield (
            digest,
            {
                "closeness": (values["closeness"],),
                "consent": ("yes" if allowed.intersection(values["client_ids"]) else "no",),
                "promise": ("yes" if digest.record_id in open_promises else "no",),
                "heard": ("lately" if last is not None and last > since else "not",),
                "job": (values["job"],) if values["job"] else (),
                "tag": values["tags"],
                "source": values["sources"],
            },
        )


def _found(owner: Owner, query: str) -> frozenset[str] | None:
    """The companies that a query finds; None when nothing is looked for."""
    wanted = Query.of(query)
    if not wanted.terms:
        return None
    return frozenset(hit.record_id for pile in finding.piles(owner, "vendor") for hit in pile.hits(wanted))


def _allowed(owner: Owner) -> frozenset[str]:
    live = (Grant.account_id == owner.account_id, col(Grant.status).in_(grants.LIVE), col(Grant.expires_at) > owner.now)
    return frozenset(owner.db.exec(select(Grant.client_id).where(*live)))


def _promising(owner: Owner) -> frozenset[str]:
    every = promises.of_owner(owner)
    return frozenset(promise.vendor_id for _record_id, promise in every if commitments.state(promise.events) in commitments.OPEN)


def _heard(owner: Owner, everything: Iterable[Digest]) -> dict[str, datetime]:
    """When each company made the last move."""
    by_party = happened.last_moves(owner)
    found = {}
    for digest in everything:
        values: Mapping[str, Any] = digest.values
        moves = [by_party[party] for party in (digest.record_id, *values["client_ids"]) if party in by_party]
        if moves:
            found[digest.record_id] = max(moves)
    return found


def _order(sort: str, heard: Mapping[str, datetime]) -> Callable[[Digest], tuple[Any, ...]]:
    def by_name(digest: Digest) -> tuple[Any, ...]:
        return str(digest.values["name"]).casefold(), digest.record_id

    def added(digest: Digest) -> tuple[Any, ...]:
        return -digest.created_at.timestamp(), *by_name(digest)

    def spoke(digest: Digest) -> tuple[Any, ...]:
        last = heard.get(digest.record_id)
        return last is None, -last.timestamp() if last else 0, *by_name(digest)

    return {"added": added, "heard": spoke}.get(sort, by_name)


def _row(digest: Digest) -> Row:
    values: Mapping[str, Any] = digest.values
    closeness = values["closeness"]
    said = str(CLOSENESS_SHORT[closeness]) if closeness != "unsaid" else ""
    return Row(digest.record_id, str(values["name"]), tuple(values["domains"]), str(values["job"]), tuple(values["tags"]), said)


def _start(asked: str, found: int) -> int:
    # A window always begins at a multiple of its size, so that a bookmark still leads somewhere when the list has shrunk.
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    return min(wanted, max(0, found - 1)) // WINDOW * WINDOW
