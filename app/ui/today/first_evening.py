"""`/first-evening`: three companies, what hangs on them, one promise, one letter; each step can be skipped, and taken up again.

Nothing is kept but what the steps make, so where somebody stands is read off their own record.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.exchange import clocks, letters
from app.i18n import _
from app.relationships import jobs
from app.ui.balance import words as balance_words
from app.ui.commitments import form as promise_form
from app.ui.forms import FormErrors
from app.ui.letters.handlers import words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.today.first_evening_words import DRAFTS, FORGOTTEN, HELD, HELD_TEXT, STEPS, TITLE, Step
from app.ui.vendors.form import LINE, NAME
from app.ui.view import view
from consent import ledger
from vault import store
from vault.records import Commitment, Hired, Job, LetterRecord, Vendor, Weighed

router = APIRouter(include_in_schema=False)

COMPANIES = 3
TITLE_LENGTH = 200


@view
class Named:
    """A company in the guide. `job` is what it does for the owner, in their words."""

    vendor_id: str
    name: str
    job: str


@view
class Made:
    """What is there already. `companies` are the newest first; `done` are the steps that need no more."""

    companies: tuple[Named, ...]
    unweighed: tuple[Named, ...]
    done: frozenset[Step]

    @property
    def first_open(self) -> Step | None:
        """Where to go on; None when every step is done."""
        return next((step for step in STEPS if step not in self.done), None)


@view
class Mark:
    """A step in the list of steps."""

    step: Step
    title: str
    done: bool
    here: bool


@view(kw_only=True)
class ShowPage(Page):
    """One step of the guide. `rows` are (name, job) as typed; `after` is where skipping leads; `asking` is where the access letter
    is written, while words that were typed here would be left behind by going there."""

    template: ClassVar[str] = "first_evening/show.html"
    step: Step
    number: int
    done: int
    marks: tuple[Mark, ...]
    after: str
    companies: tuple[Named, ...]
    unweighed: tuple[Named, ...]
    rows: tuple[tuple[str, str], ...]
    focus: int
    forgotten: tuple[tuple[str, str], ...]
    importance: tuple[tuple[str, str], ...]
    drafts: tuple[tuple[str, str], ...]
    asking: str
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/first-evening")
def show(request: Request, owner: Reader) -> Response:
    """The step named by `?step=`, else the first that is open; when none is, Today. `?to=` is the company of a letter."""
    made = look(owner)
    asked = _step(request.query_params.get("step", "")) or made.first_open
    if asked is None:
        return see_other("/today")
    return render(request, _page(made, asked, Form({"to": [request.query_params.get("to", "")]}), {}), owner=owner)


@router.post("/first-evening")
def take(request: Request, owner: Writer) -> Response:
    """Keep what one step names, and go on to the next that is open."""
    step = _step(owner.form.get("step"))
    if step is None:
        return see_other("/first-evening")
    made, errors = look(owner), FormErrors()
    if step == "companies" and owner.form.get("suggest") in FORGOTTEN:
        return render(request, _suggested(_page(made, step, owner.form, {}), owner.form.get("suggest")), owner=owner)
    if step == "letter" and owner.form.get("about") in {HELD, *DRAFTS}:
        return _begun(request, owner, made)
    _TAKEN[step](owner, made, errors)
    if errors:
        return render(request, _page(made, step, owner.form, errors), status=422, owner=owner)
    return see_other(_after(look(owner), step))


def look(owner: Owner) -> Made:
    """Read off what the owner has written down already."""
    rows: list[Any] = sorted(owner.digests(Vendor), key=lambda one: (one.created_at, one.record_id), reverse=True)
    companies = tuple(Named(one.record_id, one.values["name"], one.values["job"]) for one in rows)
    hired = {vendor_id for one in store.all_of(owner.db, owner.keyring, Job) for vendor_id in jobs.vendors(one.fields)}
    promises, letters_ = (bool(owner.digests(model)) for model in (Commitment, LetterRecord))
    fresh = [one for one in companies if one.vendor_id not in hired]
    unweighed = sorted(fresh, key=lambda one: not one.job)[:COMPANIES]
    return Made(companies, tuple(unweighed), done(len(companies), hired=bool(hired), promises=promises, letters=letters_))


def done(companies: int, *, hired: bool, promises: bool, letters: bool) -> frozenset[Step]:
    """The steps that need no more, by what there is."""
    there = {"companies": companies >= COMPANIES, "importance": hired, "promise": promises, "letter": letters}
    return frozenset(step for step in STEPS if there[step])


def _step(typed: str) -> Step | None:
    return next((step for step in STEPS if step == typed), None)


def _after(made: Made, step: Step) -> str:
    """The next step that is open; after the last one Today."""
    following = next((later for later in STEPS[STEPS.index(step) + 1 :] if later not in made.done), None)
    if following:
        return f"/first-evening?step={following}"
    return "/today?done=first-evening" if made.companies or made.done else "/today?done=first-evening-empty"


def _page(made: Made, step: Step, form: Form, errors: Mapping[str, str]) -> ShowPage:
    rows = tuple((form.get(f"name-{number}"), form.get(f"job-{number}")) for number in range(_rows(made)))
    names = ("vendor", "by", "promise", "due_date", "to", "subject", "body", *(f"importance-{one.vendor_id}" for one in made.unweighed))
    return ShowPage(
        step=step,
        number=STEPS.index(step) + 1,
        done=len(made.done),
        marks=tuple(Mark(one, str(TITLE[one]), one in made.done, one == step) for one in STEPS),
        after=_after(made, step),
        companies=made.companies,
        unweighed=made.unweighed,
        rows=rows,
        focus=-1,
        forgotten=tuple((code, str(text)) for code, (text, _job) in FORGOTTEN.items()),
        importance=tuple((code, str(text)) for code, text in balance_words.IMPORTANCE.items()),
        drafts=((HELD, str(HELD_TEXT)), *((code, str(draft.text)) for code, draft in DRAFTS.items())),
        asking="",
        values={name: form.get(name) for name in names},
        errors=errors,
    )


def _rows(made: Made) -> int:
    return max(1, COMPANIES - len(made.companies))


def _suggested(page: ShowPage, code: str) -> ShowPage:
    """The form with a job filled in: in the first row that has neither name nor job, else in the first without a job."""
    empty = [number for number, (name, job) in enumerate(page.rows) if not name.strip() and not job.strip()]
    jobless = [number for number, (_name, job) in enumerate(page.rows) if not job.strip()]
    free = (empty or jobless or [len(page.rows) - 1])[0]
    rows = tuple((name, str(FORGOTTEN[code][1]) if number == free else job) for number, (name, job) in enumerate(page.rows))
    return replace(page, rows=rows, focus=free)


def _begun(request: Request, owner: Owner, made: Made) -> Response:
    """A letter begun from words of ours, under what was typed. What the law answers leads to its own page, unless that would leave
    typed words behind: then the way there is shown beside them."""
    form, about = owner.form, owner.form.get("about")
    ours = {" ".join(str(words).split()) for draft in DRAFTS.values() for words in (draft.subject, draft.body)}
    own = {name: text for name in ("subject", "body") if " ".join((text := form.get(name)).split()) not in {"", *ours}}
    if about == HELD:
        errors = FormErrors()
        to = form.get("to") if form.get("to") in {one.vendor_id for one in made.companies} else ""
        if not to:
            errors.add("to", _("Choose the company that this is about."))
            return render(request, _page(made, "letter", form, errors), status=422, owner=owner)
        there = f"/letters/new?to={to}&right=access"
        return render(request, replace(_page(made, "letter", form, errors), asking=there), owner=owner) if own else see_other(there)
    draft = DRAFTS[about]
    subject, body = own.get("subject") or str(draft.subject), str(draft.body)
    if "body" in own:
        body = own["body"] if body in own["body"] else f"{own['body']}\n\n{body}"
    return render(request, _page(made, "letter", Form({**form.fields, "subject": [subject], "body": [body]}), {}), owner=owner)


def _companies(owner: Owner, made: Made, errors: FormErrors) -> None:
    known = {one.name.casefold() for one in made.companies}
    fresh: list[Vendor] = []
    for number in range(_rows(made)):
        name, job = (" ".join(owner.form.get(f"{part}-{number}").split()) for part in ("name", "job"))
        if not name and job:
            errors.add(f"name-{number}", _("Who does that for you? Their name, or leave the line empty."))
        errors.limit(f"name-{number}", name, NAME)
        errors.limit(f"job-{number}", job, LINE)
        if name and name.casefold() not in known and not errors:
            known.add(name.casefold())
            fresh.append(Vendor(name=name, job=job))
    if not errors and not any(owner.form.get(f"name-{number}").strip() for number in range(_rows(made))):
        errors.add("name-0", _("Name one at least, or skip this step."))
    if not errors:
        for vendor in fresh:
            store.add(owner.db, owner.keyring, vendor, now=owner.now)


def _importance(owner: Owner, made: Made, errors: FormErrors) -> None:
    said = {one: owner.form.get(f"importance-{one.vendor_id}", "unsaid") for one in made.unweighed}
    for one, weight in said.items():
        if weight not in balance_words.IMPORTANCE:
            errors.add(f"importance-{one.vendor_id}", _("Choose one of these."))
    if not errors and all(weight == "unsaid" for weight in said.values()):
        errors.add("", _("Say it of one at least, or skip this step."))
    when = {"happened_at": owner.now, "recorded_at": owner.now}
    for one, weight in said.items():
        if not errors and weight != "unsaid":
            steps = (Weighed.model_validate({"ordinary": weight, **when}), Hired.model_validate({"vendor_id": one.vendor_id, **when}))
            store.add(owner.db, owner.keyring, Job(title=(one.job or one.name)[:TITLE_LENGTH], steps=steps), now=owner.now)


def _promise(owner: Owner, made: Made, errors: FormErrors) -> None:
    known = [one.vendor_id for one in made.companies]
    promise, wrong = promise_form.read(owner.form, vendors=known, zone=owner.profile.time_zone, now=owner.now)
    errors.update(wrong)
    if promise is not None:
        commitment_id = store.add(owner.db, owner.keyring, promise, now=owner.now)
        clocks.set_clock(owner.db, owner.account_id, commitment_id, promise)
        ledger.append(owner.db, owner.act(), "commitment.made", {"commitment_id": commitment_id, "promise": promise.promise})


def _letter(owner: Owner, made: Made, errors: FormErrors) -> None:
    to = {one.vendor_id: one.name for one in made.companies}.get(owner.form.get("to"))
    if to is None:
        errors.add("to", _("Choose the company that this is about."))
    subject, body = words(owner.form, errors)
    if errors:
        return
    said = {"vendor_id": owner.form.get("to"), "to": to, "way": "email", "subject": subject, "body": body, "written_at": owner.now}
    letters.draft(owner.db, owner.keyring, LetterRecord.model_validate(said), now=owner.now)


_TAKEN: Mapping[Step, Callable[[Owner, Made, FormErrors], None]] = {
    "companies": _companies,
    "importance": _importance,
    "promise": _promise,
    "letter": _letter,
}
