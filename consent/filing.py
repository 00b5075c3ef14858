"""Filing receipts: built from what is there, signed, kept with the sealed opening of their checkpoint."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from sqlmodel import Session, col, select

from consent import ledger, receipts, relationships
from consent.act import Act, Signer
from consent.canonical import JSON
from consent.decision import RULES_VERSION
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
    counter_offer: str | None = None,
    commitments: Sequence[str] = (),
) -> Receipt:
    """Write the event into the ledger, then the receipt of a consent, which carries a commitment to the ledger with that entry.

    `counter_offer` is the owner's signed offer where it was the company that said the last yes.
    """
    receipt_id = str(uuid4())
    hashes = {"terms_sha256": grant.terms_sha256, "text_sha256": shown.text_sha256}
    ledger.append(db, act, event, {**noted(grant), **hashes, "receipt_id": receipt_id})
    made = _Made(db, act, request, client, event, receipt_id)
    payload, opening = made.payload(terms, shown=shown, grant_id=grant.grant_id, withdraw_at=withdraw_at, counter_offer=counter_offer)
    payload |= _beside(grant, commitments)
    return _keep(db, act, payload, request_id=grant.request_id, grant_id=grant.grant_id, opening=opening)


def _beside(grant: Grant, commitments: Sequence[str]) -> Record:
    """What was agreed beside the terms: the ids of the promises in return, in their order, and the share of use that it rests on."""
    agreed: Record = {"bw:commitments": list(commitments)} if commitments else {}
    return agreed | ({"bw:usefulnessShare": json.loads(grant.proviso)["usefulness_share"]} if grant.proviso else {})


def file_refused(
    db: Session, act: Act, request: Request, terms: Terms, *, event: str, client: ClientFacts, counter_offer: str | None = None
) -> Receipt:
    """The same for a no: to the request, or to the owner's counter-offer. `terms` are those that were asked.

    It belongs to no grant, though the request named one: what was stays as it was, with its own receipts.
    """
    receipt_id = str(uuid4())
    told: dict[str, JSON] = {"request_id": request.request_id, "client_id": request.client_id, "receipt_id": receipt_id}
    ledger.append(db, act, event, told)
    made = _Made(db, act, request, client, event, receipt_id)
    payload, opening = made.payload(terms, shown=None, grant_id=None, withdraw_at=None, counter_offer=counter_offer)
    return _keep(db, act, payload, request_id=request.request_id, grant_id=None, opening=opening)


@dataclass(frozen=True)
class _Made:
    """A receipt in the making: the answer to a request, noted in the ledger already."""

    db: Session
    act: Act
    request: Request
    client: ClientFacts
    event: str
    receipt_id: str

    def payload(
        self, terms: Terms, *, shown: Shown | None, grant_id: str | None, withdraw_at: str | None, counter_offer: str | None
    ) -> tuple[Record, bytes]:
        """What is signed, and the opening of the commitment in it. `shown` is None for a no: nothing was agreed to."""
        commitment, opening = _checkpoint(self.db, self.act)
        record = receipts.record(
            record_id=str(uuid4()),
            subject=relationships.ensure(self.db, self.act, self.request.client_id).subject,
            client=self.client,
            terms=terms,
            shown=shown,
            requested_at=self.request.created_at,
            given_at=self.act.now,
            event=self.event,
            withdraw_at=withdraw_at,
        )
        payload = receipts.receipt(
            record,
            receipt_id=self.receipt_id,
            created=self.act.now,
            event=self.event,
            attested_by=signer_of(self.act).attested_by,
            request_id=self.request.request_id,
            grant_id=grant_id,
            client_reference=self.request.client_reference,
            terms=terms,
            rules_version=shown.rules_version if shown else RULES_VERSION,
            checkpoint=commitment,
            counter_offer=counter_offer,
        )
        return payload, opening


def file_ended(db: Session, act: Act, grant: Grant, *, event: str) -> Receipt:
    """The same for the end of a grant, built upon its last receipt."""
    receipt_id = str(uuid4())
    ledger.append(db, act, event, {**noted(grant), "receipt_id": receipt_id})
    commitment, opening = _checkpoint(db, act)
    payload = receipts.ended(
        receipts.unverified(receipt_of(db, act.account_id, grant.grant_id).jws),
        receipt_id=receipt_id,
        created=act.now,
        event=event,
        attested_by=signer_of(act).attested_by,
        checkpoint=commitment,
    )
    return _keep(db, act, payload, request_id=grant.request_id, grant_id=grant.grant_id, opening=opening)


def file_accepted(db: Session, act: Act, grant: Grant, *, commitment_id: str, promise: Record, details: Mapping[str, JSON]) -> Receipt:
    """The owner takes up a promise that the company made beside the terms: written into the ledger with `details`, and countersigned.

    `promise` is as `consent.records.accepted` takes it. Raises SignerMissing, NotFound for a grant without a receipt.
    """
    receipt_id = str(uuid4())
    ledger.append(db, act, "commitment.accepted", {**details, "receipt_id": receipt_id})
    commitment, opening = _checkpoint(db, act)
    payload = receipts.accepted(
        receipts.unverified(receipt_of(db, act.account_id, grant.grant_id).jws),
        receipt_id=receipt_id,
        created=act.now,
        attested_by=signer_of(act).attested_by,
        checkpoint=commitment,
        commitment_id=commitment_id,
        promise=promise,
    )
    return _keep(db, act, payload, request_id=grant.request_id, grant_id=grant.grant_id, opening=opening)


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


def refusal_of(db: Session, account_id: str, request_id: str) -> Receipt | None:
    """The receipt of the no that ended a request; None where there was none."""
    of_request = select(Receipt).where(Receipt.account_id == account_id, Receipt.request_id == request_id, col(Receipt.grant_id).is_(None))
    return db.exec(of_request).first()


def _keep(db: Session, act: Act, payload: Record, *, request_id: str, grant_id: str | None, opening: bytes) -> Receipt:
    receipt_id: str = payload["dct:identifier"]
    before = _newest(db, act.account_id, grant_id) if grant_id else None
    receipt = Receipt(
        account_id=act.account_id,
        receipt_id=receipt_id,
        request_id=request_id,
        grant_id=grant_id,
        jws=receipts.sign(payload, signer_of(act)),
        opening=act.seal(OPENING_PURPOSE, (receipt_id,), opening),
        # Strictly after the one before, though the clock stood still or went back: the newest receipt is the one that counts.
        created_at=act.now if before is None else max(act.now, before.created_at + timedelta(microseconds=1)),
    )
    db.add(receipt)
    db.flush()
    return receipt
