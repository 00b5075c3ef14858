"""Refusals at the vendor's door, as answers (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.api.problem_kinds import PROBLEMS

MEDIA_TYPE: Final = "application/problem+json"


def type_of(base_url: str, slug: str) -> str:
    """The URI of a kind of problem; it leads to a page about it."""
    return f"{base_url}/problems/{slug}"


def problem(
    request: Request, slug: str, *, detail: str | None = None, headers: Mapping[str, str] | None = None, **members: Any
) -> JSONResponse:
    """The answer for a slug. `detail` says more than the table where the case allows it; `members` extend the problem."""
    kind = PROBLEMS[slug]
    body = {
        "type": type_of(request.app.state.settings.base_url, slug),
        "title": str(kind.title),
        "status": kind.status,
        "detail": detail or str(kind.detail),
        **members,
    }
    return JSONResponse(body, kind.status, dict(headers or {}), MEDIA_TYPE)


def malformed(request: Request, errors: Sequence[tuple[str, str]]) -> JSONResponse:
    """422 with a pointer (RFC 6901) and a reason for each field."""
    return problem(request, "malformed", errors=[{"pointer": pointer, "detail": detail} for pointer, detail in errors])


def unknown_token(request: Request, *, presented: bool) -> JSONResponse:
    """401 with the challenge of RFC 6750 section 3: no error code when no token was sent."""
    challenge = 'Bearer realm="bothways"' + (', error="invalid_token"' if presented else "")
    return problem(request, "unknown-token", headers={"WWW-Authenticate": challenge})


def rate_limited(request: Request, retry_after: int) -> JSONResponse:
    """429 with the wait in seconds."""
    return problem(request, "rate-limited", headers={"Retry-After": str(retry_after)}, retry_after=retry_after)
