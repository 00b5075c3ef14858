"""The owner says yes: relationship and key, grant and receipt, the promises in return, and who that client is to the owner.

All of it happens in the caller's one transaction, or none of it.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from app.exchange import clocks
from app.tables import Client
from consent import grants, receipts, relationships, terms, usefulness
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


def approve(
    desk: Desk, request: Request, granted: Terms, *, client: Client, vendor: str, shown: Shown, usefulness_share: str | None = None
) -> Grant:
    """Give `granted`, a subset of what was asked, to `client`, and tie the client to a vendor.

    `vendor` is the id of one of the owner's vendor records, or `NEW_VENDOR` for one made from the client's own words;
    `usefulness_share` (decimal text) the share of useful messages that the grant rests on.
    Raises LookupError when that vendor is not the owner's, ValueError for a share that is none, and what `consent.grants.give` raises.
    """
    vendor_id = tie(desk, client, vendor)
    signer = sign_as_owner(desk, client.client_id)
    act = desk.act(signer)
    relationships.know(desk.db, act, client.client_id, known=True)
    promised = [(secrets.token_hex(16), promise) for promise in newly_promised(desk.db, request, granted)]
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
        commitments=[commitment_id for commitment_id, _promise in promised],
        proviso=usefulness.proviso(usefulness_share) if usefulness_share else None,
    )
    for commitment_id, promise in promised:
        number = granted.in_return.index(promise)
        track(desk, act, commitment_id, promise, in_return=number, vendor_id=vendor_id, grant_id=grant.grant_id)
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


def newly_promised(db: Session, request: Request, granted: Terms) -> tuple[Promise, ...]:
    """The promises that begin with this grant: all of them, but for those that the living grant which it changes rests on already.

    Those are counted by the new terms from here on, and on what the new terms do not repeat the grant rests no more.
    """
    before = grants.find(db, request.account_id, request.grant_id) if request.grant_id else None
    if before is None:
        return granted.in_return
    running = grants.standing(before).terms.in_return if before.status in grants.LIVE else ()
    clocks.carry_over(db, before, granted)
    return tuple(promise for promise in granted.in_return if promise not in running)


def commitment_of(promise: Promise, *, vendor_id: str, grant_id: str, now: datetime, time_zone: str) -> Commitment:
    """The record of a promise made in return."""
    return Commitment(
        vendor_id=vendor_id,
        promise=promise.promise,
        by="them",
        source="api",
        metric="",
        due_at=terms.duration(promise.within).after(now) if promise.within and runs_from_giving(promise) else None,
        due_date=None,
        time_zone=time_zone,
        remedy=_remedy(promise),
        grant_id=grant_id,
        events=(CommitmentEvent(type="accepted", happened_at=now, recorded_at=now, note=""),),
    )


def track(desk: Desk, act: Act, commitment_id: str, promise: Promise, *, in_return: int, vendor_id: str, grant_id: str) -> None:
    """Record a promise made in return, start its clock and write it down in the ledger."""
    commitment = commitment_of(promise, vendor_id=vendor_id, grant_id=grant_id, now=desk.now, time_zone=desk.time_zone)
    store.add(desk.db, desk.keyring, commitment, now=desk.now, record_id=commitment_id)
    clocks.start(desk.db, act, commitment_id, commitment, in_return=in_return)


def runs_from_giving(promise: Promise) -> bool:
    """Whether the promise's time runs from the grant. From a claim, or any other event, it runs once the owner says so."""
    return promise.after in {None, "grant"}


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


def sign_as_owner(desk: Desk, client_id: str) -> Signer:
    """The key that signs for the owner towards a client; the relationship and the key are made where there are none."""
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
