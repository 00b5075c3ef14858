"""`/settings`: the passphrase, how pages are told, and which browsers are unlocked."""

from dataclasses import field
from datetime import datetime
from typing import ClassVar
from zoneinfo import available_timezones

from babel import Locale
from fastapi import APIRouter, Request
from starlette.responses import Response

from app import i18n
from app.auth import sessions, ways_in
from app.auth.accounts import cost_of, derivations, passphrase_problems
from app.auth.owner import Owner, Reader, Sent, Writer
from app.auth.passphrases import opens
from app.auth.profiles import profile_id
from app.auth.visitor import leave
from app.errors import NotFound
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from app.ui.ways_in.handlers import WayRow, way_rows
from app.ui.ways_in.sign_up import problem, zones
from consent import ledger, pausing
from vault import slots, store
from vault.records import Profile

router = APIRouter(include_in_schema=False)

IDLE_MIN, IDLE_MAX = 1, 30


@view
class SessionRow:
    """A browser that is unlocked now. `here`: the one that asks."""

    id: str
    browser: str
    started_at: datetime
    last_seen_at: datetime
    here: bool


@view(kw_only=True)
class SettingsPage(Page):
    """Three forms on one page; what was typed comes back, passphrases do not."""

    template: ClassVar[str] = "settings/index.html"
    login: str
    time_zone: str
    language: str
    idle_minutes: str
    quiet: tuple[str, str]
    paused: bool
    zones: tuple[str, ...]
    languages: list[tuple[str, str]]
    sessions: list[SessionRow]
    ways: list[WayRow]
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/settings")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    return render(request, settings_page(owner), owner=owner)


@router.post("/settings/passphrase")
def change_passphrase(request: Request, sender: Sent) -> Response:
    """Change the passphrase; every other browser is locked. Both derivations are done before the transaction."""
    form, errors = sender.form, FormErrors()
    new = form.secret("passphrase")
    with sender.reading() as owner:
        for name, code in passphrase_problems(owner.account.login, new, form.secret("again")).items():
            errors.add(name, problem(name, code))
    opening = None if errors else opens(sender, form.secret("current"))
    if opening is None:
        if not errors:
            errors.add("current", _("This is not your passphrase now, nor your recovery code."))
        with sender.reading() as owner:
            return render(request, settings_page(owner, errors=errors), owner=owner, status=422)
    with derivations:
        slot = slots.new_passphrase_slot(sender.keyring, new, cost=cost_of(sender.settings), now=sender.now)
    with sender.writing() as owner:
        if opening.second_factor:
            # The passphrase alone does not speak for an owner who wants a passkey shown beside it.
            owner.require_step_up()
        slots.replace(owner.db, owner.account, owner.keyring, slot)
        ways_in.changed(owner.db, owner.stores.state, owner.act(), way=slot.kind, what="changed")
        sessions.end_others(owner.stores.state, owner.account_id, keep=owner.session.id_hash)
        owner.shred_after()
    return see_other("/settings?done=passphrase-changed")


@router.post("/settings/profile")
def update_profile(request: Request, owner: Writer) -> Response:
    """Change time zone, language and idle limit."""
    form, errors = owner.form, FormErrors()
    zone, language, idle = form.get("time_zone"), form.get("language"), form.get("idle_minutes")
    if zone not in available_timezones():
        errors.add("time_zone", _("No such time zone. Type the name of a city and choose from the list."))
    if language not in i18n.languages():
        errors.add("language", _("This language is not here yet."))
    if not idle.isdecimal() or not IDLE_MIN <= int(idle) <= IDLE_MAX:
        errors.add("idle_minutes", _("A whole number of minutes from 1 to 30."))
    if errors:
        return render(request, settings_page(owner, profile=(zone, language, idle), errors=errors), owner=owner, status=422)
    profile = owner.profile.model_copy(update={"time_zone": zone, "language": language, "idle_minutes": int(idle)})
    place = profile_id(owner.account_id)
    if store.get(owner.db, owner.keyring, Profile, place) is None:
        store.add(owner.db, owner.keyring, profile, now=owner.now, record_id=place)
    else:
        store.replace(owner.db, owner.keyring, place, profile, now=owner.now)
    sessions.set_idle(owner.stores.state, owner.account_id, profile.idle_minutes)
    return see_other("/settings?done=profile-saved")


@router.post("/settings/sessions/end-others")
def end_other_sessions(owner: Writer) -> Response:
    """Lock every other browser."""
    if sessions.end_others(owner.stores.state, owner.account_id, keep=owner.session.id_hash):
        ledger.append(owner.db, owner.act(), "session.ended", {"which": "all others"})
    return see_other("/settings?done=sessions-ended")


@router.post("/settings/sessions/{session_id}/end")
def end_session(request: Request, session_id: str, owner: Writer) -> Response:
    """Lock one browser, perhaps this one."""
    try:
        id_hash = bytes.fromhex(session_id)
    except ValueError:
        raise NotFound from None
    if not sessions.end(owner.stores.state, id_hash, owner.account_id):
        raise NotFound
    ledger.append(owner.db, owner.act(), "session.ended", {"which": "one"})
    if id_hash == owner.session.id_hash:
        return leave(request, see_other("/unlock?done=locked"))
    return see_other("/settings?done=session-ended")


def settings_page(
    owner: Owner,
    *,
    profile: tuple[str, str, str] | None = None,
    quiet: tuple[str, str] | None = None,
    errors: FormErrors | None = None,
) -> SettingsPage:
    """The page as it stands, with what was typed where it is shown again."""
    kept = owner.profile
    zone, language, idle = profile or (kept.time_zone, kept.language, str(kept.idle_minutes))
    return SettingsPage(
        login=owner.account.login,
        time_zone=zone,
        language=language,
        idle_minutes=idle,
        quiet=quiet or (kept.quiet_from or "", kept.quiet_to or ""),
        paused=pausing.paused(owner.db, owner.account_id),
        zones=zones(),
        languages=[(tag, (Locale.parse(tag, sep="-").get_display_name() or tag).capitalize()) for tag in i18n.languages()],
        sessions=[
            SessionRow(
                id=row.id_hash.hex(),
                browser=browser_name(sessions.browser_of(row, owner.keyring)),
                started_at=row.created_at,
                last_seen_at=row.last_seen_at,
                here=row.id_hash == owner.session.id_hash,
            )
            for row in sessions.of_account(owner.stores.state, owner.account_id, now=owner.now)
        ],
        ways=way_rows(owner),
        errors=errors or FormErrors(),
    )


BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))


def browser_name(agent: str) -> str:
    """`Firefox on Linux`, from what the browser says of itself; its own words when they are not known."""
    browser = next((name for mark, name in BROWSERS if mark in agent), None)
    system = next((name for mark, name in SYSTEMS if mark in agent), None)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent[:60] or _("A browser that does not say what it is")
