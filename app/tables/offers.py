"""Location offers: areas that clients open, and what an owner's own devices need to be matched against them."""

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from consent.store import partial_index
from vault.store import Instant

# Rows lie in the order of their random keys: which came before which is not kept.
UNORDERED = {"sqlite_with_rowid": False}

NARROW = 500_000
"""Bounds up to so wide (1e-7 degrees of longitude: five kilometres at the equator, half of it at 60 degrees) are narrow."""
WIDE = f"east < west OR west < east - {NARROW}"
"""All others, those over the antimeridian among them."""


class Offer(SQLModel, table=True):
    """An open location offer. The area and its bounds (whole 1e-7 degrees; west > east where they cross the antimeridian) are the
    client's words and stand in the clear; the offer's words wait in `sealed` for the owner's mailbox key. Nothing here says
    whether it has reached the owner. The bounds follow the account in an index of their own, the `WIDE` ones in another: a fix
    reads nothing else of the owner's offers, and of the narrow ones only what begins in its neighbourhood."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "message_id"], ["message.account_id", "message.message_id"], ondelete="CASCADE"),
        Index("ix_offer_bounds", "account_id", "west", "east", "south", "north"),
        partial_index("ix_offer_wide", "account_id", "west", "east", "south", "north", where=WIDE),
        Index("ix_offer_grant", "account_id", "grant_id", "valid_until"),
        Index("ix_offer_over", "valid_until"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    message_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(max_length=32)
    west: int
    south: int
    east: int
    north: int
    area: str
    valid_from: datetime = Field(sa_type=Instant)
    valid_until: datetime = Field(sa_type=Instant)
    sealed: bytes = Field(sa_type=LargeBinary)


class OfferMatch(SQLModel, table=True):
    """That an offer reached the owner: a random id, no time finer than a day, which offer only inside the seal."""

    __tablename__ = "offer_match"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"), UNORDERED)

    account_id: str = Field(primary_key=True, max_length=32)
    match_id: str = Field(primary_key=True, max_length=32)
    day: date
    sealed: bytes = Field(sa_type=LargeBinary)


class OfferMarker(SQLModel, table=True):
    """A marker, keyed with the zone key, against delivering one offer twice. `day` until the ledger's entry of that day is made."""

    __tablename__ = "offer_marker"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_offer_marker_day", "day", "account_id"),
        UNORDERED,
    )

    account_id: str = Field(primary_key=True, max_length=32)
    marker: bytes = Field(primary_key=True, sa_type=LargeBinary)
    day: date | None = None


class Redemption(SQLModel, table=True):
    """Routing: the code of an offer leads to the client that made it, once. The code itself stands only in the sealed words."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "message_id"], ["message.account_id", "message.message_id"], ondelete="CASCADE"),
        Index("ix_redemption_message", "account_id", "message_id"),
    )

    code_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    message_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    redeemed_at: datetime | None = Field(default=None, sa_type=Instant)


class Zones(SQLModel, table=True):
    """The zone key, sealed under the account key; and `projection`, what the owner's devices need under the zone key: the private
    zones, whose truth is in records."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    sealed: bytes = Field(sa_type=LargeBinary)
    projection: bytes = Field(sa_type=LargeBinary)


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
