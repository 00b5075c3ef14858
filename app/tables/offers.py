"""Location offers: areas that clients open, and what an owner's own devices need to be matched against them."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class Offer(SQLModel, table=True):
    """An open location offer. The area and its bounds (whole 1e-7 degrees) are the client's words and stand in the clear; the
    offer's words wait in `sealed` for the owner's mailbox key until they are matched or over. Nothing here says whether they were."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "message_id"], ["message.account_id", "message.message_id"], ondelete="CASCADE"),
        Index("ix_offer_over", "valid_until"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    message_id: str = Field(primary_key=True, max_length=32)
    west: int
    south: int
    east: int
    north: int
    area: str
    valid_from: datetime | None = Field(default=None, sa_type=Instant)
    valid_until: datetime = Field(sa_type=Instant)
    sealed: bytes = Field(sa_type=LargeBinary)


class OfferMatch(SQLModel, table=True):
    """That an offer reached the owner: a random id, no time finer than a day, which offer only inside the seal."""

    __tablename__ = "offer_match"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    match_id: str = Field(primary_key=True, max_length=32)
    day: date
    sealed: bytes = Field(sa_type=LargeBinary)


class OfferMarker(SQLModel, table=True):
    """A keyed marker against delivering one offer twice."""

    __tablename__ = "offer_marker"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    marker: bytes = Field(primary_key=True, sa_type=LargeBinary)
    day: date


class Redemption(SQLModel, table=True):
    """Routing: the code of an offer leads to the client that made it, once. The code itself stands only in the sealed words."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    code_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    message_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    redeemed_at: datetime | None = Field(default=None, sa_type=Instant)


class Zones(SQLModel, table=True):
    """The owner's private zones, sealed under a zone key; `wrapped` is that key under the account key."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    wrapped: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)


class Device(SQLModel, table=True):
    """Routing: the token of one of the owner's own devices leads to its owner; `wrapped` is the zone key under the token."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_device_account", "account_id", "device_id"),
    )

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    device_id: str = Field(max_length=32)
    kind: str = Field(max_length=16)
    label: bytes = Field(sa_type=LargeBinary)
    wrapped: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
