"""`/reminders`: a link that puts what is due into the owner's calendar, and mails that say that something is due."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.auth import throttle
from app.auth.owner import Owner, Reader, Writer
from app.auth.profiles import profile_id
from app.auth.throttle import Limit
from app.exchange import mail_reminders, reminders
from app.i18n import Lazy, _, lazy
from app.mail_server import normal_address
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.qr import qr
from app.ui.render import render, see_other
from app.ui.view import view
from consent import ledger
from vault import store
from vault.errors import Sealed
from vault.records import Profile

router = APIRouter(include_in_schema=False)

CODES: Final = Limit(5, timedelta(days=1))
"""Codes that one owner can have mailed, and that one address can be sent."""

SHOWS: Final[Mapping[str, Lazy]] = {
    "something": lazy("“Something is due”, and nothing else"),
    "company": lazy("The company's name"),
    "words": lazy("Everything: the company and the words of the promise"),
}
AHEAD: Final[Mapping[str, Lazy]] = {
    "none": lazy("Not at all"),
    "day": lazy("On the day"),
    "day_before": lazy("The day before"),
    "week_before": lazy("A week before"),
}
OUTCOMES: Final[Mapping[str, Lazy]] = {
    "unreachable": lazy("The mail server of this host did not answer."),
    "tls": lazy("The connection to the mail server of this host is not secure, so nothing was sent over it."),
    "login": lazy("The mail server of this host did not let it in. Your host has to look at the password."),
    "sender": lazy("The mail server of this host takes no mails from it. Your host has to look at the address they come from."),
    "refused": lazy("The mail server refused this address for good. Is it written right?"),
    "later": lazy("The mail server of this host said: later."),
    "timeout": lazy("The mail server of this host did not answer in time."),
    "broken": lazy("The mail server of this host broke off."),
}


@view
class Link:
    """The calendar's link, shown once: for the clipboard, for this device, for another one."""

    url: str = field(repr=False)
    webcal: str = field(repr=False)
    qr: Markup = field(repr=False)


@view
class Mail:
    """Reminders by mail as they stand. `waits` for its code; `trouble` says how the last try failed, `again_at` when the next one is."""

    address: str
    confirmed: bool
    waits: bool
    sent_at: datetime | None
    trouble: str
    tried_at: datetime | None
    again_at: datetime | None


@view(kw_only=True)
class RemindersPage(Page):
    """Both ways, each with what it tells whom."""

    template: ClassVar[str] = "reminders/index.html"
    linked_at: datetime | None
    made: Link | None
    shows: tuple[tuple[str, str], ...]
    ahead: tuple[tuple[str, str], ...]
    profile: Profile
    secure: bool
    can_mail: bool
    sender: str
    mail: Mail | None
    address: str
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/reminders")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    return render(request, _page(owner), owner=owner)


@router.post("/reminders/calendar")
def link(request: Request, owner: Writer) -> Response:
    """Make the calendar's link, or another one in its place. It stands in this answer and nowhere else, so there is no redirect."""
    secret = reminders.make_calendar(owner.db, owner.keyring, owner.profile, now=owner.now)
    ledger.append(owner.db, owner.act(), "calendar.linked", {"shows": owner.profile.calendar_shows})
    url = f"{owner.settings.base_url}/calendar/{secret}.ics"
    webcal = f"webcal://{url.split('://', 1)[1]}"
    return render(request, _page(owner, made=Link(url, webcal, qr(webcal, _("QR code of the calendar's link")))), owner=owner)


@router.post("/reminders/calendar/remove")
def unlink(owner: Writer) -> Response:
    """Remove the link: from now on it answers as if it had never been."""
    if not reminders.end_calendar(owner.db, owner.account_id):
        return see_other("/reminders")
    ledger.append(owner.db, owner.act(), "calendar.unlinked", {})
    return see_other("/reminders?done=calendar-unlinked")


@router.post("/reminders/calendar/shows")
def choose(request: Request, owner: Writer) -> Response:
    """Choose what the calendar shows and when it rings. What it shows is written anew in the same transaction."""
    shows, ahead, errors = owner.form.get("calendar_shows"), owner.form.get("calendar_ahead"), FormErrors()
    if shows not in SHOWS:
        errors.add("calendar_shows", _("Choose one of these."))
    if ahead not in AHEAD:
        errors.add("calendar_ahead", _("Choose one of these."))
    if errors:
        return render(request, _page(owner, errors=errors), owner=owner, status=422)
    if shows != owner.profile.calendar_shows:
        ledger.append(owner.db, owner.act(), "calendar.changed", {"shows": shows})
    _keep(owner, owner.profile.model_copy(update={"calendar_shows": shows, "calendar_ahead": ahead}))
    return see_other("/reminders?done=calendar-chosen")


@router.post("/reminders/mail")
def ask(request: Request, owner: Writer) -> Response:
    """Mail a code to an address, so that nobody has reminders sent to somebody else. Where none can be, the page says why."""
    typed, errors = owner.form.get("address"), FormErrors()
    address = normal_address(typed)
    row = mail_reminders.of_account(owner.db, owner.account_id)
    if owner.settings.mail_server is None or (row is not None and row.confirmed_at is not None):
        return see_other("/reminders")
    if address is None:
        errors.add("address", _("An address such as robin@mail.example."))
        return render(request, _page(owner, address=typed, errors=errors), owner=owner, status=422)
    tries = [(f"mail code of {owner.account_id}", CODES), (f"mail code to {address}", CODES)]
    throttle.spend(owner.stores.state, tries, now=owner.now)
    mail_reminders.ask(owner.db, owner.instance, owner.account_id, address, language=owner.profile.language, now=owner.now)
    owner.afterwards.append(owner.stores.main.told.set)
    return see_other("/reminders?done=code-mailed")


@router.post("/reminders/mail/confirm")
def confirm(request: Request, owner: Writer) -> Response:
    """Type the code that was mailed. A wrong one is counted; after five another code is needed."""
    row = mail_reminders.of_account(owner.db, owner.account_id)
    if row is None or row.confirmed_at is not None:
        return see_other("/reminders")
    if not mail_reminders.confirm(owner.db, owner.instance, row, owner.form.get("code"), now=owner.now):
        errors = FormErrors()
        errors.add("code", _("This is not the code, or no longer. After five wrong ones, or an hour, have another one mailed."))
        return render(request, _page(owner, errors=errors), owner=owner, status=422)
    ledger.append(owner.db, owner.act(), "reminders.started", {})
    return see_other("/reminders?done=reminders-on")


@router.post("/reminders/mail/remove")
def end(owner: Writer) -> Response:
    """End reminders by mail, by this one press. The address is forgotten with them."""
    row = mail_reminders.of_account(owner.db, owner.account_id)
    if row is None:
        return see_other("/reminders")
    confirmed = row.confirmed_at is not None
    mail_reminders.remove(owner.db, owner.account_id)
    if confirmed:
        ledger.append(owner.db, owner.act(), "reminders.ended", {})
    return see_other("/reminders?done=reminders-off")


def trouble(outcome: str) -> str:
    """Why a mail did not go, in words; nothing when it did."""
    return str(OUTCOMES[outcome]) if outcome in OUTCOMES else ""


def _keep(owner: Owner, profile: Profile) -> None:
    place = profile_id(owner.account_id)
    if store.get(owner.db, owner.keyring, Profile, place) is None:
        store.add(owner.db, owner.keyring, profile, now=owner.now, record_id=place)
    else:
        store.replace(owner.db, owner.keyring, place, profile, now=owner.now)


def _mail(owner: Owner) -> Mail | None:
    row = mail_reminders.of_account(owner.db, owner.account_id)
    if row is None:
        return None
    try:
        address = mail_reminders.kept(owner.instance, row).address
    except Sealed:
        # Wrapped by an instance secret that is no longer there: nothing can be sent, and it can only be ended.
        address = ""
    return Mail(
        address=address,
        confirmed=row.confirmed_at is not None,
        waits=mail_reminders.open_for_code(row, now=owner.now),
        sent_at=row.sent_at if row.confirmed_at and row.outcome == "sent" else None,
        trouble=trouble(row.outcome),
        tried_at=row.tried_at,
        again_at=row.next_at if row.attempts else None,
    )


def _page(owner: Owner, *, made: Link | None = None, address: str = "", errors: FormErrors | None = None) -> RemindersPage:
    calendar = reminders.calendar_of(owner.db, owner.account_id)
    return RemindersPage(
        linked_at=calendar.created_at if calendar else None,
        made=made,
        shows=tuple((name, str(text)) for name, text in SHOWS.items()),
        ahead=tuple((name, str(text)) for name, text in AHEAD.items()),
        profile=owner.profile,
        secure=owner.settings.secure,
        can_mail=owner.settings.mail_server is not None,
        sender=owner.settings.mail_sender,
        mail=_mail(owner),
        address=address,
        errors=errors or FormErrors(),
    )
