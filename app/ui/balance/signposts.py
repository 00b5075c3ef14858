"""The signposts: four questions asked both ways, whether each would give something up, and what to beware of; dated, and compared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.i18n import _
from app.ui import dates
from app.ui.balance import words
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors.handlers import find
from app.ui.view import view
from vault import store
from vault.records import Signpost

router = APIRouter(include_in_schema=False)

SIDES = ("them", "me")
WATCHED = ("competes", "sells")
MOST_TIMES = 12
"""Times shown side by side; the older ones stay in the export."""


@view
class Question:
    """One question of one side with its answers, the newest time first, as (words, whether it changed since the time before)."""

    name: str
    side: str
    text: str
    answers: tuple[tuple[str, bool], ...]


@view(kw_only=True)
class ShowPage(Page):
    """The questionnaire, and what was answered before."""

    template: ClassVar[str] = "balance/signposts.html"
    vendor_id: str
    name: str
    questions: tuple[Question, ...]
    watched: tuple[Question, ...]
    times: tuple[datetime, ...]
    notes: tuple[tuple[datetime, str], ...]
    answers: tuple[tuple[str, str], ...]
    yes_no: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/vendors/{vendor_id}/signposts")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The questionnaire, with nothing answered beforehand."""
    return render(request, _page(owner, vendor_id, Form(), {}), owner=owner)


@router.post("/vendors/{vendor_id}/signposts")
def create(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Keep the answers of today, or of the day named."""
    find(owner, vendor_id)
    errors = FormErrors()
    said = _read(owner, vendor_id, errors)
    if said is None:
        return render(request, _page(owner, vendor_id, owner.form, errors), status=422, owner=owner)
    store.add(owner.db, owner.keyring, said, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/signposts?done=signposts-kept")


def _read(owner: Owner, vendor_id: str, errors: FormErrors) -> Signpost | None:
    form = owner.form
    answered: dict[str, Any] = {name: {side: form.get(f"{name}-{side}") or "unsaid" for side in SIDES} for name in words.QUESTION} | {
        name: form.get(name) or "unsaid" for name in WATCHED
    }
    given = [*(answer for name in words.QUESTION for answer in answered[name].values()), *(answered[name] for name in WATCHED)]
    if all(answer == "unsaid" for answer in given):
        errors.add("", _("Answer one question at least. The others may stay open."))
    at = dates.moment(owner, dates.read("at", form.get("at"), errors, latest=dates.today(owner)))
    errors.limit("note", form.get("note"), 20_000)
    if errors:
        return None
    try:
        return Signpost.model_validate(
            {**answered, "vendor_id": vendor_id, "note": form.get("note"), "happened_at": at, "recorded_at": owner.now}
        )
    except ValidationError:
        errors.add("", _("Choose from the answers offered."))
        return None


def _page(owner: Owner, vendor_id: str, form: Form, errors: Mapping[str, str]) -> ShowPage:
    vendor = find(owner, vendor_id)
    asked = [one.fields for one in store.all_of(owner.db, owner.keyring, Signpost) if one.fields.vendor_id == vendor_id]
    asked.sort(key=lambda one: (one.happened_at, one.recorded_at), reverse=True)
    times = asked[:MOST_TIMES]
    names = [*(f"{name}-{side}" for name in words.QUESTION for side in SIDES), *WATCHED, "note", "at"]
    both = {"competes": _("They compete with me"), "sells": _("They sell me: my data, or my attention")}
    return ShowPage(
        vendor_id=vendor_id,
        name=vendor.name,
        questions=tuple(
            Question(name, side, str(text), _compared([getattr(getattr(one, name), side) for one in times]))
            for name, texts in words.QUESTION.items()
            for side, text in zip(SIDES, texts, strict=True)
        ),
        watched=tuple(Question(name, "", both[name], _compared([getattr(one, name) for one in times])) for name in WATCHED),
        times=tuple(one.happened_at for one in times),
        notes=tuple((one.happened_at, one.note) for one in times if one.note),
        answers=tuple((code, str(text)) for code, text in words.ANSWER.items()),
        yes_no=tuple((code, str(words.ANSWER[code])) for code in ("unsaid", "no", "yes")),
        values={name: form.get(name) for name in names},
        errors=errors,
    )


def _compared(codes: list[str]) -> tuple[tuple[str, bool], ...]:
    """Answers in words, newest first, each with whether it differs from the one before it in time."""
    before = [*codes[1:], codes[-1]] if codes else []
    return tuple((str(words.ANSWER[code]), code != old) for code, old in zip(codes, before, strict=True))
