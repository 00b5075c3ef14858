"""What a token is still good for (RFC 7662), and giving one up (RFC 7009)."""

from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import Response

from app.api.bodies import Body, Malformed, strict_form
from app.api.documented import gives, oauth_problems, takes_form
from app.api.door import OAuthRoute, secret_answer
from app.api.oauth_errors import NO_STORE
from app.api.oauth_schemas import Introspection
from app.auth.calls import Arriving
from app.auth.client import ClientCaller, authenticate
from app.auth.grant import status_seen
from app.exchange import marks, offers, polling, releases, tokens, withdrawals
from app.tables import ClientToken, GrantToken
from consent import grants, ledger
from consent.store import Grant
from consent.terms import as_details

router = APIRouter(prefix="/oauth", route_class=OAuthRoute, tags=["Tokens"])
_FORM = {"token": {"type": "string"}, "token_type_hint": {"type": "string"}}
_ERRORS = oauth_problems(s400="invalid_request", s401="invalid_client")
_INACTIVE = Introspection(active=False)


@router.post(
    "/introspect",
    responses={200: gives(Introspection), **_ERRORS},
    openapi_extra=takes_form(_FORM, ["token"]),
    operation_id="introspect",
)
def introspect(request: Request, call: Arriving, body: Body) -> Response:
    """Look at a token of yours. Unknown, ended and other clients' tokens are all just `active: false`."""
    form = strict_form(request, body)
    known = authenticate(call, form)
    token = _token(form)
    with known.reading() as caller:
        return secret_answer(_grant_token(caller, token) or _client_token(caller, token) or _INACTIVE)


@router.post(
    "/revoke",
    response_class=Response,
    responses={200: {"description": "It is no longer good, if it ever was."}, **_ERRORS},
    openapi_extra=takes_form(_FORM, ["token"]),
    operation_id="revoke",
)
def revoke(request: Request, call: Arriving, body: Body) -> Response:
    """Give a token up. A grant token hands the consent back, for good; a token that is unknown, or not yours, changes nothing."""
    form = strict_form(request, body)
    known = authenticate(call, form)
    token = _token(form)
    with known.writing() as caller:
        row = tokens.grant_token(caller.db, token)
        ended = _hand_back(caller, row) if row is not None and row.client_id == known.client_id else None
        _drop(caller.db, token, known.client_id)
    if ended is not None:
        withdrawals.journal(call.stores.state, ended.account_id, ended.grant_id, now=call.now)
    return Response(status_code=200, headers=NO_STORE)


def _token(form: dict[str, str]) -> str:
    if "token" not in form:
        raise Malformed(("/token", "is missing"))
    return form["token"]


def _hand_back(caller: ClientCaller, row: GrantToken) -> Grant | None:
    if row.account_id is None or row.grant_id is None:
        return None
    ledger.lock(caller.db, row.account_id)
    grant = grants.find(caller.db, row.account_id, row.grant_id)
    if grant is None or grant.status not in grants.LIVE:
        return None
    releases.forget(caller.db, row.account_id, row.grant_id)
    offers.forget(caller.db, row.account_id, row.grant_id)
    return grants.hand_back(caller.db, caller.act(row.account_id), grant)[0]


def _drop(db: Session, token: str, client_id: str) -> None:
    row = db.get(ClientToken, tokens.hashed(token))
    if row is not None and row.client_id == client_id:
        db.delete(row)


def _client_token(caller: ClientCaller, token: str) -> Introspection | None:
    row = caller.db.get(ClientToken, tokens.hashed(token))
    if row is None or row.client_id != caller.client.client_id or row.expires_at <= caller.now:
        return None
    return Introspection(
        active=True,
        client_id=row.client_id,
        token_type="Bearer",  # noqa: S106 - a type, not a secret
        iss=caller.call.settings.base_url,
        iat=int((row.expires_at - tokens.CLIENT_TOKEN_LIFE).timestamp()),
        exp=int(row.expires_at.timestamp()),
    )


def _grant_token(caller: ClientCaller, token: str) -> Introspection | None:
    row = tokens.grant_token(caller.db, token)
    if row is None or row.client_id != caller.client.client_id or row.account_id is None or row.grant_id is None:
        return None
    grant = grants.find(caller.db, row.account_id, row.grant_id)
    if grant is None or grant.status not in grants.LIVE or grant.expires_at <= caller.now:
        return None
    details: list[dict[str, Any]] = as_details(grants.standing(grant).terms)
    held = marks.held(caller.db, caller.call.stores.state, row.account_id)
    return Introspection(
        active=True,
        client_id=row.client_id,
        token_type="Bearer",  # noqa: S106 - a type, not a secret
        iss=caller.call.settings.base_url,
        iat=int(row.created_at.timestamp()),
        exp=int(grant.expires_at.timestamp()),
        sub=polling.subject_of(caller.db, row.account_id, row.client_id),
        grant_id=grant.grant_id,
        status=status_seen(caller.db, grant, held=held),
        client_reference=grant.client_reference,
        authorization_details=details,
    )
