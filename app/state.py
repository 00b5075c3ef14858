"""Tables of the state store: what must not be in a backup. Losing it ends all sessions and freezes releases, nothing more."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from vault.store import Instant


class State(SQLModel, registry=registry()):
    """Root of the state tables; they have metadata of their own."""


class HourlySecret(State, table=True):
    """One half of every session key of that hour; destroyed after twelve hours, and with it every copy of those sessions."""

    __tablename__ = "hourly_secret"

    hour: datetime = Field(primary_key=True, sa_type=Instant)
    secret: bytes = Field(sa_type=LargeBinary)


class Session(State, table=True):
    """An unlocked browser. `wrapped` holds the account key under the cookie's key half and the hourly secret,
    `browser` the device's name under the account key. `whole` is false while a second factor is still to be shown."""

    __table_args__ = (Index("ix_session_account", "account_id"),)

    id_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: str = Field(max_length=32)
    hour: datetime = Field(sa_type=Instant)
    wrapped: bytes = Field(sa_type=LargeBinary)
    browser: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    last_seen_at: datetime = Field(sa_type=Instant)
    unlocked_at: datetime = Field(sa_type=Instant)
    idle_minutes: int = 30
    whole: bool = True


class Throttle(State, table=True):
    """Tries against one subject (an account, an address of the network, a code) in one window."""

    subject_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    window_started_at: datetime = Field(sa_type=Instant)
    tries: int


class LedgerMark(State, table=True):
    """The highest ledger state ever acknowledged for an account. A main database behind it has been restored."""

    __tablename__ = "ledger_mark"

    account_id: str = Field(primary_key=True, max_length=32)
    size: int
    head: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(sa_type=Instant)


class Withdrawal(State, table=True):
    """The withdrawal journal: a restored main database cannot bring a withdrawn grant back."""

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    at: datetime = Field(sa_type=Instant)


class SlotMark(State, table=True):
    """The newest set of key slots ever acknowledged for an account: its counter, its MAC, and a hash of its rows."""

    __tablename__ = "slot_mark"

    account_id: str = Field(primary_key=True, max_length=32)
    counter: int = Field(sa_type=BigInteger)
    mac: bytes = Field(sa_type=LargeBinary)
    digest: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(sa_type=Instant)


class Challenge(State, table=True):
    """A question put to one browser, for one purpose, which a passkey answers once."""

    challenge_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    browser_hash: bytes = Field(sa_type=LargeBinary)
    purpose: str = Field(max_length=16)
    expires_at: datetime = Field(sa_type=Instant)


class ReleaseKey(State, table=True):
    """The key around one release, wrapped by the instance secret. It is destroyed when the grant ends, and the release with it."""

    __tablename__ = "release_key"

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    wrapped: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=Instant)


class FetchedKeys(State, table=True):
    """The public keys that a client keeps at its `jwks_uri`, as last fetched. Losing them costs one fetch."""

    __tablename__ = "fetched_keys"
    __table_args__ = (Index("ix_fetched_keys_due", "due_at"),)

    client_id: str = Field(primary_key=True, max_length=32)
    uri: str = Field(max_length=2048)
    jwks: str | None = None
    fetched_at: datetime | None = Field(default=None, sa_type=Instant)
    tried_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
