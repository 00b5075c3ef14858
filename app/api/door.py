"""What every route of the vendor's door shares: turning a no into its answer."""

from typing import Any, ClassVar, Final

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from app.api.bodies import BODY_LIMIT, Malformed, TooLarge
from app.api.oauth_errors import NO_STORE, OAuthError, oauth_error
from app.api.problem import malformed, problem, rate_limited, unknown_token
from app.auth.calls import BadClient, Gone, TooMany, UnknownToken
from app.hot import HotRoute

_BASIC: Final = {"WWW-Authenticate": 'Basic realm="bothways", charset="UTF-8"'}
_BEARER: Final = {"WWW-Authenticate": 'Bearer realm="bothways", error="invalid_token"'}


class MethodNotAllowed(Exception):
    """The path is there, but not with this method; `allowed` are those it knows (RFC 9110 section 15.5.6)."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__("method not allowed")
        self.allowed = allowed


class DoorRoute(APIRoute):
    """A route that answers its own refusals, after the transaction that they left has been rolled back."""

    known: ClassVar[list["DoorRoute"]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = set(self.methods or ())
        if "GET" in self.allowed:
            self.allowed.add("HEAD")
        self.methods = self.allowed
        self.known.append(self)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or say no."""
        request = Request(scope, receive, send)
        try:
            self._look(request)
            await super().handle(scope, receive, send)
        except Exception as no:
            response = self.refusal(request, no)
            if response is None:
                raise
            await response(scope, receive, send)

    def refusal(self, request: Request, no: Exception) -> Response | None:
        """The answer for an exception; None for one that is a fault of ours."""
        match no:
            case UnknownToken():
                return unknown_token(request, presented=no.presented)
            case TooMany():
                return rate_limited(request, no.retry_after)
            case Malformed():
                return malformed(request, no.errors)
            case Gone() | TooLarge():
                return problem(request, "gone" if isinstance(no, Gone) else "too-large")
            case MethodNotAllowed():
                return problem(request, "method-not-allowed", headers={"Allow": ", ".join(no.allowed)})
        return None

    def _look(self, request: Request) -> None:
        """What can be refused before anything is read. Raises MethodNotAllowed, TooLarge."""
        if request.method not in self.allowed:
            here = [route.allowed for route in DoorRoute.known if route.path_regex.match(request.url.path)]
            raise MethodNotAllowed(sorted(set[str]().union(*here)))
        announced = next((value.decode("latin-1") for name, value in request.scope["headers"] if name == b"content-length"), "")
        if announced.isascii() and announced.isdigit() and int(announced) > BODY_LIMIT:
            raise TooLarge


class HotDoorRoute(DoorRoute, HotRoute):
    """A route in a hurry, with the same refusals."""


class OAuthRoute(DoorRoute):
    """A route whose refusals are worded as RFC 6749 says."""

    def refusal(self, request: Request, no: Exception) -> Response | None:  # noqa: PLR0911 - one line for each no
        """The answer for an exception; None for one that is a fault of ours."""
        match no:
            case OAuthError():
                return no.response
            case BadClient():
                return oauth_error("invalid_client", no.reason, status=401, headers=dict(_BASIC))
            case UnknownToken():
                return oauth_error("invalid_token", "unknown or missing bearer token", status=401, headers=dict(_BEARER))
            case TooMany():
                return oauth_error("temporarily_unavailable", "too many calls", status=429, headers={"Retry-After": str(no.retry_after)})
            case Malformed():
                return oauth_error("invalid_request", "; ".join(f"{pointer or 'body'}: {detail}" for pointer, detail in no.errors))
            case TooLarge():
                return oauth_error("invalid_request", f"the body is over {BODY_LIMIT} bytes", status=413)
        return super().refusal(request, no)


def answer(model: BaseModel, status: int = 200, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """A schema as an answer; absent values are left out."""
    return JSONResponse(model.model_dump(mode="json", exclude_none=True, by_alias=True), status, headers)


def secret_answer(model: BaseModel, status: int = 200) -> JSONResponse:
    """An answer that carries a secret: never cached (RFC 6749 section 5.1)."""
    return answer(model, status, headers=dict(NO_STORE))
