"""Rights letters: choosing one with its law and its clock, and what became of each, step by step."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import matters as kept
from app.exchange.matters import Found
from app.i18n import _
from app.relationships import authorities, matters, rights_words
from app.relationships.authorities import Authority
from app.relationships.matters import Act, IllegalStep, Matter
from app.relationships.rights import RULES, Law, Right
from app.ui import arriving, dates
from app.ui.forms import FormErrors
from app.ui.letters import handlers as letters
from app.ui.letters import matter_parts, matter_words, rights_letters
from app.ui.letters.matter_parts import MatterLine
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import clients
from app.ui.vendors import handlers as vendors
from app.ui.vendors.words import letter as shown_safely
from app.ui.vendors.words import plain
from app.ui.view import view

router = APIRouter(include_in_schema=False)


@view
class Choice:
    """A right that can be asked for: what it does, where it stands in the law, and the days if the letter arrived today."""

    title: str
    means: str
    article: str
    source: str
    acknowledge_by: date | None
    answer_by: date | None
    latest: date | None
    at_once: bool
    href: str

    @property
    def days(self) -> tuple[date | None, date | None]:
        """By when they must answer, and by when at the very latest."""
        return self.answer_by, self.latest


@view
class Moment:
    """One thing that happened in a matter. `side` says whose act it was; `body` has been through `vendors.words`, or is the owner's."""

    at: datetime
    side: str
    title: str
    href: str = ""
    body: Markup | None = None


@view(kw_only=True)
class IndexPage(Page):
    """Every matter, the open ones first."""

    template: ClassVar[str] = "rights/index.html"
    open: tuple[MatterLine, ...]
    closed: tuple[MatterLine, ...]
    companies: tuple[tuple[str, str], ...]


@view(kw_only=True)
class NewPage(Page):
    """The rights against one company. `place` is empty while nobody has said where it is; then there is nothing to choose from.
    `usual` is the choice whose days most of the others have, and which are told once for all of them."""

    template: ClassVar[str] = "rights/new.html"
    vendor_id: str
    name: str
    place: str
    places: tuple[tuple[str, str], ...]
    law: str
    choices: tuple[Choice, ...]
    usual: Choice | None
    matters: tuple[MatterLine, ...]


@view(kw_only=True)
class ShowPage(Page):
    """One matter. `replies` are (code, words) that can be pressed; `next` is the act that comes next."""

    template: ClassVar[str] = "rights/show.html"
    line: MatterLine
    promise: str
    law: str
    source: str
    place: str
    asked_on: datetime
    arrived_on: date
    on_paper: bool
    acknowledge_by: date | None
    latest: date | None
    at_once: bool
    next: Act
    replies: tuple[tuple[str, str], ...]
    full: bool
    moments: tuple[Moment, ...]
    remind: str
    complain: str
    authority: Authority | None
    can_import: bool
    day: str
    errors: dict[str, str]


@router.get("/rights")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list, and whom to write to."""
    arriving.collect(owner)
    lines = [matter_parts.line(owner, found) for found in kept.all_of(owner.db, owner.keyring)]
    lines.sort(key=lambda one: one.due)
    page = IndexPage(
        open=tuple(one for one in lines if one.open),
        closed=tuple(one for one in reversed(lines) if not one.open),
        companies=tuple((one.vendor_id, one.name) for one in clients.vendors(owner).values()),
    )
    return render(request, page, owner=owner)


@router.get("/rights/to")
def to(owner: Reader, vendor: str = "") -> Response:
    """From the list to the company that was chosen there."""
    return see_other(f"/vendors/{vendor}/rights" if vendor in clients.vendors(owner) else "/rights")


@router.get("/vendors/{vendor_id}/rights")
def new(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """What may be asked of one company; `?where=` says where it is."""
    arriving.collect(owner)
    vendor = vendors.find(owner, vendor_id)
    place = request.query_params.get("where", "")
    place = place if place in authorities.PLACES else rights_letters.place_of(owner, vendor_id, vendor)
    law = authorities.law_at(place)
    choices = tuple(_choices(owner, vendor_id, law, place)) if law else ()
    dated = [one.days for one in choices if one.answer_by]
    page = NewPage(
        vendor_id=vendor_id,
        name=vendor.name,
        place=place,
        places=matter_words.places(authorities.PLACES),
        law=str(matter_words.LAW[law]) if law else "",
        choices=choices,
        usual=max((one for one in choices if dated.count(one.days) > 1), key=lambda one: dated.count(one.days), default=None),
        matters=matter_parts.of_vendor(owner, vendor_id),
    )
    return render(request, page, owner=owner)


@router.get("/rights/{matter_id}")
def show(request: Request, matter_id: str, owner: Reader) -> HTMLResponse:
    """One matter with everything that passed."""
    arriving.collect(owner)
    return render(request, _page(owner, _find(owner, matter_id), {}), owner=owner)


@router.post("/rights/{matter_id}/steps")
def step(request: Request, matter_id: str, owner: Writer) -> Response:
    """What they answered, or on which day the letter arrived."""
    found, taken = _find(owner, matter_id), owner.form.get("step")
    steps = {one: one for one in (*matters.REPLIES, "arrived")}
    if taken not in steps:
        raise NotFound
    errors, zone = FormErrors(), found.commitment.time_zone
    today = dates.today(owner, zone)
    # The days of a matter are read where it began; what is today where the owner is, is today there.
    day = min(dates.read("day", owner.form.get("day"), errors, latest=max(today, dates.today(owner))) or today, today)
    sent_on = (found.first.fields.sent_at or owner.now).astimezone(ZoneInfo(zone)).date()
    if not errors and day < sent_on:
        errors.add("day", _("Your letter went later than that."))
    if errors:
        return render(request, _page(owner, found, errors, owner.form.get("day")), owner=owner, status=422)
    try:
        kept.take(owner.db, owner.act(), owner.keyring, found, steps[taken], on=day, happened_at=dates.moment(owner, day, zone))
    except IllegalStep:
        return see_other(f"/rights/{matter_id}?done={'full' if matters.full(found.commitment) else 'already'}")
    return see_other(f"/rights/{matter_id}?done=noted")


def _choices(owner: Owner, vendor_id: str, law: Law, place: str) -> Iterator[Choice]:
    for right, rule in RULES[law].items():
        clock = matters.counted(Matter(right, law, place, dates.today(owner)))
        query = urlencode({"to": vendor_id, "right": right.value, "law": law.value, "where": place})
        yield Choice(
            title=str(matter_words.RIGHT[right]),
            means=str(matter_words.MEANS[right]),
            article=rights_words.article(law, right),
            source=rule.source,
            acknowledge_by=clock.acknowledge_by,
            answer_by=clock.answer_by,
            latest=clock.latest if clock.latest != clock.answer_by else None,
            at_once=rule.at_once,
            href=f"/letters/new?{query}",
        )


def _find(owner: Owner, matter_id: str) -> Found:
    found = kept.find(owner.db, owner.keyring, matter_id)
    if found is None:
        raise NotFound
    return found


def _page(owner: Owner, found: Found, errors: dict[str, str], typed: str = "") -> ShowPage:
    standing = matters.standing(found.commitment, found.matter, today=dates.today(owner))
    matter, letter = found.matter, found.first.fields
    full = matters.full(found.commitment) and kept.is_open(found)
    further = f"/letters/new?to={found.commitment.vendor_id}&matter={found.matter_id}&step="
    return ShowPage(
        line=matter_parts.of_standing(found, standing),
        promise=found.commitment.promise,
        law=str(matter_words.LAW[matter.law]),
        source=standing.clock.rule.source,
        place=matter_words.place(matter.place),
        asked_on=letter.sent_at or letter.written_at,
        arrived_on=matter.arrived_on,
        on_paper=letter.way == "post" and not matters.has(found.commitment.events, "arrived"),
        acknowledge_by=standing.clock.acknowledge_by,
        latest=standing.clock.latest if standing.clock.latest != standing.due else None,
        at_once=standing.clock.rule.at_once,
        next=standing.next,
        replies=() if full else tuple((one, str(matter_words.REPLY[one])) for one in standing.replies),
        full=full,
        moments=tuple(sorted(_moments(found), key=lambda one: one.at, reverse=True)),
        remind=f"{further}reminder",
        complain=f"{further}complaint",
        authority=authorities.of(matter.law, company=matter.place, owner=rights_letters.home(owner)),
        can_import=matter.right in {Right.ACCESS, Right.PORTABILITY},
        day=typed or dates.today(owner, found.commitment.time_zone).isoformat(),
        errors=errors,
    )


def _moments(found: Found) -> Iterator[Moment]:
    for one in found.letters:
        letter = one.fields
        to = _("To %(name)s, %(way)s") % {"name": letter.to, "way": str(letters.WAYS[letter.way])}
        kind = "" if letter.sent_at else _("not sent yet")
        yield Moment(letter.sent_at or letter.written_at, "mine", letter.subject, f"/letters/{one.record_id}", Markup("%s %s") % (to, kind))
        for reply in letter.replies:
            yield Moment(reply.received_at, "theirs", plain(reply.title) or _("Their answer"), "", shown_safely(reply.body, reply.format))
    for event in found.commitment.events:
        if event.step in matter_words.STEP:
            side = "theirs" if event.by == "them" else "mine"
            yield Moment(event.happened_at, side, str(matter_words.STEP[event.step]), "", None)
