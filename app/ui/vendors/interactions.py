"""Interactions: what happened with a company, written down once. It is evidence: a mistake is corrected by the next entry."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.i18n import Lazy, _, lazy
from app.ui import amounts, dates
from app.ui.forms import FormErrors, made
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors.handlers import find
from app.ui.vendors.moments import INTERACTION
from app.ui.view import view
from vault import store
from vault.records import Interaction

router = APIRouter(include_in_schema=False)

INITIATIVE: Mapping[str, Lazy] = {"me": lazy("I did"), "them": lazy("They did")}
FEELING: Mapping[str, Lazy] = {
    "unsaid": lazy("I would rather not say"),
    "good": lazy("Good"),
    "neutral": lazy("Neither good nor bad"),
    "bad": lazy("Bad"),
}
TITLE, NOTE = 200, 20_000


@view
class Typed:
    """What stands in the form. Who began is never guessed: the balance and the closeness shown are weighed from it."""

    kind: str = "contact"
    title: str = ""
    date: str = ""
    time: str = ""
    initiative: str = ""
    feeling: str = "unsaid"
    amount: str = ""
    currency: str = ""
    note: str = ""


@view(kw_only=True)
class NewPage(Page):
    """The form."""

    template: ClassVar[str] = "interactions/new.html"
    vendor_id: str
    vendor: str
    typed: Typed
    kinds: tuple[tuple[str, str], ...]
    initiatives: tuple[tuple[str, str], ...]
    feelings: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]


@router.get("/vendors/{vendor_id}/interactions/new")
def new(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The form, with today's date."""
    vendor = find(owner, vendor_id)
    return render(request, _page(vendor_id, vendor.name, Typed(date=dates.today(owner).isoformat()), {}), owner=owner)


@router.post("/vendors/{vendor_id}/interactions/new")
def create(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Write it into the timeline."""
    vendor = find(owner, vendor_id)
    typed = _typed(owner.form)
    interaction, errors = _parse(owner, vendor_id, typed)
    if interaction is None:
        return render(request, _page(vendor_id, vendor.name, typed, errors), owner=owner, status=422)
    store.add(owner.db, owner.keyring, interaction, now=owner.now)
    return see_other(f"/vendors/{vendor_id}?done=interaction-kept#timeline")


def _typed(form: Form) -> Typed:
    names = ("kind", "title", "date", "time", "initiative", "feeling", "amount", "currency", "note")
    return Typed(**{name: form.get(name) for name in names})


def _parse(owner: Owner, vendor_id: str, typed: Typed) -> tuple[Interaction | None, FormErrors]:
    errors = FormErrors()
    errors.require("title", typed.title, _("Please say in a few words what happened."))
    errors.limit("title", typed.title, TITLE)
    errors.limit("note", typed.note, NOTE)
    for name, value, known in (
        ("kind", typed.kind, INTERACTION),
        ("initiative", typed.initiative, INITIATIVE),
        ("feeling", typed.feeling, FEELING),
    ):
        if value not in known:
            errors.add(name, _("Say who began: you, or they.") if name == "initiative" else _("Choose one of these."))
    happened_at = _happened(typed, owner, errors)
    amount, currency = amounts.read(typed.amount, typed.currency, errors)
    values = {
        "vendor_id": vendor_id,
        "kind": typed.kind,
        "title": typed.title,
        "note": typed.note,
        "initiative": typed.initiative,
        "feeling": typed.feeling,
        "amount": amount,
        "currency": currency,
        "happened_at": happened_at,
        "recorded_at": owner.now,
    }
    return made(Interaction, values, errors), errors


def _happened(typed: Typed, owner: Owner, errors: FormErrors) -> datetime | None:
    day = dates.read("date", errors.require("date", typed.date), errors)
    try:
        at = time.fromisoformat(typed.time) if typed.time else dates.NOON
    except ValueError:
        errors.add("time", _("Write the time as hours:minutes, for example 18:05."))
        return None
    if day is None:
        return None
    if day > dates.today(owner):
        errors.add("date", _("This date is still to come. What is agreed for later is a promise: write it down there."))
        return None
    return min(datetime.combine(day, at.replace(tzinfo=None), tzinfo=ZoneInfo(owner.profile.time_zone)).astimezone(UTC), owner.now)


def _page(vendor_id: str, vendor: str, typed: Typed, errors: Mapping[str, str]) -> NewPage:
    return NewPage(
        vendor_id=vendor_id,
        vendor=vendor,
        typed=typed,
        kinds=_options(INTERACTION),
        initiatives=_options(INITIATIVE),
        feelings=_options(FEELING),
        errors=errors,
    )


def _options(words: Mapping[str, Lazy]) -> tuple[tuple[str, str], ...]:
    return tuple((code, str(text)) for code, text in words.items())
