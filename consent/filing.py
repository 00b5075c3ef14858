"""Filing receipts: built from what is there, signed, kept with the sealed opening of their checkpoint."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from consent import ledger, receipts, relationships
from consent.act import Act, Signer
from consent.canonical import JSON
from consent.errors import NotFound, SignerMissing
from consent.receipts import ClientFacts, Record, Shown
from consent.store import Grant, Receipt, Request
from consent.terms import Terms

OPENING_PURPOSE = "receipt"


def signer_of(act: Act) -> Signer:
    """Who signs what comes of this act. Raises SignerMissing."""
    if act.signer is None:
        raise SignerMissing(act.actor)
    return act.signer


def noted(grant: Grant) -> dict[str, JSON]:
    """What every ledger entry about a grant says."""
    return {"grant_id": grant.grant_id, "client_id": grant.client_id, "request_id": grant.request_id}


def file_given(
    db: Session,
    act: Act,
    grant: Grant,
    request: Request,
    terms: Terms,
    *,
    event: str,
    client: ClientFacts,
    shown: Shown,
    withdraw_at: str | None,
) -> Receipt:
    """Write the event into the ledger, then the receipt of a consent, which carries a commitment to the ledger with that entry."""
    receipt_id = str(uuid4())
    hashes = {"terms_sha256": grant.terms_sha256, "text_sha256": sha256(shown.text.encode()).hexdigest()}
    ledger.append(db, act, event, {**noted(grant), **hashes, "receipt_id": receipt_id})
    commitment, opening = _checkpoint(db, act)
    record = receipts.record(
        record_id=str(uuid4()),
        subject=relationships.ensure(db, act, grant.client_id).subject,
        client=client,
        terms=terms,
        shown=shown,
        requested_at=request.created_at,
        given_at=act.now,
        event=event,
        withdraw_at=withdraw_at,
    )
    payload = receipts.receipt(
        record,
        receipt_id=receipt_id,
        created=act.now,
        event=event,
        attested_by=signer_of(act).attested_by,
        request_id=request.request_id,
        grant_id=grant.grant_id,
        client_reference=request.client_reference,
        terms=terms,
        rules_version=shown.rules_version,
        checkpoint=commitment,
    )
    return _keep(db, act, grant, payload, opening=opening)


def file_ended(db: Session, act: Act, grant: Grant, *, event: str) -> Receipt:
    """The same for the end of a grant, built upon its last receipt."""
    receipt_id = str(uuid4())
    ledger.append(db, act, event, {**noted(grant), "receipt_id": receipt_id})
    commitment, opening = _checkpoint(db, act)
    payload = receipts.ended(
        _payload(receipt_of(db, act.account_id, grant.grant_id)),
        receipt_id=receipt_id,
        created=act.now,
        event=event,
        attested_by=signer_of(act).attested_by,
        checkpoint=commitment,
    )
    return _keep(db, act, grant, payload, opening=opening)


def receipt_of(db: Session, account_id: str, grant_id: str) -> Receipt:
    """The newest receipt of a grant. Raises NotFound."""
    found = _newest(db, account_id, grant_id)
    if found is None:
        raise NotFound(grant_id)
    return found


def _newest(db: Session, account_id: str, grant_id: str) -> Receipt | None:
    of_grant = select(Receipt).where(Receipt.account_id == account_id, Receipt.grant_id == grant_id)
    return db.exec(of_grant.order_by(col(Receipt.created_at).desc()).limit(1)).first()


def _checkpoint(db: Session, act: Act) -> tuple[bytes, bytes]:
    head = ledger.lock(db, act.account_id)
    return ledger.salted_checkpoint(head.size, head.head)


def _keep(db: Session, act: Act, grant: Grant, payload: Record, *, opening: bytes) -> Receipt:
    receipt_id: str = payload["dct:identifier"]
    before = _newest(db, act.account_id, grant.grant_id)
    receipt = Receipt(
        account_id=act.account_id,
        receipt_id=receipt_id,
        request_id=grant.request_id,
        grant_id=grant.grant_id,
        jws=receipts.sign(payload, signer_of(act)),
        opening=act.seal(OPENING_PURPOSE, (receipt_id,), opening),
        # Strictly after the one before, though the clock stood still or went back: the newest receipt is the one that counts.
        created_at=act.now if before is None else max(act.now, before.created_at + timedelta(microseconds=1)),
    )
    db.add(receipt)
    db.flush()
    return receipt


def _payload(receipt: Receipt) -> Record:
    """What a stored receipt says. Not verified: it is our own row, and the key it was signed with may be sealed just now."""
    middle = receipt.jws.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found
