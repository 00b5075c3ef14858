"""Tables of the main database that belong to neither the vault nor consent: who calls, and where a call leads.

The routing tables (`ROUTING`) are the only ones that are read across accounts; each answers one question by one key.
"""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
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
    created_at: datetime = Field(sa_type=Instant)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)


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


class Address(SQLModel, table=True):
    """Routing: the unguessable handle of a contact link leads to its owner. The handle itself stands only in the sealed record."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_address_account", "account_id", "address_id"),
    )

    handle_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    address_id: str = Field(max_length=32)
    initial_token_hash: bytes = Field(unique=True, sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class DeviceCode(SQLModel, table=True):
    """Routing: a device code and its user code lead to a request (RFC 8628).

    With a live `login_hint` the request already stands in its owner's inbox (`account_id` set). With an unknown one the
    row is a blank that nobody can open. Without one, `details` waits here until an owner enters the user code.
    """

    __tablename__ = "device_code"

    code_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    user_code_hash: bytes = Field(unique=True, sa_type=LargeBinary)
    client_id: str = Field(foreign_key="client.client_id", max_length=32)
    request_id: str = Field(unique=True, max_length=32)
    account_id: str | None = Field(default=None, max_length=32)
    claimable: bool
    details: str
    client_reference: str | None = Field(default=None, max_length=64)
    grant_id: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    interval: int
    last_polled_at: datetime | None = Field(default=None, sa_type=Instant)
    redeemed_at: datetime | None = Field(default=None, sa_type=Instant)


class Invitation(SQLModel, table=True):
    """Routing: a one-time invitation of an owner or of a client, made by the operator."""

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    kind: str = Field(max_length=16)
    operator: bool = False
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Message(SQLModel, table=True):
    """A vendor's message as the vendor may know it. The words wait in `sealed`, for the owner's mailbox key, until the
    owner unlocks; then they move into a record and `sealed` is emptied. `taken_back_at` is the vendor's act."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),
        Index("ix_message_usage", "account_id", "grant_id", "purpose", "accepted_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    message_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    kind: str = Field(max_length=16)
    purpose: str = Field(max_length=64)
    channel: str = Field(max_length=16)
    accepted_at: datetime = Field(sa_type=Instant)
    valid_until: datetime | None = Field(default=None, sa_type=Instant)
    taken_back_at: datetime | None = Field(default=None, sa_type=Instant)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class CommitmentClock(SQLModel, table=True):
    """Routing (due): what must be noticed of a commitment while the owner is away. The promise itself is sealed."""

    __tablename__ = "commitment_clock"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_commitment_due", "next_due_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    commitment_id: str = Field(primary_key=True, max_length=32)
    state: str = Field(max_length=16)
    grant_id: str | None = Field(default=None, max_length=32)
    remedy_seconds: int | None = None
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)


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


class InstanceHead(SQLModel, table=True):
    """Where the instance's own ledger ends."""

    __tablename__ = "instance_head"

    ledger_id: str = Field(primary_key=True, max_length=32)
    size: int = 0
    head: bytes = Field(sa_type=LargeBinary)


class InstanceEntry(SQLModel, table=True):
    """An act of the operator or of the CLI; every owner of the instance may read it."""

    __tablename__ = "instance_entry"

    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    type: str = Field(max_length=48)
    actor: str = Field(max_length=48)
    details: str
    previous: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


ROUTING = (Client, ClientToken, GrantToken, Address, DeviceCode, Invitation, CommitmentClock, IdempotentAnswer)
