"""`/zones`: places where no offer reaches the owner, whatever the phone says."""

from dataclasses import field
from typing import ClassVar

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import zones
from app.i18n import _, ngettext
from app.ui.balance.map_drawing import Drawn, draw, length
from app.ui.forms import FormErrors
from app.ui.nearby import places_form
from app.ui.nearby.places_form import Typed
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from consent.places import Area, load, text_of
from vault import store
from vault.records import MessageRecord, Zone

router = APIRouter(include_in_schema=False)

LONGEST_NAME = 60


@view
class Row:
    """A zone in the list. `across` is the distance from one edge to the other."""

    zone_id: str
    mark: str
    name: str
    where: str
    across: str


@view(kw_only=True)
class ZonesPage(Page):
    """The zones, drawn and listed, and the form for one more."""

    template: ClassVar[str] = "zones/index.html"
    rows: tuple[Row, ...]
    drawing: Markup | None
    typed: Typed = field(default_factory=Typed)
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/zones")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    return render(request, _page(owner), owner=owner)


@router.post("/zones")
def create(request: Request, owner: Writer) -> Response:
    """Add a zone: a circle around coordinates that were typed, or that the browser put into the form."""
    typed, errors = Typed.of(owner.form), FormErrors()
    errors.limit("name", typed.name, LONGEST_NAME)
    area = places_form.circle(typed, errors)
    _room(owner, errors)
    if area is None or errors:
        return render(request, _page(owner, typed, errors), owner=owner, status=422)
    keep(owner, typed.name, area)
    return see_other("/zones?done=zone-added")


@router.post("/zones/{zone_id}/name")
def update(zone_id: str, owner: Writer) -> Response:
    """Give a zone another name."""
    zone, name = _find(owner, zone_id), owner.form.get("name").strip()[:LONGEST_NAME]
    if name:
        store.replace(owner.db, owner.keyring, zone_id, zone.model_copy(update={"name": name}), now=owner.now)
    return see_other("/zones?done=zone-renamed")


@router.post("/zones/{zone_id}/remove")
def remove(zone_id: str, owner: Writer) -> Response:
    """Remove a zone: offers can reach the owner there again."""
    _find(owner, zone_id)
    store.remove(owner.db, owner.keyring, Zone, zone_id)
    zones.project(owner.db, owner.keyring)
    return see_other("/zones?done=zone-removed")


@router.post("/inbox/{message_id}/hide")
def hide(message_id: str, owner: Writer) -> Response:
    """Make a zone of the place of an offer: never again here."""
    opened = store.get(owner.db, owner.keyring, MessageRecord, message_id)
    if opened is None or opened.fields.area is None:
        raise NotFound
    errors = FormErrors()
    _room(owner, errors)
    if errors:
        return see_other("/zones?done=zones-full")
    keep(owner, _("Where an offer was"), load(opened.fields.area))
    return see_other("/zones?done=zone-added")


def keep(owner: Owner, name: str, area: Area) -> str:
    """Keep a zone, and put it where the owner's devices find it; its id."""
    zone_id = store.add(owner.db, owner.keyring, Zone(name=name or _("Private zone"), area=text_of(area)), now=owner.now)
    zones.project(owner.db, owner.keyring)
    return zone_id


def _room(owner: Owner, errors: FormErrors) -> None:
    if len(store.digests(owner.db, owner.keyring, Zone)) >= zones.MOST:
        errors.add("", _("That is as many zones as one account can have. Remove one first."))


def _find(owner: Owner, zone_id: str) -> Zone:
    opened = store.get(owner.db, owner.keyring, Zone, zone_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _page(owner: Owner, typed: Typed | None = None, errors: FormErrors | None = None) -> ZonesPage:
    found = sorted(store.all_of(owner.db, owner.keyring, Zone), key=lambda one: (one.fields.name.casefold(), one.record_id))
    rows, drawn = [], []
    for number, opened in enumerate(found, 1):
        area = load(opened.fields.area)
        (longitude, latitude), radius = area.enclosing
        where = f"{latitude / 1e7:.4f}, {longitude / 1e7:.4f}"
        rows.append(Row(opened.record_id, str(number), opened.fields.name, where, length(2 * radius)))
        drawn.append(Drawn(area, "zone", str(number)))
    title = ngettext("Map of %(n)d private zone", "Map of %(n)d private zones", len(rows)) % {"n": len(rows)}
    drawing = draw(drawn, title=title, north=_("N"))
    return ZonesPage(rows=tuple(rows), drawing=drawing, typed=typed or Typed(), errors=errors or FormErrors())
