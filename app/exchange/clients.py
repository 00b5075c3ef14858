"""Clients: an organisation's program, registered in its own words (RFC 7591), changed and removed by itself (RFC 7592)."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeGuard

import rfc8785
from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.exchange import offers
from app.exchange.tokens import PREFIX, hashed, make
from app.tables import Client, ClientToken, DeviceCode
from consent import grants, ledger
from consent.act import Act
from consent.store import Grant, Request
from vault.cipher import same
from vault.instance import InstanceKeys

BASIC = "client_secret_basic"
PRIVATE_KEY_JWT = "private_key_jwt"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Registered:
    """What the client is told once and never again."""

    client: Client
    client_secret: str | None = field(repr=False)
    webhook_secret: str = field(repr=False)
    registration_token: str = field(repr=False)


def register(db: Session, instance: InstanceKeys, words: Mapping[str, Any], *, now: datetime) -> Registered:
    """Take in a client. `words` is its validated metadata, kept as canonical JSON."""
    client_id = secrets.token_hex(16)
    secret, registration_token = _secret_for(words), make(PREFIX.registration)
    webhook_key = secrets.token_bytes(32)
    client = Client(
        client_id=client_id,
        name=words["client_name"],
        metadata_json=_canonical(words),
        auth_method=words["token_endpoint_auth_method"],
        secret_hash=hashed(secret) if secret else None,
        registration_token_hash=hashed(registration_token),
        webhook_secret=instance.wrap("webhook secret", client_id, webhook_key),
        created_at=now,
    )
    db.add(client)
    db.flush()
    return Registered(client, secret, "whsec_" + base64.b64encode(webhook_key).decode(), registration_token)


def change(db: Session, client: Client, words: Mapping[str, Any]) -> str | None:
    """Replace a client's metadata (RFC 7592 section 2.2). A webhook that had said 410 is called again.

    Returns a new client secret where the new way of authentication needs one that the client has not got.
    """
    basic = words["token_endpoint_auth_method"] == BASIC
    secret = _secret_for(words) if client.secret_hash is None else None
    client.name, client.metadata_json, client.auth_method = words["client_name"], _canonical(words), words["token_endpoint_auth_method"]
    if secret or not basic:
        client.secret_hash = hashed(secret) if secret else None
    client.webhook_disabled_at = None
    db.add(client)
    db.flush()
    return secret


def is_secret(client: Client, secret: object) -> bool:
    """Whether this is the client's present secret."""
    return client.secret_hash is not None and isinstance(secret, str) and same(hashed(secret), client.secret_hash)


def is_id(text: object) -> TypeGuard[str]:
    """Whether this could be the id of a client: what could not is looked up nowhere, and no database stumbles over its characters."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def find(db: Session, client_id: str) -> Client | None:
    """A client that has not been removed."""
    client = db.get(Client, client_id) if is_id(client_id) else None
    return client if client and client.deleted_at is None else None


def by_registration_token(db: Session, client_id: str, token: str, *, lock: bool = False) -> Client | None:
    """The client that this registration access token manages."""
    client = db.get(Client, client_id, with_for_update=lock or None)
    known = client.registration_token_hash if client and client.deleted_at is None else bytes(32)
    return client if same(hashed(token), known) else None


def metadata(client: Client) -> dict[str, Any]:
    """The client's own words."""
    words: dict[str, Any] = json.loads(client.metadata_json)
    return words


def remove(db: Session, client: Client, acts: Mapping[str, Act], *, now: datetime) -> list[Grant]:
    """Remove a client: its open requests are closed, its consents are handed back, its tokens die (RFC 7592 section 2.3).

    `acts` holds an act of the client for each account in `accounts_of`, whose ledger heads the caller has locked.
    Returns the grants that ended by it.
    """
    live = [grant for grant in grants.by_client(db, client.client_id) if grant.status in grants.LIVE]
    for grant in live:
        grants.hand_back(db, acts[grant.account_id], grant)
        offers.forget(db, grant.account_id, grant.grant_id)
    for request in _open_requests(db, client.client_id):
        grants.drop(db, acts[request.account_id], request)
    db.execute(delete(ClientToken).where(col(ClientToken.client_id) == client.client_id))
    db.execute(update(DeviceCode).where(col(DeviceCode.client_id) == client.client_id).values(claimable=False))
    client.deleted_at, client.secret_hash = now, None
    db.add(client)
    db.flush()
    return live


def accounts_of(db: Session, client_id: str) -> list[str]:
    """The accounts that a client has a live grant or an open request with, in the order in which they are locked."""
    live = {grant.account_id for grant in grants.by_client(db, client_id) if grant.status in grants.LIVE}
    return sorted(live | {request.account_id for request in _open_requests(db, client_id)})


def lock(db: Session, account_ids: list[str]) -> None:
    """Lock accounts in order."""
    for account_id in sorted(account_ids):
        ledger.lock(db, account_id)


def unverified_claims(token: str) -> dict[str, Any]:
    """The payload of a JWT, unverified. Raises ValueError when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not a compact JWS")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except RecursionError:
        raise ValueError("nested without end") from None
    if not isinstance(claims, dict):
        raise ValueError("not a JWT")  # noqa: TRY004 - one kind of error for every wrong shape
    return claims


def _open_requests(db: Session, client_id: str) -> list[Request]:
    codes = select(DeviceCode).where(col(DeviceCode.client_id) == client_id, col(DeviceCode.account_id).is_not(None))
    found = [db.get(Request, (code.account_id, code.request_id)) for code in db.execute(codes).scalars()]
    return [request for request in found if request is not None and request.state in grants.OPEN]


def _secret_for(words: Mapping[str, Any]) -> str | None:
    return make(PREFIX.secret) if words["token_endpoint_auth_method"] == BASIC else None


def _canonical(words: Mapping[str, Any]) -> str:
    return rfc8785.dumps(dict(words)).decode()
