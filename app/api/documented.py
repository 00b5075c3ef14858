"""How a route says in the OpenAPI what it takes and answers."""

from typing import Any, Final

from pydantic import BaseModel

from app.api.problem import MEDIA_TYPE
from app.api.problem_kinds import PROBLEMS
from app.api.problem_schemas import OAuthProblem, Problem

Responses = dict[int | str, dict[str, Any]]

KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body is done once within 24 hours; the answer is repeated.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "What to authenticate with.", "schema": {"type": "string"}}}
ANSWERS: Final[dict[str, type[BaseModel]]] = {}
"""Every schema that a route answers with, by name; `app.api.openapi` describes them."""

_ALWAYS = ("unknown-token", "rate-limited", "internal")


def problems(*slugs: str) -> Responses:
    """The refusals of a route, by status; every route can answer 401, 429 and 500."""
    by_status: dict[int, list[str]] = {}
    for slug in (*slugs, *_ALWAYS):
        by_status.setdefault(PROBLEMS[slug].status, []).append(slug)
    return {
        status: {
            "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
            "description": " · ".join(f"`{slug}`" for slug in found),
            **({"headers": _RETRY} if status == 429 else {"headers": _CHALLENGE} if status == 401 else {}),
        }
        for status, found in by_status.items()
    }


def gives(model: type[BaseModel]) -> dict[str, Any]:
    """What a route answers when it answers well."""
    ANSWERS.setdefault(model.__name__, model)
    return {"content": {"application/json": {"schema": _reference(model)}}}


def oauth_problems(**by_status: str) -> Responses:
    """OAuth errors by status, as `s400="invalid_request"`; every endpoint can answer 413, 429 and 500."""
    found = {"s413": "invalid_request", "s429": "temporarily_unavailable", **by_status}
    answers: Responses = {
        int(status[1:]): {
            "content": {"application/json": {"schema": _reference(OAuthProblem)}},
            "description": " · ".join(f"`{error}`" for error in errors.split()),
            **({"headers": _RETRY} if status == "s429" else {"headers": _CHALLENGE} if status == "s401" else {}),
        }
        for status, errors in found.items()
    }
    return answers | {status: entry for status, entry in problems().items() if status == 500}


def takes_json(model: type[BaseModel], *, key: bool = True) -> dict[str, Any]:
    """The body of a route as `openapi_extra`."""
    body = {"required": True, "content": {"application/json": {"schema": _reference(model)}}}
    return {"requestBody": body, **({"parameters": [KEY_HEADER]} if key else {})}


def takes_form(properties: dict[str, Any], required: list[str], *, key: bool = False) -> dict[str, Any]:
    """The form of an OAuth endpoint as `openapi_extra`."""
    assertion = {
        "client_id": {"type": "string", "description": "Only beside `client_assertion`."},
        "client_assertion_type": {"type": "string", "enum": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]},
        "client_assertion": {"type": "string", "description": "A JWT (RFC 7523), where `private_key_jwt` was registered."},
    }
    schema = {"type": "object", "properties": properties | assertion, "required": required}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}
    return {"requestBody": body, "security": [{"client": []}, {}], **({"parameters": [KEY_HEADER]} if key else {})}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    # Not FastAPI's `"model"`: that would make a serializer for each of two hundred answers, which no route uses.
    return {"$ref": f"#/components/schemas/{model.__name__}"}


GRANT_TOKEN: dict[str, Any] = {"security": [{"grant_token": []}]}
CLIENT_TOKEN: dict[str, Any] = {"security": [{"client_token": []}]}
