"""What must work while the owner is away: the calendar's link, and mails that say that something is due."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class Calendar(SQLModel, table=True):
    """Routing: the secret of a calendar's link leads to its owner and opens `projection`, what that calendar shows.

    `sealed` is the secret under the account key, so that an unlocked owner can write the projection anew. `made_from` is a hash
    over the sealed values that it was made from: while they stay as they are, so does it.
    """

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_calendar_account", "account_id", unique=True),
    )

    secret_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    sealed: bytes = Field(sa_type=LargeBinary)
    projection: bytes = Field(sa_type=LargeBinary)
    made_from: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)


class MailReminder(SQLModel, table=True):
    """Routing (due): when the next mail to an owner is due. `wrapped` holds the address, its code until it is confirmed, and the
    further times, under the instance secret: mails go out while the owner is away.

    `outcome` is how the last try went, `attempts` how often this one was tried. `sent_at` is set before a mail leaves and
    taken back when it did not, so that whatever breaks in between sends no second one that day.
    """

    __tablename__ = "mail_reminder"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_mail_reminder_due", "next_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    wrapped: bytes = Field(sa_type=LargeBinary)
    made_from: bytes = Field(default=b"", sa_type=LargeBinary)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    code_until: datetime | None = Field(default=None, sa_type=Instant)
    code_tries: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    lease: str | None = Field(default=None, max_length=32)
    outcome: str = Field(default="", max_length=16)
    tried_at: datetime | None = Field(default=None, sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
