"""Promises: what a company promised, or the owner did; whether it was kept; and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import clocks
from app.i18n import _
from app.relationships import commitments
from app.relationships.commitments import Deadline
from app.ui import arriving, clients, promise_form, terms_in_words, wording
from app.ui.clients import Known
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.terms_in_words import Fact
from app.ui.vendor_words import Link, external, plain
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
    reported: bool


@dataclass(frozen=True)
class Step:
    """One event of a promise's life; `late` when it was written down on a later day than it happened."""

    text: str
    happened_at: datetime
    recorded_at: datetime
    note: str
    side: str
    late: bool


@dataclass(frozen=True)
class Report:
    """What they report and the owner has not decided on: the question, their words, since when."""

    question: str
    words: str
    link: Link | None
    came_at: datetime


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
    report: Report | None
    offered: bool
    suspended: bool
    acts: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/commitments")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    arriving.collect(owner)
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
    clocks.set_clock(owner.db, owner.account_id, commitment_id, made)
    ledger.append(owner.db, owner.act(), "commitment.made", {"commitment_id": commitment_id, "promise": made.promise})
    return see_other(f"/commitments/{commitment_id}?done=promised")


@router.get("/commitments/{commitment_id}")
def show(request: Request, commitment_id: str, owner: Reader) -> HTMLResponse:
    """One promise with its history."""
    arriving.collect(owner)
    return render(request, show_page(owner, commitment_id, find(owner, commitment_id), Form(), {}), owner=owner)


def find(owner: Owner, commitment_id: str) -> Commitment:
    """A promise of the owner's record. Raises NotFound."""
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
        reported=state in commitments.OPEN and commitments.waiting(commitment.events) is not None,
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


def show_page(owner: Owner, commitment_id: str, commitment: Commitment, form: Form, errors: Mapping[str, str]) -> ShowPage:
    """One promise in words, with the form as it stands."""
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
        report=_report(commitment) if state in commitments.OPEN else None,
        offered=state == "offered",
        suspended=_suspended(owner, commitment_id, commitment),
        acts=tuple((act, str(wording.ACT[act])) for act in commitments.acts(commitment)),
        values={"note": form.get("note"), "happened_on": form.get("happened_on", today)},
        errors=errors,
    )


def _report(commitment: Commitment) -> Report | None:
    waits = commitments.waiting(commitment.events)
    if waits is None:
        return None
    text, __, url = waits.note.rpartition("\n") if waits.note.rpartition("\n")[2].startswith("http") else (waits.note, "", "")
    question = _("They say that they kept it") if waits.type == "evidence" else _("They say that they made it good")
    return Report(question, plain(text), external(url) if url else None, waits.happened_at)


def _suspended(owner: Owner, commitment_id: str, commitment: Commitment) -> bool:
    """Whether a permission stands still because of this promise."""
    clock = clocks.find(owner.db, owner.account_id, commitment_id)
    if clock is None or clock.lapsed_at is None or commitment.grant_id is None:
        return False
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id)
    return grant is not None and grant.status == "suspended" and grant.suspended_for == clocks.REASON


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
    # Who moved: the one who promised kept, broke, reported or made good; the owner claimed, disputed and let go.
    theirs = by == "them" and event.type not in {"claimed", "waived", "disputed"}
    words = wording.BY_CLOCK if event.by == "clock" and event.type in wording.BY_CLOCK else wording.EVENT
    return Step(
        text=wording.of_code(words, event.type),
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        note=plain(event.note),
        side="bad" if event.type == "broken" else "theirs" if theirs else "mine",
        late=(event.recorded_at - event.happened_at).total_seconds() > 86_400,
    )
