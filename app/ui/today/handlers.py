"""`/today`: what needs the owner now, each with the one act that settles it, and what comes next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import restored
from app.auth.owner import Owner, Reader, Writer
from app.exchange import promises
from app.i18n import _, ngettext
from app.relationships import commitments, jobs
from app.ui import arriving
from app.ui.commitments import strip
from app.ui.commitments.strip import Strip
from app.ui.grants import standing_still
from app.ui.pages import Page
from app.ui.render import in_zone, render, see_other
from app.ui.today import alarms as today_alarms
from app.ui.today import first_evening
from app.ui.today import leaning as today_leaning
from app.ui.today import promises as today_promises
from app.ui.today import steps as today_steps
from app.ui.today import tasks as today_tasks
from app.ui.today.alarms import Alarm
from app.ui.today.parts import Group, group
from app.ui.today.steps import Step
from app.ui.view import view
from consent import pausing
from vault import store
from vault.records import Commitment, Job, LetterRecord, Vendor
from vault.segments import Digest

router = APIRouter(include_in_schema=False)


class Kept(NamedTuple):
    """How much of something there is, in words, and where."""

    text: str
    href: str


@view(kw_only=True)
class TodayPage(Page):
    """What waits; what is kept here, counted; what comes next. `begun` once there is a company in the record."""

    template: ClassVar[str] = "today/index.html"
    day: datetime
    paused: bool
    alarms: tuple[Alarm, ...]
    groups: tuple[Group, ...]
    ahead: Strip | None
    kept: tuple[Kept, ...]
    steps: tuple[Step, ...]
    begun: bool


class _Here(NamedTuple):
    """What Today reads once and shows in several places."""

    vendors: dict[str, dict[str, Any]]
    promises: list[store.Opened[Commitment]]
    letters: list[Digest]
    works: list[store.Opened[Job]]


@router.get("/today")
def index(request: Request, owner: Reader) -> Response:
    """The page. `?all=` names the group of which everything is shown."""
    arriving.collect(owner)
    here = _Here(
        {digest.record_id: digest.values for digest in owner.digests(Vendor)},
        promises.told(owner.db, owner.keyring, owner.digests(Commitment)),
        owner.digests(LetterRecord),
        list(store.all_of(owner.db, owner.keyring, Job)),
    )
    made = [(one.record_id, one.fields) for one in here.promises]
    with in_zone(owner.profile.time_zone):
        groups = _groups(owner, here, made, opened=request.query_params.get("all", ""))
        hired = any(jobs.vendors(work.fields) for work in here.works)
        evening = first_evening.done(len(here.vendors), hired=hired, promises=bool(here.promises), letters=bool(here.letters))
        page = TodayPage(
            day=owner.now,
            paused=pausing.paused(owner.db, owner.account_id),
            alarms=tuple(today_alarms.alarms(owner)),
            groups=tuple(one for one in groups if one.tasks),
            ahead=strip.of(made, owner),
            kept=_kept(here, made),
            steps=today_steps.steps(owner, evening),
            begun=bool(here.vendors),
        )
    return render(request, page, owner=owner)


@router.post("/today/restored")
def confirm_restored(owner: Writer) -> Response:
    """The owner has read that the host went back, and goes on from here."""
    restored.confirm(owner)
    return see_other("/today?done=restore-confirmed")


def _groups(owner: Owner, here: _Here, promises: Sequence[tuple[str, Commitment]], *, opened: str) -> tuple[Group, ...]:
    """Everything that waits, the most pressing kind first."""
    names = _names(here)
    waiting = today_tasks.told(standing_still.promises(list(promises), names))
    made = (
        ("broken", _("Broken, and not made good"), "warning", today_promises.broken(owner, promises, names)),
        ("due", _("Due"), "promises", today_promises.due(owner, promises, names)),
        ("asked", _("Waiting for your answer"), "request", (*today_tasks.requests(owner), *waiting)),
        ("lopsided", _("Who leans on whom"), "scales", today_leaning.tasks(owner, here.vendors, here.promises, here.works)),
        ("still", _("Standing still"), "pause", today_tasks.told(standing_still.permissions(owner))),
        ("letters", _("Letters"), "edit", today_promises.letters(owner, here.letters)),
        ("unread", _("Unread"), "inbox", today_tasks.unread(owner)),
        ("data", _("Your data and your links"), "data", today_tasks.noticed(owner)),
        ("ending", _("Running out"), "clock", (*today_tasks.ending(owner), *today_tasks.links(owner))),
        ("vault", _("Your vault"), "lock", today_tasks.vault(owner)),
    )
    return tuple(group(code, title, icon, tasks, opened=opened) for code, title, icon, tasks in made)


def _names(here: _Here) -> dict[str, str]:
    """The names of the companies that have promises."""
    wanted = {one.fields.vendor_id for one in here.promises}
    return {vendor_id: str(here.vendors[vendor_id]["name"]) for vendor_id in wanted if vendor_id in here.vendors}


def _kept(here: _Here, promises: Sequence[tuple[str, Commitment]]) -> tuple[Kept, ...]:
    """What the record holds, counted, so that an evening's work is seen even when nothing of it is due."""
    standing = sum(commitments.state(promise.events) in commitments.OPEN for _record_id, promise in promises)
    counted = (
        (len(here.vendors), ngettext("%(n)d company", "%(n)d companies", len(here.vendors)), "/vendors"),
        (standing, ngettext("%(n)d open promise", "%(n)d open promises", standing), "/commitments"),
        (len(here.letters), ngettext("%(n)d letter", "%(n)d letters", len(here.letters)), "/letters"),
        (len(here.works), ngettext("%(n)d job", "%(n)d jobs", len(here.works)), "/jobs"),
    )
    return tuple(Kept(text % {"n": n}, href) for n, text, href in counted if n)
