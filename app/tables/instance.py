"""The instance's own ledger."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from vault.store import Instant


class InstanceHead(SQLModel, table=True):
    """Where the instance's own ledger ends."""

    __tablename__ = "instance_head"

    ledger_id: str = Field(primary_key=True, max_length=32)
    size: int = 0
    head: bytes = Field(sa_type=LargeBinary)


class InstanceEntry(SQLModel, table=True):
    """An act of the operator or of the CLI; every owner of the instance may read it."""

    __tablename__ = "instance_entry"

    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)
    type: str = Field(max_length=48)
    actor: str = Field(max_length=48)
    details: str
    previous: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)
