"""What must be known of promises while the owner is away."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class CommitmentClock(SQLModel, table=True):
    """Routing (due): what must be noticed of a commitment while the owner is away. The promise itself is sealed.

    `in_return` counts the promise among those of the grant's terms. `next_due_at` is the next instant at which something
    falls due; `noticed_at` the last one that did. `broken_at`: when it was broken; `stopped_at`: since when a report of the
    client stops the clock; `lapsed_at`: when the time to make it good was over, and the grant stopped by its own terms.
    `ahead_at`: when the clock did what stands here and not yet in the sealed record, or came to where only that knows what is next.
    """

    __tablename__ = "commitment_clock"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_commitment_due", "next_due_at"),
        Index("ix_commitment_grant", "account_id", "grant_id", "commitment_id"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    commitment_id: str = Field(primary_key=True, max_length=32)
    state: str = Field(max_length=16)
    grant_id: str | None = Field(default=None, max_length=32)
    remedy_seconds: int | None = None
    in_return: int | None = None
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)
    noticed_at: datetime | None = Field(default=None, sa_type=Instant)
    broken_at: datetime | None = Field(default=None, sa_type=Instant)
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    lapsed_at: datetime | None = Field(default=None, sa_type=Instant)
    ahead_at: datetime | None = Field(default=None, sa_type=Instant)


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
