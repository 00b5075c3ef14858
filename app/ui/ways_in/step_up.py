"""`/step-up`: a secret shown once more, before ways in are changed, the vault is exported, or the account is deleted."""

from dataclasses import field
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.auth import passkeys, sessions
from app.auth.owner import Owner, Reader, Sender, Sent
from app.auth.passphrases import opens, opens_by_passkey, second_factor, secret_of
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from app.ui.ways_in.unlock import inside
from vault import slots
from vault.slot_set import PASSKEY, SECOND_FACTOR

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class StepUpPage(Page):
    """The passphrase, or a passkey where there is one; `second`: the passphrase alone will not do."""

    template: ClassVar[str] = "step_up/new.html"
    login: str
    next: str
    passkey: bool
    second: bool
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/step-up")
def new(request: Request, owner: Reader, next: str = "") -> Response:
    """The form."""
    return render(request, _page(owner, next), owner=owner)


@router.post("/step-up")
def create(request: Request, sender: Sent) -> Response:
    """Show the passphrase or the recovery code, and the second factor where the owner wants one."""
    errors, form = FormErrors(), sender.form
    opening = opens(sender, form.secret("passphrase"))
    if opening is None:
        errors.add("passphrase", _("This is not your passphrase, nor your recovery code."))
    elif opening.second_factor and not second_factor(sender, form.get("credential")):
        errors.add("passphrase", _("Your passkey is needed as well. Type the passphrase again, then touch it."))
    return _answer(request, sender, errors)


@router.post("/step-up/passkey")
def create_by_passkey(request: Request, sender: Sent) -> Response:
    """Show a passkey."""
    errors = FormErrors()
    if opens_by_passkey(sender, sender.form.get("credential"), secret_of(sender.form.get("secret"))) is None:
        errors.add("", _("That passkey does not open this account."))
    return _answer(request, sender, errors)


@router.post("/step-up/challenge")
def challenge(sender: Sent) -> JSONResponse:
    """The question for a passkey of this account: to open, or as the second factor."""
    purpose = "second" if sender.form.get("for") == "second" else "unlock"
    with sender.reading() as owner:
        rows = slots.slots_of(owner.db, owner.account_id)
    asked = passkeys.ask(sender.stores.state, sender.session.id_hash, purpose, now=sender.now)
    answering = [row for row in rows if purpose == "second" or row.kind == PASSKEY]
    options: dict[str, Any] = passkeys.request_options(sender.settings, asked, passkeys.credentials(answering))
    return JSONResponse(options)


def _answer(request: Request, sender: Sender, errors: FormErrors) -> Response:
    if errors:
        with sender.reading() as owner:
            return render(request, _page(owner, sender.form.get("next"), errors), owner=owner, status=422)
    sessions.freshen(sender.stores.state, sender.session.id_hash, now=sender.now)
    return see_other(inside(sender.form.get("next")) or "/settings")


def _page(owner: Owner, to: str, errors: FormErrors | None = None) -> StepUpPage:
    kinds = {slot.kind for slot in slots.slots_of(owner.db, owner.account_id)}
    can = passkeys.available(owner.settings)
    return StepUpPage(
        login=owner.account.login,
        next=inside(to),
        passkey=can and PASSKEY in kinds,
        second=SECOND_FACTOR in kinds,
        errors=errors or FormErrors(),
    )
