"""Receipts: checked by anybody who holds one, and by its owner against the history it was written into."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, select

from app.auth.form import Form
from app.auth.owner import Owner, Reader, stores_of
from app.auth.visitor import PublicForm
from app.errors import NotFound
from app.i18n import Lazy, _, lazy
from app.ui import wording
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render
from app.ui.view import view
from app.ui.wording import TermsInWords
from consent import checking, receipts, terms
from consent.checking import Checked
from consent.errors import ReceiptError, TermsError
from consent.filing import OPENING_PURPOSE
from consent.store import LedgerEntry, Receipt, Relationship, RelationshipKey
from vault.errors import Sealed
from vault.instance import InstanceKeys

router = APIRouter(include_in_schema=False)

EVENTS: Mapping[str, Lazy] = {
    "grant.given": lazy("Permission was given"),
    "grant.changed": lazy("Permission was given on new terms"),
    "grant.withdrawn": lazy("Permission was withdrawn"),
    "grant.expired": lazy("Permission ran out"),
    "grant.handed_back": lazy("The company handed the permission back"),
    "request.declined": lazy("Permission was refused"),
    "counter.refused": lazy("The company refused the counter-offer"),
    "commitment.accepted": lazy("A promise of the company was taken up"),
}
SIGNERS: Mapping[str, Lazy] = {
    "owner": lazy("the person, with a key that exists for this company alone"),
    "instance": lazy("the service, because the person was away"),
}
FAULTS: Mapping[str, Lazy] = {
    "oversize": lazy("it is longer than any receipt can be"),
    "form": lazy("it is not the text of a receipt: three parts joined by dots, nothing before and nothing after"),
    "key": lazy("there is no key to check it with"),
    "signature": lazy("it was changed, or it was signed with another key"),
    "header": lazy("its head asks for something that no receipt has"),
    "type": lazy("it was signed, but as something else than a receipt"),
    "payload": lazy("what was signed is not a receipt whose terms match their fingerprint"),
    "succession": lazy("one of the keys says that it followed another, and the other has not signed that"),
}


@view(kw_only=True)
class Said:
    """What a sound receipt says. `known` tells whether the key is one of this service's own."""

    event: str
    who: str
    subject: str
    at: datetime
    until: datetime | None
    signer: str
    kid: str
    followed: tuple[str, ...]
    known: bool
    terms: TermsInWords | None
    raw: str


@view(kw_only=True)
class CheckPage(Page):
    """The form for anybody, and below it what came out."""

    template: ClassVar[str] = "receipts/check.html"
    receipt: str = ""
    keys: str = ""
    errors: FormErrors = field(default_factory=FormErrors)
    said: Said | None = None
    fault: str | None = None


@view(kw_only=True)
class OwnPage(Page):
    """One receipt of the owner's, and where it stands in the owner's history; `fault` says what does not hold."""

    template: ClassVar[str] = "receipts/own.html"
    grant_id: str
    receipt_id: str
    said: Said | None
    fault: str | None
    size: int | None
    """How many entries the history had just then; None when the receipt's commitment does not open to it."""


@router.get("/receipts/check")
def new(request: Request) -> HTMLResponse:
    """The form."""
    return render(request, CheckPage())


@router.post("/receipts/check")
def check(request: Request, form: PublicForm) -> HTMLResponse:
    """Check what was pasted, with the keys pasted beside it or, without any, with those of this service. Nothing is kept."""
    text, errors = form.get("receipt").strip(), FormErrors()
    if not text:
        errors.add("receipt", _("Paste the text of the receipt here."))
    keys = _pasted(form, errors)
    if errors:
        return render(request, CheckPage(receipt=text, keys=form.get("keys"), errors=errors), status=422)
    with stores_of(request).main.reading() as db:
        own = _own_keys(db, request.app.state.instance, text)
    try:
        found = checking.check(text, keys or own)
        said = _said(found, known=found.kid in {receipts.thumbprint_of(jwk) for jwk in own})
    except ReceiptError as refused:
        fault = wording.of_code(FAULTS, refused.code)
        return render(request, CheckPage(receipt=text, keys=form.get("keys"), fault=fault), status=422)
    return render(request, CheckPage(receipt=text, keys=form.get("keys"), said=said))


@router.get("/grants/{grant_id}/receipts/{receipt_id}/check")
def show(request: Request, grant_id: str, receipt_id: str, owner: Reader) -> HTMLResponse:
    """One of the owner's own: its signature, and that the history it was written into is still the beginning of today's."""
    row = owner.db.get(Receipt, (owner.account_id, receipt_id))
    if row is None or row.grant_id != grant_id:
        raise NotFound
    said, fault = None, None
    try:
        found = checking.check(row.jws, _own_keys(owner.db, owner.instance, row.jws))
        said = _said(found, known=True)
    except ReceiptError as refused:
        fault = wording.of_code(FAULTS, refused.code)
    size = _history_at(owner, row, found.payload) if said else None
    return render(request, OwnPage(grant_id=grant_id, receipt_id=receipt_id, said=said, fault=fault, size=size), owner=owner)


def _pasted(form: Form, errors: FormErrors) -> list[Mapping[str, Any]]:
    text = form.get("keys").strip()
    if not text:
        return []
    try:
        keys = checking.keys_in(json.loads(text))
    except (ValueError, RecursionError):
        keys = []
    if not keys:
        errors.add("keys", _("This is not a key: paste the JSON of a JWK or of a JWK set, or leave it empty."))
    return keys


def _own_keys(db: Session, instance: InstanceKeys, text: str) -> list[Mapping[str, Any]]:
    """The keys of this service that a receipt can have been signed with: the instance's, and those of the relationship whose
    pairwise subject it names. Who holds a receipt knows that subject; nobody else can ask about it."""
    keys: list[Mapping[str, Any]] = [receipts.jwk(instance.signing_public)]
    related = db.exec(select(Relationship).where(Relationship.subject == _subject(text))).first()
    if related is not None:
        chosen = select(RelationshipKey).where(
            RelationshipKey.account_id == related.account_id, RelationshipKey.client_id == related.client_id
        )
        keys += [receipts.jwk(row.public) for row in db.exec(chosen.order_by(col(RelationshipKey.valid_from)))]
    return keys


def _subject(text: str) -> str:
    """Whom a receipt is about, by its own unchecked words; nothing when it has none."""
    try:
        middle = text.split(".")[1]
        said = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        found = said["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"]["dpv:hasIdentifier"]
    except (LookupError, ValueError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) and found.isascii() and found.isprintable() else ""


def _said(found: Checked, *, known: bool) -> Said:
    """What a receipt says. Raises ReceiptError: with a key of their own, anybody can sign anything."""
    try:
        said = _words(found, known=known)
        said.raw.encode()
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as missing:
        raise ReceiptError("payload", "what was signed does not say what a receipt says") from missing
    return said


def _words(found: Checked, *, known: bool) -> Said:
    payload = found.payload
    record = payload["dpv:hasRecordOfActivity"]
    at = datetime.fromisoformat(payload["dct:created"])
    try:
        asked_at = datetime.fromisoformat(record["dpv:hasConsentStatus"][0]["dpv:isIndicatedAtTime"])
        agreed = terms.parse(payload["bw:terms"], now=asked_at)
    except (TermsError, LookupError):
        agreed = None
    return Said(
        event=wording.of_code(EVENTS, payload["bw:event"]),
        who=record["dpv:hasDataController"]["dpv:hasName"],
        subject=record["dpv:hasDataSubject"]["dpv:hasIdentifier"],
        at=at,
        until=agreed.expires if agreed else None,
        signer=wording.of_code(SIGNERS, payload["bw:attestedBy"]),
        kid=found.kid,
        followed=found.followed,
        known=known,
        terms=wording.in_words(agreed) if agreed else None,
        raw=json.dumps(payload, ensure_ascii=False, indent=2, sort_keys=True),
    )


def _history_at(owner: Owner, row: Receipt, payload: Mapping[str, Any]) -> int | None:
    """How long the history was when the receipt was written, if its sealed opening fits the receipt and today's chain."""
    try:
        opening = owner.open_mailbox.open(OPENING_PURPOSE, (row.receipt_id,), row.opening)
    except Sealed:
        return None
    size, head = int.from_bytes(opening[32:40], "big"), opening[40:]
    entry = owner.db.exec(select(LedgerEntry.hash).where(LedgerEntry.account_id == owner.account_id, LedgerEntry.seq == size)).first()
    fits = sha256(opening).hexdigest() == payload["bw:ledgerCheckpoint"] and entry == head
    return size if fits else None
