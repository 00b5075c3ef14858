"""What was tried to be told to clients. The events themselves stand in `consent.store`, written with what they tell."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from vault.store import Instant


class Delivery(SQLModel, table=True):
    """One try of delivering an event to a client's webhook. Kept for the client's own developer; the answer's body is not."""

    client_id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(primary_key=True, max_length=32)
    attempt: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    outcome: str = Field(max_length=32)
    status: int | None = None
    milliseconds: int
