"""Data that clients can fetch: copies sealed to their keys, and which keys. The key around each copy lies in the state store."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class Release(SQLModel, table=True):
    """The granted fields as a JWE to the client, wrapped once more under the grant's release key: no key, no release."""

    __table_args__ = (ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(max_length=32)
    client_kid: str = Field(max_length=64)
    etag: str = Field(max_length=64)
    sealed_at: datetime = Field(sa_type=Instant)
    sealed: bytes = Field(sa_type=LargeBinary)


class Recipient(SQLModel, table=True):
    """The client's public key for which the owner gave a permission: what is sealed under it goes to no other key, whatever
    the client registers since, until the owner says so. `jwk` is canonical JSON, `kid` its RFC 7638 thumbprint."""

    __table_args__ = (ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),)

    account_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(max_length=32)
    kid: str = Field(max_length=64)
    jwk: str
    since: datetime = Field(sa_type=Instant)


class ReleaseFetch(SQLModel, table=True):
    """That a client fetched a release, and which one."""

    __tablename__ = "release_fetch"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "grant_id"], ["grant.account_id", "grant.grant_id"], ondelete="CASCADE"),
        Index("ix_release_fetch", "account_id", "grant_id", "fetched_at"),
    )

    account_id: str = Field(primary_key=True, max_length=32)
    fetch_id: str = Field(primary_key=True, max_length=32)
    grant_id: str = Field(max_length=32)
    etag: str = Field(max_length=64)
    fetched_at: datetime = Field(sa_type=Instant)
