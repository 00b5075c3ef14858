"""Where everything is: authorization server metadata (RFC 8414), and the key of the instance."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from app.api.documented import gives, problems
from app.api.door import DoorRoute, answer
from app.api.oauth_schemas import GRANT_TYPES, Metadata
from app.auth.calls import Arriving
from app.auth.client import ASSERTION_ALGORITHMS
from app.exchange.clients import BASIC, PRIVATE_KEY_JWT
from app.settings import Settings
from consent.receipts import jwk
from consent.terms import PURPOSE_TYPE, TERMS_TYPE

router = APIRouter(route_class=DoorRoute, tags=["Finding the door"])
_NO_TOKEN: dict[int | str, dict[str, Any]] = {500: problems()[500]}


@router.get("/.well-known/oauth-authorization-server", responses={200: gives(Metadata), **_NO_TOKEN}, operation_id="metadata")
def show(call: Arriving) -> Response:
    """Authorization server metadata (RFC 8414). The issuer is the address of the instance, without a path."""
    return answer(metadata(call.settings))


@router.get("/.well-known/jwks.json", responses={200: {"description": "A JWK set."}, **_NO_TOKEN}, operation_id="instanceKeys")
def keys(call: Arriving) -> Response:
    """The key with which the instance signs what happens while an owner is away (receipts with `attested_by: instance`)."""
    return JSONResponse({"keys": [jwk(call.instance.signing_public)]})


def metadata(settings: Settings) -> Metadata:
    """What this authorization server offers."""
    base, methods, algorithms = settings.base_url, [BASIC, PRIVATE_KEY_JWT], list(ASSERTION_ALGORITHMS)
    return Metadata(
        issuer=base,
        registration_endpoint=f"{base}/oauth/register",
        device_authorization_endpoint=f"{base}/oauth/device_authorization",
        token_endpoint=f"{base}/oauth/token",
        introspection_endpoint=f"{base}/oauth/introspect",
        revocation_endpoint=f"{base}/oauth/revoke",
        jwks_uri=f"{base}/.well-known/jwks.json",
        service_documentation=f"{base}/api/docs",
        response_types_supported=[],
        grant_types_supported=list(GRANT_TYPES),
        token_endpoint_auth_methods_supported=methods,
        token_endpoint_auth_signing_alg_values_supported=algorithms,
        introspection_endpoint_auth_methods_supported=methods,
        introspection_endpoint_auth_signing_alg_values_supported=algorithms,
        revocation_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_signing_alg_values_supported=algorithms,
        authorization_details_types_supported=[TERMS_TYPE, PURPOSE_TYPE],
    )
