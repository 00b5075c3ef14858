"""A client registers itself (RFC 7591) and looks after its registration (RFC 7592)."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlmodel import Session
from starlette.responses import Response

from app.api.bodies import Body, strict_json
from app.api.documented import gives, oauth_problems, takes_json
from app.api.door import OAuthRoute, secret_answer
from app.api.oauth_errors import NO_STORE, OAuthError
from app.api.oauth_schemas import ClientInformation, ClientMetadata
from app.auth import invitations
from app.auth.calls import REGISTER_ADDRESS, Arriving, Call, UnknownToken
from app.auth.client import act_of
from app.destinations import complaint
from app.exchange import addresses, clients, key_addresses, releases, sealing_keys, withdrawals
from app.exchange.sealing_keys import BadSuccession
from app.settings import Opening
from app.tables import Client

router = APIRouter(prefix="/oauth/register", route_class=OAuthRoute, tags=["Registering"])
_ERRORS = oauth_problems(s400="invalid_client_metadata invalid_request", s401="invalid_token")
_MANAGED: dict[str, Any] = {"security": [{"registration_token": []}]}


@router.post(
    "",
    status_code=201,
    responses={201: gives(ClientInformation), **_ERRORS},
    openapi_extra={**takes_json(ClientMetadata, key=False), "security": [{"initial_token": []}, {}]},
    operation_id="register",
)
def create(request: Request, call: Arriving, body: Body) -> Response:
    """Register (RFC 7591). The bearer token is the `initial_access_token` of a contact link, or an invitation of the operator."""
    call.spend((f"registrations from {call.network_address}", REGISTER_ADDRESS))
    token = _initial_token(call)
    words = _words(request, call, body)
    with call.stores.main.writing() as db:
        if token is not None and not _admitted(db, call, token):
            call.wrong_secret()
            raise UnknownToken(presented=True)
        made = clients.register(db, call.instance, words.words(), now=call.now)
        told = _told(call, made.client, made.registration_token, made.client_secret, made.webhook_secret)
    key_addresses.watch(call.stores.state, made.client, now=call.now)
    return secret_answer(told, 201)


@router.get("/{client_id}", responses={200: gives(ClientInformation), **_ERRORS}, openapi_extra=_MANAGED, operation_id="showRegistration")
def show(call: Arriving, client_id: str) -> Response:
    """The registration as it stands (RFC 7592 section 2.1). Secrets are not told again."""
    token = call.bearer()
    with call.stores.main.reading() as db:
        return secret_answer(_told(call, _managed(db, call, client_id, token), token))


@router.put(
    "/{client_id}",
    responses={200: gives(ClientInformation), **_ERRORS},
    openapi_extra={**takes_json(ClientMetadata, key=False), **_MANAGED},
    operation_id="changeRegistration",
)
def update(request: Request, call: Arriving, client_id: str, body: Body) -> Response:
    """Replace the metadata (RFC 7592 section 2.2); what is left out is removed. Consents already given keep their terms.

    Data and letters stay sealed to the key for which each consent was given. A new `use: enc` key takes over where the owner
    agrees, by one tap, if `jwks_succession` comes with it; else with a new consent.
    """
    token = call.bearer()
    with call.stores.main.reading() as db:
        _managed(db, call, client_id, token)
    sent = strict_json(request, body)
    if sent.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_client_metadata", "client_id cannot be changed")
    words = _words(request, call, body)
    with call.stores.main.writing() as db:
        client = _managed(db, call, client_id, token, lock=True)
        if "client_secret" in sent and not clients.is_secret(client, sent["client_secret"]):
            raise OAuthError("invalid_client_metadata", "client_secret is not the current one")
        _note_succession(db, call, client, words)
        secret = clients.change(db, client, words.words())
    key_addresses.watch(call.stores.state, client, now=call.now)
    return secret_answer(_told(call, client, token, secret))


@router.delete(
    "/{client_id}",
    status_code=204,
    responses={204: {"description": "Removed."}, **_ERRORS},
    openapi_extra=_MANAGED,
    operation_id="removeRegistration",
)
def destroy(call: Arriving, client_id: str) -> Response:
    """Remove the client (RFC 7592 section 2.3): its consents are handed back, its tokens die."""
    token = call.bearer()
    with call.stores.main.reading() as db:
        _managed(db, call, client_id, token)
    with call.stores.main.writing() as db:
        client = _managed(db, call, client_id, token, lock=True)
        concerned = clients.accounts_of(db, client_id)
        clients.lock(db, concerned)
        acts = {account_id: act_of(call, db, account_id, client_id) for account_id in concerned}
        ended = clients.remove(db, client, acts, now=call.now)
        for grant in ended:
            releases.forget(db, grant.account_id, grant.grant_id)
    for grant in ended:
        withdrawals.journal(call.stores.state, grant.account_id, grant.grant_id, now=call.now)
    key_addresses.watch(call.stores.state, client, now=call.now)
    return Response(status_code=204, headers=NO_STORE)


def _note_succession(db: Session, call: Call, client: Client, words: ClientMetadata) -> None:
    """Keep the statement by which the keys of before vouch for the new sealing key: its owners may then let it follow by one tap."""
    if words.jwks_succession is None:
        return
    try:
        steps = sealing_keys.check_succession(client.client_id, clients.metadata(client), words.words(), words.jwks_succession)
    except BadSuccession as bad:
        raise OAuthError("invalid_client_metadata", f"jwks_succession: {bad}") from None
    sealing_keys.note_succession(db, client.client_id, steps, words.jwks_succession, now=call.now)


def _initial_token(call: Call) -> str | None:
    """The initial access token; None where anyone may register."""
    if call.settings.client_registration == Opening.OPEN:
        with suppress(UnknownToken):
            call.bearer()
        return None
    return call.bearer()


def _admitted(db: Session, call: Call, token: str) -> bool:
    """Whether a contact link or an invitation lets the bearer register; an invitation is used up by it."""
    if addresses.by_initial_token(db, token, now=call.now) is not None:
        return True
    invitation = invitations.valid(db, token, invitations.Guest.CLIENT, now=call.now, lock=True)
    if invitation is None:
        return False
    invitation.used_at = call.now
    db.add(invitation)
    return True


def _managed(db: Session, call: Call, client_id: str, token: str, *, lock: bool = False) -> Client:
    client = clients.by_registration_token(db, client_id, token, lock=lock)
    if client is None:
        call.wrong_secret()
        raise UnknownToken(presented=True)
    return client


def _words(request: Request, call: Call, body: bytes) -> ClientMetadata:
    try:
        words = ClientMetadata.model_validate(strict_json(request, body))
    except ValidationError as bad:
        reasons = [
            f"{'.'.join(str(part) for part in error['loc']) or 'metadata'}: {error['msg']}"
            for error in bad.errors(include_url=False, include_input=False)
        ]
        raise OAuthError("invalid_client_metadata", "; ".join(reasons)) from None
    for name, url in (("webhook_uri", words.webhook_uri), ("jwks_uri", words.jwks_uri)):
        wrong = complaint(url, call.settings.outbound_allowed) if url else None
        if wrong:
            raise OAuthError("invalid_client_metadata", f"{name}: {wrong}")
    return words


def _told(call: Call, client: Client, token: str, secret: str | None = None, webhook_secret: str | None = None) -> ClientInformation:
    words: dict[str, Any] = clients.metadata(client)
    return ClientInformation(
        **words,
        client_id=client.client_id,
        client_id_issued_at=int(client.created_at.timestamp()),
        client_secret=secret,
        client_secret_expires_at=0 if secret else None,
        webhook_secret=webhook_secret,
        registration_access_token=token,
        registration_client_uri=f"{call.settings.base_url}/oauth/register/{client.client_id}",
    )
