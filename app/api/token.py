"""The token endpoint: what became of a request, a client token, or a new token in place of a lost one (RFC 6749, RFC 8628)."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.api.bodies import Body, Malformed, strict_form
from app.api.documented import oauth_problems, takes_form
from app.api.door import OAuthRoute, secret_answer
from app.api.oauth_errors import oauth_error
from app.api.oauth_schemas import DEVICE_GRANT, ClientTokenAnswer, GrantTokenAnswer
from app.api.requests import shown_offer
from app.auth.calls import Arriving
from app.auth.client import KnownClient, authenticate
from app.exchange import polling, tokens
from app.exchange.bearers import AFTERLIFE, ended_at
from app.exchange.polling import Countered, Issued, NotYet
from consent import grants, ledger
from consent.store import Grant
from consent.terms import as_details

router = APIRouter(prefix="/oauth", route_class=OAuthRoute, tags=["Asking for consent"])

_WORDS = {
    NotYet.PENDING: "the owner has not decided yet",
    NotYet.SLOW_DOWN: "polled too soon; wait five seconds longer from now on",
    NotYet.DENIED: "the owner declined",
    NotYet.EXPIRED: "nobody decided in time",
    NotYet.UNKNOWN: "unknown or already redeemed device_code",
}
_FORM = {
    "grant_type": {"type": "string", "enum": [DEVICE_GRANT, "client_credentials"]},
    "device_code": {"type": "string", "description": "With the device grant."},
    "grant_id": {"type": "string", "description": "With `client_credentials`: replaces the lost token of this consent."},
}


@router.post(
    "/token",
    responses={
        200: {
            "description": "A token.",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [{"$ref": "#/components/schemas/GrantTokenAnswer"}, {"$ref": "#/components/schemas/ClientTokenAnswer"}]
                    }
                }
            },
        },
        **oauth_problems(
            s400="authorization_pending slow_down access_denied expired_token invalid_grant invalid_request unsupported_grant_type",
            s401="invalid_client",
        ),
    },
    openapi_extra=takes_form(_FORM, ["grant_type"]),
    operation_id="token",
)
def create(request: Request, call: Arriving, body: Body) -> Response:
    """Poll for the owner's decision, get a client token, or replace a lost grant token."""
    form = strict_form(request, body)
    known = authenticate(call, form)
    match form.get("grant_type"):
        case None:
            raise Malformed(("/grant_type", "is missing"))
        case grant_type if grant_type == DEVICE_GRANT:
            return _device(known, form)
        case "client_credentials":
            return _replace(known, form["grant_id"]) if "grant_id" in form else _client_token(known)
        case _:
            return oauth_error("unsupported_grant_type", "use the device grant or client_credentials")


def _device(known: KnownClient, form: dict[str, str]) -> Response:
    if "device_code" not in form:
        raise Malformed(("/device_code", "is missing"))
    with known.writing() as caller:
        outcome = polling.poll(caller.db, form["device_code"], known.client_id, now=caller.now)
        if isinstance(outcome, Issued):
            return _issued(outcome)
        if isinstance(outcome, Countered):
            offer = shown_offer(outcome.offer).model_dump(mode="json", exclude_none=True)
            return oauth_error(NotYet.PENDING.value, "the owner made a counter-offer; accept or refuse it", counter_offer=offer)
        # A no is returned, not raised: that it came too soon must be written down.
        return oauth_error(outcome.value, _WORDS[outcome])


def _issued(issued: Issued) -> JSONResponse:
    return _grant_token(issued.token, issued.grant, issued.subject, issued.receipt)


def _grant_token(token: str, grant: Grant, subject: str, receipt: str) -> JSONResponse:
    details: list[dict[str, Any]] = as_details(grants.standing(grant).terms)
    return secret_answer(
        GrantTokenAnswer(
            access_token=token,
            authorization_details=details,
            grant_id=grant.grant_id,
            subject=subject,
            client_reference=grant.client_reference,
            receipt=receipt,
        )
    )


def _client_token(known: KnownClient) -> Response:
    with known.writing() as caller:
        token = tokens.issue_client_token(caller.db, known.client_id, now=caller.now)
    return secret_answer(ClientTokenAnswer(access_token=token, expires_in=int(tokens.CLIENT_TOKEN_LIFE.total_seconds())))


def _replace(known: KnownClient, grant_id: str) -> Response:
    """A new token for a grant of this client; the old one dies with the same commit, and the owner's ledger has it."""
    with known.writing() as caller:
        db, now = caller.db, caller.now
        grant = tokens.own_grant(db, known.client_id, grant_id)
        if grant is None or ended_at(grant, now=now) + AFTERLIFE <= now:
            return oauth_error("invalid_grant", "no such consent of this client")
        ledger.lock(db, grant.account_id)
        token = tokens.replace_grant_token(db, grant.account_id, grant_id, known.client_id, now=now)
        ledger.append(db, caller.act(grant.account_id), "token.replaced", {"grant_id": grant_id, "client_id": known.client_id})
        receipt = grants.receipt_of(db, grant.account_id, grant_id)
        return _grant_token(token, grant, polling.subject_of(db, grant.account_id, known.client_id), receipt.jws)
