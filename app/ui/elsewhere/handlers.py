"""Permissions given elsewhere: on a form, a card, a call. Noted by hand, withdrawn by letter; the law is the gate here, not Bothways."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.i18n import Lazy, _, lazy
from app.relationships import elsewhere
from app.relationships.elsewhere import ConsentFacts, State
from app.relationships.search import fold
from app.ui import dates
from app.ui.elsewhere import form as elsewhere_form
from app.ui.elsewhere import parts as elsewhere_parts
from app.ui.elsewhere.parts import CHANNEL, MEANS, PURPOSE, STATE, TONE, Row
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import clients
from app.ui.view import view
from consent import ledger, vocabulary
from vault import store
from vault.records import Elsewhere

router = APIRouter(include_in_schema=False)

Option = tuple[str, str]

STEP: Mapping[str, Lazy] = {
    "sent": lazy("You withdrew it"),
    "acknowledged": lazy("They acknowledged it"),
    "ended": lazy("It ended"),
}
ACT: Mapping[str, Lazy] = {
    "sent": lazy("I withdrew it another way"),
    "acknowledged": lazy("They acknowledged it"),
    "ended": lazy("It has ended"),
}


@view
class Step:
    """A step that was taken."""

    at: datetime
    text: str
    note: str
    mine: bool


@view(kw_only=True)
class IndexPage(Page):
    """Every one of them, those that hold first."""

    template: ClassVar[str] = "elsewhere/index.html"
    rows: tuple[Row, ...]
    vendors: bool


@view(kw_only=True)
class FormPage(Page):
    """The form; `consent_id` is empty for a new one."""

    template: ClassVar[str] = "elsewhere/edit.html"
    consent_id: str
    vendors: tuple[Option, ...]
    channels: tuple[Option, ...]
    purposes: tuple[Option, ...]
    more_purposes: tuple[Option, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """One of them, with the way out. `may` are the steps that can be written down as (code, words), with the `values` that were typed."""

    template: ClassVar[str] = "elsewhere/show.html"
    consent_id: str
    vendor: str
    facts: ConsentFacts
    purpose: str
    channel: str
    note: str
    state: str
    tone: str
    means: str
    held: bool
    sent: bool
    letter: str
    letter_id: str
    answered_at: datetime | None
    recorded_at: datetime
    steps: tuple[Step, ...]
    may: tuple[Option, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/elsewhere")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    return render(request, IndexPage(rows=elsewhere_parts.rows(owner), vendors=bool(clients.vendors(owner))), owner=owner)


@router.get("/elsewhere/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form; `?vendor=` chooses a company."""
    values = {"vendor": request.query_params.get("vendor", ""), "channel": "website"}
    return render(request, _form(owner, "", values, {}), owner=owner)


@router.post("/elsewhere/new")
def create(request: Request, owner: Writer) -> Response:
    """Write it down."""
    sent = elsewhere_form.typed(owner.form)
    made, errors = elsewhere_form.parse(owner, sent, clients.vendors(owner), known=None)
    if made is None:
        return render(request, _form(owner, "", sent, errors), owner=owner, status=422)
    consent_id = store.add(owner.db, owner.keyring, made, now=owner.now)
    ledger.append(owner.db, owner.act(), "elsewhere.noted", {"consent_id": consent_id})
    return see_other(f"/elsewhere/{consent_id}?done=elsewhere-kept")


@router.get("/elsewhere/{consent_id}")
def show(request: Request, consent_id: str, owner: Reader) -> HTMLResponse:
    """One of them."""
    return render(request, _show(owner, consent_id, _find(owner, consent_id), {}), owner=owner)


@router.get("/elsewhere/{consent_id}/edit")
def edit(request: Request, consent_id: str, owner: Reader) -> HTMLResponse:
    """The form of one."""
    return render(request, _form(owner, consent_id, elsewhere_form.of_record(_find(owner, consent_id)), {}), owner=owner)


@router.post("/elsewhere/{consent_id}/edit")
def update(request: Request, consent_id: str, owner: Writer) -> Response:
    """Keep other words. The steps stay as they are."""
    known, sent = _find(owner, consent_id), elsewhere_form.typed(owner.form)
    made, errors = elsewhere_form.parse(owner, sent, clients.vendors(owner), known=known)
    if made is None:
        return render(request, _form(owner, consent_id, sent, errors), owner=owner, status=422)
    store.replace(owner.db, owner.keyring, consent_id, made, now=owner.now)
    ledger.append(owner.db, owner.act(), "elsewhere.changed", {"consent_id": consent_id, "step": "edited"})
    return see_other(f"/elsewhere/{consent_id}?done=elsewhere-changed")


@router.post("/elsewhere/{consent_id}/step")
def step(request: Request, consent_id: str, owner: Writer) -> Response:
    """Write down what happened on the way out."""
    consent, kind, errors = _find(owner, consent_id), owner.form.get("step"), FormErrors()
    standing = elsewhere.standing(consent, _letters(owner, consent_id), today=dates.today(owner))
    if kind not in elsewhere.next_steps(standing.state) or len(consent.steps) >= elsewhere.MOST_STEPS:
        return see_other(f"/elsewhere/{consent_id}?done=already")
    made = elsewhere_form.read_step(owner, kind, errors)
    if made is None:
        typed = {name: owner.form.get(name) for name in ("on", "note")}
        return render(request, _show(owner, consent_id, consent, errors, typed), owner=owner, status=422)
    store.replace(owner.db, owner.keyring, consent_id, elsewhere.with_step(consent, made), now=owner.now)
    ledger.append(owner.db, owner.act(), "elsewhere.changed", {"consent_id": consent_id, "step": kind})
    return see_other(f"/elsewhere/{consent_id}?done=elsewhere-step")


@router.post("/elsewhere/{consent_id}/remove")
def remove(request: Request, consent_id: str, owner: Writer) -> Response:
    """Remove one that was noted, for good."""
    consent = _find(owner, consent_id)
    if not owner.form.checked("sure"):
        errors = {"sure": _("Tick this first, so that nothing goes by a slip of the finger.")}
        return render(request, _show(owner, consent_id, consent, errors), owner=owner, status=422)
    store.remove(owner.db, owner.keyring, Elsewhere, consent_id)
    ledger.append(owner.db, owner.act(), "elsewhere.changed", {"consent_id": consent_id, "step": "removed"})
    return see_other("/elsewhere?done=elsewhere-removed")


def _find(owner: Owner, consent_id: str) -> Elsewhere:
    opened = store.get(owner.db, owner.keyring, Elsewhere, consent_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _letters(owner: Owner, consent_id: str) -> tuple[elsewhere.Written, ...]:
    return elsewhere_parts.written(owner, [consent_id]).get(consent_id, ())


def _form(owner: Owner, consent_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> FormPage:
    return FormPage(
        consent_id=consent_id,
        vendors=(("", _("Choose")), *((one.vendor_id, one.name) for one in clients.vendors(owner).values())),
        channels=tuple((code, str(words)) for code, words in CHANNEL.items()),
        purposes=(("", _("None of these, or I do not know")), *((term, str(words)) for term, words in PURPOSE.items())),
        more_purposes=tuple(_more_purposes()),
        values={name: values.get(name, "") for name in elsewhere_form.NAMES},
        errors=errors,
    )


def _more_purposes() -> list[Option]:
    others = ((term, elsewhere_parts.purpose(term)) for term in vocabulary.PURPOSES if term not in PURPOSE)
    return sorted(others, key=lambda one: fold(one[1]))


def _show(
    owner: Owner,
    consent_id: str,
    consent: Elsewhere,
    errors: Mapping[str, str],
    typed: Mapping[str, str] = MappingProxyType({}),
) -> ShowPage:
    letters = _letters(owner, consent_id)
    standing = elsewhere.standing(consent, letters, today=dates.today(owner))
    mine = clients.vendors(owner)
    return ShowPage(
        consent_id=consent_id,
        vendor=clients.name_of(mine, consent.vendor_id),
        facts=elsewhere.facts(consent),
        purpose=elsewhere_parts.purpose(elsewhere.facts(consent).purpose),
        channel=str(CHANNEL[consent.channel]),
        note=consent.note,
        state=str(STATE[standing.state]),
        tone=TONE[standing.state],
        means=str(MEANS[standing.state]),
        held=standing.state is State.GIVEN or standing.state is State.EXPIRED,
        sent=standing.state is State.SENT,
        letter=elsewhere_parts.letter_to_withdraw(consent.vendor_id, consent_id) if consent.vendor_id in mine else "",
        letter_id=standing.letter_id or "",
        answered_at=standing.answered_at,
        recorded_at=consent.recorded_at,
        steps=_steps(consent, letters),
        may=tuple((code, str(ACT[code])) for code in elsewhere.next_steps(standing.state)),
        values={"on": dates.today(owner).isoformat(), "note": "", **typed},
        errors=errors,
    )


def _steps(consent: Elsewhere, letters: tuple[elsewhere.Written, ...]) -> tuple[Step, ...]:
    told = [Step(one.happened_at, str(STEP[one.type]), one.note, one.type == "sent") for one in consent.steps]
    gone = [Step(one.sent_at, _("Your letter went out"), "", mine=True) for one in letters]
    came = [Step(one.answered_at, _("They answered your letter"), "", mine=False) for one in letters if one.answered_at]
    return tuple(sorted([*told, *gone, *came], key=lambda one: one.at, reverse=True))
