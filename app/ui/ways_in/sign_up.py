"""`/sign-up`: an account from an invitation, or from nothing where the host has opened sign-up."""

from dataclasses import field
from typing import ClassVar
from zoneinfo import available_timezones

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.auth import accounts
from app.auth.accounts import SignUpRefused
from app.auth.form import Form
from app.auth.owner import stores_of
from app.auth.visitor import PublicForm, begin, who_asks
from app.i18n import _
from app.settings import Opening, Settings
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault.records import Profile

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class SignUpPage(Page):
    """The form. The passphrase is never sent back."""

    template: ClassVar[str] = "sign_up/new.html"
    token: str
    login: str = ""
    time_zone: str = "UTC"
    zones: tuple[str, ...]
    errors: FormErrors = field(default_factory=FormErrors)


@view(kw_only=True)
class NoSignUpPage(Page):
    """Why there is no form."""

    template: ClassVar[str] = "sign_up/closed.html"
    title: str
    text: str


def zones() -> tuple[str, ...]:
    """The IANA time zones that a person would look for: places, and UTC."""
    return (
        "UTC",
        *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))),
    )


@router.get("/sign-up")
@router.get("/sign-up/{token}")
def new(request: Request, token: str = "") -> Response:
    """The form, when the invitation is good."""
    settings: Settings = request.app.state.settings
    if not accounts.may_sign_up(stores_of(request), settings, token, now=clock.now()):
        return _refused(request, settings, token)
    return render(request, SignUpPage(token=token, zones=zones()))


@router.post("/sign-up")
def create(request: Request, form: PublicForm) -> Response:
    """Make the account and go on to the recovery kit."""
    settings: Settings = request.app.state.settings
    errors = FormErrors()
    zone = form.get("time_zone") or "UTC"
    if zone not in available_timezones():
        errors.add("time_zone", _("No such time zone. Type the name of a city and choose from the list."))
        return _again(request, form, errors)
    try:
        session = accounts.open_account(
            stores_of(request),
            settings,
            login=form.get("login"),
            passphrase=form.secret("passphrase"),
            again=form.secret("again"),
            token=form.get("token"),
            profile=Profile(time_zone=zone),
            who=who_asks(request),
            now=clock.now(),
        )
    except SignUpRefused as refused:
        if "token" in refused.problems:
            return _refused(request, settings, form.get("token"))
        for name, code in refused.problems.items():
            errors.add(name, problem(name, code))
        return _again(request, form, errors)
    return begin(request, see_other("/recovery-kit"), session)


def problem(name: str, code: str) -> str:
    """What is wrong with a name or a passphrase, and what would be right."""
    words = {
        ("login", "login"): _("Three to 40 lower-case letters, digits, dots or dashes, beginning and ending with a letter or digit."),
        ("login", "taken"): _("Somebody here already has this name. Choose another."),
        ("passphrase", "short"): _("At least 8 characters. A few words in a row are long and easy to remember."),
        ("passphrase", "long"): _("At most 1,024 characters."),
        ("passphrase", "login"): _("The passphrase must not be the login name."),
        ("again", "differs"): _("The two passphrases differ. Type both again."),
    }
    return words.get((name, code), code)


def _again(request: Request, form: Form, errors: FormErrors) -> Response:
    page = SignUpPage(token=form.get("token"), login=form.get("login"), time_zone=form.get("time_zone"), zones=zones(), errors=errors)
    return render(request, page, status=422)


def _refused(request: Request, settings: Settings, token: str) -> Response:
    if settings.sign_up is Opening.CLOSED:
        page = NoSignUpPage(title=_("Sign-up is closed"), text=_("This host takes no new accounts at present."))
    elif token:
        page = NoSignUpPage(
            title=_("This invitation no longer works"),
            text=_("It has been used, or it is older than seven days. Ask whoever runs this host for a new one."),
        )
    else:
        page = NoSignUpPage(
            title=_("You need an invitation"), text=_("Ask whoever runs this host for a link. It works once, for seven days.")
        )
    return render(request, page, status=403)
