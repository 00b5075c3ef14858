"""Forms of somebody who is not unlocked: sign-up and unlock. A form cookie stands in for the session (double submit).

The token in the form is a MAC over the cookie, so that a neighbouring host that can set cookies cannot also write the form.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from app import clock
from app.auth import catching_up
from app.auth.accounts import WhoAsks
from app.auth.form import Form, read_form
from app.auth.owner import check_origin, cookie_name
from app.auth.sessions import ABSOLUTE, HALF_WAY, NewSession
from app.errors import ForgedForm
from app.settings import Settings
from vault import cipher
from vault.instance import InstanceKeys

FORM_COOKIE_BYTES = 32


@dataclass(frozen=True)
class FormSeal:
    """The token for a form, and the cookie that must come back with it; `fresh` when the browser does not have it yet."""

    token: str
    cookie: str
    fresh: bool


def form_seal(request: Request) -> FormSeal:
    """The visitor's form token, from the cookie the browser has, or from a new one."""
    cookie = request.cookies.get(_form_cookie(request), "")
    fresh = len(cookie) != 2 * FORM_COOKIE_BYTES
    if fresh:
        cookie = secrets.token_hex(FORM_COOKIE_BYTES)
    return FormSeal(token=_token(request, cookie), cookie=cookie, fresh=fresh)


def keep_form_cookie(request: Request, response: Response, seal: FormSeal) -> None:
    """Give the browser the form cookie."""
    _set(request, response, _form_cookie(request), seal.cookie)


def public_form(request: Request, form: Annotated[Form, Depends(read_form)]) -> Form:
    """A visitor's form. Raises ForgedForm unless it came from a page of this instance in this browser."""
    check_origin(request)
    cookie = request.cookies.get(_form_cookie(request), "")
    if not cookie or not cipher.same(form.get("csrf").encode(), _token(request, cookie).encode()):
        raise ForgedForm
    return form


def begin(request: Request, response: Response, session: NewSession) -> Response:
    """Give the browser the cookie of a session just made; the form cookie has served. What waited for the owner moves in first."""
    catching_up.catch_up(request.app.state.stores, request.app.state.instance, session.cookie, now=clock.now())
    _set(request, response, cookie_name(_settings(request)), session.cookie, max_age=int(ABSOLUTE.total_seconds()))
    for served in (_form_cookie(request), _half_cookie(request)):
        response.delete_cookie(served, path="/", secure=_settings(request).secure, httponly=True, samesite="lax")
    return response


def begin_half(request: Request, response: Response, session: NewSession) -> Response:
    """Give the browser the cookie of a session that waits for its second factor."""
    _set(request, response, _half_cookie(request), session.cookie, max_age=int(HALF_WAY.total_seconds()))
    return response


def half_cookie(request: Request) -> str:
    """The cookie of a session that waits for its second factor, or nothing."""
    return request.cookies.get(_half_cookie(request), "")


def browser_hash(request: Request) -> bytes:
    """Which browser this visitor's is, as questions to a passkey are bound to it: a hash of the form cookie."""
    return cipher.sha256(request.cookies.get(_form_cookie(request), "").encode())


def leave(request: Request, response: Response) -> Response:
    """Take the session cookie back and have the browser forget what it cached of the owner's pages."""
    response.delete_cookie(cookie_name(_settings(request)), path="/", secure=_settings(request).secure, httponly=True, samesite="lax")
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


def who_asks(request: Request) -> WhoAsks:
    """Where a try comes from. The address is the peer's, or what a trusted proxy said."""
    return WhoAsks(address=request.client.host if request.client else "", browser=request.headers.get("user-agent", "")[:200])


PublicForm = Annotated[Form, Depends(public_form)]


def _token(request: Request, cookie: str) -> str:
    instance: InstanceKeys = request.app.state.instance
    return instance.mac("form", cookie.encode()).hex()


def _form_cookie(request: Request) -> str:
    return f"{cookie_name(_settings(request))}-form"


def _half_cookie(request: Request) -> str:
    return f"{cookie_name(_settings(request))}-half"


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _set(request: Request, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    response.set_cookie(name, value, max_age=max_age, path="/", secure=_settings(request).secure, httponly=True, samesite="lax")
