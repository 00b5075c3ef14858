"""The OpenAPI document of the vendor's door: what the routes say of themselves, with the schemas of what they take."""

import copy
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api import commitment_schemas, event_schemas, exchange_schemas, oauth_schemas, problem_schemas, schemas
from app.api.documented import ANSWERS
from app.api.webhook_documents import described_webhooks
from app.i18n import _

TITLE: Final = "Bothways: the vendor's door"
_TAKEN = (
    schemas.Message,
    schemas.Decision,
    schemas.Nothing,
    schemas.Redemption,
    exchange_schemas.CrmRecord,
    exchange_schemas.LetterAnswer,
    commitment_schemas.Commitment,
    commitment_schemas.CommitmentReport,
    oauth_schemas.ClientMetadata,
)
_GIVEN: Final[tuple[type[BaseModel], ...]] = (
    event_schemas.WebhookPayload,
    oauth_schemas.GrantTokenAnswer,
    oauth_schemas.ClientTokenAnswer,
    problem_schemas.Problem,
    problem_schemas.OAuthProblem,
)
_REF: Final = "#/components/schemas/{model}"


def document(routers: Sequence[APIRouter], base_url: str) -> dict[str, Any]:
    """OpenAPI 3.1 of every documented route."""
    routes = [_told_once(route) for router in routers for route in router.routes if isinstance(route, APIRoute)]
    found: dict[str, Any] = get_openapi(
        title=TITLE,
        version="1",
        openapi_version="3.1.0",
        description=_introduction(),
        routes=routes,
        servers=[{"url": base_url}],
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    components = found.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas())
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = _security()
    found["webhooks"] = described_webhooks()
    for operations in found["paths"].values():
        for operation in operations.values():
            _plain(operation)
    return found


def _told_once(route: APIRoute) -> APIRoute:
    """The route without HEAD, which every GET answers too."""
    told = copy.copy(route)
    told.methods = set(route.methods or ()) - {"HEAD"}
    return told


def _schemas() -> dict[str, Any]:
    taken = models_json_schema([(model, "validation") for model in _TAKEN], ref_template=_REF)[1]["$defs"]
    given = models_json_schema([(model, "serialization") for model in (*_GIVEN, *ANSWERS.values())], ref_template=_REF)[1]["$defs"]
    return {**_without_nulls(given), **taken}


def _without_nulls(described: Any) -> Any:
    """What is absent in an answer is left out there (`app.api.door.answer`): a default of null would say something else."""
    if isinstance(described, dict):
        return {name: _without_nulls(value) for name, value in described.items() if value is not None}
    return [_without_nulls(one) for one in described] if isinstance(described, list) else described


def _plain(operation: dict[str, Any]) -> None:
    """A problem is only ever `application/problem+json`; FastAPI would add `application/json` beside it, and its own 422."""
    for status, response in list(operation["responses"].items()):
        content = response.get("content", {})
        if "application/problem+json" in content:
            content.pop("application/json", None)
        elif "HTTPValidationError" in str(content):
            del operation["responses"][status]


def _introduction() -> str:
    return _(
        "Ask for consent with OAuth 2.0 (RFC 8628, RFC 9396), then use what was granted with plain JSON over HTTPS. "
        "Refusals are problems (RFC 9457) whose type leads to a page about them; the OAuth endpoints answer errors as RFC 6749 says. "
        "The absent and the forbidden look alike."
    )


def _security() -> dict[str, Any]:
    return {
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "Client id and client secret; or `client_assertion` in the form, where `private_key_jwt` was registered.",
        },
        "initial_token": {"type": "http", "scheme": "bearer", "description": "`initial_access_token` of a contact link, or an invitation."},
        "registration_token": {"type": "http", "scheme": "bearer", "description": "`registration_access_token` of the registration."},
        "client_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Client token: `grant_type=client_credentials`, an hour, spans customers.",
        },
        "grant_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Grant token: one customer's consent; lives as long as the consent.",
        },
    }
