"""Which answer an exception gets: a page at the browser's door, a problem at the vendor's."""

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api.problem import malformed, problem
from app.auth.owner import KitUnconfirmed
from app.errors import BadForm, ForgedForm, NotFound, NotUnlocked, StepUpNeeded, Throttled, TooLarge
from app.ui.error_pages import error_page
from vault.errors import SlotsTampered

VENDOR_DOOR = ("/api/", "/oauth/", "/.well-known/")
PROBLEM_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}

log = structlog.get_logger("refusals")

Answer = Callable[[Request, Exception], Awaitable[Response]]


def register(app: FastAPI) -> None:
    """Register every answer."""
    for kind, status in {NotFound: 404, ForgedForm: 403, BadForm: 400, TooLarge: 413, Throttled: 429, SlotsTampered: 409}.items():
        app.add_exception_handler(kind, _page(status))
    app.add_exception_handler(NotUnlocked, _unlock_first)
    app.add_exception_handler(StepUpNeeded, _unlock_again)
    app.add_exception_handler(KitUnconfirmed, _kit_first)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


def nothing_here(request: Request) -> Response:
    """Not found, at either door."""
    return problem(request, "not-found") if at_vendor_door(request) else error_page(request, 404)


def at_vendor_door(request: Request) -> bool:
    """Whether a program is asking, by the path that was asked for."""
    path: str = request.scope["path"]
    return path.startswith(VENDOR_DOOR)


def _page(status: int) -> Answer:
    async def answer(request: Request, exception: Exception) -> Response:
        wait = exception.retry_after if isinstance(exception, Throttled) else 0
        limit = exception.limit if isinstance(exception, TooLarge) else 0
        shown = error_page(request, status, retry_after=wait, limit=limit)
        if wait:
            shown.headers["retry-after"] = str(wait)
        return shown

    return answer


async def _unlock_first(request: Request, _exception: Exception) -> Response:
    """A page is shown after unlocking; a form is not sent again by itself, so its sender is told."""
    if request.method in {"GET", "HEAD"}:
        return RedirectResponse(f"/unlock?next={quote(request.scope['path'])}", status_code=303)
    return error_page(request, 401)


async def _unlock_again(request: Request, _exception: Exception) -> Response:
    """The vault was unlocked too long ago for this act: show a secret once more and come back to the page that offers it."""
    asked = request.scope["path"] if request.method in {"GET", "HEAD"} else urlsplit(request.headers.get("referer", "")).path
    return RedirectResponse(f"/step-up?next={quote(asked or '/settings')}", status_code=303)


async def _kit_first(_request: Request, _exception: Exception) -> Response:
    return RedirectResponse("/recovery-kit", status_code=303)


async def _http(request: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException)
    status = exception.status_code
    if at_vendor_door(request):
        return problem(request, PROBLEM_CODES.get(status, "malformed"), headers=exception.headers)
    shown = error_page(request, status)
    shown.headers.update(exception.headers or {})
    return shown


async def _invalid(request: Request, exception: Exception) -> Response:
    """A path or query that is not of the route's form: for a browser, no such page."""
    assert isinstance(exception, RequestValidationError)
    if at_vendor_door(request):
        return malformed(request, [("/" + "/".join(str(part) for part in error["loc"][1:]), error["msg"]) for error in exception.errors()])
    return error_page(request, 404)


async def broken(request: Request, exception: Exception) -> Response:
    """A fault of ours: an id for the operator's log, and nothing else of it, to anyone."""
    reference = secrets.token_hex(8)
    where = _innermost(exception)
    log.error("internal", reference=reference, error=type(exception).__name__, where=where)
    if at_vendor_door(request):
        return problem(request, "internal", id=reference)
    return error_page(request, 500, reference=reference)


def _innermost(exception: Exception) -> str:
    """File, line and function where it broke, without values: a message or a local could hold an owner's data."""
    trace, frames = exception.__traceback__, []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return " < ".join(reversed(frames[-4:]))
