"""Requests: a client asks, the owner decides or lets it lie. Each step is taken under the account's lock and noted."""

import json
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, select

from consent import events, ledger
from consent.act import Act
from consent.canonical import JSON
from consent.errors import IllegalTransition, NotFound
from consent.filing import file_refused, signer_of
from consent.receipts import ClientFacts
from consent.store import Grant, Receipt, Request
from consent.terms import Terms, as_details, canonical, parse

OPEN = ("pending", "countered")

# What was withdrawn or handed back stays so: a new consent is a new grant.
RENEWABLE = ("given", "paused", "suspended", "expired")


def receive(
    db: Session,
    act: Act,
    *,
    request_id: str,
    client_id: str,
    address_id: str | None,
    details: Terms,
    client_reference: str | None,
    grant_id: str | None,
    expires_at: datetime,
) -> Request:
    """A client's request reaches the owner. `grant_id` names the grant that it would change or renew.

    Raises NotFound when that grant is not this client's, IllegalTransition when it has ended for good, TermsError when
    the terms cannot stand at `act.now`.
    """
    ledger.lock(db, act.account_id)
    parse(as_details(details), now=act.now)  # `grants.give` reads them back as of this instant
    if grant_id is not None:
        renewable(db, act, grant_id, client_id)
    request = Request(
        account_id=act.account_id,
        request_id=request_id,
        client_id=client_id,
        address_id=address_id,
        state="pending",
        details=canonical(details).decode(),
        client_reference=client_reference,
        grant_id=grant_id,
        created_at=act.now,
        expires_at=expires_at,
    )
    db.add(request)
    terms_sha256 = sha256(request.details.encode()).hexdigest()
    noted: dict[str, JSON] = {"request_id": request_id, "client_id": client_id, "terms_sha256": terms_sha256}
    if grant_id is not None:
        noted["grant_id"] = grant_id
    ledger.append(db, act, "request.received", noted)
    return request


def decline(db: Session, act: Act, request: Request, *, client: ClientFacts) -> Receipt:
    """The owner says no, or takes a counter-offer back that nobody has answered. Gives back the signed receipt of it.

    Raises IllegalTransition when the request is decided already, NotFound for facts of another client, SignerMissing.
    """
    signer_of(act)
    fresh = pending(db, act, request, "decline", states=OPEN)
    if client.client_id != fresh.client_id:
        raise NotFound(client.client_id)
    _decide(db, act, fresh, "refused")
    receipt = file_refused(db, act, fresh, asked(fresh), event="request.declined", client=client)
    tell(db, act, fresh, "consent.refused")
    return receipt


def drop(db: Session, act: Act, request: Request) -> None:
    """The client is gone, and its request with it. Raises IllegalTransition when the request is decided already."""
    fresh = pending(db, act, request, "drop", states=OPEN)
    _decide(db, act, fresh, "refused")
    _note(db, act, fresh, "request.dropped")


def expire_request(db: Session, act: Act, request: Request) -> None:
    """Nobody answered in time, neither the owner nor, to a counter-offer, the client.

    Raises IllegalTransition when somebody did, or the time is not over.
    """
    fresh = pending(db, act, request, "expire_request", states=OPEN)
    if act.now < fresh.expires_at:
        raise IllegalTransition(fresh.state, "expire_request")
    _decide(db, act, fresh, "expired")
    _note(db, act, fresh, "request.expired")


def asked(request: Request) -> Terms:
    """What a request asks, read as of when it came: what was in the future then may be over now."""
    return parse(json.loads(request.details), now=request.created_at)


def tell(db: Session, act: Act, request: Request, type: str) -> None:
    """Tell the client what became of its request."""
    events.tell(db, act, type, request.client_id, request_id=request.request_id, client_reference=request.client_reference)


def open_requests(db: Session, account_id: str, *, now: datetime | None = None) -> list[Request]:
    """Requests that wait for the owner, oldest first; with `now`, without those whose time is over."""
    waiting = select(Request).where(Request.account_id == account_id, Request.state == "pending")
    if now is not None:
        waiting = waiting.where(Request.expires_at > now)
    return list(db.exec(waiting.order_by(col(Request.created_at), col(Request.request_id))).all())


def pending(db: Session, act: Act, request: Request, verb: str, *, states: tuple[str, ...] = ("pending",)) -> Request:
    """The request as it is under the lock: what the caller holds may have been read before somebody else's step.

    Raises NotFound, and IllegalTransition when it stands in none of `states`.
    """
    ledger.lock(db, act.account_id)
    fresh = db.get(Request, (act.account_id, request.request_id), populate_existing=True)
    if fresh is None:
        raise NotFound(request.request_id)
    if fresh.state not in states:
        raise IllegalTransition(fresh.state, verb)
    return fresh


def renewable(db: Session, act: Act, grant_id: str, client_id: str) -> Grant:
    """The grant that a request may change or renew.

    Raises NotFound when it is another client's, IllegalTransition when it ended for good.
    """
    grant = db.get(Grant, (act.account_id, grant_id), populate_existing=True)
    if grant is None or grant.client_id != client_id:
        raise NotFound(grant_id)
    if grant.status not in RENEWABLE:
        raise IllegalTransition(grant.status, "give")
    return grant


def _decide(db: Session, act: Act, request: Request, state: str) -> None:
    request.state, request.decided_at = state, act.now
    db.add(request)


def _note(db: Session, act: Act, request: Request, type: str) -> None:
    ledger.append(db, act, type, {"request_id": request.request_id, "client_id": request.client_id})
