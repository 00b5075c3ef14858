"""Who leans on whom: all companies on one map, and each on a beam, with the evidence behind every number."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.i18n import _
from app.relationships import advice as advising
from app.relationships import balance as scales
from app.relationships.balance import Balance, Measure
from app.relationships.evidence import Evidence, spending
from app.ui import charts
from app.ui.balance import following as balance_following
from app.ui.balance import parts as balance_parts
from app.ui.balance import weighing, words
from app.ui.balance.following import AdviceLine, CareLine, SignLine, WarningLine
from app.ui.balance.parts import Look, OverTime, Weighed
from app.ui.charts import Spot
from app.ui.forms import FormErrors, made
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors.handlers import find
from app.ui.view import view
from vault import store
from vault.records import Yardstick

router = APIRouter(include_in_schema=False)

MONTHS = 24
MOST_SPOTS = 40
"""Companies drawn on the map, the surest first; the table has all."""

MOST_ROWS = 200


class Row(NamedTuple):
    """A company in the table. `number` is its number on the map, 0 when it is not drawn."""

    vendor_id: str
    name: str
    number: int
    called: tuple[tuple[str, str], ...]
    mine: str
    theirs: str
    magnitude: str
    lean: str


@view(kw_only=True)
class IndexPage(Page):
    """The map of all companies and the table behind it. `bare` counts those of which nothing can be weighed; `measured` once
    there is something for the owner's measure to hold of."""

    template: ClassVar[str] = "balance/index.html"
    look: Look
    spots: tuple[Spot, ...]
    rows: tuple[Row, ...]
    more: int
    bare: int
    band: tuple[float, float]
    floor: float
    measured: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """One company on the beam."""

    template: ClassVar[str] = "balance/show.html"
    vendor_id: str
    name: str
    look: Look
    weighed: Weighed
    job: tuple[str, str] | None
    jobs: tuple[tuple[str, str, str], ...]
    over_time: OverTime
    advice: tuple[AdviceLine, ...]
    warnings: tuple[WarningLine, ...]
    care: tuple[CareLine, ...]
    cared: str
    signs: tuple[SignLine, ...]
    signposts_at: datetime | None
    own_measure: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/balance")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The map; `?day=need` for the day I need them, `?on=` for a past day."""
    return render(request, _index(request, owner, None, {}), owner=owner)


@router.post("/balance")
def update(request: Request, owner: Writer) -> Response:
    """Keep the owner's measure: from when on it is lopsided, and from when on close."""
    errors = FormErrors()
    said = _yardstick(owner, errors)
    if said is None:
        return render(request, _index(request, owner, owner.form, errors), status=422, owner=owner)
    store.add(owner.db, owner.keyring, said, now=owner.now)
    return see_other("/balance?done=measure-kept")


@router.get("/vendors/{vendor_id}/balance")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """One company; the query is that of `/balance`."""
    return render(request, _show(request, owner, vendor_id, None, {}), owner=owner)


@router.post("/vendors/{vendor_id}/balance")
def measure_one(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Keep a measure for this company alone; with `as_for_all` the one for all holds of it again."""
    find(owner, vendor_id)
    errors = FormErrors()
    said = _yardstick(owner, errors, vendor_id=vendor_id)
    if said is None:
        return render(request, _show(request, owner, vendor_id, owner.form, errors), status=422, owner=owner)
    store.add(owner.db, owner.keyring, said, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/balance?done=measure-kept")


def _show(request: Request, owner: Owner, vendor_id: str, form: Form | None, errors: Mapping[str, str]) -> ShowPage:
    vendor = find(owner, vendor_id)
    look = balance_parts.look(request, owner)
    evidence = weighing.of_vendor(owner, vendor_id, vendor)
    paid = weighing.purchases(owner)
    spent = spending(paid, look.moment)
    measure = scales.measure(weighing.yardsticks(owner), look.moment, vendor_id=vendor_id)
    found = scales.weigh(evidence, spent, look.moment, day=look.day)
    known_at = owner.now if look.hindsight else None
    course = scales.series(evidence, paid, scales.months(look.moment.at, MONTHS), known_at=known_at, day=look.day)
    titles = {one.record_id: one.job.title for one in evidence.jobs}
    last = advising.latest_signpost(evidence.signposts, look.moment)
    cared = advising.nurture(evidence, look.moment)
    return ShowPage(
        vendor_id=vendor_id,
        name=vendor.name,
        look=look,
        weighed=balance_parts.weighed(found, measure),
        job=(found.job_id, titles[found.job_id]) if found.job_id else None,
        jobs=tuple((job_id, titles[job_id], words.span(one)) for job_id, one in found.jobs.items()),
        over_time=balance_parts.over_time(course, owner.profile.time_zone),
        advice=balance_following.advice(found, evidence, measure, spent, noted=vendor.substitutes),
        warnings=balance_following.warnings(evidence, look.moment),
        care=balance_following.care(cared, evidence),
        cared=balance_following.cared(cared),
        signs=balance_following.signs(evidence, look.moment),
        signposts_at=last.signpost.happened_at if last else None,
        own_measure=measure.own,
        values=_values(form, measure),
        errors=errors,
    )


def _yardstick(owner: Owner, errors: FormErrors, *, vendor_id: str | None = None) -> Yardstick | None:
    """The measure as typed; None with what is wrong. Taken back, its numbers say nothing."""
    taken_back = vendor_id is not None and owner.form.checked("as_for_all")
    lopsided, close = ("1", "1") if taken_back else (_share(owner.form.get(name), name, errors) for name in ("lopsided", "close"))
    why = errors.limit("why", owner.form.get("why"), 1000)
    said = {"vendor_id": vendor_id, "as_for_all": taken_back, "lopsided": lopsided, "close": close, "why": why}
    return made(Yardstick, {**said, "happened_at": owner.now, "recorded_at": owner.now}, errors)


def _values(form: Form | None, measure: Measure) -> dict[str, str]:
    typed = form or Form({"lopsided": [f"{measure.lopsided:g}"], "close": [f"{measure.close:g}"]})
    return {name: typed.get(name) for name in ("lopsided", "close", "why")}


def _index(request: Request, owner: Owner, form: Form | None, errors: Mapping[str, str]) -> IndexPage:
    look = balance_parts.look(request, owner)
    gathered = weighing.of_all(owner)
    measure = scales.measure(gathered.yardsticks, look.moment)
    paid = spending(gathered.purchases, look.moment)
    telling = [vendor_id for vendor_id in gathered.vendors if vendor_id in gathered.evidence or vendor_id in paid.vendors]
    found = [scales.weigh(gathered.evidence.get(vendor_id, Evidence(vendor_id)), paid, look.moment, day=look.day) for vendor_id in telling]
    drawn = sorted((one for one in found if one.asymmetry.width <= charts.VAGUE), key=lambda one: (one.asymmetry.width, one.vendor_id))
    numbers = {one.vendor_id: number for number, one in enumerate(drawn[:MOST_SPOTS], start=1)}
    found.sort(key=lambda one: (-_middle(one), gathered.vendors[one.vendor_id].casefold()))
    held_to = {one.vendor_id: scales.measure(gathered.yardsticks, look.moment, vendor_id=one.vendor_id) for one in found}
    rows = [_row(one, gathered.vendors[one.vendor_id], numbers.get(one.vendor_id, 0), held_to[one.vendor_id]) for one in found]
    return IndexPage(
        look=look,
        spots=tuple(
            charts.spot(numbers[one.vendor_id], one.magnitude, one.asymmetry, _tone(one, held_to[one.vendor_id]))
            for one in drawn[:MOST_SPOTS]
        ),
        rows=tuple(rows[:MOST_ROWS]),
        more=max(0, len(rows) - MOST_ROWS),
        bare=len(gathered.vendors) - len(telling),
        band=(charts.map_x(measure.lopsided), charts.map_x(-measure.lopsided)),
        floor=charts.map_y(measure.close),
        measured=bool(rows or errors or gathered.yardsticks),
        values=_values(form, measure),
        errors=errors,
    )


def _row(one: Balance, name: str, number: int, measure: Measure) -> Row:
    called = balance_parts.named(scales.names(one, measure))
    return Row(
        one.vendor_id,
        name,
        number,
        called,
        words.span(one.mine),
        words.span(one.theirs),
        words.span(one.magnitude),
        words.lean(one.asymmetry),
    )


def _middle(one: Balance) -> float:
    """How lopsided it is for certain: the end of the range nearer to level, nothing where it reaches over it."""
    return max(0.0, one.asymmetry.low, -one.asymmetry.high)


def _tone(one: Balance, measure: Measure) -> str:
    called = scales.names(one, measure)
    return words.TONE[called[0]] if len(called) == 1 else "neutral"


def _share(typed: str, name: str, errors: FormErrors) -> str:
    """A share as decimal text; what is none is noted."""
    text = typed.strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1 or not text.isascii() or "e" in text.lower():
        errors.add(name, _("A number between 0 and 1, such as 0.2."))
        return ""
    return f"{value:.4f}".rstrip("0") or "0"
