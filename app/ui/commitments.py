"""Promises: what a company promised, or the owner did; whether it was kept; and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import approvals
from app.i18n import _
from app.relationships import commitments
from app.relationships.commitments import Act, Deadline
from app.ui import clients, promise_form, terms_in_words, wording
from app.ui.clients import Known
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.terms_in_words import Fact
from app.ui.vendor_words import plain
from consent import grants, ledger
from vault import store
from vault.records import Commitment, CommitmentEvent

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Row:
    """A promise in the list."""

    commitment_id: str
    promise: str
    vendor: str
    by: str
    state: str
    tone: str
    overdue: bool
    deadline: Deadline | None
    backed: bool


@dataclass(frozen=True)
class Step:
    """One event of a promise's life; `late` when it was written down on a later day than it happened."""

    text: str
    happened_at: datetime
    recorded_at: datetime
    note: str
    side: str
    late: bool


@dataclass(frozen=True, kw_only=True)
class IndexPage(Page):
    """Every promise: overdue ones on top, closed ones below."""

    template: ClassVar[str] = "commitments/index.html"
    open: tuple[Row, ...]
    closed: tuple[Row, ...]
    overdue: int


@dataclass(frozen=True, kw_only=True)
class NewPage(Page):
    """The form for a promise."""

    template: ClassVar[str] = "commitments/new.html"
    vendors: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    remedies: tuple[tuple[str, str], ...]
    spans: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    zone: str


@dataclass(frozen=True, kw_only=True)
class ShowPage(Page):
    """One promise. `acts` are (verb, words) that follow from where it stands."""

    template: ClassVar[str] = "commitments/show.html"
    commitment_id: str
    promise: str
    known: Known | None
    by: str
    state: str
    tone: str
    overdue: bool
    deadline: Deadline | None
    backed: bool
    why: str
    facts: tuple[Fact, ...]
    due_at: datetime | None
    due_date: date | None
    zone: str
    grant_id: str | None
    steps: tuple[Step, ...]
    acts: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/commitments")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    mine = clients.vendors(owner)
    found = [(digest.record_id, commitments.from_digest(digest.values)) for digest in store.digests(owner.db, owner.keyring, Commitment)]
    found.sort(key=lambda one: commitments.order(one[1], now=owner.now))
    rows = [(commitments.state(one.events) in commitments.OPEN, _row(record_id, one, mine, owner.now)) for record_id, one in found]
    page = IndexPage(
        open=tuple(row for is_open, row in rows if is_open),
        closed=tuple(row for is_open, row in rows if not is_open),
        overdue=sum(row.overdue for _open, row in rows),
    )
    return render(request, page, owner=owner)


@router.get("/commitments/new")
def new(request: Request, owner: Reader, vendor: str = "") -> HTMLResponse:
    """The form, with a company chosen when the link names one."""
    return render(request, _new_page(owner, Form({"vendor": [vendor]}), {}), owner=owner)


@router.post("/commitments")
def create(request: Request, owner: Writer) -> Response:
    """Record a promise."""
    made, errors = promise_form.read(owner.form, vendors=clients.vendors(owner), zone=owner.profile.time_zone, now=owner.now)
    if made is None:
        return render(request, _new_page(owner, owner.form, errors), status=422, owner=owner)
    commitment_id = store.add(owner.db, owner.keyring, made, now=owner.now)
    approvals.set_clock(owner.db, owner.account_id, commitment_id, made)
    ledger.append(owner.db, owner.act(), "commitment.made", {"commitment_id": commitment_id, "promise": made.promise})
    return see_other(f"/commitments/{commitment_id}?done=promised")


@router.get("/commitments/{commitment_id}")
def show(request: Request, commitment_id: str, owner: Reader) -> HTMLResponse:
    """One promise with its history."""
    return render(request, _show_page(owner, commitment_id, _find(owner, commitment_id), Form(), {}), owner=owner)


@router.post("/commitments/{commitment_id}/keep")
def keep(request: Request, commitment_id: str, owner: Writer) -> Response:
    """It was kept."""
    return _act(request, owner, commitment_id, "keep")


@router.post("/commitments/{commitment_id}/break")
def broke(request: Request, commitment_id: str, owner: Writer) -> Response:
    """It was broken."""
    return _act(request, owner, commitment_id, "break")


@router.post("/commitments/{commitment_id}/claim")
def claim(request: Request, commitment_id: str, owner: Writer) -> Response:
    """The owner asked for what is owed."""
    return _act(request, owner, commitment_id, "claim")


@router.post("/commitments/{commitment_id}/remedy")
def remedy(request: Request, commitment_id: str, owner: Writer) -> Response:
    """They made it good."""
    return _act(request, owner, commitment_id, "remedy")


@router.post("/commitments/{commitment_id}/waive")
def waive(request: Request, commitment_id: str, owner: Writer) -> Response:
    """The owner lets it go."""
    return _act(request, owner, commitment_id, "waive")


def _act(request: Request, owner: Owner, commitment_id: str, act: Act) -> Response:
    commitment = _find(owner, commitment_id)
    if act not in commitments.acts(commitment):
        return see_other(f"/commitments/{commitment_id}?done=already")
    errors = FormErrors()
    note = errors.limit("note", owner.form.get("note"), promise_form.LONGEST_NOTE)
    happened_at = _happened(owner, errors)
    if errors or happened_at is None:
        return render(request, _show_page(owner, commitment_id, commitment, owner.form, errors), status=422, owner=owner)
    after = commitments.act_on(commitment, act, happened_at=happened_at, now=owner.now, note=note)
    if act == "claim" and after.grant_id and commitments.due(after) is None:
        after = after.model_copy(update={"due_at": _due_after_claim(owner, after, happened_at)})
    store.replace(owner.db, owner.keyring, commitment_id, after, now=owner.now)
    approvals.set_clock(owner.db, owner.account_id, commitment_id, after)
    noted = {"commitment_id": commitment_id, "promise": after.promise, "happened_at": wording.iso(happened_at)}
    ledger.append(owner.db, owner.act(), f"commitment.{commitments.EVENT_OF[act]}", noted | ({"note": note} if note else {}))
    return see_other(f"/commitments/{commitment_id}?done=noted")


def _due_after_claim(owner: Owner, commitment: Commitment, claimed_at: datetime) -> datetime | None:
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id) if commitment.grant_id else None
    return approvals.due_after_claim(grant, commitment.promise, claimed_at=claimed_at) if grant else None


def _happened(owner: Owner, errors: FormErrors) -> datetime | None:
    """When it happened: now for today or an empty field, else noon of that local day. Not in the future."""
    zone = ZoneInfo(owner.profile.time_zone)
    today = owner.now.astimezone(zone).date()
    try:
        day = date.fromisoformat(owner.form.get("happened_on") or today.isoformat())
        if day < today:
            return datetime.combine(day, time(12), tzinfo=zone)
    except (ValueError, OverflowError):
        errors.add("happened_on", _("A date such as 2027-06-30, please."))
        return None
    if day > today:
        errors.add("happened_on", _("This day has not come yet."))
        return None
    return owner.now


def _find(owner: Owner, commitment_id: str) -> Commitment:
    opened = store.get(owner.db, owner.keyring, Commitment, commitment_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _row(commitment_id: str, commitment: Commitment, mine: Mapping[str, Known], now: datetime) -> Row:
    state = commitments.state(commitment.events)
    vendor = mine.get(commitment.vendor_id)
    return Row(
        commitment_id=commitment_id,
        promise=plain(commitment.promise),
        vendor=vendor.name if vendor else _("a company that you removed"),
        by=commitment.by,
        state=wording.of_code(wording.COMMITMENT, state),
        tone=wording.COMMITMENT_TONE[state],
        overdue=commitments.overdue(commitment, now=now),
        deadline=commitments.deadline(commitment),
        backed=commitments.backing(commitment).backed,
    )


def _new_page(owner: Owner, form: Form, errors: Mapping[str, str]) -> NewPage:
    mine = clients.vendors(owner)
    return NewPage(
        vendors=(("", _("Choose")), *((one.vendor_id, one.name) for one in mine.values())),
        sources=tuple((code, str(text)) for code, text in wording.SOURCE.items() if code != "api"),
        remedies=(("", _("nothing in writing")), *((code, str(text)) for code, text in terms_in_words.REMEDIES.items())),
        spans=(("", _("no time said")), *((span, terms_in_words.duration(span)) for span in promise_form.SPANS)),
        values={name: form.get(name) for name in promise_form.FIELDS},
        errors=errors,
        zone=owner.profile.time_zone,
    )


def _show_page(owner: Owner, commitment_id: str, commitment: Commitment, form: Form, errors: Mapping[str, str]) -> ShowPage:
    state = commitments.state(commitment.events)
    backing = commitments.backing(commitment)
    today = owner.now.astimezone(ZoneInfo(owner.profile.time_zone)).date().isoformat()
    return ShowPage(
        commitment_id=commitment_id,
        promise=plain(commitment.promise),
        known=clients.vendors(owner).get(commitment.vendor_id),
        by=commitment.by,
        state=wording.of_code(wording.COMMITMENT, state),
        tone=wording.COMMITMENT_TONE[state],
        overdue=commitments.overdue(commitment, now=owner.now),
        deadline=commitments.deadline(commitment),
        backed=backing.backed,
        why=wording.of_code(wording.BACKING, backing.reason),
        facts=(*_from_terms(owner, commitment), *_facts(commitment)),
        due_at=commitment.due_at,
        due_date=commitment.due_date,
        zone=commitment.time_zone,
        grant_id=commitment.grant_id,
        steps=tuple(_step(event, commitment.by) for event in reversed(commitment.events)),
        acts=tuple((act, str(wording.ACT[act])) for act in commitments.acts(commitment)),
        values={"note": form.get("note"), "happened_on": form.get("happened_on", today)},
        errors=errors,
    )


def _from_terms(owner: Owner, commitment: Commitment) -> tuple[Fact, ...]:
    """When a promise in return is due, as its terms put it, while it has no date yet."""
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id) if commitment.grant_id else None
    if grant is None or commitments.due(commitment) is not None:
        return ()
    given = (
        terms_in_words.promise_in_words(promise)
        for promise in grants.standing(grant).terms.in_return
        if promise.promise == commitment.promise
    )
    return tuple(fact for promise in given for fact in promise.facts if fact.key == "within")[:1]


def _facts(commitment: Commitment) -> tuple[Fact, ...]:
    owed = commitment.remedy
    facts = (
        Fact("source", _("Where it was said"), wording.of_code(wording.SOURCE, commitment.source)),
        Fact("metric", _("How to tell that it was kept"), commitment.metric),
        Fact("remedy", _("If it is broken"), promise_form.remedy_words(owed) if owed else ""),
        Fact("remedy_note", _("About that"), owed.note if owed else ""),
    )
    return tuple(fact for fact in facts if fact.text)


def _step(event: CommitmentEvent, by: str) -> Step:
    # Who moved: the one who promised kept, broke or made good; the owner claimed and let go.
    theirs = by == "them" and event.type not in {"claimed", "waived", "disputed"}
    return Step(
        text=wording.of_code(wording.EVENT, event.type),
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        note=event.note,
        side="bad" if event.type == "broken" else "theirs" if theirs else "mine",
        late=(event.recorded_at - event.happened_at).total_seconds() > 86_400,
    )
