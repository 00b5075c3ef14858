"""What grant tokens lead to, as it stands in this transaction: the hot routes' way, a whole batch by one statement.

The other routes of the vendor's door go there by `app.auth.grant`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

from sqlalchemy import Executable, and_, bindparam, select
from sqlmodel import col

from app.exchange import marks
from app.exchange.group_commit import Both
from app.tables import Client, GrantToken
from consent import grants, pausing
from consent.statements import Lookup, together
from consent.store import Gate, Grant, LedgerHead
from vault.mailbox import Mailbox
from vault.store import Account, MailboxKey

AFTERLIFE = timedelta(days=90)
"""For so long after its end a grant's token still shows the grant."""
TOMBSTONE = timedelta(days=30)
"""For so long the token of a deleted account says that it is gone."""


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


def locked(both: Both, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """Whom each token (hash) leads to, with their accounts locked, in order; a token that leads nowhere is left out.

    On SQLite the transaction holds the only lock there is, and what the batch changes of this is where the ledgers end: those are
    read each time, everything else when somebody else has changed something.
    """
    if both.main.dialect.name == "sqlite":
        rows = both.found.get([both.main], tokens, partial(_rows, both)).values()
        heads = _HEADS.rows(both.main, sorted({row.account_id for row in rows if row.account_id is not None}))
        return _callers(both, rows, {head[0]: End(*head) for head in heads})
    with together(both.main):
        _LOCK.run(both.main, tokens)
        return callers(both, tokens)


def callers(both: Both, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """Whom each token (hash) leads to, as of now in this transaction; a token that leads nowhere is left out."""
    rows = _rows(both, tokens).values()
    return _callers(both, rows, {row.account_id: End(row.account_id, *row[3:6]) for row in rows if row.account_id is not None})


def unchanged(both: Both, tokens: Sequence[bytes]) -> dict[bytes, Caller]:
    """As `callers`, outside of a transaction: on SQLite looked up again only when somebody has committed to either database."""
    return both.found.get([both.main, both.state], tokens, partial(callers, both))


def _rows(both: Both, tokens: Sequence[bytes]) -> dict[bytes, "_Row"]:
    return {row[0]: _Row(*row) for row in _CALLERS.rows(both.main, tokens)}


def _callers(both: Both, rows: Iterable["_Row"], ends: Mapping[str | None, End]) -> dict[bytes, Caller]:
    held = marks.held_among(both.main, both.state, ends.values()) if ends else frozenset()
    return {row.token: _caller(row, ends.get(row.account_id), held) for row in rows}


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


class _Row(NamedTuple):
    """What one token leads to; nothing behind it where it leads no further."""

    token: bytes
    gone_at: datetime | None
    account_id: str | None
    ledger_id: str
    size: int
    head: bytes
    grant_id: str | None
    client_id: str
    status: str
    terms: str
    terms_sha256: str
    given_at: datetime
    expires_at: datetime
    changed_at: datetime
    paused_at: datetime | None
    name: str | None
    key_id: str
    public: bytes


def _caller(row: _Row, end: End | None, held: frozenset[str]) -> Caller:
    if row.gone_at is not None:
        return Gone(row.gone_at)
    if end is None:
        return Nobody(guessed=True)
    if row.grant_id is None or row.name is None:
        return Nobody(guessed=False)
    stopped = end.account_id in held and row.status in grants.LIVE
    return Bearer(
        grant_id=row.grant_id,
        client_id=row.client_id,
        status="paused" if stopped else pausing.as_seen(row.status, everything=row.paused_at is not None),
        terms=row.terms,
        terms_sha256=row.terms_sha256,
        given_at=row.given_at,
        expires_at=row.expires_at,
        changed_at=row.changed_at,
        name=row.name,
        mailbox=Mailbox(end.account_id, row.key_id, row.public),
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


def _ends(keys: list[str]) -> Executable:
    head = LedgerHead
    columns = (col(head.account_id), col(head.ledger_id), col(head.size), col(head.head))
    return select(*columns).where(col(head.account_id).in_([bindparam(key) for key in keys]))


_LOCK, _CALLERS, _HEADS = Lookup(_locked), Lookup(_found), Lookup(_ends)
