"""The owner says yes: relationship and key, grant and receipt, the promises in return, and who that client is to the owner.

All of it happens in the caller's one transaction, or none of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from app.relationships import commitments
from app.tables import Client, CommitmentClock
from consent import grants, ledger, receipts, terms
from consent.act import Act, Signer
from consent.receipts import ClientFacts
from consent.store import Grant, Request
from consent.terms import Promise, Terms
from vault import cipher, store
from vault.envelope import Place
from vault.keyring import Keyring
from vault.records import Commitment, CommitmentEvent, Contact, Remedy, Vendor

NEW_VENDOR = "new"


@dataclass(frozen=True)
class Desk:
    """What the owner's hand needs in order to give: an open transaction and an open account.

    `act` makes the owner's act with a signer, `signer_for` opens the key of an existing relationship (LookupError when
    there is none), `key_place` says where its private half is sealed.
    """

    db: Session
    keyring: Keyring
    now: datetime
    time_zone: str
    act: Callable[[Signer | None], Act]
    signer_for: Callable[[str], Signer]
    key_place: Callable[[str, str], Place]


@dataclass(frozen=True)
class Shown:
    """What the owner was shown when deciding; the receipt remembers its hash, language and the version of the rules.

    `withdraw_at` is the page on which the owner ends consent.
    """

    text: str
    language: str
    rules_version: str
    withdraw_at: str


def approve(desk: Desk, request: Request, granted: Terms, *, client: Client, vendor: str, shown: Shown) -> Grant:
    """Give `granted`, a subset of what was asked, to `client`, and tie the client to a vendor.

    `vendor` is the id of one of the owner's vendor records, or `NEW_VENDOR` for one made from the client's own words.
    Raises LookupError when that vendor is not the owner's, and what `consent.grants.give` raises.
    """
    vendor_id = tie(desk, client, vendor)
    signer = _signer(desk, client.client_id)
    act = desk.act(signer)
    grant, _receipt = grants.give(
        desk.db,
        act,
        request,
        granted,
        client=client_facts(client),
        text_shown=shown.text,
        language=shown.language,
        rules_version=shown.rules_version,
        withdraw_at=shown.withdraw_at,
    )
    for promise in granted.in_return:
        track(desk, act, promise, vendor_id=vendor_id, grant_id=grant.grant_id)
    return grant


def tie(desk: Desk, client: Client, vendor: str) -> str:
    """Make `client` one of a vendor's systems. Returns the vendor's id. Raises LookupError for a vendor that is not there."""
    if vendor == NEW_VENDOR:
        return store.add(desk.db, desk.keyring, vendor_of(client), now=desk.now)
    opened = store.get(desk.db, desk.keyring, Vendor, vendor)
    if opened is None:
        raise LookupError(vendor)
    if client.client_id not in opened.fields.client_ids:
        tied = opened.fields.model_copy(update={"client_ids": (*opened.fields.client_ids, client.client_id)})
        store.replace(desk.db, desk.keyring, vendor, tied, now=desk.now)
    return vendor


def track(desk: Desk, act: Act, promise: Promise, *, vendor_id: str, grant_id: str) -> str:
    """Record a promise made in return, start its clock and write it down in the ledger. Returns the commitment's id."""
    commitment = Commitment(
        vendor_id=vendor_id,
        promise=promise.promise,
        by="them",
        source="api",
        metric="",
        due_at=terms.duration(promise.within).after(desk.now) if promise.within and runs_from_giving(promise) else None,
        due_date=None,
        time_zone=desk.time_zone,
        remedy=_remedy(promise),
        grant_id=grant_id,
        events=(CommitmentEvent(type="accepted", happened_at=desk.now, recorded_at=desk.now, note=""),),
    )
    commitment_id = store.add(desk.db, desk.keyring, commitment, now=desk.now)
    set_clock(desk.db, desk.keyring.account_id, commitment_id, commitment)
    backed = commitments.backing(commitment).backed
    ledger.append(
        desk.db,
        act,
        "commitment.made",
        {"commitment_id": commitment_id, "grant_id": grant_id, "promise": promise.promise, "backed": backed},
    )
    return commitment_id


def runs_from_giving(promise: Promise) -> bool:
    """Whether the promise's time runs from the grant. From a claim, or any other event, it runs once the owner says so."""
    return promise.after in {None, "grant"}


def set_clock(db: Session, account_id: str, commitment_id: str, commitment: Commitment) -> None:
    """Bring the clock row of a commitment up to where the commitment stands."""
    clock = db.get(CommitmentClock, (account_id, commitment_id)) or CommitmentClock(
        account_id=account_id, commitment_id=commitment_id, state=""
    )
    clock.state = commitments.state(commitment.events)
    clock.grant_id = commitment.grant_id
    clock.remedy_seconds = commitments.remedy_seconds(commitment)
    clock.next_due_at = commitments.next_due(commitment)
    db.add(clock)


def client_facts(client: Client) -> ClientFacts:
    """What a client says about itself, for the receipt."""
    said = metadata(client)
    return ClientFacts(
        client_id=client.client_id,
        name=client.name,
        uri=said.get("client_uri"),
        policy_uri=said.get("policy_uri"),
        organisation=said.get("organisation") or {},
    )


def vendor_of(client: Client) -> Vendor:
    """A first record of a vendor, in the client's own words."""
    said = metadata(client)
    organisation: Mapping[str, str] = said.get("organisation") or {}
    host = urlsplit(said.get("client_uri") or "").hostname
    found = (
        ("email", organisation.get("email")),
        ("phone", organisation.get("phone")),
        ("address", organisation.get("address")),
        ("url", said.get("client_uri")),
    )
    return Vendor.model_validate(
        {
            "name": (organisation.get("name") or client.name)[:200],
            "domains": (host.removeprefix("www."),) if host else (),
            "contacts": tuple(Contact.model_validate({"kind": kind, "value": value[:1000]}) for kind, value in found if value),
            "client_ids": (client.client_id,),
        }
    )


def metadata(client: Client) -> dict[str, Any]:
    """The client's registration as it sent it (RFC 7591)."""
    said: dict[str, Any] = json.loads(client.metadata_json)
    return said


def _signer(desk: Desk, client_id: str) -> Signer:
    grants.relationship(desk.db, desk.act(None), client_id, lambda: _new_key(desk, client_id))
    desk.db.flush()
    return desk.signer_for(client_id)


def _new_key(desk: Desk, client_id: str) -> tuple[str, bytes, bytes]:
    seed, public = cipher.signing_keypair()
    kid = receipts.thumbprint(public)
    return kid, public, desk.keyring.seal_bytes(desk.key_place(client_id, kid), seed)


def _remedy(promise: Promise) -> Remedy | None:
    """The remedy with the time in which it is due: its own, else the promise's. A promise without a time keeps none: just words."""
    if promise.remedy is None:
        return None
    return Remedy.model_validate(
        {
            "kind": promise.remedy.kind,
            "amount": promise.remedy.amount,
            "currency": promise.remedy.currency,
            "within": (promise.remedy.within or promise.within) if promise.within else None,
            "note": "",
        }
    )


def due_after_claim(grant: Grant, promise: str, *, claimed_at: datetime) -> datetime | None:
    """When a promise of these terms is due that runs from the owner's claim; None where no claim starts its time."""
    for given in grants.standing(grant).terms.in_return:
        if given.promise == promise and given.within and not runs_from_giving(given):
            return terms.duration(given.within).after(claimed_at)
    return None
