"""`/nearby`: offers tied to a place. One press says where the owner is; that is compared, shown, and forgotten."""

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.exchange import mailroom, matched, nearby, zones
from app.i18n import _
from app.ui.balance.map_drawing import Drawn, draw, length
from app.ui.forms import FormErrors
from app.ui.nearby import places_form
from app.ui.nearby.places_form import Typed
from app.ui.pages import Page
from app.ui.render import render
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import plain
from app.ui.view import view
from consent.places import Area, Fix, load
from vault import store
from vault.records import MessageRecord, Zone

router = APIRouter(include_in_schema=False)

WITHIN_M = 25_000
"""How far away an offer may be to be listed as further off."""

MOST = 30


@view
class Row:
    """An offer. `record_id` once it has reached the owner; `metres` when it is known where the owner is."""

    mark: str
    title: str
    sender: str
    record_id: str | None
    metres: float | None
    valid_until: datetime | None

    @property
    def here(self) -> bool:
        """Whether the owner stands in its area."""
        return self.metres == 0

    @property
    def away(self) -> str:
        """How far it is."""
        return length(self.metres) if self.metres else ""


@view(kw_only=True)
class NearbyPage(Page):
    """What is here, what is further off, and a map of it."""

    template: ClassVar[str] = "nearby/index.html"
    rows: tuple[Row, ...]
    drawing: Markup | None
    looked: bool = False
    hidden: bool = False
    coarse: bool = False
    came: int = 0
    typed: Typed = field(default_factory=Typed)
    errors: FormErrors = field(default_factory=FormErrors)


@view
class _Offer:
    area: Area
    title: str
    sender: str
    client_id: str
    record_id: str | None
    valid_until: datetime | None


@router.get("/nearby")
def index(request: Request, owner: Reader) -> Response:
    """Offers that have reached the owner and still hold, without a word of where the owner is."""
    return render(request, _page(owner, _reached(owner), None), owner=owner)


@router.post("/nearby")
def show(request: Request, owner: Writer) -> Response:
    """Look around once. The page itself is the answer: where the owner is stands in no address and in no row."""
    typed, errors = Typed.of(owner.form), FormErrors()
    fix = places_form.fix(typed, errors)
    if fix is None:
        return render(request, _page(owner, _reached(owner), None, typed=typed, errors=errors), owner=owner, status=422)
    opened = zones.opened(owner.db, owner.keyring)
    if any(zone.hides(fix) for zone in opened.zones):
        return render(request, _page(owner, (), fix, typed=typed, hidden=True), owner=owner)
    coarse = fix.accuracy_m > nearby.COARSEST_M
    found = () if coarse else nearby.around(owner.db, opened, fix)
    new = nearby.matches(owner.db.connection(), opened, found, fix, now=owner.now)
    came = nearby.deliver(owner.db, owner.stores, opened, new, now=owner.now)
    mailroom.collect(owner.db, owner.keyring, owner.open_mailbox, now=owner.now)
    return render(request, _page(owner, _around(owner, fix), fix, typed=typed, came=came, coarse=coarse), owner=owner)


def _page(
    owner: Owner,
    found: Sequence[_Offer],
    fix: Fix | None,
    *,
    typed: Typed | None = None,
    errors: FormErrors | None = None,
    hidden: bool = False,
    coarse: bool = False,
    came: int = 0,
) -> NearbyPage:
    known = clients.tied(owner)
    rows = [_row(str(number), one, fix, known) for number, one in enumerate(found, 1)]
    drawn = [Drawn(one.area, "offer", row.mark) for one, row in zip(found, rows, strict=True)]
    near = _zones_near(owner, [one.area for one in found], fix)
    title = _("Map: %(offers)d offers, %(zones)d private zones") % {"offers": len(drawn), "zones": len(near)}
    return NearbyPage(
        rows=tuple(rows),
        drawing=draw([*near, *drawn], title=title, north=_("N"), here=fix),
        looked=fix is not None,
        hidden=hidden,
        coarse=coarse,
        came=came,
        typed=typed or Typed(),
        errors=errors or FormErrors(),
    )


def _row(mark: str, one: _Offer, fix: Fix | None, known: dict[str, Known]) -> Row:
    vendor = known.get(one.client_id)
    sender = vendor.name if vendor else _("“%(name)s”") % {"name": plain(one.sender)}
    metres = one.area.distance_m(fix) if fix else None
    return Row(mark, plain(one.title) or _("without a title"), sender, one.record_id, metres, one.valid_until)


def _reached(owner: Owner) -> list[_Offer]:
    """Offers in the inbox that hold, soonest over first."""
    records = store.all_of(owner.db, owner.keyring, MessageRecord)
    found = [
        _Offer(load(one.area), one.title, one.sender, one.client_id, opened.record_id, one.valid_until)
        for opened in records
        if (one := opened.fields).area is not None and one.taken_back_at is None and one.valid_until and one.valid_until > owner.now
    ]
    return sorted(found, key=lambda offer: (offer.valid_until or owner.now, offer.record_id or ""))[:MOST]


def _around(owner: Owner, fix: Fix) -> list[_Offer]:
    """Offers that have reached the owner, and open ones near enough to go there; nearest first."""
    reached = _reached(owner)
    known = matched.records(owner.db, owner.keyring)
    further = [
        _Offer(offer.area, offer.title, offer.sender, offer.client_id, None, offer.valid_until)
        for offer in matched.open_offers(owner.db, owner.account_id, owner.open_mailbox, now=owner.now)
        if offer.message_id not in known
    ]
    near = [(one.area.distance_m(fix), one) for one in [*reached, *further]]
    return [one for metres, one in sorted(near, key=lambda pair: pair[0]) if metres <= WITHIN_M][:MOST]


def _zones_near(owner: Owner, areas: Sequence[Area], fix: Fix | None) -> list[Drawn]:
    """Zones that belong on the map: not farther than what else is on it is wide."""
    spots = [Fix(area.enclosing[0]) for area in areas] + ([fix] if fix else [])
    if not spots:
        return []
    found = [load(opened.fields.area) for opened in store.all_of(owner.db, owner.keyring, Zone)]
    return [Drawn(area, "zone") for area in found if min(area.distance_m(spot) for spot in spots) <= WITHIN_M / 5]
