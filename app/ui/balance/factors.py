"""One factor of the balance with one company: its evidence, what the owner knows better, and the form to say so."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.i18n import _
from app.relationships import balance as scales
from app.relationships.evidence import spending
from app.relationships.factors import COUNTED
from app.ui import dates
from app.ui.balance import parts as balance_parts
from app.ui.balance import weighing, words
from app.ui.balance.parts import FactorLine, Look
from app.ui.commitments import evidence_lines
from app.ui.commitments.evidence_lines import EvidenceLine
from app.ui.forms import FormErrors, made
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors.handlers import find
from app.ui.view import view
from vault import store
from vault.records import Correction, Factor

router = APIRouter(include_in_schema=False)

FACTORS = frozenset(get_args(Factor))
FIELDS = ("says", "low", "high", "day", "why", "since")


@view
class Said:
    """A correction, said once."""

    says: str
    span: str
    day: str
    why: str
    happened_at: datetime
    recorded_at: datetime


@view(kw_only=True)
class ShowPage(Page):
    """The factor. `computed` is what the rule alone says, `line` what counts."""

    template: ClassVar[str] = "balance/factor.html"
    vendor_id: str
    name: str
    factor: str
    title: str
    rule: str
    mine: bool
    look: Look
    line: FactorLine
    computed: str
    evidence: tuple[EvidenceLine, ...]
    corrections: tuple[Said, ...]
    says: tuple[tuple[str, str], ...]
    days: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    today: str


@router.get("/vendors/{vendor_id}/balance/{factor}")
def show(request: Request, vendor_id: str, factor: str, owner: Reader) -> HTMLResponse:
    """The factor; the query is that of the balance."""
    return render(request, _page(request, owner, (vendor_id, _factor(factor)), Form(), {}), owner=owner)


@router.post("/vendors/{vendor_id}/balance/{factor}")
def correct(request: Request, vendor_id: str, factor: str, owner: Writer) -> Response:
    """Add what the owner knows better. Nothing said before is changed."""
    find(owner, vendor_id)
    known = _factor(factor)
    errors = FormErrors()
    said = _read(owner, vendor_id, known, errors)
    if said is None:
        return render(request, _page(request, owner, (vendor_id, known), owner.form, errors), status=422, owner=owner)
    store.add(owner.db, owner.keyring, said, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/balance/{known}?done=corrected")


def _factor(typed: str) -> Factor:
    if typed not in FACTORS:
        raise NotFound
    return typed  # type: ignore[return-value]  # one of the literals, as just seen


def _read(owner: Owner, vendor_id: str, factor: Factor, errors: FormErrors) -> Correction | None:
    form = owner.form
    says, day = form.get("says"), form.get("day", "both")
    if says not in words.SAYS or (says == "all_known" and factor not in COUNTED):
        errors.add("says", _("Choose one of these."))
    if day not in words.DAY:
        errors.add("day", _("Choose one of these."))
    errors.limit("why", errors.require("why", form.get("why"), _("Say why, for yourself in a year.")), 1000)
    low, high = _ends(form, errors) if says == "range" else (None, None)
    since = dates.moment(owner, dates.read("since", form.get("since"), errors, latest=dates.today(owner)))
    values = {"vendor_id": vendor_id, "factor": factor, "says": says, "low": low, "high": high, "day": day, "why": form.get("why")}
    return made(Correction, {**values, "happened_at": since, "recorded_at": owner.now}, errors)


def _ends(form: Form, errors: FormErrors) -> tuple[str | None, str | None]:
    """The two ends as decimal text; one that is left empty is the other."""
    typed = {name: form.get(name).strip().replace(",", ".") for name in ("low", "high")}
    low, high = typed["low"] or typed["high"], typed["high"] or typed["low"]
    ends: list[str] = []
    for name, text in (("low", low), ("high", high)):
        try:
            value = float(text) if text.isascii() and "e" not in text.lower() else -1.0
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            errors.add(name, _("A number from 0 to 1, such as 0.25."))
        ends.append(f"{value:.4f}")
    if not errors and float(ends[0]) > float(ends[1]):
        errors.add("low", _("The lower end first."))
    return ends[0], ends[1]


def _page(request: Request, owner: Owner, of: tuple[str, Factor], form: Form, errors: Mapping[str, str]) -> ShowPage:
    vendor_id, factor = of
    vendor = find(owner, vendor_id)
    look = balance_parts.look(request, owner)
    evidence = weighing.of_vendor(owner, vendor_id, vendor)
    paid = spending(weighing.purchases(owner), look.moment)
    one = scales.weigh(evidence, paid, look.moment, day=look.day).factors[factor]
    said = sorted(
        (one.correction for one in evidence.corrections if one.correction.factor == factor), key=lambda one: one.recorded_at, reverse=True
    )
    offered = [code for code in words.SAYS if code != "all_known" or factor in COUNTED]
    return ShowPage(
        vendor_id=vendor_id,
        name=vendor.name,
        factor=factor,
        title=str(words.FACTOR[factor]),
        rule=str(words.RULE[factor]),
        mine=factor in scales.MINE,
        look=look,
        line=balance_parts.line(one),
        computed=words.span(one.found.range),
        evidence=evidence_lines.lines(one.found.refs, evidence),
        corrections=tuple(_said(one) for one in said),
        says=tuple((code, str(words.SAYS[code])) for code in offered if code != "taken_back" or said),
        days=tuple((code, str(text)) for code, text in words.DAY.items()),
        values=dict.fromkeys(FIELDS, "") | {"says": "range", "day": "both"} | {name: form.get(name) for name in FIELDS if form.get(name)},
        errors=errors,
        today=dates.today(owner).isoformat(),
    )


def _said(one: Correction) -> Said:
    stands = words.span(scales.said(one)) if one.says == "range" else ""
    return Said(str(words.SAYS[one.says]), stands, str(words.DAY[one.day]), one.why, one.happened_at, one.recorded_at)
