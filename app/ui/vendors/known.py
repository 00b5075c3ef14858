"""What I know of them: one page for all of it, and the forms for incidents and prices. Both are evidence: dated, never changed."""

from collections.abc import Mapping
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.i18n import _
from app.ui import amounts, dates
from app.ui.forms import FormErrors, made
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import known_parts
from app.ui.vendors.handlers import find
from app.ui.vendors.known_parts import INCIDENT, PER, Known
from app.ui.view import view
from vault import store
from vault.records import Incident, Prices

router = APIRouter(include_in_schema=False)

Option = tuple[str, str]

NAME, LINE, TEXT = 200, 1000, 20_000
INCIDENT_FIELDS = ("kind", "title", "on", "source", "note")
PRICE_FIELDS = ("what", "mine", "mine_per", "new", "new_per", "currency", "on", "source")


@view(kw_only=True)
class ShowPage(Page):
    """All of it."""

    template: ClassVar[str] = "known/show.html"
    vendor_id: str
    vendor: str
    known: Known


@view(kw_only=True)
class FormPage(Page):
    """A form with what was typed; `options` are of its choices."""

    vendor_id: str
    vendor: str
    options: tuple[Option, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@view(kw_only=True)
class IncidentPage(FormPage):
    """The form of an incident."""

    template: ClassVar[str] = "known/incident.html"


@view(kw_only=True)
class PricesPage(FormPage):
    """The form of two prices."""

    template: ClassVar[str] = "known/prices.html"


@router.get("/vendors/{vendor_id}/known")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """Everything that is known of them."""
    vendor = find(owner, vendor_id)
    page = ShowPage(vendor_id=vendor_id, vendor=vendor.name, known=known_parts.of_vendor(owner, vendor_id, vendor))
    return render(request, page, owner=owner)


@router.get("/vendors/{vendor_id}/incidents/new")
def new_incident(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The form, with today's date."""
    values = {"kind": "problem", "on": dates.today(owner).isoformat()}
    return render(request, _incident_page(owner, vendor_id, values, {}), owner=owner)


@router.post("/vendors/{vendor_id}/incidents/new")
def create_incident(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Write it down."""
    find(owner, vendor_id)
    sent, errors = _typed(owner.form, INCIDENT_FIELDS), FormErrors()
    incident = _incident(owner, vendor_id, sent, errors)
    if incident is None:
        return render(request, _incident_page(owner, vendor_id, sent, errors), owner=owner, status=422)
    store.add(owner.db, owner.keyring, incident, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/known?done=incident-kept#incidents")


@router.get("/vendors/{vendor_id}/prices/new")
def new_prices(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The form, with today's date."""
    values = {"mine_per": "P1M", "new_per": "P1M", "on": dates.today(owner).isoformat()}
    return render(request, _prices_page(owner, vendor_id, values, {}), owner=owner)


@router.post("/vendors/{vendor_id}/prices/new")
def create_prices(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Write both down."""
    find(owner, vendor_id)
    sent, errors = _typed(owner.form, PRICE_FIELDS), FormErrors()
    prices = _prices(owner, vendor_id, sent, errors)
    if prices is None:
        return render(request, _prices_page(owner, vendor_id, sent, errors), owner=owner, status=422)
    store.add(owner.db, owner.keyring, prices, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/known?done=prices-kept#prices")


def _typed(form: Form, names: tuple[str, ...]) -> dict[str, str]:
    return {name: form.get(name) for name in names}


def _incident(owner: Owner, vendor_id: str, sent: Mapping[str, str], errors: FormErrors) -> Incident | None:
    if sent["kind"] not in INCIDENT:
        errors.add("kind", _("Choose one of these."))
    errors.require("title", sent["title"], _("Please say in a few words what happened."))
    for name, most in (("title", NAME), ("source", LINE), ("note", TEXT)):
        errors.limit(name, sent[name], most)
    happened_on = dates.read("on", sent["on"], errors, latest=dates.today(owner)) or dates.today(owner)
    values = {name: sent[name] for name in ("kind", "title", "source", "note")}
    return made(Incident, {**values, "vendor_id": vendor_id, "happened_on": happened_on, "recorded_at": owner.now}, errors)


def _prices(owner: Owner, vendor_id: str, sent: Mapping[str, str], errors: FormErrors) -> Prices | None:
    errors.require("what", sent["what"], _("Say what is paid for."))
    for name, most in (("what", NAME), ("source", LINE)):
        errors.limit(name, sent[name], most)
    both = {side: _price(sent, side, errors) for side in ("mine", "new")}
    if not any(both.values()):
        errors.add("mine", _("Write one price at least. The other may follow later."))
    seen_on = dates.read("on", sent["on"], errors, latest=dates.today(owner)) or dates.today(owner)
    values = {"vendor_id": vendor_id, "what": sent["what"], "source": sent["source"], "seen_on": seen_on, "recorded_at": owner.now}
    return made(Prices, {**values, **both}, errors)


def _price(sent: Mapping[str, str], side: str, errors: FormErrors) -> dict[str, str | None] | None:
    per = sent[f"{side}_per"]
    if per not in PER:
        errors.add(f"{side}_per", _("Choose one of these."))
    amount, currency = amounts.read(sent[side], sent["currency"], errors, fields=(side, "currency"))
    if amount is not None and amount.startswith("-"):
        errors.add(side, _("A price is not below nothing."))
    return {"amount": amount, "currency": currency, "per": per or None} if amount else None


def _incident_page(owner: Owner, vendor_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> IncidentPage:
    kinds = tuple((code, str(words)) for code, words in INCIDENT.items())
    filled = {name: values.get(name, "") for name in INCIDENT_FIELDS}
    return IncidentPage(vendor_id=vendor_id, vendor=find(owner, vendor_id).name, options=kinds, values=filled, errors=errors)


def _prices_page(owner: Owner, vendor_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> PricesPage:
    periods = tuple((code, str(words)) for code, words in PER.items())
    filled = {name: values.get(name, "") for name in PRICE_FIELDS}
    return PricesPage(vendor_id=vendor_id, vendor=find(owner, vendor_id).name, options=periods, values=filled, errors=errors)
