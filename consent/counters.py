"""One round: the owner answers a request with one counter-offer, signed, and the client takes it or leaves it.

A counter-offer is a compact JWS of a type of its own over RFC 8785 JSON, signed with the key of the relationship. It holds the
hashes of the terms that were asked and of those that are offered; the offered terms stand beside it, and later in the receipt.
So what the client accepts while the owner is away is exactly what the owner signed, and each side can show it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlmodel import Session, select

from consent import grants, ledger, receipts, roster, usefulness
from consent.act import Act
from consent.canonical import dumps
from consent.errors import IllegalTransition, NotFound, ReceiptError, TermsChanged, TermsError
from consent.filing import file_refused, signer_of
from consent.receipts import ClientFacts, Shown
from consent.relationships import ensure
from consent.requests import asked, pending, renewable, tell
from consent.store import Grant, Receipt, RelationshipKey, Request
from consent.terms import Terms, as_details, canonical, is_subset, parse
from consent.terms.shapes import instant

TYPE = "counter-offer+jwt"
STATUS = "ieee-7012:AgreementNegotiationCounterOfferMade"


@dataclass(frozen=True)
class Offer:
    """A counter-offer that stands: the terms, when they were offered, and the owner's signature over their hash.

    Of the text that the owner saw only the hash is left. `usefulness_share` is the share of useful messages that the owner makes
    a condition (decimal text), None where there is none.
    """

    terms: Terms
    offered_at: datetime
    expires_at: datetime
    jws: str
    text_sha256: str
    language: str
    rules_version: str
    usefulness_share: str | None


def fits(offered: Terms, wanted: Terms) -> None:
    """Whether an owner can answer `wanted` with `offered`: no more of anything, and something else than what was asked.

    Only the agreement may be any of the roster; a line that it rules out by name cannot stand beside it. Raises TermsError.
    """
    if not is_subset(replace(offered, agreement=wanted.agreement), wanted):
        raise TermsError("", "wider", "a counter-offer lies within what was asked")
    if offered == wanted:
        raise TermsError("", "same", "this is what was asked; grant it, or offer something else")
    if offered.agreement != wanted.agreement and offered.agreement is not None:
        for index, reasons in enumerate(roster.forbidden(offered, offered.agreement)):
            if reasons:
                raise TermsError(f"/{index + 1}/purpose", "agreement", f"{offered.agreement} does not permit {', '.join(reasons)}")


def counter(
    db: Session, act: Act, request: Request, offered: Terms, *, client: ClientFacts, shown: Shown, usefulness_share: str | None = None
) -> Request:
    """The owner's one counter-offer. Raises IllegalTransition when the request is not open any more or has had its counter-offer,
    NotFound for facts of another client, TermsError (see `fits`, and when the terms have expired), SignerMissing."""
    signer = signer_of(act)
    fresh = pending(db, act, request, "counter")
    if act.now >= fresh.expires_at:
        raise IllegalTransition("expired", "counter")
    if client.client_id != fresh.client_id:
        raise NotFound(client.client_id)
    fits(offered, asked(fresh))
    parse(as_details(offered), now=act.now)
    if fresh.grant_id is not None:
        renewable(db, act, fresh.grant_id, fresh.client_id)
    offered_sha256 = sha256(canonical(offered)).hexdigest()
    payload: receipts.Record = {
        "@context": receipts.CONTEXT,
        "@type": "bw:CounterOffer",
        "dct:identifier": str(uuid4()),
        "dct:created": instant(act.now),
        "dct:publisher": ensure(db, act, fresh.client_id).subject,
        "schema:recipient": fresh.client_id,
        "bw:status": STATUS,
        "bw:version": 1,
        "bw:requestId": fresh.request_id,
        "bw:askedSha256": sha256(fresh.details.encode()).hexdigest(),
        "bw:termsSha256": offered_sha256,
        "bw:validUntil": instant(fresh.expires_at),
        "bw:textSha256": shown.text_sha256,
        "dct:language": shown.language,
        "bw:rulesVersion": shown.rules_version,
        **({"bw:usefulnessShare": usefulness_share} if usefulness_share is not None else {}),
    }
    signed = receipts.sign_as(TYPE, dumps(payload), signer)
    fresh.state, fresh.countered_at = "countered", act.now
    fresh.counter_offer = dumps({"authorization_details": as_details(offered), "jws": signed}).decode()
    db.add(fresh)
    noted = {"request_id": fresh.request_id, "client_id": fresh.client_id, "terms_sha256": offered_sha256}
    ledger.append(db, act, "request.countered", noted)
    tell(db, act, fresh, "consent.countered")
    return fresh


def offer_of(request: Request) -> Offer | None:
    """The counter-offer of a request, also after it was settled; None where none was made. Not verified: `accept` does that."""
    if request.counter_offer is None or request.countered_at is None:
        return None
    kept = json.loads(request.counter_offer)
    return _offer(request, kept, receipts.unverified(kept["jws"]), request.countered_at)


def accept(
    db: Session, act: Act, request: Request, *, client: ClientFacts, withdraw_at: str | None = None, commitments: Sequence[str] = ()
) -> tuple[Grant, Receipt]:
    """The client takes the owner's counter-offer: the grant, with a receipt that carries the owner's signature.

    `act` is the client's; its signer attests that the yes came, for the owner is away. `commitments` are the ids of what is
    promised in return, in the order of the terms. Raises IllegalTransition when no counter-offer stands, TermsChanged when what
    stands is not what the owner signed, and what `consent.grants.settle` raises.
    """
    signer_of(act)
    fresh, offer = _standing(db, act, request, "accept")
    shown = Shown(offer.text_sha256, offer.language, offer.rules_version)
    parse(as_details(offer.terms), now=act.now)
    if fresh.grant_id is not None:
        renewable(db, act, fresh.grant_id, fresh.client_id)
    ledger.append(db, act, "counter.accepted", {"request_id": fresh.request_id, "client_id": fresh.client_id})
    return grants.settle(
        db,
        act,
        fresh,
        offer.terms,
        client=client,
        shown=shown,
        withdraw_at=withdraw_at,
        counter_offer=offer.jws,
        commitments=commitments,
        proviso=usefulness.proviso(offer.usefulness_share) if offer.usefulness_share else None,
    )


def refuse(db: Session, act: Act, request: Request, *, client: ClientFacts) -> Receipt:
    """The client leaves it: the request has come to nothing, and both sides keep the receipt. Raises as `accept` does."""
    signer_of(act)
    fresh, offer = _standing(db, act, request, "refuse")
    if client.client_id != fresh.client_id:
        raise NotFound(client.client_id)
    fresh.state, fresh.decided_at = "refused", act.now
    db.add(fresh)
    return file_refused(db, act, fresh, asked(fresh), event="counter.refused", client=client, counter_offer=offer.jws)


def _standing(db: Session, act: Act, request: Request, verb: str) -> tuple[Request, Offer]:
    """The request under the lock with its counter-offer, whose signature is verified: the row alone convinces nobody."""
    fresh = pending(db, act, request, verb, states=("countered",))
    if act.now >= fresh.expires_at:
        raise IllegalTransition("expired", verb)
    kept = json.loads(fresh.counter_offer or "{}")
    keys = select(RelationshipKey).where(RelationshipKey.account_id == act.account_id, RelationshipKey.client_id == fresh.client_id)
    for key in db.exec(keys):
        try:
            said = json.loads(receipts.verify_as(TYPE, kept.get("jws", ""), receipts.jwk(key.public)))
        except ReceiptError:
            continue
        offer = _offer(fresh, kept, said, datetime.fromisoformat(said["dct:created"]))
        hashes = (said["bw:requestId"], said["bw:askedSha256"], said["bw:termsSha256"])
        here = (fresh.request_id, sha256(fresh.details.encode()).hexdigest(), sha256(canonical(offer.terms)).hexdigest())
        if hashes == here:
            return fresh, offer
    raise TermsChanged(fresh.request_id)


def _offer(request: Request, kept: dict[str, Any], said: dict[str, Any], offered_at: datetime) -> Offer:
    return Offer(
        terms=parse(kept["authorization_details"], now=request.created_at),
        offered_at=offered_at,
        expires_at=request.expires_at,
        jws=kept["jws"],
        text_sha256=said["bw:textSha256"],
        language=said["dct:language"],
        rules_version=said["bw:rulesVersion"],
        usefulness_share=said.get("bw:usefulnessShare"),
    )
