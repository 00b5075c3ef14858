"""Jobs: what the owner wants to get done, whom they hired for it, what else would do, and how it went."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.i18n import _
from app.relationships import jobs
from app.relationships.jobs import Standing
from app.ui import dates
from app.ui.balance import words
from app.ui.forms import FormErrors
from app.ui.jobs import form as job_form
from app.ui.jobs.form import AGAIN, BOUND, ON_THE_DAY, WENT
from app.ui.jobs.words import Step, step_in_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.view import view
from vault import store
from vault.records import Alternative, Closed, Fired, Gone, Hired, Job, JobStep, Looked, Reviewed, Weighed

router = APIRouter(include_in_schema=False)

Option = tuple[str, str]

STEPS: Mapping[str, tuple[type[JobStep], str]] = {
    "weigh": (Weighed, "weigh"),
    "hire": (Hired, "hire"),
    "fire": (Fired, "fire"),
    "review": (Reviewed, "review"),
    "alternatives": (Alternative, "alternatives"),
    "drop": (Gone, "alternatives"),
    "look": (Looked, "look"),
    "close": (Closed, "close"),
}
"""What can be written down of a job, by the last part of its path, and the part of the page that it belongs to."""


@view
class Row:
    """A job in the list."""

    job_id: str
    title: str
    importance: str
    hired: tuple[str, ...]
    others: int
    closed: bool


@view
class Hire:
    """Somebody who is hired: since when, how bound, and how it went so far."""

    vendor_id: str
    name: str
    since: datetime
    bound: str
    bound_until: date | None
    review: str


@view
class Other:
    """Something else that would do."""

    alternative_id: str
    name: str
    effort: str
    on_the_day: str
    ways: tuple[str, ...]
    note: str


@view(kw_only=True)
class IndexPage(Page):
    """Every job, the open ones first."""

    template: ClassVar[str] = "jobs/index.html"
    rows: tuple[Row, ...]


@view(kw_only=True)
class FormPage(Page):
    """The form of a job; `job_id` is empty for a new one."""

    template: ClassVar[str] = "jobs/edit.html"
    job_id: str
    importance: tuple[Option, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """One job. `asked` is the form that was sent back, whose fields hold `values`; of who is hired each has forms of its own, named
    `review-` and `fire-` with the company's id."""

    template: ClassVar[str] = "jobs/show.html"
    job_id: str
    title: str
    outcomes: tuple[str, ...]
    note: str
    ordinary: str
    need: str
    closed_at: datetime | None
    looked_at: datetime | None
    full: bool
    hires: tuple[Hire, ...]
    others: tuple[Other, ...]
    steps: tuple[Step, ...]
    vendors: tuple[Option, ...]
    options: Mapping[str, tuple[Option, ...]]
    asked: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    today: str


@router.get("/jobs")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    mine = clients.vendors(owner)
    rows = [_row(one.record_id, one.fields, mine, owner.now) for one in store.all_of(owner.db, owner.keyring, Job)]
    return render(request, IndexPage(rows=tuple(sorted(rows, key=lambda row: (row.closed, row.title.casefold())))), owner=owner)


@router.get("/jobs/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form."""
    return render(request, _form("", {}, {}), owner=owner)


@router.post("/jobs/new")
def create(request: Request, owner: Writer) -> Response:
    """Write a job down, with how much hangs on it where that was said."""
    errors = FormErrors()
    made = job_form.read_job(owner.form, None, errors)
    said = {owner.form.get(name, "unsaid") for name in ("ordinary", "need")}
    weighed = job_form.read_step(Weighed, owner, (), errors, note="") if said != {"unsaid"} else None
    if made is None or errors:
        return render(request, _form("", _typed(owner.form), errors), status=422, owner=owner)
    job_id = store.add(owner.db, owner.keyring, jobs.with_step(made, weighed) if weighed else made, now=owner.now)
    return see_other(f"/jobs/{job_id}?done=job-kept")


@router.get("/jobs/{job_id}")
def show(request: Request, job_id: str, owner: Reader) -> HTMLResponse:
    """One job; `?vendor=` chooses a company in the form for hiring."""
    chosen = {"vendor": request.query_params.get("vendor", "")}
    return render(request, _show(owner, job_id, _find(owner, job_id), "hire", chosen, {}), owner=owner)


@router.get("/jobs/{job_id}/edit")
def edit(request: Request, job_id: str, owner: Reader) -> HTMLResponse:
    """The form of one job."""
    job = _find(owner, job_id)
    return render(request, _form(job_id, {"title": job.title, "outcomes": "\n".join(job.outcomes), "note": job.note}, {}), owner=owner)


@router.post("/jobs/{job_id}/edit")
def update(request: Request, job_id: str, owner: Writer) -> Response:
    """Keep other words. What happened stays as it is."""
    known, errors = _find(owner, job_id), FormErrors()
    made = job_form.read_job(owner.form, known, errors)
    if made is None:
        return render(request, _form(job_id, _typed(owner.form), errors), status=422, owner=owner)
    store.replace(owner.db, owner.keyring, job_id, made, now=owner.now)
    return see_other(f"/jobs/{job_id}?done=job-changed")


@router.post("/jobs/{job_id}/remove")
def remove(request: Request, job_id: str, owner: Writer) -> Response:
    """Remove a job for good, with what was noted under it."""
    if not owner.form.checked("sure"):
        errors = {"sure": _("Tick this first, so that nothing goes by a slip of the finger.")}
        return render(request, _show(owner, job_id, _find(owner, job_id), "remove", {}, errors), status=422, owner=owner)
    if not store.remove(owner.db, owner.keyring, Job, job_id):
        raise NotFound
    return see_other("/jobs?done=job-removed")


@router.post("/jobs/{job_id}/{step}")
def take(request: Request, job_id: str, step: str, owner: Writer) -> Response:
    """One more step in a job's life, by the table of steps."""
    job, errors = _find(owner, job_id), FormErrors()
    if step not in STEPS:
        raise NotFound
    kind, asked = STEPS[step]
    read = job_form.read_step(kind, owner, clients.vendors(owner), errors, note=owner.form.get("note"))
    if read is None or len(job.steps) >= jobs.MOST_STEPS:
        sent_back = f"{asked}-{owner.form.get('vendor')}" if kind in {Fired, Reviewed} else asked
        page = _show(owner, job_id, job, sent_back, _typed(owner.form), errors)
        return render(request, page, status=422, owner=owner)
    store.replace(owner.db, owner.keyring, job_id, jobs.with_step(job, read), now=owner.now)
    return see_other(f"/jobs/{job_id}?done=job-step#{asked}")


def _find(owner: Owner, job_id: str) -> Job:
    opened = store.get(owner.db, owner.keyring, Job, job_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _typed(form: Form) -> dict[str, str]:
    names = (
        "title", "outcomes", "note", "ordinary", "need", "vendor", "bound", "bound_until", "went", "again", "name", "effort", "on_the_day",
        "ways", "since", "alternative",
    )  # fmt: skip
    return {name: form.get(name) for name in names}


def _row(job_id: str, job: Job, mine: Mapping[str, Known], now: datetime) -> Row:
    standing = jobs.standing(job, at=now)
    said = standing.weighed.ordinary if standing.weighed else "unsaid"
    hired = tuple(mine[vendor_id].name for vendor_id in standing.hired if vendor_id in mine)
    importance = "" if said == "unsaid" else str(words.IMPORTANCE[said])
    return Row(job_id, job.title, importance, hired, len(standing.alternatives), standing.closed is not None)


def _form(job_id: str, values: Mapping[str, str], errors: Mapping[str, str]) -> FormPage:
    return FormPage(job_id=job_id, importance=_options(words.IMPORTANCE), values=values, errors=errors)


def _options(offered: Mapping[str, Any]) -> tuple[Option, ...]:
    return tuple((code, str(text)) for code, text in offered.items())


def _show(owner: Owner, job_id: str, job: Job, asked: str, values: Mapping[str, str], errors: Mapping[str, str]) -> ShowPage:  # noqa: PLR0917 - a form sent back
    mine = clients.vendors(owner)
    standing = jobs.standing(job, at=owner.now)
    weighed = standing.weighed
    return ShowPage(
        job_id=job_id,
        title=job.title,
        outcomes=job.outcomes,
        note=job.note,
        ordinary=weighed.ordinary if weighed else "unsaid",
        need=weighed.need if weighed else "unsaid",
        closed_at=standing.closed.happened_at if standing.closed else None,
        looked_at=standing.looked.happened_at if standing.looked else None,
        full=len(job.steps) >= jobs.MOST_STEPS,
        hires=tuple(_hire(one, standing, mine) for one in standing.hired.values()),
        others=tuple(_other(one) for one in standing.alternatives.values()),
        steps=tuple(
            step_in_words(step, mine, job)
            for step in sorted(job.steps, key=lambda step: (step.happened_at, step.recorded_at), reverse=True)
        ),
        vendors=tuple((one.vendor_id, one.name) for one in mine.values()),
        options={
            "importance": _options(words.IMPORTANCE),
            "effort": _options(words.EFFORT),
            "bound": _options(BOUND),
            "went": _options(WENT),
            "again": _options(AGAIN),
            "on_the_day": _options(ON_THE_DAY),
        },
        asked=asked,
        values=values,
        errors=errors,
        today=dates.today(owner).isoformat(),
    )


def _hire(one: Hired, standing: Standing, mine: Mapping[str, Known]) -> Hire:
    review = standing.reviews.get(one.vendor_id)
    said = _("It went %(went)s. Hire again: %(again)s.") % {"went": WENT[review.went], "again": AGAIN[review.again]} if review else ""
    name = clients.name_of(mine, one.vendor_id)
    return Hire(one.vendor_id if one.vendor_id in mine else "", name, one.happened_at, one.bound, jobs.bound_until(one), said)


def _other(one: Alternative) -> Other:
    return Other(one.alternative_id, one.name, str(words.EFFORT[one.effort]), str(ON_THE_DAY[one.on_the_day]), one.ways, one.note)
