"""`/my-terms`: what the owner would agree to, said once and before anybody asks; and who may ask at all."""

from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.exchange import standing
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.requests import roster_words
from app.ui.requests import terms_in_words as words
from app.ui.requests.roster_words import Row
from app.ui.view import view
from consent.asking import MAY_ASK
from consent.roster import ROSTER
from vault.records import MyTerms

router = APIRouter(include_in_schema=False)

PERS = ("P1D", "P1W", "P1M", "P3M", "P1Y")
RETENTIONS = ("P1M", "P3M", "P6M", "P1Y", "P2Y", "P5Y")
LIVES = ("P1M", "P3M", "P6M", "P1Y", "P2Y", "P5Y")
SHARES = ("0.2", "0.3", "0.5", "0.7", "0.8")
FIELDS = ("may_ask", "agreement", "count", "per", "hours_from", "hours_to", "retention", "life", "usefulness_share")

Option = tuple[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """The form. `values` are as typed, or as kept; of a first visit nothing is chosen. `also` are further agreements."""

    template: ClassVar[str] = "my_terms/show.html"
    kept: bool
    columns: tuple[str, ...]
    roster: tuple[Row, ...]
    values: Mapping[str, str]
    also: frozenset[str]
    may_ask: tuple[Option, ...]
    pers: tuple[Option, ...]
    retentions: tuple[Option, ...]
    lives: tuple[Option, ...]
    shares: tuple[Option, ...]
    zone: str
    errors: Mapping[str, str]


@router.get("/my-terms")
def show(request: Request, owner: Reader) -> HTMLResponse:
    """The owner's terms as they stand."""
    mine = standing.of(owner.db, owner.keyring)
    return render(request, _page(owner, mine, _values(mine), frozenset(mine.agreements[1:] if mine else ()), {}), owner=owner)


@router.post("/my-terms")
def update(request: Request, owner: Writer) -> Response:
    """Keep what was chosen. What waits already stays; it is held against the new terms from now on."""
    form, errors = owner.form, FormErrors()
    mine = _read(form, errors)
    if mine is None:
        typed = {name: form.get(name) for name in FIELDS}
        before = standing.of(owner.db, owner.keyring)
        return render(request, _page(owner, before, typed, frozenset(form.getlist("also")), errors), status=422, owner=owner)
    standing.keep(owner.db, owner.keyring, owner.act(), mine, now=owner.now)
    return see_other("/my-terms?done=my-terms-kept")


def _page(owner: Owner, mine: MyTerms | None, values: Mapping[str, str], also: frozenset[str], errors: Mapping[str, str]) -> ShowPage:
    none: Option = ("", _("no limit"))
    return ShowPage(
        kept=mine is not None,
        columns=roster_words.columns(),
        roster=roster_words.rows(),
        values=values,
        also=also,
        may_ask=tuple((code, str(roster_words.MAY_ASK[code])) for code in MAY_ASK),
        pers=(("", "–"), *((span, words.per(span)) for span in _with(PERS, values["per"]))),
        retentions=(none, *((span, words.duration(span)) for span in _with(RETENTIONS, values["retention"]))),
        lives=(none, *((span, words.duration(span)) for span in _with(LIVES, values["life"]))),
        shares=(("", _("does not matter")), *((share, _percent(share)) for share in _with(SHARES, values["usefulness_share"]))),
        zone=owner.profile.time_zone,
        errors=errors,
    )


def _with(offered: tuple[str, ...], kept: str) -> tuple[str, ...]:
    """What is offered, and what is kept already though it is not."""
    return offered if not kept or kept in offered else (kept, *offered)


def _percent(share: str) -> str:
    return _("%(n)s in ten") % {"n": f"{float(share) * 10:.1f}".removesuffix(".0")}


def _values(mine: MyTerms | None) -> dict[str, str]:
    if mine is None:
        return dict.fromkeys(FIELDS, "")
    kept: dict[str, Any] = mine.model_dump(mode="json")
    found = {name: str(kept[name]) if kept.get(name) is not None else "" for name in FIELDS}
    return found | {"agreement": mine.agreements[0] if mine.agreements else ""}


def _read(form: Form, errors: FormErrors) -> MyTerms | None:
    if form.get("may_ask") not in MAY_ASK:
        errors.add("may_ask", _("Say who may ask."))
    best, also = form.get("agreement"), form.getlist("also")
    if any(code not in ROSTER for code in (*filter(None, [best]), *also)):
        errors.add("agreement", _("Choose from the table."))
    if also and not best:
        errors.add("agreement", _("Say which agreement you like best."))
    count = form.get("count").strip()
    if count and not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= 1000):
        errors.add("count", _("A whole number from 1 to 1000, or nothing."))
    if bool(count) is not bool(form.get("per")):
        errors.add("per" if count else "count", _("A number and its stretch of time go together; leave both empty for no limit."))
    start, end = form.get("hours_from"), form.get("hours_to")
    if bool(start) is not bool(end) or (start and start == end):
        errors.add("hours_from", _("Give both times, such as 09:00 and 18:30, or neither."))
    return None if errors else _valid(form, errors, agreements=tuple(dict.fromkeys((*filter(None, [best]), *also))))


def _valid(form: Form, errors: FormErrors, *, agreements: tuple[str, ...]) -> MyTerms | None:
    chosen = {name: form.get(name).strip() or None for name in FIELDS if name not in {"agreement", "count"}}
    try:
        return MyTerms.model_validate(
            {**chosen, "agreements": agreements, "count": int(form.get("count")) if form.get("count").strip() else None}
        )
    except ValidationError as bad:
        for error in bad.errors(include_url=False, include_input=False):
            errors.add(str(error["loc"][0]), _("Choose one of those offered."))
        return None
