"""What must be known of promises while the owner is away."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


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


class Pledge(SQLModel, table=True):
    """A promise that a client made by itself, in its own words. `sealed` waits for the owner's mailbox key, then moves into a record."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),
        Index("ix_pledge_grant", "account_id", "grant_id"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    commitment_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    made_at: datetime = Field(sa_type=Instant)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class PledgeReport(SQLModel, table=True):
    """What a client reports of one of its promises: evidence that it was kept, or a remedy. Sealed until the owner unlocks."""

    __tablename__ = "pledge_report"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_pledge_report", "account_id", "commitment_id", "reported_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    report_id: str = Field(primary_key=True, max_length=32)
    commitment_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    kind: str = Field(max_length=16)
    reported_at: datetime = Field(sa_type=Instant)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
