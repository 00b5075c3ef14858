"""`/timeline`: what passed between the owner and all companies, or one, newest first; chosen by what it was and whose move."""

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Reader
from app.i18n import Lazy, lazy
from app.relationships import shelves
from app.relationships.shelves import Chosen, Key
from app.relationships.timeline import Group, Side
from app.ui import arriving
from app.ui.choices import Choice, address, choices
from app.ui.pages import Page
from app.ui.render import render
from app.ui.vendors import happened, moments
from app.ui.vendors.handlers import find
from app.ui.vendors.moments import Entry
from app.ui.view import view

router = APIRouter(include_in_schema=False)

PAGE = 50

GROUP: Mapping[str, Lazy] = {
    "contact": lazy("Purchases and contacts"),
    "message": lazy("Messages"),
    "offer": lazy("Offers"),
    "letter": lazy("Letters"),
    "consent": lazy("Permissions"),
    "promise": lazy("Promises"),
    "data": lazy("Data"),
    "known": lazy("About them"),
}
SIDE: Mapping[str, Lazy] = {"mine": lazy("My move"), "theirs": lazy("Their move"), "neutral": lazy("By itself")}


@view(kw_only=True)
class IndexPage(Page):
    """A page of moments. `vendor` is empty when they are of all companies; `newest` leads back to the first page."""

    template: ClassVar[str] = "timeline/index.html"
    vendor_id: str
    vendor: str
    entries: tuple[Entry, ...]
    groups: tuple[Choice, ...]
    sides: tuple[Choice, ...]
    narrowed: bool
    newest: str
    older: str


@router.get("/timeline")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The page; `?company=`, `?kind=` and `?side=` choose, `?before=` goes on where a page ended."""
    arriving.collect(owner)
    asked = _asked(request.query_params)
    company = asked.get("company", "")
    vendor = find(owner, company) if company else None
    parties = happened.parties(company, vendor) if vendor else None
    everything = happened.everything(owner)
    chosen = Chosen(parties, asked.get("kind", ""), asked.get("side", ""))
    before = Key.read(request.query_params.get("before", ""))
    found = shelves.page(everything, chosen, limit=PAGE, before=before, hides=happened.hidden(owner))
    groups, sides = _counted(shelves.counts(everything, parties), chosen)
    page = IndexPage(
        vendor_id=company,
        vendor=vendor.name if vendor else "",
        entries=moments.entries(owner, found.marks),
        groups=choices(groups, chosen.group, lambda kind: address("/timeline", asked, kind=kind), GROUP),
        sides=choices(sides, chosen.side, lambda side: address("/timeline", asked, side=side), SIDE),
        narrowed=bool(chosen.group or chosen.side),
        newest=address("/timeline", asked) if before else "",
        older=address("/timeline", asked, before=str(found.older)) if found.older else "",
    )
    return render(request, page, owner=owner)


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    known = {"company": query.get("company", ""), "kind": query.get("kind", ""), "side": query.get("side", "")}
    return {name: value for name, value in known.items() if name == "company" or value in {*GROUP, *SIDE}}


def _counted(counted: Counter[tuple[Group, Side]], chosen: Chosen) -> tuple[Counter[str], Counter[str]]:
    """How many there are of each group, of the chosen side; and of each side, of the chosen group."""
    groups: Counter[str] = Counter()
    sides: Counter[str] = Counter()
    for (group, side), count in counted.items():
        if chosen.side in {"", side}:
            groups[group] += count
        if chosen.group in {"", group}:
            sides[side] += count
    return groups, sides
