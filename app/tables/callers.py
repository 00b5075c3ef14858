"""Who calls at the vendor's door, and with which token."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class Client(SQLModel, table=True):
    """An API client registered by an organisation (RFC 7591): its own words, unverified."""

    client_id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=120)
    metadata_json: str
    auth_method: str = Field(max_length=32)
    secret_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    registration_token_hash: bytes = Field(sa_type=LargeBinary)
    webhook_secret: bytes = Field(sa_type=LargeBinary)
    previous_webhook_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    previous_webhook_until: datetime | None = Field(default=None, sa_type=Instant)
    webhook_disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    events_told: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = Field(sa_type=Instant)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)


class KeySuccession(SQLModel, table=True):
    """Routing: a client's encryption key that followed another, with the statement by which a signing key of the time before
    said so (a compact JWS). Keys are named by their RFC 7638 thumbprints."""

    __tablename__ = "key_succession"

    client_id: str = Field(primary_key=True, max_length=32)
    to_kid: str = Field(primary_key=True, max_length=64)
    from_kid: str = Field(primary_key=True, max_length=64)
    statement: str
    at: datetime = Field(sa_type=Instant)


class ClientToken(SQLModel, table=True):
    """Routing: a client token (an hour, across customers) leads to its client."""

    __tablename__ = "client_token"

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    client_id: str = Field(foreign_key="client.client_id", max_length=32)
    expires_at: datetime = Field(sa_type=Instant)


class GrantToken(SQLModel, table=True):
    """Routing: a grant token leads to its account and grant. `account_id` is empty in the tombstone of a deleted account."""

    __tablename__ = "grant_token"
    __table_args__ = (Index("ix_grant_token_grant", "account_id", "grant_id"),)

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str | None = Field(default=None, max_length=32)
    grant_id: str | None = Field(default=None, max_length=32)
    client_id: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=Instant)
    gone_at: datetime | None = Field(default=None, sa_type=Instant)


class Invitation(SQLModel, table=True):
    """Routing: a one-time invitation of an owner or of a client, made by the operator."""

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    kind: str = Field(max_length=16)
    operator: bool = False
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class IdempotentAnswer(SQLModel, table=True):
    """The answer first given to an `Idempotency-Key`, per caller and route, kept for 24 hours."""

    __tablename__ = "idempotent_answer"

    caller: str = Field(primary_key=True, max_length=64)
    route: str = Field(primary_key=True, max_length=64)
    key_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    body_hash: bytes = Field(sa_type=LargeBinary)
    status: int
    answer: str
    created_at: datetime = Field(sa_type=Instant)
