"""Grants: how consent is given, interrupted and ended. Every step is taken under the account's lock and written in its ledger."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Protocol

from sqlmodel import Session, col, select

from consent import events, ledger, pausing
from consent.act import Act
from consent.decision import Standing
from consent.errors import IllegalTransition, NotFound, TermsChanged, TermsError
from consent.filing import file_ended, file_given, noted, receipt_of, signer_of
from consent.receipts import ClientFacts, Shown
from consent.relationships import relationship
from consent.requests import OPEN, RENEWABLE, asked, decline, drop, expire_request, open_requests, pending, receive, renewable
from consent.store import Grant, Receipt, Request
from consent.terms import Terms, canonical, is_subset, parse

__all__ = [
    "LIVE", "OPEN", "RENEWABLE", "STATUSES", "TRANSITIONS", "IllegalTransition", "asked", "by_client", "decline", "drop", "expire",
    "expire_request", "find", "give", "hand_back", "lift", "open_requests", "pause", "receipt_of", "receive", "relationship", "resume",
    "settle", "standing", "suspend", "withdraw",
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
# Where `lift` leads to when the grant was paused before it was suspended; no verb by itself.
_STEPS = {**TRANSITIONS, "repause": Transition(("suspended",), "paused", "grant.paused", "consent.paused")}


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
    commitments: Sequence[str] = (),
    proviso: str | None = None,
) -> tuple[Grant, Receipt]:
    """The owner consents to `terms`, which lie within what the request asked. Gives back the grant and its signed receipt.

    Raises IllegalTransition when the request is not open any more, TermsError when the terms are wider than asked or have
    expired, SignerMissing. A request about an existing grant keeps that grant's id; pause and suspension end with it.
    `commitments` are the ids of what is promised in return, in the order of the terms; `proviso` is `consent.usefulness`'s.
    """
    signer_of(act)
    fresh = pending(db, act, request, "give")
    if not is_subset(terms, asked(fresh)):
        raise TermsError("", "wider", "what is granted must lie within what was asked")
    shown = Shown.of(text_shown, language, rules_version)
    return settle(db, act, fresh, terms, client=client, shown=shown, withdraw_at=withdraw_at, commitments=commitments, proviso=proviso)


def settle(
    db: Session,
    act: Act,
    request: Request,
    terms: Terms,
    *,
    client: ClientFacts,
    shown: Shown,
    withdraw_at: str | None,
    counter_offer: str | None = None,
    commitments: Sequence[str] = (),
    proviso: str | None = None,
) -> tuple[Grant, Receipt]:
    """Make the grant that both sides have agreed upon, one by a signature: `request` is open, under the lock, and `terms` were weighed.

    `counter_offer` is the owner's signed offer where the client said the last yes. Raises IllegalTransition when the time of the
    request is over or the grant that it would change has ended for good, NotFound for facts of another client, TermsError when
    the terms have expired, SignerMissing.
    """
    if act.now >= request.expires_at:
        raise IllegalTransition("expired", "give")
    if client.client_id != request.client_id:
        raise NotFound(client.client_id)
    frozen = canonical(terms)
    parse(json.loads(frozen), now=act.now)  # the gate will read exactly these bytes, as of this instant
    grant = renewable(db, act, request.grant_id, request.client_id) if request.grant_id else _new_grant(act, request)
    grant.request_id, grant.client_reference = request.request_id, request.client_reference
    grant.status, grant.terms, grant.terms_sha256 = "given", frozen.decode(), sha256(frozen).hexdigest()
    grant.given_at, grant.changed_at, grant.expires_at = act.now, act.now, terms.expires
    grant.proviso, grant.suspended_for, grant.suspended_from = proviso, None, None
    request.state, request.decided_at = "granted", act.now
    db.add(grant)
    db.add(request)
    event = "grant.changed" if request.grant_id else "grant.given"
    receipt = file_given(
        db,
        act,
        grant,
        request,
        terms,
        event=event,
        client=client,
        shown=shown,
        withdraw_at=withdraw_at,
        counter_offer=counter_offer,
        commitments=commitments,
    )
    told = "consent.changed" if request.grant_id else "consent.granted"
    events.tell(db, act, told, grant.client_id, grant=grant, request_id=grant.request_id)
    return grant, receipt


def pause(db: Session, act: Act, grant: Grant) -> Grant:
    """Nothing is let in until the owner resumes. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "pause")


def resume(db: Session, act: Act, grant: Grant) -> Grant:
    """The grant is as it was given, after a pause or a suspension. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "resume")


def suspend(db: Session, act: Act, grant: Grant, *, reason: str, **ids: str) -> Grant:
    """The grant stops by its own terms: a broken commitment, too little use. `reason` is a stable code; `ids` say which.

    What it was before, given or paused, is remembered for `lift`. Raises IllegalTransition.
    """
    return _interrupt(db, act, grant, "suspend", reason=reason, **ids)


def lift(db: Session, act: Act, grant: Grant) -> Grant:
    """The cause of a suspension is gone: the grant is again what it was before, given or paused. Raises IllegalTransition."""
    return _interrupt(db, act, grant, "repause" if grant.suspended_from == "paused" else "resume")


def withdraw(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The owner ends the grant, for good. Raises IllegalTransition, SignerMissing."""
    return _end(db, act, grant, "withdraw")


def hand_back(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The client gives the consent back, for good. Raises IllegalTransition, SignerMissing."""
    return _end(db, act, grant, "hand_back")


def expire(db: Session, act: Act, grant: Grant) -> tuple[Grant, Receipt]:
    """The time of the grant is over. Raises IllegalTransition when it is not, SignerMissing."""
    return _end(db, act, grant, "expire")


class Stands(Protocol):
    """As much of a grant as a decision needs."""

    @property
    def status(self) -> str:
        """Where it stands."""

    @property
    def terms(self) -> str:
        """The exact canonical text."""

    @property
    def terms_sha256(self) -> str:
        """Its hash, as given."""

    @property
    def given_at(self) -> datetime:
        """When it was given."""

    @property
    def expires_at(self) -> datetime:
        """When it ends by itself."""


def standing(grant: Stands) -> Standing:
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
    fresh, before = _step(db, act, grant, verb)
    fresh.suspended_for = details.get("reason")
    fresh.suspended_from = before if verb == "suspend" else None
    ledger.append(db, act, _STEPS[verb].type, {**noted(fresh), **details})
    _tell(db, act, fresh, verb, before, **details)
    return fresh


def _end(db: Session, act: Act, grant: Grant, verb: str) -> tuple[Grant, Receipt]:
    signer_of(act)
    fresh, before = _step(db, act, grant, verb)
    receipt = file_ended(db, act, fresh, event=TRANSITIONS[verb].type)
    _tell(db, act, fresh, verb, before)
    return fresh, receipt


def _tell(db: Session, act: Act, grant: Grant, verb: str, before: str, **details: str) -> None:
    event = _STEPS[verb].event
    if event is None:
        return
    if pausing.paused(db, act.account_id):
        # The client sees what is given as paused, so nothing happens before its eyes unless the status that it sees changes.
        if pausing.as_seen(before, everything=True) == pausing.as_seen(grant.status, everything=True):
            return
        event = "consent.paused" if event == "consent.resumed" else event
    events.tell(db, act, event, grant.client_id, grant=grant, **details)


def _step(db: Session, act: Act, grant: Grant, verb: str) -> tuple[Grant, str]:
    """Take the row as it is under the lock, not as the caller read it, and move it; with the status that it had.

    Between its last second and the visit of whoever expires it a grant counts as expired: it may be ended, but neither paused,
    resumed nor suspended.
    """
    transition = _STEPS[verb]
    ledger.lock(db, act.account_id)
    fresh = db.get(Grant, (act.account_id, grant.grant_id), populate_existing=True)
    if fresh is None:
        raise NotFound(grant.grant_id)
    over = act.now >= fresh.expires_at
    if fresh.status not in transition.sources or (verb == "expire" and not over):
        raise IllegalTransition(fresh.status, verb)
    if over and transition.target in LIVE:
        raise IllegalTransition("expired", verb)
    before, fresh.status, fresh.changed_at = fresh.status, transition.target, act.now
    db.add(fresh)
    return fresh, before
