"""`/settings/delete-account`: asked twice, with the export offered first; then nothing of the account is left."""

from dataclasses import field
from typing import ClassVar

from fastapi import APIRouter, Request
from sqlmodel import col, func, select
from starlette.responses import Response

from app.auth import leaving
from app.auth.owner import Owner, Reader, Writer
from app.auth.visitor import leave
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from consent import grants
from consent.store import Grant
from vault.accounts import normal_login
from vault.errors import BadLogin

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class DeleteAccountPage(Page):
    """What goes, and the login name to be typed. `last_operator`: who else could run this host."""

    template: ClassVar[str] = "delete_account/show.html"
    login: str
    live_grants: int
    last_operator: bool
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/settings/delete-account")
def show(request: Request, owner: Reader) -> Response:
    """The second question; the first is the passphrase, shown again."""
    owner.require_step_up()
    return render(request, _page(owner), owner=owner)


@router.post("/settings/delete-account")
def destroy(request: Request, owner: Writer) -> Response:
    """Delete the account, now and for good."""
    owner.require_step_up()
    errors = FormErrors()
    try:
        same = normal_login(owner.form.get("login")) == owner.account.login
    except BadLogin:
        same = False
    if not same:
        errors.add("login", _("This is not the login name of this account."))
        return render(request, _page(owner, errors), owner=owner, status=422)
    leaving.leave(owner)
    return leave(request, see_other("/?done=account-deleted"))


def _page(owner: Owner, errors: FormErrors | None = None) -> DeleteAccountPage:
    live = select(func.count()).where(col(Grant.account_id) == owner.account_id, col(Grant.status).in_(grants.LIVE))
    return DeleteAccountPage(
        login=owner.account.login,
        live_grants=owner.db.exec(live).one(),
        last_operator=leaving.last_operator(owner),
        errors=errors or FormErrors(),
    )
