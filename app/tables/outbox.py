"""What was tried to be told to clients. The events themselves stand in `consent.store`, written with what they tell."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from vault.store import Instant


class Delivery(SQLModel, table=True):
    """One try of delivering an event to a client's webhook. Kept for the client's own developer; the answer's body is not."""

    __table_args__ = (
        Index("ix_delivery_client", "client_id", "at", "delivery_id"),
        Index("ix_delivery_event", "client_id", "event_id"),
        Index("ix_delivery_at", "at"),
    )

    client_id: str = Field(primary_key=True, max_length=32)
    delivery_id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(max_length=32)
    type: str = Field(max_length=32)
    attempt: int
    at: datetime = Field(sa_type=Instant)
    outcome: str = Field(max_length=16)
    status: int | None = None
    milliseconds: int | None = None
    next_at: datetime | None = Field(default=None, sa_type=Instant)
