"""Secrets that this instance hands out: made here, stored as SHA-256 only, and told apart by their prefix.

A plain hash is enough: 256 random bits cannot be guessed or tabulated, unlike a passphrase.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.tables import ClientToken, GrantToken
from consent.store import Grant
from vault.cipher import sha256

CLIENT_TOKEN_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class Prefix:
    """What a secret is for, readable by whoever finds one where it should not be (a log, a repository)."""

    initial: str = "bwi_"
    registration: str = "bwr_"
    secret: str = "bws_"  # noqa: S105 - a prefix, not a secret
    device: str = "bwd_"
    client: str = "bwt_"
    grant: str = "bwg_"
    phone: str = "bwp_"
    calendar: str = "bwc_"


PREFIX = Prefix()


def make(prefix: str) -> str:
    """A new secret with 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """What stands in the database instead of a secret."""
    return sha256(token.encode())


def issue_client_token(db: Session, client_id: str, *, now: datetime) -> str:
    """A client token, good for an hour."""
    token = make(PREFIX.client)
    db.add(ClientToken(token_hash=hashed(token), client_id=client_id, expires_at=now + CLIENT_TOKEN_LIFE))
    return token


def client_of(db: Session, token: str, *, now: datetime) -> str | None:
    """The client that a live client token belongs to."""
    row = db.get(ClientToken, hashed(token))
    return row.client_id if row and row.expires_at > now else None


def issue_grant_token(db: Session, account_id: str, grant_id: str, client_id: str, *, now: datetime) -> str:
    """A grant token; it lives as long as its grant."""
    token = make(PREFIX.grant)
    db.add(GrantToken(token_hash=hashed(token), account_id=account_id, grant_id=grant_id, client_id=client_id, created_at=now))
    return token


def replace_grant_token(db: Session, account_id: str, grant_id: str, client_id: str, *, now: datetime) -> str:
    """A new grant token; every older one of the grant dies in the same transaction."""
    db.execute(delete(GrantToken).where(col(GrantToken.account_id) == account_id, col(GrantToken.grant_id) == grant_id))
    return issue_grant_token(db, account_id, grant_id, client_id, now=now)


def grant_token(db: Session, token: str) -> GrantToken | None:
    """The row of a grant token, also when its account is gone."""
    return db.execute(select(GrantToken).where(col(GrantToken.token_hash) == hashed(token))).scalar_one_or_none()


def own_grant(db: Session, client_id: str, grant_id: str) -> Grant | None:
    """A client's own grant, whichever owner gave it."""
    return db.execute(select(Grant).where(col(Grant.client_id) == client_id, col(Grant.grant_id) == grant_id)).scalar_one_or_none()
