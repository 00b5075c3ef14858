"""`/device`: the owner types the code that a till or a website shows, and the question behind it lands in their requests."""

from collections.abc import Mapping
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth import throttle
from app.auth.owner import Owner, Reader, Writer
from app.errors import Throttled
from app.exchange import asking
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view

router = APIRouter(include_in_schema=False)

LONGEST = 40


@view(kw_only=True)
class NewPage(Page):
    """The code, as typed or as it came with the link behind a QR code."""

    template: ClassVar[str] = "device/new.html"
    user_code: str
    errors: Mapping[str, str]


@router.get("/device")
def new(request: Request, owner: Reader, user_code: str = "") -> HTMLResponse:
    """The form. A code in the link only fills it in: the owner still sends it."""
    return render(request, NewPage(user_code=user_code[:LONGEST], errors={}), owner=owner)


@router.post("/device")
def claim(request: Request, owner: Writer) -> Response:
    """Fetch the question behind the code. Unknown, used and expired codes answer alike."""
    typed = owner.form.get("user_code")[:LONGEST]
    errors = FormErrors()
    errors.require("user_code", typed, _("Type the code that they show you."))
    if not errors and not _allowed(request, owner):
        errors.add("user_code", _("Too many tries. Wait ten minutes, then ask them for a new code."))
        return render(request, NewPage(user_code=typed, errors=errors), status=429, owner=owner)
    found = None if errors else asking.claim(owner.db, owner.act(), owner.instance, typed)
    if found is None:
        errors.add("user_code", _("This code opens nothing. It may be mistyped, used or too old; ask them to show a new one."))
        return render(request, NewPage(user_code=typed, errors=errors), status=422, owner=owner)
    return see_other(f"/requests/{found.request_id}?done=claimed-code")


def _allowed(request: Request, owner: Owner) -> bool:
    """Whether one more try is left to this account, and to the network address it comes from (RFC 8628 section 5.1)."""
    address = request.client.host if request.client else "unknown"
    tries = [(f"user-code:{owner.account_id}", throttle.USER_CODE), (f"user-code-from/{address}", throttle.USER_CODE_ADDRESS)]
    try:
        throttle.spend(owner.stores.state, tries, now=owner.now)
    except Throttled:
        return False
    return True
