"""Grants: how consent is given, interrupted and ended. Every step is taken under the account's lock and written in its ledger."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType

from sqlmodel import Session, col, select

from consent import events, ledger
from consent.act import Act
from consent.decision import Standing
from consent.errors import IllegalTransition, NotFound, TermsChanged, TermsError
from consent.filing import file_ended, file_given, noted, receipt_of, signer_of
from consent.receipts import ClientFacts, Shown
from consent.relationships import relationship
from consent.requests import RENEWABLE, decline, expire_request, open_requests, pending, receive, renewable
from consent.store import Grant, Receipt, Request
from consent.terms import Terms, canonical, is_subset, parse

__all__ = [
    "LIVE", "RENEWABLE", "STATUSES", "TRANSITIONS", "IllegalTransition", "by_client", "decline", "expire", "expire_request", "find", "give",
    "hand_back", "open_requests", "pause", "receipt_of", "receive", "relationship", "resume", "standing", "suspend", "withdraw",
]  # fmt: skip

LIVE = ("given", "paused", "suspended")
STATUSES = (*LIVE, "withdrawn", "expired", "handed_back")


@dataclass(frozen=True)
class Transition:
    """A verb: from which statuses, to which, what the ledger calls it, and the event that tells the client."""

    sources: tuple[str, ...]
    target: str
    type: str
    event: str | None


TRANSITIONS: Mapping[str, Transition] = MappingProxyType(
    {
        "pause": Transition(("given",), "paused", "grant.paused", "consent.paused"),
        "resume": Transition(("paused", "suspended"), "given", "grant.resumed", "consent.resumed"),
        "suspend": Transition(("given", "paused"), "suspended", "grant.suspended", "consent.suspended"),
        "withdraw": Transition(LIVE, "withdrawn", "grant.withdrawn", "consent.withdrawn"),
        "hand_back": Transition(LIVE, "handed_back", "grant.handed_back", None),
        "expire": Transition(LIVE, "expired", "grant.expired", "consent.expired"),
    }
)


def give(
    db: Session,
    act: Act,
    request: Request,
    terms: Terms,
    *,
    client: ClientFacts,
    text_shown: str,
    language: str,
    rules_version: str,
    withdraw_at: str | None = None,
) -> tuple[Grant, Receipt]:
    """The owner consents to `terms`, which lie within what the request asked. Gives back the grant and its signed receipt.

    Raises IllegalTransition when the request is not open any more, TermsError when the terms are wider than asked or have
    expired, SignerMissing. A request about an existing grant keeps that grant's id; pause and suspension end with it.
    """
    signer_of(act)
    asked = pending(db, act, request, "give")
    if act.now >= asked.expires_at:
        raise IllegalTransition("expired", "give")
    if client.client_id != asked.client_id:
        raise NotFound(client.client_id)
    if not is_subset(terms, parse(json.loads(asked.details), now=asked.created_at)):
        raise TermsError("", "wider", "what is granted must lie within what was asked")
    frozen = canonical(terms)
    parse(json.loads(frozen), now=act.now)  # the gate will read exactly these bytes, as of this instant
    grant = renewable(db, act, asked.grant_id, asked.client_id) if asked.grant_id else _new_grant(act, asked)
    grant.request_id, grant.client_reference = asked.request_id, asked.client_reference
    grant.status, grant.terms, grant.terms_sha256 = "given", frozen.decode(), sha256(frozen).hexdigest()
    grant.given_at, grant.changed_at, grant.expires_at = act.now, act.now, terms.expires
    asked.state, asked.decided_at = "granted", act.now
    db.add(grant)
    db.add(asked)
    event = "grant.changed" if asked.grant_id else "grant.given"
    shown = Shown(text_shown, language, rules_version)
    receipt = file_given(db, act, grant, asked, terms, event=event, client=client, shown=shown, withdraw_at=withdraw_at)
    told = "consent.changed" if asked.grant_id else "consent.granted"
    events.tell(db, act, told, grant.client_id, grant=grant, request_id=grant.request_id)
    return grant, receipt


def pause(db: Session, act: Act, grant: Grant) -> Grant:
    """Nothing is let in until the owner resumes. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "pause")


def resume(db: Session, act: Act, grant: Grant) -> Grant:
    """The grant is as it was given, after a pause or a suspension. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "resume")


def suspend(db: Session, act: Act, grant: Grant, *, reason: str) -> Grant:
    """The grant stops by its own terms: a broken commitment, too little use. `reason` is a stable code. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "suspend", reason=reason)


def withdraw(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The owner ends the grant, for good. Raises IllegalTransition, SignerMissing."""
    return _end(db, act, grant, "withdraw")


def hand_back(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The client gives the consent back, for good. Raises IllegalTransition, SignerMissing."""
    return _end(db, act, grant, "hand_back")


def expire(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The time of the grant is over. Raises IllegalTransition when it is not, SignerMissing."""
    return _end(db, act, grant, "expire")


def standing(grant: Grant) -> Standing:
    """What a decision needs of a grant. Raises TermsChanged when its terms are not the ones that were hashed when it was given."""
    return Standing(grant.status, grant.expires_at, _parsed(grant.terms, grant.terms_sha256, grant.given_at))


@lru_cache(maxsize=4096)
def _parsed(terms: str, terms_sha256: str, given_at: datetime) -> Terms:
    if sha256(terms.encode()).hexdigest() != terms_sha256:
        raise TermsChanged(terms_sha256)
    return parse(json.loads(terms), now=given_at)


def find(db: Session, account_id: str, grant_id: str) -> Grant | None:
    """The grant of this account with this id."""
    return db.get(Grant, (account_id, grant_id))


def by_client(db: Session, client_id: str) -> list[Grant]:
    """Every grant that a client was ever given, by whichever owner of this instance, in the order of their ids."""
    return list(db.exec(select(Grant).where(Grant.client_id == client_id).order_by(col(Grant.grant_id))).all())


def _new_grant(act: Act, request: Request) -> Grant:
    return Grant(
        account_id=act.account_id,
        grant_id=secrets.token_hex(16),
        client_id=request.client_id,
        request_id=request.request_id,
        status="given",
        terms="",
        terms_sha256="",
        given_at=act.now,
        expires_at=act.now,
        changed_at=act.now,
    )


def _interrupt(db: Session, act: Act, grant: Grant, verb: str, **details: str) -> Grant:
    fresh = _step(db, act, grant, verb)
    ledger.append(db, act, TRANSITIONS[verb].type, {**noted(fresh), **details})
    _tell(db, act, fresh, verb, **details)
    return fresh


def _end(db: Session, act: Act, grant: Grant, verb: str) -> tuple[Grant, Receipt]:
    signer_of(act)
    fresh = _step(db, act, grant, verb)
    receipt = file_ended(db, act, fresh, event=TRANSITIONS[verb].type)
    _tell(db, act, fresh, verb)
    return fresh, receipt


def _tell(db: Session, act: Act, grant: Grant, verb: str, **details: str) -> None:
    event = TRANSITIONS[verb].event
    if event is not None:
        events.tell(db, act, event, grant.client_id, grant=grant, **details)


def _step(db: Session, act: Act, grant: Grant, verb: str) -> Grant:
    """Take the row as it is under the lock, not as the caller read it, and move it. Between its last second and the visit of
    whoever expires it a grant counts as expired: it may be ended, but neither paused, resumed nor suspended."""
    transition = TRANSITIONS[verb]
    ledger.lock(db, act.account_id)
    fresh = db.get(Grant, (act.account_id, grant.grant_id), populate_existing=True)
    if fresh is None:
        raise NotFound(grant.grant_id)
    over = act.now >= fresh.expires_at
    if fresh.status not in transition.sources or (verb == "expire" and not over):
        raise IllegalTransition(fresh.status, verb)
    if over and transition.target in LIVE:
        raise IllegalTransition("expired", verb)
    fresh.status, fresh.changed_at = transition.target, act.now
    db.add(fresh)
    return fresh
