"""What passes between a client and an owner in words: messages, letters, answers, what the client holds on the owner."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


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


class Letter(SQLModel, table=True):
    """What the owner wrote to a client: sealed to the client's own key, for the client to fetch. The owner's copy is a record."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),
        Index("ix_letter_grant", "account_id", "grant_id", "sent_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    letter_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    jwe: bytes = Field(sa_type=LargeBinary)
    sent_at: datetime = Field(sa_type=Instant)


class LetterAnswer(SQLModel, table=True):
    """A client's answer to a letter, sealed to the owner's mailbox until the owner unlocks; then it moves into a record."""

    __tablename__ = "letter_answer"
    __table_args__ = (ForeignKeyConstraint(["account_id", "letter_id"], ["letter.account_id", "letter.letter_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    answer_id: str = Field(primary_key=True, max_length=32)
    letter_id: str = Field(max_length=32)
    client_id: str = Field(max_length=32)
    received_at: datetime = Field(sa_type=Instant)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class CrmRecord(SQLModel, table=True):
    """One version of what a client says it holds on the owner, sealed to the owner's mailbox until the owner unlocks."""

    __tablename__ = "crm_record"
    __table_args__ = (ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    version: int = Field(primary_key=True)
    client_id: str = Field(max_length=32)
    received_at: datetime = Field(sa_type=Instant)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
