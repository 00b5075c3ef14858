"""What grant tokens lead to, as it stands in this transaction: the hot routes' way, a whole batch by one statement.

The other routes of the vendor's door go there by `app.auth.grant`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

from sqlalchemy import Connection, Executable, and_, bindparam, select
from sqlmodel import col

from app.database import driver_of
from app.exchange import marks
from app.tables import Client, GrantToken
from consent import grants, pausing
from consent.statements import Lookup, Row, together
from consent.store import Gate, Grant, LedgerHead
from vault.mailbox import Mailbox
from vault.store import Account, MailboxKey

AFTERLIFE = timedelta(days=90)
"""For so long after its end a grant's token still shows the grant."""
TOMBSTONE = timedelta(days=30)
"""For so long the token of a deleted account says that it is gone."""
MOST_FOUND = 4096
"""Whom so many tokens led to is kept while nothing changes."""
_FOUND = "whom tokens led to"


class Ending(Protocol):
    """What tells when a grant ended."""

    @property
    def status(self) -> str:
        """As the grant's client sees it."""

    @property
    def expires_at(self) -> datetime:
        """When it ends by itself."""

    @property
    def changed_at(self) -> datetime:
        """When its status last changed."""


@dataclass(slots=True)
class End:
    """Where an account's ledger ends; it moves with every entry of the batch."""

    account_id: str
    ledger_id: str
    size: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Bearer:
    """A client calling about one customer: the grant as that client sees it, the name under which it registered, the owner's mailbox.

    `held`: the account's ledger went back, and its owner has not said yet that this is well.
    """

    grant_id: str
    client_id: str
    status: str
    terms: str = field(repr=False)
    terms_sha256: str
    given_at: datetime
    expires_at: datetime
    changed_at: datetime
    name: str
    mailbox: Mailbox = field(repr=False)
    end: End
    held: bool

    @property
    def account_id(self) -> str:
        """The account that the grant belongs to."""
        return self.end.account_id


@dataclass(frozen=True, slots=True)
class Nobody:
    """No grant of ours. With `guessed` nobody was ever given this token, which counts against whoever sent it."""

    guessed: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """The account behind the token was deleted at this moment."""

    at: datetime


Caller: TypeAlias = Bearer | Nobody | Gone


def locked(db: Connection, state: Connection, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """Lock the accounts that these tokens (hashes) lead to, in order, then look as `callers` does.

    On SQLite the transaction holds the only lock there is.
    """
    if db.dialect.name == "sqlite":
        return callers(db, state, tokens)
    with together(db):
        _LOCK.run(db, tokens)
        return callers(db, state, tokens)


def callers(db: Connection, state: Connection, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """Whom each token (hash) leads to, as of now in this transaction; a token that leads nowhere is left out."""
    rows = _CALLERS.rows(db, tokens)
    ends = {row[2]: End(*row[2:6]) for row in rows if row[2] is not None}
    held = marks.held_among(db, state, ends.values()) if ends else frozenset()
    return {row[0]: _caller(row[1], row[6:], ends.get(row[2]), held) for row in rows}


def unchanged(db: Connection, state: Connection, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """As `callers`, outside of a transaction. On SQLite whom it found stays found until somebody commits to either database.

    Each connection is told of others' commits (https://sqlite.org/pragma.html#pragma_data_version), of any process; by this one
    nothing is written.
    """
    if db.dialect.name != "sqlite":
        return callers(db, state, tokens)
    as_of = (state, _version(db), _version(state))
    known: dict[bytes, Caller]
    before, known = db.info.get(_FOUND, (None, {}))
    if before != as_of or len(known) > MOST_FOUND:
        known = {}
        db.info[_FOUND] = as_of, known
    missing = [token for token in tokens if token not in known]
    if missing:
        known.update(callers(db, state, missing))
    return known


def _version(db: Connection) -> int:
    return int(driver_of(db).execute("PRAGMA data_version").fetchone()[0])


def who(known: Mapping[bytes, Caller], token: bytes, now: datetime) -> Caller:
    """Who calls with this token (hash) at this moment."""
    caller = known.get(token, Nobody(guessed=True))
    if isinstance(caller, Gone) and caller.at + TOMBSTONE <= now:
        return Nobody(guessed=True)
    if isinstance(caller, Bearer) and ended_at(caller, now=now) + AFTERLIFE <= now:
        return Nobody(guessed=False)
    return caller


def ended_at(grant: Ending, *, now: datetime) -> datetime:
    """When the grant ended; `now` while it has not."""
    if grant.status not in grants.LIVE:
        return grant.changed_at
    return min(grant.expires_at, now)


def _caller(gone_at: datetime | None, row: Row, end: End | None, held: frozenset[str]) -> Caller:
    if gone_at is not None:
        return Gone(gone_at)
    grant_id, client_id, status, terms, terms_sha256, given_at, expires_at, changed_at, paused_at, name, key_id, public = row
    if end is None:
        return Nobody(guessed=True)
    if grant_id is None or name is None:
        return Nobody(guessed=False)
    stopped = end.account_id in held and status in grants.LIVE
    return Bearer(
        grant_id=grant_id,
        client_id=client_id,
        status="paused" if stopped else pausing.as_seen(status, everything=paused_at is not None),
        terms=terms,
        terms_sha256=terms_sha256,
        given_at=given_at,
        expires_at=expires_at,
        changed_at=changed_at,
        name=name,
        mailbox=Mailbox(end.account_id, key_id, public),
        end=end,
        held=end.account_id in held,
    )


def _locked(keys: list[str]) -> Executable:
    routed = select(col(GrantToken.account_id)).where(col(GrantToken.token_hash).in_([bindparam(key) for key in keys]))
    heads = select(col(LedgerHead.account_id)).where(col(LedgerHead.account_id).in_(routed))
    return heads.order_by(col(LedgerHead.account_id)).with_for_update()


def _found(keys: list[str]) -> Executable:
    """One row for each token, joined by primary keys only, each within one account."""
    token, key = GrantToken, MailboxKey
    return (
        select(
            col(token.token_hash), col(token.gone_at),
            col(LedgerHead.account_id), col(LedgerHead.ledger_id), col(LedgerHead.size), col(LedgerHead.head),
            col(Grant.grant_id), col(Grant.client_id), col(Grant.status), col(Grant.terms), col(Grant.terms_sha256), col(Grant.given_at),
            col(Grant.expires_at), col(Grant.changed_at), col(Gate.paused_at), col(Client.name), col(key.key_id), col(key.public),
        )
        .select_from(token)
        .outerjoin(LedgerHead, col(LedgerHead.account_id) == col(token.account_id))
        .outerjoin(Account, col(Account.account_id) == col(token.account_id))
        .outerjoin(key, and_(col(key.account_id) == col(token.account_id), col(key.key_id) == col(Account.mailbox_key_id)))
        .outerjoin(Grant, and_(col(Grant.account_id) == col(token.account_id), col(Grant.grant_id) == col(token.grant_id)))
        .outerjoin(Client, and_(col(Client.client_id) == col(Grant.client_id), col(Client.deleted_at).is_(None)))
        .outerjoin(Gate, col(Gate.account_id) == col(token.account_id))
        .where(col(token.token_hash).in_([bindparam(name) for name in keys]))
    )  # fmt: skip


_LOCK, _CALLERS = Lookup(_locked), Lookup(_found)
