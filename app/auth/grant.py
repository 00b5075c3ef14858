"""Which grant is calling: from a grant token to the account, the grant and the client, inside one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session

from app.auth.calls import Arriving, Call, Gone, UnknownToken
from app.auth.client import act_of
from app.exchange import clients, marks, tokens
from app.exchange.bearers import AFTERLIFE, TOMBSTONE, ended_at
from app.tables import Client
from consent import grants, ledger, pausing
from consent.act import Act
from consent.store import Grant, LedgerHead

__all__ = ["AFTERLIFE", "ByGrantToken", "GrantCaller", "KnownGrant", "by_grant_token"]


@dataclass(frozen=True)
class GrantCaller:
    """A client calling about one customer, inside one transaction. When it writes, the account's ledger head is locked."""

    call: Call = field(repr=False)
    db: Session
    grant: Grant
    client: Client
    held: bool = False

    @property
    def now(self) -> datetime:
        """When the call came."""
        return self.call.now

    @property
    def account_id(self) -> str:
        """The account that the grant belongs to."""
        return self.grant.account_id

    @cached_property
    def act(self) -> Act:
        """The client acting upon this account."""
        return act_of(self.call, self.db, self.account_id, self.client.client_id)


@dataclass(frozen=True)
class KnownGrant:
    """A grant token that is known here; opens the transaction of its call."""

    call: Call = field(repr=False)
    account_id: str
    grant_id: str
    client_id: str

    @contextmanager
    def reading(self) -> Iterator[GrantCaller]:
        """Look without changing anything."""
        with self.call.stores.main.reading() as db:
            yield self._enter(db)

    @contextmanager
    def writing(self) -> Iterator[GrantCaller]:
        """One transaction under the account's lock; commits when the block ends, then raises the ledger's mark."""
        with self.call.stores.main.writing() as db:
            before = ledger.lock(db, self.account_id).size
            caller = self._enter(db)
            yield caller
            db.flush()
            after = db.get_one(LedgerHead, self.account_id)
            size, head = after.size, after.head
        if size > before and not caller.held:
            marks.raise_mark(self.call.stores.state, self.account_id, size=size, head=head, now=self.call.now)

    def _enter(self, db: Session) -> GrantCaller:
        grant, client = grants.find(db, self.account_id, self.grant_id), clients.find(db, self.client_id)
        if grant is None or client is None or ended_at(grant, now=self.call.now) + AFTERLIFE <= self.call.now:
            raise UnknownToken(presented=True)
        held = marks.held(db, self.call.stores.state, self.account_id)
        return GrantCaller(self.call, db, as_seen(db, grant, held=held), client, held)


def as_seen(db: Session, grant: Grant, *, held: bool) -> Grant:
    """A grant as its client sees it: in a held account what lives is paused, and while the owner pauses everything, what is given.

    The row itself stays as it is.
    """
    status = status_seen(db, grant, held=held)
    if status != grant.status:
        db.expunge(grant)
        grant.status = status
    return grant


def status_seen(db: Session, grant: Grant, *, held: bool) -> str:
    """The status that a client sees, see `as_seen`."""
    if held and grant.status in grants.LIVE:
        return "paused"
    return pausing.as_seen(grant.status, everything=pausing.paused(db, grant.account_id))


def by_grant_token(call: Arriving) -> KnownGrant:
    """The grant of a grant token. Raises UnknownToken, Gone, or TooMany after too many wrong ones."""
    token = call.bearer()
    with call.stores.main.reading() as db:
        row = tokens.grant_token(db, token)
    if row is not None and row.gone_at is not None and call.now < row.gone_at + TOMBSTONE:
        raise Gone
    if row is None or row.account_id is None or row.grant_id is None or row.client_id is None:
        call.wrong_secret()
        raise UnknownToken(presented=True)
    return KnownGrant(call, row.account_id, row.grant_id, row.client_id)


ByGrantToken = Annotated[KnownGrant, Depends(by_grant_token)]
