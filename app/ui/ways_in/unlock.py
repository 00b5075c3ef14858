"""`/unlock` and `/lock`: the vault opens with the passphrase, a passkey or the recovery code, and closes."""

from collections.abc import Callable
from dataclasses import field
from typing import ClassVar
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.auth import passkeys, sessions, throttle, unlocking
from app.auth.owner import Writer, stores_of
from app.auth.passphrases import secret_of
from app.auth.sessions import NewSession
from app.auth.visitor import PublicForm, begin, begin_half, browser_hash, half_cookie, leave, who_asks
from app.errors import Throttled
from app.i18n import _, ngettext
from app.settings import Settings
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class UnlockPage(Page):
    """Name and passphrase, or a passkey; `next` is where the visitor was going."""

    template: ClassVar[str] = "unlock/new.html"
    login: str = ""
    next: str = ""
    passkey: bool
    errors: FormErrors = field(default_factory=FormErrors)


@view(kw_only=True)
class SecondPage(Page):
    """The passphrase was right; the owner wants a passkey shown as well."""

    template: ClassVar[str] = "unlock/second.html"
    next: str = ""
    errors: FormErrors = field(default_factory=FormErrors)


@view(kw_only=True)
class RecoveryPage(Page):
    """Name and recovery code. The code is not sent back: it would stand in the page."""

    template: ClassVar[str] = "unlock/recovery.html"
    login: str = ""
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/unlock")
def new(request: Request, next: str = "") -> Response:
    """The form."""
    return render(request, _page(request, to=inside(next)))


@router.post("/unlock")
def create(request: Request, form: PublicForm) -> Response:
    """Unlock with the passphrase and go where the visitor was going, by way of the second factor where there is one."""
    login, to, passphrase = form.get("login"), inside(form.get("next")), form.secret("passphrase")
    errors = FormErrors()
    errors.require("login", login)
    errors.require("passphrase", passphrase)
    wrong = ("passphrase", _("Name and passphrase do not open an account here. Check both; capitals count in the passphrase."))
    session, status = _try(
        errors,
        wrong,
        lambda: unlocking.unlock(
            stores_of(request), _settings(request), login=login, passphrase=passphrase, who=who_asks(request), now=clock.now()
        ),
    )
    if session is None:
        return render(request, _page(request, login=login, to=to, errors=errors), status=status)
    if not session.session.whole:
        return begin_half(request, see_other(f"/unlock/second?next={quote(to)}"), session)
    return begin(request, see_other(to or "/today"), session)


@router.post("/unlock/challenge")
def challenge(request: Request, form: PublicForm) -> JSONResponse:
    """A question that any passkey made here may answer; as a second factor, only those of the account at hand."""
    stores, settings, now = stores_of(request), _settings(request), clock.now()
    throttle.spend(stores.state, [(f"challenge-from/{who_asks(request).address}", throttle.CHALLENGE_ADDRESS)], now=now)
    second = form.get("for") == "second"
    allowed = unlocking.second_factors(stores, half_cookie(request), now=now) if second else []
    asked = passkeys.ask(stores.state, browser_hash(request), "second" if second else "unlock", now=now)
    return JSONResponse(passkeys.request_options(settings, asked, allowed))


@router.post("/unlock/passkey")
def create_by_passkey(request: Request, form: PublicForm) -> Response:
    """Unlock with a passkey."""
    to, errors = inside(form.get("next")), FormErrors()
    session, status = _try(
        errors,
        ("", _("That passkey opens no account here. Unlock with the passphrase instead.")),
        lambda: unlocking.unlock_with_passkey(
            stores_of(request),
            _settings(request),
            text=form.get("credential"),
            secret=secret_of(form.get("secret")),
            browser=browser_hash(request),
            who=who_asks(request),
            now=clock.now(),
        ),
    )
    if session is None:
        return render(request, _page(request, to=to, errors=errors), status=status)
    return begin(request, see_other(to or "/today"), session)


@router.get("/unlock/second")
def ask_second(request: Request, next: str = "") -> Response:
    """The question for the second factor, after the passphrase."""
    if sessions.resume_half(stores_of(request).state, half_cookie(request), now=clock.now()) is None:
        return see_other("/unlock")
    return render(request, SecondPage(next=inside(next)))


@router.post("/unlock/second")
def create_by_second(request: Request, form: PublicForm) -> Response:
    """Show the second factor, and go where the visitor was going."""
    to, errors, cookie = inside(form.get("next")), FormErrors(), half_cookie(request)
    session, status = _try(
        errors,
        ("", _("That passkey does not belong to this account, or the page was open for too long.")),
        lambda: unlocking.complete(
            stores_of(request),
            _settings(request),
            cookie=cookie,
            text=form.get("credential"),
            browser=browser_hash(request),
            who=who_asks(request),
            now=clock.now(),
        ),
    )
    if session is not None:
        return begin(request, see_other(to or "/today"), session)
    if sessions.resume_half(stores_of(request).state, cookie, now=clock.now()) is None:
        return see_other("/unlock")
    return render(request, SecondPage(next=to, errors=errors), status=status)


@router.get("/unlock/recovery")
def recover(request: Request) -> Response:
    """The form for the recovery code."""
    return render(request, RecoveryPage())


@router.post("/unlock/recovery")
def create_by_recovery(request: Request, form: PublicForm) -> Response:
    """Unlock with the recovery code and go on to choosing a new passphrase."""
    login, code = form.get("login"), form.get("code")
    errors = FormErrors()
    errors.require("login", login)
    errors.require("code", code)
    session, status = _try(
        errors,
        ("code", _("Name and code do not open an account here. Compare every group with your sheet.")),
        lambda: unlocking.unlock_with_recovery(stores_of(request), login=login, code=code, who=who_asks(request), now=clock.now()),
    )
    if session is None:
        return render(request, RecoveryPage(login=login, errors=errors), status=status)
    return begin(request, see_other("/settings/recovered"), session)


@router.post("/lock")
def lock(request: Request, owner: Writer) -> Response:
    """End this session: the key leaves with it."""
    sessions.end(owner.stores.state, owner.session.id_hash, owner.account_id)
    owner.stores.memory.forget(owner.account_id)
    return leave(request, see_other("/unlock?done=locked"))


def inside(path: str) -> str:
    """A path of this instance that may follow an unlock, or nothing: never another host (CWE-601)."""
    parts = urlsplit(path)
    whole = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if whole and not parts.scheme and not parts.netloc and not path.startswith(("/unlock", "/lock", "/step-up")) else ""


def wait(seconds: int) -> str:
    """How long a throttled visitor has to wait."""
    minutes = max(1, -(-seconds // 60))
    return ngettext("Too many tries. Try again in %(n)d minute.", "Too many tries. Try again in %(n)d minutes.", minutes) % {"n": minutes}


def _try(errors: FormErrors, wrong: tuple[str, str], open_: Callable[[], NewSession | None]) -> tuple[NewSession | None, int]:
    """The session that `open_` begins; else None, with `errors` saying why and the status of the page that shows them."""
    if errors:
        return None, 422
    try:
        session = open_()
    except Throttled as throttled:
        errors.add("", wait(throttled.retry_after))
        return None, 429
    if session is None:
        errors.add(*wrong)
    return session, 422


def _page(request: Request, *, login: str = "", to: str = "", errors: FormErrors | None = None) -> UnlockPage:
    return UnlockPage(login=login, next=to, passkey=passkeys.available(_settings(request)), errors=errors or FormErrors())


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found
