"""Tables of relationships, requests, grants, receipts and the ledger.

Every table carries `account_id` first in its primary key. Terms stand in the clear, because the gate must work while
the owner is away; what is the owner's own is sealed by whoever calls (consent holds no secret).
"""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

WATCHED = "type IN ('account.opened', 'slot.changed', 'alarm.raised', 'alarm.settled')"
"""Entries that every unlock looks for. They are few, and have an index of their own."""
PARTIAL = "where"
"""In the `info` of an index: the condition of its rows."""


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows of which `where` holds (SQL that SQLite and PostgreSQL share; it must stand in a query as it stands here).

    The condition is noted in `info`, and the migrations say it in each database's own way: to say so here would load the dialects of
    both, forty milliseconds and megabytes of one that is not used.
    """
    return Index(name, *columns, info={PARTIAL: where})


class Instant(TypeDecorator[datetime]):
    """A UTC instant. Written here as in the vault: the two rooms do not know each other, and ten lines are a thin wall."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: always UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, in UTC."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class Relationship(SQLModel, table=True):
    """Owner and client, with a subject of its own, so that two clients cannot tell that they know the same person.

    `known_at` says since when the owner has tied the client to one of their companies: who may ask can depend on it.
    """

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(primary_key=True, max_length=32)
    subject: str = Field(unique=True, max_length=32)
    known_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class RelationshipKey(SQLModel, table=True):
    """An Ed25519 key of one relationship: public half for ever, private half sealed to the owner."""

    __tablename__ = "relationship_key"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "client_id"], ["relationship.account_id", "relationship.client_id"], ondelete="CASCADE"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(primary_key=True, max_length=32)
    kid: str = Field(primary_key=True, max_length=64)
    public: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    valid_from: datetime = Field(sa_type=Instant)
    valid_until: datetime | None = Field(default=None, sa_type=Instant)


class Succession(SQLModel, table=True):
    """A key that will follow another in one relationship: prepared and signed while the owner was there, published by itself
    at `not_before`, a random moment, so that two clients cannot tell from when it happens that they know the same person.

    `statement` holds the two signatures, by the old key and by the new, one a line. `sealed` moves into the new key's row.
    """

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "client_id"], ["relationship.account_id", "relationship.client_id"], ondelete="CASCADE"),
        partial_index("ix_succession_due", "not_before", where="sealed IS NOT NULL"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(primary_key=True, max_length=32)
    kid: str = Field(primary_key=True, max_length=64)
    previous_kid: str = Field(max_length=64)
    public: bytes = Field(sa_type=LargeBinary)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    statement: str
    not_before: datetime | None = Field(default=None, sa_type=Instant)


class Request(SQLModel, table=True):
    """A client asking one owner for consent. `details` is canonical JSON and never changes after arrival."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_request_state", "account_id", "state", "created_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(max_length=32)
    address_id: str | None = Field(default=None, max_length=32)
    state: str = Field(default="pending", max_length=16)
    details: str
    client_reference: str | None = Field(default=None, max_length=64)
    grant_id: str | None = Field(default=None, max_length=32)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    counter_offer: str | None = None
    countered_at: datetime | None = Field(default=None, sa_type=Instant)


class Grant(SQLModel, table=True):
    """The consent given. `terms` holds the exact canonical bytes; they are frozen, and their hash stands in the receipt."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_grant_client", "client_id", "grant_id"),
        Index("ix_grant_expiry", "status", "expires_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(max_length=32)
    request_id: str = Field(max_length=32)
    status: str = Field(max_length=16)
    terms: str
    terms_sha256: str = Field(max_length=64)
    client_reference: str | None = Field(default=None, max_length=64)
    given_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    proviso: str | None = None
    suspended_for: str | None = Field(default=None, max_length=32)
    suspended_from: str | None = Field(default=None, max_length=16)


class Gate(SQLModel, table=True):
    """What holds at the gate for all clients of an account while its owner is away: who may ask at all, and a pause of everything."""

    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    may_ask: str = Field(default="address", max_length=16)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)


class Foreseen(SQLModel, table=True):
    """A step of a grant that will be taken at a moment already known, unless the owner acts first."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),
        Index("ix_foreseen_due", "due_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    reason: str = Field(primary_key=True, max_length=32)
    due_at: datetime = Field(sa_type=Instant)


class Event(SQLModel, table=True):
    """What a client is told: written with what happened, in the same transaction; sent afterwards, and listed for who polls.

    `data` is canonical JSON of ids only. `number` is its place in the client's list, given after the commit, so that a later
    commit never gets an earlier place. `due_at` is the next try, empty once settled; `leased_until` keeps a second sender off,
    and `leaving_until` says that it is on the wire this instant.
    """

    __table_args__ = (
        Index("ix_event_number", "client_id", "number"),
        partial_index("ix_event_unnumbered", "client_id", "at", where="number IS NULL"),
        partial_index("ix_event_due", "due_at", where="due_at IS NOT NULL"),
        Index("ix_event_account", "account_id", "grant_id"),
        Index("ix_event_at", "at"),
        partial_index("ix_event_dead", "client_id", where="outcome = 'dead'"),
    )

    client_id: str = Field(primary_key=True, max_length=32)
    event_id: str = Field(primary_key=True, max_length=32)
    account_id: str | None = Field(default=None, max_length=32)
    grant_id: str | None = Field(default=None, max_length=32)
    type: str = Field(max_length=32)
    data: str
    at: datetime = Field(sa_type=Instant)
    number: int | None = Field(default=None, sa_type=BigInteger)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    lease: str | None = Field(default=None, max_length=32)
    leaving_until: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str = Field(default="waiting", max_length=16)


class Receipt(SQLModel, table=True):
    """A signed record of a grant, a refusal or an end, the same bytes on both sides."""

    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_receipt_grant", "account_id", "grant_id", "created_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    receipt_id: str = Field(primary_key=True, max_length=36)
    request_id: str = Field(max_length=32)
    grant_id: str | None = Field(default=None, max_length=32)
    jws: str
    opening: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)


class LedgerHead(SQLModel, table=True):
    """Where the account's ledger ends. This row is the account's only lock: whoever writes takes it first."""

    __tablename__ = "ledger_head"
    __table_args__ = (ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    ledger_id: str = Field(max_length=32)
    size: int = 0
    head: bytes = Field(sa_type=LargeBinary)


class LedgerEntry(SQLModel, table=True):
    """One line of history: times and types in the clear, details sealed, their salted commitment under the hash chain."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        partial_index("ix_ledger_watched", "account_id", "seq", where=WATCHED),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    seq: int = Field(primary_key=True)
    version: int = 1
    at: datetime = Field(sa_type=Instant)
    type: str = Field(max_length=48)
    actor: str = Field(max_length=48)
    commitment: bytes = Field(sa_type=LargeBinary)
    sealed: bytes = Field(sa_type=LargeBinary)
    previous: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class RefusalCount(SQLModel, table=True):
    """Refusals of one reason in one hour: the first is an entry of its own, the rest become one counted entry."""

    __tablename__ = "refusal_count"
    __table_args__ = (
        ForeignKeyConstraint(["account_id"], ["account.account_id"], ondelete="CASCADE"),
        Index("ix_refusal_hour", "hour"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    reason: str = Field(primary_key=True, max_length=32)
    hour: datetime = Field(primary_key=True, sa_type=Instant)
    repeats: int = 0
