"""Tables of accounts, key slots and sealed records.

Every owner-bound table carries `account_id` first in its primary key, so that accounts can be spread over machines.
"""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """A UTC instant. SQLite hands back naive datetimes, so the zone is put on again when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way in: UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way out: UTC, and aware."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class Account(SQLModel, table=True):
    """One owner's island. `login` is the only name that stands in the clear."""

    account_id: str = Field(primary_key=True, max_length=32)
    login: str = Field(unique=True, max_length=64)
    operator: bool = False
    generation: int = 1
    slot_counter: int = 0
    slot_mac: bytes = Field(sa_type=LargeBinary)
    mailbox_key_id: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=Instant)


class MailboxKey(SQLModel, table=True):
    """A key pair for what arrives while the owner is away. Retired ones stay until nothing refers to them."""

    __tablename__ = "mailbox_key"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    key_id: str = Field(primary_key=True, max_length=16)
    public: bytes = Field(sa_type=LargeBinary)
    mac: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class Slot(SQLModel, table=True):
    """One way to open the account key. Everything but `last_used_at`, `sign_count` and `label` is under the MAC over the set."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    slot_id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=16)
    version: int = 1
    generation: int
    parameters: str
    commitment: bytes = Field(sa_type=LargeBinary)
    wrapped: bytes = Field(sa_type=LargeBinary)
    label: bytes | None = Field(default=None, sa_type=LargeBinary)
    sign_count: int | None = Field(default=None, sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)


class Record(SQLModel, table=True):
    """One sealed record. Invisible while `import_id` is set: an import that has not been applied."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_record_kind", "account_id", "kind", "updated_at", "record_id"),
        Index("ix_record_import", "account_id", "import_id"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    record_id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(max_length=16)
    segment: int | None = None
    import_id: str | None = Field(default=None, max_length=32)
    schema_version: int = 1
    generation: int
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class Segment(SQLModel, table=True):
    """About a thousand sealed digests of one kind, so that lists and search open a few values instead of all."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    kind: str = Field(primary_key=True, max_length=16)
    number: int = Field(primary_key=True)
    count: int
    generation: int
    sealed: bytes = Field(sa_type=LargeBinary)


class RetiredKey(SQLModel, table=True):
    """An account key of an older generation, sealed under the present one until nothing is left that it opens."""

    __tablename__ = "retired_key"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    generation: int = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    retired_at: datetime = Field(sa_type=Instant)


class Resealing(SQLModel, table=True):
    """How far sealing everything again under a new account key has got: which holding, and behind which primary key.

    `damaged` counts the values of this pass that opened under no key; where there are any, the retired keys stay.
    """

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    holding: int = 0
    behind: str = ""
    done: int = 0
    total: int
    damaged: int = 0
    started_at: datetime = Field(sa_type=Instant)
