"""Promises: what a company promised, or the owner did; whether it was kept; and what to do about it."""

from collections.abc import Mapping
from datetime import datetime
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
from app.relationships import commitments, scorecard
from app.ui import arriving, wording
from app.ui.commitments import form as promise_form
from app.ui.commitments import promises, schedule_form, schedule_words, strip
from app.ui.commitments.page import day_of, show_page
from app.ui.commitments.promises import find
from app.ui.commitments.scorecard import OUTCOME
from app.ui.commitments.strip import Strip
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.requests import terms_in_words
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import ledger
from vault import store
from vault.records import Commitment, MessageRecord

router = APIRouter(include_in_schema=False)


@view
class Row:
    """A promise in the list. `waits` is what is due next, and when; `stands` what stands behind it, in a word with its tone."""

    commitment_id: str
    promise: str
    vendor: str
    by: str
    state: str
    tone: str
    overdue: bool
    waits: str
    stands: tuple[str, str]
    law: bool
    reported: bool


@view(kw_only=True)
class IndexPage(Page):
    """Every promise: overdue ones on top, closed ones below. `chosen` says which alone are shown, if not all."""

    template: ClassVar[str] = "commitments/index.html"
    open: tuple[Row, ...]
    closed: tuple[Row, ...]
    overdue: int
    chosen: str
    strip: Strip | None


@view(kw_only=True)
class NewPage(Page):
    """The form for a promise."""

    template: ClassVar[str] = "commitments/new.html"
    vendors: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    remedies: tuple[tuple[str, str], ...]
    spans: tuple[tuple[str, str], ...]
    when: tuple[tuple[str, str], ...]
    units: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str], ...]
    layers: tuple[tuple[str, str], ...]
    periods: tuple[tuple[str, str], ...]
    from_message: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    zone: str


@router.get("/commitments")
def index(request: Request, owner: Reader, vendor: str = "", by: str = "", turned: str = "") -> HTMLResponse:
    """The list; of one company, one side, or of what turned out one way alone where the link says so."""
    arriving.collect(owner)
    mine = clients.vendors(owner)
    every = promises.of_owner(owner)
    sided = [(record_id, one) for record_id, one in every if vendor in {"", one.vendor_id} and by in {"", one.by}]
    found = [(record_id, one) for record_id, one in sided if _turned(record_id, one, turned, owner.now)]
    found.sort(key=lambda one: commitments.order(one[1], now=owner.now))
    rows = [(commitments.state(one.events) in commitments.OPEN, _row(record_id, one, mine, owner.now)) for record_id, one in found]
    page = IndexPage(
        open=tuple(row for is_open, row in rows if is_open),
        closed=tuple(row for is_open, row in rows if not is_open),
        overdue=sum(row.overdue for _open, row in rows),
        chosen=_choice(mine, vendor, by, turned),
        strip=strip.of(every, owner),
    )
    return render(request, page, owner=owner)


@router.get("/commitments/new")
def new(request: Request, owner: Reader, vendor: str = "", message: str = "", source: str = "") -> HTMLResponse:
    """The form, with a company chosen when the link names one; `message` is one in which the promise was made."""
    values = {"vendor": [vendor], "source": [source]} | (_of_message(owner, message) if message else {})
    return render(request, _new_page(owner, Form(values), {}), owner=owner)


@router.post("/commitments")
def create(request: Request, owner: Writer) -> Response:
    """Record a promise."""
    message = owner.form.get("message")
    said_in = message if message and store.get(owner.db, owner.keyring, MessageRecord, message) else None
    zone = owner.profile.time_zone
    made, errors = promise_form.read(owner.form, vendors=clients.vendors(owner), zone=zone, now=owner.now, said_in=said_in)
    if made is None:
        return render(request, _new_page(owner, owner.form, errors), status=422, owner=owner)
    commitment_id = store.add(owner.db, owner.keyring, made, now=owner.now)
    clocks.set_clock(owner.db, owner.account_id, commitment_id, made)
    ledger.append(owner.db, owner.act(), "commitment.made", {"commitment_id": commitment_id, "promise": made.promise})
    return see_other(f"/commitments/{commitment_id}?done=promised")


@router.get("/commitments/{commitment_id}")
def show(request: Request, commitment_id: str, owner: Reader, time: str = "") -> HTMLResponse:
    """One promise with its history; `time` is the day of one of its times, where it counts more than once."""
    arriving.collect(owner)
    page = show_page(owner, commitment_id, find(owner, commitment_id), Form(), {}, time=day_of(time))
    return render(request, page, owner=owner)


def _turned(record_id: str, one: Commitment, turned: str, now: datetime) -> bool:
    """Whether a promise, or one of its times, is among what a number of the scorecard counts."""
    match turned:
        case "":
            return True
        case "backed" | "words" | "law":
            stands = commitments.backing(one)
            counted = {"backed": stands.backed, "words": stands.just_words, "law": stands.reason == "law"}
            return commitments.state(one.events) != "offered" and counted[turned]
        case "claimed":
            return commitments.last(one.events, "claimed") is not None
        case "decided":
            return any(found.outcome in {"kept", "remedied", "broken"} for found in scorecard.judge(record_id, one, now=now))
        case _:
            return any(found.outcome == turned for found in scorecard.judge(record_id, one, now=now))


def _choice(mine: Mapping[str, Known], vendor: str, by: str, turned: str) -> str:
    """What the list is narrowed to, in words; nothing when it is not."""
    parts = [
        mine[vendor].name if vendor in mine else "",
        {"me": _("yours"), "them": _("theirs")}.get(by, ""),
        wording.of_code(OUTCOME, turned) if turned else "",
    ]
    return ", ".join(part for part in parts if part)


def _of_message(owner: Owner, message_id: str) -> dict[str, list[str]]:
    """What a message says of the promise made in it. Raises NotFound."""
    opened = store.get(owner.db, owner.keyring, MessageRecord, message_id)
    if opened is None:
        raise NotFound
    known = clients.tied(owner).get(opened.fields.client_id)
    vendor = [known.vendor_id] if known else []
    return {
        "message": [message_id],
        "vendor": vendor or [""],
        "source": ["message"],
        "by": ["them"],
        "promise": [plain(opened.fields.title)],
        "said_on": [opened.fields.received_at.astimezone(ZoneInfo(owner.profile.time_zone)).date().isoformat()],
    }


def _row(commitment_id: str, commitment: Commitment, mine: Mapping[str, Known], now: datetime) -> Row:
    state = commitments.state(commitment.events)
    return Row(
        commitment_id=commitment_id,
        promise=plain(commitment.promise),
        vendor=clients.name_of(mine, commitment.vendor_id),
        by=commitment.by,
        state=wording.of_code(wording.COMMITMENT, state),
        tone=wording.COMMITMENT_TONE[state],
        overdue=commitments.overdue(commitment, now=now),
        waits=schedule_words.waits(commitment, now=now),
        stands=schedule_words.behind(commitment),
        law=commitment.source == "law",
        reported=state in commitments.OPEN and commitments.waiting(commitment.events) is not None,
    )


def _new_page(owner: Owner, form: Form, errors: Mapping[str, str]) -> NewPage:
    mine = clients.vendors(owner)
    return NewPage(
        vendors=(("", _("Choose")), *((one.vendor_id, one.name) for one in mine.values())),
        sources=tuple((code, str(text)) for code, text in wording.SOURCE.items() if code != "api"),
        remedies=(("", _("nothing in writing")), *((code, str(text)) for code, text in terms_in_words.REMEDIES.items())),
        spans=(("", _("no time said")), *((span, terms_in_words.duration(span)) for span in promise_form.SPANS)),
        when=tuple((code, str(text)) for code, text in schedule_form.WHEN.items()),
        units=tuple((code, str(text)) for code, text in schedule_form.UNITS.items()),
        events=tuple((code, str(text)) for code, text in schedule_form.EVENTS.items()),
        layers=tuple((code, str(text)) for code, text in schedule_form.LAYERS.items()),
        periods=tuple((span, terms_in_words.duration(span)) for span in schedule_form.SPANS),
        from_message=form.get("message"),
        values={name: form.get(name) for name in promise_form.FIELDS} | {"when": form.get("when", "once")},
        errors=errors,
        zone=owner.profile.time_zone,
    )
