"""Where a contact link or a user code leads."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


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
