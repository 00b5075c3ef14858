"""`/today`: what needs the owner now, each with the one thing to do about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, cast

from fastapi import APIRouter, Request
from sqlmodel import col, select
from starlette.responses import Response

from app.auth import resealing, restored, ways_in
from app.auth.owner import Owner, Reader, Writer
from app.exchange import marks, standing
from app.exchange.marks import Standing
from app.i18n import _, ngettext
from app.relationships import commitments
from app.tables import Client
from app.ui import arriving, standing_still, today_data
from app.ui.chrome import unread_messages
from app.ui.pages import Page
from app.ui.render import as_ago, as_date, as_datetime, as_money, render, see_other
from app.ui.standing_still import Waiting
from consent import pausing
from consent.store import Grant
from consent.store import Request as ConsentRequest
from vault import store
from vault.envelope import JSON
from vault.records import AddressRecord, Commitment, CommitmentEvent, Item, Remedy, Vendor
from vault.segments import Digest

router = APIRouter(include_in_schema=False)

SOON = timedelta(days=7)
RUNNING_OUT = timedelta(days=30)
SHOWN = 50
OPEN_STATES = ("given", "paused", "suspended")

Side = Literal["mine", "theirs", "neutral"]


@dataclass(frozen=True)
class Task:
    """One thing that waits. `side`: whose move brought it here; `tone` and `badge`: how urgent, in a word."""

    title: str
    text: str
    href: str
    act: str
    side: Side
    badge: str = ""
    tone: str = "neutral"


@dataclass(frozen=True)
class Group:
    """Things of one kind."""

    title: str
    icon: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Alarm:
    """Something that must not be overlooked. `settle`: it stays until the owner says that it is dealt with; `confirm`: until then
    companies find every permission paused."""

    title: str
    text: str
    href: str
    act: str
    settle: bool = False
    confirm: bool = False


@dataclass(frozen=True)
class Step:
    """A first step; `done` when it has been taken."""

    title: str
    text: str
    href: str
    act: str
    done: bool


@dataclass(frozen=True, kw_only=True)
class TodayPage(Page):
    """What waits, or the first steps of a new account."""

    template: ClassVar[str] = "today/index.html"
    day: datetime
    paused: bool
    alarms: tuple[Alarm, ...]
    groups: tuple[Group, ...]
    steps: tuple[Step, ...]


@router.get("/today")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    arriving.collect(owner)
    vendors = {digest.record_id: str(digest.values["name"]) for digest in store.digests(owner.db, owner.keyring, Vendor)}
    promises = [_commitment(digest) for digest in store.digests(owner.db, owner.keyring, Commitment)]
    made = (
        (_("Waiting for your answer"), "request", _requests(owner)),
        (_("Standing still"), "pause", _told(standing_still.permissions(owner))),
        (_("Promises"), "promises", (*_told(standing_still.promises(promises, vendors)), *_promises(owner, promises, vendors))),
        (_("Unread"), "inbox", _unread(owner)),
        (_("Your data and your links"), "data", _noticed(owner)),
        (_("Running out"), "clock", (*_grants(owner), *_links(owner))),
        (_("Your vault"), "lock", _resealing(owner)),
    )
    page = TodayPage(
        day=owner.now,
        paused=pausing.paused(owner.db, owner.account_id),
        alarms=tuple(_alarms(owner)),
        groups=tuple(group for group in (Group(title, icon, tuple(tasks)) for title, icon, tasks in made) if group.tasks),
        steps=_steps(owner, vendors=bool(vendors), promises=bool(promises)),
    )
    return render(request, page, owner=owner)


def _resealing(owner: Owner) -> Iterator[Task]:
    if (progress := resealing.progress(owner.db, owner.account_id)) is not None:
        yield Task(
            title=_("Everything is being sealed again"),
            text=_("%(done)s of %(total)s values are under your new key.")
            % {"done": as_money(progress.done), "total": as_money(progress.total)},
            href="/settings/compromised",
            act=_("Go on"),
            side="mine",
        )


def _alarms(owner: Owner) -> Iterator[Alarm]:
    standing = marks.standing(owner.db, owner.stores.state, owner.account_id)
    if standing is not Standing.LEVEL:
        title, text = _restored(standing)
        yield Alarm(title=title, text=text, href="/ledger/verify", act=_("Check the history"), confirm=True)
    raised = ways_in.unsettled(owner.db, owner.account_id)
    what = ways_in.details_of(owner.db, owner.keyring, raised).get("what") if raised else None
    if raised is not None and what != restored.WHAT:
        title, text = _slots_went_back() if what == "slots-went-back" else _slots_tampered()
        yield Alarm(
            title=title, text=text % {"when": as_datetime(raised.at)}, href="/settings#ways", act=_("Look at the ways in"), settle=True
        )


def _restored(standing: Standing) -> tuple[str, str]:
    paused = _("Until you confirm, companies find every permission paused.")
    withdrawn = _("What you had withdrawn stays withdrawn.")
    if standing is Standing.BEHIND:
        told = _(
            "This host was probably restored from a backup. What happened since then is missing here: look over your permissions and "
            "promises, and do again what is not there."
        )
        return _("Your history is shorter than it was"), f"{told} {paused} {withdrawn}"
    if standing is Standing.FORKED:
        told = _(
            "It is not the history that this service last wrote. If this host was restored from a backup, that is why. If it was not, ask "
            "whoever runs it what happened before you confirm."
        )
        return _("Your history was changed"), f"{told} {paused} {withdrawn}"
    told = _(
        "It keeps a note, apart from its database, of how far your history went, and that note is gone: after a move or a restore that "
        "is normal. Look over your permissions: one that you withdrew after the backup was made is alive again unless you withdraw it now."
    )
    return _("This service does not remember you"), f"{told} {paused}"


@router.post("/today/restored")
def confirm_restored(owner: Writer) -> Response:
    """The owner has read that the host went back, and goes on from here."""
    restored.confirm(owner)
    return see_other("/today?done=restore-confirmed")


def _slots_went_back() -> tuple[str, str]:
    return (
        _("Your passphrase, recovery code or passkeys are older ones again"),
        _(
            "Noticed %(when)s. If this host was restored from a backup, that is why: make your last change again. If it was not, "
            "somebody who can write to its database put back a way in that you had removed: choose a new passphrase and make a new "
            "recovery kit now, and if anything else looks wrong, use “I was compromised” in the settings."
        ),
    )


def _slots_tampered() -> tuple[str, str]:
    return (
        _("Somebody changed the ways into your account"),
        _(
            "Noticed %(when)s: the stored passphrase, recovery code or passkeys were not the ones last written here, and nothing was "
            "opened with them. They are in order now. Ask whoever runs this host who can write to its database."
        ),
    )


def _requests(owner: Owner) -> Iterator[Task]:
    waiting = (
        select(ConsentRequest, Client.name)
        .join(Client, col(Client.client_id) == col(ConsentRequest.client_id))
        .where(ConsentRequest.account_id == owner.account_id, ConsentRequest.state == "pending", col(ConsentRequest.expires_at) > owner.now)
        .order_by(col(ConsentRequest.created_at))
        .limit(SHOWN)
    )
    for row, name in owner.db.exec(waiting):
        yield Task(
            title=_("“%(name)s” asks for your permission") % {"name": name},
            text=_("Came %(ago)s. You may also let it run out on %(date)s.")
            % {"ago": as_ago(row.created_at, owner.now), "date": as_date(row.expires_at)},
            href=f"/requests/{row.request_id}",
            act=_("Read and decide"),
            side="theirs",
        )


def _promises(owner: Owner, promises: list[tuple[str, Commitment]], vendors: dict[str, str]) -> Iterator[Task]:
    waiting = []
    for record_id, promise in promises:
        if commitments.state(promise.events) not in commitments.OPEN:
            continue
        deadline = commitments.deadline(promise)
        if deadline is not None and deadline.at <= owner.now + SOON:
            waiting.append((deadline.at, record_id, promise))
    for at, record_id, promise in sorted(waiting, key=lambda row: row[0])[:SHOWN]:
        late = at <= owner.now
        name = vendors.get(promise.vendor_id, _("A company"))
        who = _("You promised %(name)s") % {"name": name} if promise.by == "me" else _("%(name)s promised") % {"name": name}
        yield Task(
            title=promise.promise,
            text=_("%(who)s; due %(ago)s.") % {"who": who, "ago": as_ago(at, owner.now)},
            href=f"/commitments/{record_id}",
            act=_("Say how it went") if late else _("Look at it"),
            side="mine" if promise.by == "me" else "theirs",
            badge=_("overdue") if late else _("due soon"),
            tone="bad" if late else "wait",
        )


def _unread(owner: Owner) -> Iterator[Task]:
    count = unread_messages(owner)
    if count:
        yield Task(
            title=ngettext("%(n)d message you have not opened", "%(n)d messages you have not opened", count) % {"n": count},
            text=_("All of them inside what you allowed."),
            href="/inbox",
            act=_("Open the inbox"),
            side="theirs",
        )


def _noticed(owner: Owner) -> Iterator[Task]:
    for one in today_data.noticed(owner):
        yield Task(title=one.title, text=one.text, href=one.href, act=one.act, side="theirs", badge=one.badge, tone="wait")


def _told(found: Iterable[Waiting]) -> Iterator[Task]:
    for one in found:
        yield Task(title=one.title, text=one.text, href=one.href, act=one.act, side=one.side, badge=one.badge, tone=one.tone)


def _grants(owner: Owner) -> Iterator[Task]:
    ending = (
        select(Grant, Client.name)
        .join(Client, col(Client.client_id) == col(Grant.client_id))
        .where(
            Grant.account_id == owner.account_id,
            col(Grant.status).in_(OPEN_STATES),
            col(Grant.expires_at) > owner.now,
            col(Grant.expires_at) <= owner.now + RUNNING_OUT,
        )
        .order_by(col(Grant.expires_at))
        .limit(SHOWN)
    )
    for row, name in owner.db.exec(ending):
        yield Task(
            title=_("Your permission to “%(name)s” ends") % {"name": name},
            text=_("%(ago)s, on %(date)s. You need do nothing.")
            % {"ago": as_ago(row.expires_at, owner.now), "date": as_date(row.expires_at)},
            href=f"/grants/{row.grant_id}",
            act=_("Look at it"),
            side="mine",
        )


def _links(owner: Owner) -> Iterator[Task]:
    for digest in store.digests(owner.db, owner.keyring, AddressRecord):
        until = digest.values.get("expires_at")
        ends = datetime.fromisoformat(str(until)) if until else None
        if ends is not None and owner.now < ends <= owner.now + RUNNING_OUT:
            yield Task(
                title=_("Your contact link “%(label)s” ends") % {"label": digest.values.get("label") or _("without a name")},
                text=_("%(ago)s, on %(date)s. Requests over it stop then.") % {"ago": as_ago(ends, owner.now), "date": as_date(ends)},
                href=f"/addresses/{digest.record_id}",
                act=_("Look at it"),
                side="mine",
            )


def _steps(owner: Owner, *, vendors: bool, promises: bool) -> tuple[Step, ...]:
    items = any(digest.values["term"] == "pd:EmailAddress" for digest in store.digests(owner.db, owner.keyring, Item))
    mine = standing.of(owner.db, owner.keyring) is not None
    if vendors and promises and items and mine:
        return ()
    return (
        Step(
            title=_("Name the companies in your life"),
            text=_("Three from memory will do, or import them from a password manager or an address book. Passwords are never kept."),
            href="/imports/new" if not vendors else "/vendors",
            act=_("Import companies"),
            done=vendors,
        ),
        Step(
            title=_("Write down one promise"),
            text=_("A delivery date, a price held until spring, a refund on its way. You see it here when it falls due."),
            href="/commitments/new",
            act=_("Note a promise"),
            done=promises,
        ),
        Step(
            title=_("Keep your e-mail address here"),
            text=_("Encrypted, and in one place; from here you decide which company gets to know it."),
            href="/items/new?term=pd:EmailAddress",
            act=_("Save an address"),
            done=items,
        ),
        Step(
            title=_("Say your own terms"),
            text=_("What you would agree to, and who may ask at all. What a company asks beyond them is marked as such."),
            href="/my-terms",
            act=_("Say them"),
            done=mine,
        ),
    )


def _commitment(digest: Digest) -> tuple[str, Commitment]:
    values = digest.values
    # A digest knows when a step happened, not when it was written down; the order in which steps stand is what counts here.
    steps = cast("Sequence[Mapping[str, JSON]]", values["events"])
    events = [CommitmentEvent.model_validate({"recorded_at": step["happened_at"], **step}) for step in steps]
    remedy = Remedy.model_validate(values["remedy"]) if values["remedy"] else None
    kept = {name: values[name] for name in ("vendor_id", "promise", "by", "source", "due_at", "due_date", "time_zone", "grant_id")}
    return digest.record_id, Commitment.model_validate({**kept, "events": events, "remedy": remedy})
