"""Removing a vendor from the owner's record: what goes with it, and what must be settled first."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.exchange import addresses
from app.exchange.importers import undoing
from app.tables import CommitmentClock
from consent import grants, ledger, relationships
from consent.act import Act
from consent.store import Grant
from vault import store
from vault.keyring import Keyring
from vault.records import (
    AddressRecord,
    Commitment,
    Correction,
    Elsewhere,
    Fields,
    Held,
    Incident,
    Interaction,
    Policy,
    Prices,
    Signpost,
    Vendor,
    Yardstick,
)


@dataclass(frozen=True)
class Belongings:
    """Record ids of what belongs to a vendor, and the ids of its permissions that still live.

    `elsewhere` are consents given elsewhere, `known` incidents, prices and copies of policies, `answers` what the owner brought in of
    what it holds.
    """

    interactions: tuple[str, ...]
    commitments: tuple[str, ...]
    open_addresses: tuple[str, ...]
    addresses: tuple[str, ...]
    live_grants: tuple[str, ...]
    elsewhere: tuple[str, ...]
    known: tuple[str, ...]
    answers: tuple[str, ...]


class StillBound(Exception):
    """A permission of this vendor still lives; it is withdrawn first, because a withdrawal is an act of its own with a receipt."""


def belongings(db: Session, keyring: Keyring, vendor_id: str, vendor: Vendor, *, now: datetime) -> Belongings:
    """What would go with the vendor."""
    links = tuple(one.record_id for one in store.digests(db, keyring, AddressRecord) if one.values["vendor_id"] == vendor_id)
    rows = addresses.rows(db, keyring.account_id)
    still = tuple(link for link in links if link in rows and rows[link].closed_at is None and not _over(rows[link].expires_at, now))
    return Belongings(
        interactions=tuple(one.record_id for one in store.digests(db, keyring, Interaction) if one.values["vendor_id"] == vendor_id),
        commitments=tuple(one.record_id for one in store.digests(db, keyring, Commitment) if one.values["vendor_id"] == vendor_id),
        open_addresses=still,
        addresses=links,
        live_grants=_live(db, keyring.account_id, vendor),
        elsewhere=_of(db, keyring, Elsewhere, vendor_id),
        known=(*_of(db, keyring, Incident, vendor_id), *_of(db, keyring, Prices, vendor_id), *_of(db, keyring, Policy, vendor_id)),
        answers=_of(db, keyring, Held, vendor_id),
    )


def remove(db: Session, keyring: Keyring, act: Act, vendor_id: str, *, now: datetime) -> bool:
    """Remove a vendor with all that belongs to it, and its contact links, which close. Whether it was there.

    Messages, ended permissions and the history stay: they are the account of what the owner allowed. Raises StillBound.
    """
    opened = store.get(db, keyring, Vendor, vendor_id)
    if opened is None:
        return False
    found = belongings(db, keyring, vendor_id, opened.fields, now=now)
    if found.live_grants:
        raise StillBound
    for client_id in opened.fields.client_ids:
        relationships.know(db, act, client_id, known=False)
    for address_id in found.addresses:
        if addresses.close(db, keyring.account_id, address_id, now=now):
            ledger.append(db, act, "address.closed", {"address_id": address_id})
        store.remove(db, keyring, AddressRecord, address_id)
    for commitment_id in found.commitments:
        db.exec(
            delete(CommitmentClock).where(
                col(CommitmentClock.account_id) == keyring.account_id, col(CommitmentClock.commitment_id) == commitment_id
            )
        )
        store.remove(db, keyring, Commitment, commitment_id)
    for interaction_id in found.interactions:
        store.remove(db, keyring, Interaction, interaction_id)
    for said in (Correction, Signpost, Yardstick, Incident, Prices, Policy, Elsewhere, Held):
        for one in store.digests(db, keyring, said):
            if one.values.get("vendor_id") == vendor_id:
                store.remove(db, keyring, said, one.record_id)
    undoing.forget(db, keyring, vendor_id, now=now)
    return store.remove(db, keyring, Vendor, vendor_id)


def _of(db: Session, keyring: Keyring, model: type[Fields], vendor_id: str) -> tuple[str, ...]:
    return tuple(one.record_id for one in store.digests(db, keyring, model) if one.values.get("vendor_id") == vendor_id)


def _live(db: Session, account_id: str, vendor: Vendor) -> tuple[str, ...]:
    if not vendor.client_ids:
        return ()
    living = select(Grant.grant_id).where(
        Grant.account_id == account_id, col(Grant.client_id).in_(vendor.client_ids), col(Grant.status).in_(grants.LIVE)
    )
    return tuple(db.exec(living))


def _over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and now >= expires_at
