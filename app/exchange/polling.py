"""A client asks back with its device code (RFC 8628 section 3.4): not yet, no, too late, or here is your token, once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from app.exchange import tokens
from app.exchange.asking import SLOW_DOWN
from app.tables import DeviceCode
from consent import counters, grants
from consent.counters import Offer
from consent.store import Grant, Receipt, Relationship, Request


class NotYet(StrEnum):
    """Why there is no token; the values are the error codes of RFC 8628 section 3.5."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    UNKNOWN = "invalid_grant"


@dataclass(frozen=True)
class Issued:
    """A grant token, and the consent that it stands for."""

    token: str = field(repr=False)
    grant: Grant
    subject: str
    receipt: str


@dataclass(frozen=True)
class Countered:
    """Not yet, and it is the client's turn: the owner's counter-offer stands."""

    offer: Offer


def poll(db: Session, device_code: str, client_id: str, *, now: datetime) -> Issued | Countered | NotYet:
    """Answer a poll; who polls too soon has to wait five seconds longer from then on, which is written down.

    The token of a request is issued once. A request that renewed a grant gets a further token; the earlier ones stay good.
    """
    row = _locked(db, device_code)
    if row is None or row.client_id != client_id or row.redeemed_at is not None:
        return NotYet.UNKNOWN
    state = state_of(db, row, now=now)
    if state == "expired":
        return NotYet.EXPIRED
    last, row.last_polled_at = row.last_polled_at, now
    db.add(row)
    if last is not None and now - last < timedelta(seconds=row.interval):
        row.interval += SLOW_DOWN
        return NotYet.SLOW_DOWN
    if row.account_id is not None and state == "countered":
        return Countered(offered(db, row.account_id, row.request_id))
    if row.account_id is not None and state == "granted":
        return _issue(db, row, row.account_id, now=now)
    return NotYet.DENIED if state == "refused" else NotYet.PENDING


def state_of(db: Session, row: DeviceCode, *, now: datetime) -> str:
    """How a request stands: `pending`, `countered`, `granted`, `refused` or `expired`. One that leads nowhere is pending until it
    expires."""
    request = db.get(Request, (row.account_id, row.request_id)) if row.account_id else None
    state = request.state if request else "pending"
    return "expired" if state in grants.OPEN and row.expires_at <= now else state


def offered(db: Session, account_id: str, request_id: str) -> Offer:
    """The counter-offer of a request that has one."""
    found = counters.offer_of(db.get_one(Request, (account_id, request_id)))
    assert found is not None, "a request is countered with a counter-offer"
    return found


def by_request(db: Session, client_id: str, request_id: str) -> DeviceCode | None:
    """The device code of a client's own request."""
    own = (col(DeviceCode.request_id) == request_id, col(DeviceCode.client_id) == client_id)
    return db.execute(select(DeviceCode).where(*own)).scalar_one_or_none()


def granted(db: Session, account_id: str, request_id: str) -> tuple[Grant, Receipt]:
    """The grant that came of a granted request, and the receipt of that moment."""
    first = (
        select(Receipt)
        .where(col(Receipt.account_id) == account_id, col(Receipt.request_id) == request_id, col(Receipt.grant_id).is_not(None))
        .order_by(col(Receipt.created_at))
        .limit(1)
    )
    receipt = db.execute(first).scalar_one()
    return db.get_one(Grant, (account_id, receipt.grant_id)), receipt


def subject_of(db: Session, account_id: str, client_id: str) -> str:
    """The pairwise subject of a relationship that exists."""
    return db.get_one(Relationship, (account_id, client_id)).subject


def _locked(db: Session, device_code: str) -> DeviceCode | None:
    return db.get(DeviceCode, tokens.hashed(device_code), with_for_update=True)


def _issue(db: Session, row: DeviceCode, account_id: str, *, now: datetime) -> Issued:
    grant, receipt = granted(db, account_id, row.request_id)
    row.redeemed_at = now
    token = tokens.issue_grant_token(db, account_id, grant.grant_id, row.client_id, now=now)
    return Issued(token, grant, subject_of(db, account_id, row.client_id), receipt.jws)
