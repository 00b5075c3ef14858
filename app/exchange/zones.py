"""Private zones, and the zone key under which the owner's own devices find them.

The zones are records like everything of the owner's. What a phone needs of them is a projection, sealed under the zone key;
that key is sealed under the account key, and once more for each device under the device's token. So a phone opens the zones
for the instant of its call, and the instance by itself opens nothing.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.exchange import tokens
from app.exchange.tokens import PREFIX
from app.tables import Device, Offer, OfferMarker, Zones
from consent.canonical import dumps
from consent.places import Zone as Place
from consent.places import load
from vault import capabilities, shredding, store
from vault.envelope import Place as Sealing
from vault.keyring import Keyring
from vault.records import Zone

MOST = 100
"""Private zones of one owner."""

MOST_DEVICES = 20
"""Devices of one owner."""

KEY, PROJECTION, MARKER = "zone key", "zones", "offer"
"""What a capability seals for: the zone key for a device, the zones; and what the zone key marks."""


@dataclass(frozen=True)
class Opened:
    """The zone key of an account at hand, and the private zones that it opened."""

    account_id: str
    key: bytes = field(repr=False)
    zones: tuple[Place, ...] = field(repr=False)

    def marker(self, message_id: str) -> bytes:
        """What stands in the database for an offer that has reached the owner."""
        return capabilities.mark(self.key, MARKER, message_id.encode())


@dataclass(frozen=True)
class NewDevice:
    """A device that was just added; its token is shown once."""

    device_id: str
    token: str = field(repr=False)


def key_place(account_id: str) -> Sealing:
    """Where the zone key is sealed under the account key."""
    return Sealing(table="zones", kind="key", record_id=account_id, account_id=account_id, schema_version=1)


def label_place(account_id: str, device_id: str) -> Sealing:
    """Where the owner's name of a device is sealed."""
    return Sealing(table="device", kind="label", record_id=device_id, account_id=account_id, schema_version=1)


def opened(db: Session, keyring: Keyring) -> Opened:
    """The zone key by the account key; made at first use, so the caller's transaction is one that writes. Raises `Sealed`."""
    row = db.get(Zones, keyring.account_id, populate_existing=True)
    if row is None:
        return _begin(db, keyring)
    key = keyring.open_bytes(key_place(keyring.account_id), row.sealed)
    return Opened(keyring.account_id, key, read(key, keyring.account_id, row.projection))


def read(key: bytes, account_id: str, projection: bytes) -> tuple[Place, ...]:
    """The private zones in a projection. Raises `Sealed`."""
    found = json.loads(capabilities.open_(key, PROJECTION, account_id, projection))
    return tuple(Place(load(text)) for text in found)


def project(db: Session, keyring: Keyring) -> Opened:
    """Write the projection anew from the records, after they have changed."""
    return _write(db, keyring, opened(db, keyring).key)


def rotate(db: Session, old: Keyring, new: Keyring) -> int:
    """Another zone key, when the account key is replaced: whoever had the old one opens nothing that is written from now on.

    Devices end, since their tokens carry the old key; how many. What had reached the owner still does not reach them twice.
    """
    mine = new.account_id
    if db.get(Zones, mine) is None:
        return 0
    before, after = opened(db, old), capabilities.new_key()
    _write(db, new, after)
    delivered = set(db.exec(select(OfferMarker.marker).where(OfferMarker.account_id == mine)))
    fresh = Opened(mine, after, ())
    # Markers that the ledger's daily entry has still to count stay until then; under the new key they mark nothing.
    db.exec(delete(OfferMarker).where(col(OfferMarker.account_id) == mine, col(OfferMarker.day).is_(None)))
    for message_id in db.exec(select(Offer.message_id).where(Offer.account_id == mine)).all():
        if before.marker(message_id) in delivered:
            db.add(OfferMarker(account_id=mine, marker=fresh.marker(message_id), day=None))
    ended = db.exec(delete(Device).where(col(Device.account_id) == mine)).rowcount
    shredding.mark(db, "zones", "device")
    return ended


def add_device(db: Session, keyring: Keyring, label: str, *, kind: str, now: datetime) -> NewDevice:
    """A device of the owner's own. Its token opens the zone key, and nothing else."""
    device_id, token = secrets.token_hex(16), tokens.make(PREFIX.phone)
    mine = keyring.account_id
    row = Device(
        token_hash=tokens.hashed(token),
        account_id=mine,
        device_id=device_id,
        kind=kind,
        label=keyring.seal_bytes(label_place(mine, device_id), label.encode()),
        wrapped=capabilities.seal(token.encode(), KEY, mine, opened(db, keyring).key, context=device_id),
        created_at=now,
    )
    db.add(row)
    return NewDevice(device_id, token)


def devices(db: Session, account_id: str) -> list[Device]:
    """The owner's devices, oldest first."""
    mine = select(Device).where(Device.account_id == account_id)
    return list(db.exec(mine.order_by(col(Device.created_at), col(Device.device_id))).all())


def remove_device(db: Session, account_id: str, device_id: str) -> bool:
    """End a device: from now on its token is unknown."""
    gone = delete(Device).where(col(Device.account_id) == account_id, col(Device.device_id) == device_id)
    shredding.mark(db, "device")
    return db.exec(gone).rowcount > 0


def _begin(db: Session, keyring: Keyring) -> Opened:
    return _write(db, keyring, capabilities.new_key())


def _write(db: Session, keyring: Keyring, key: bytes) -> Opened:
    mine = keyring.account_id
    areas = [found.fields.area for found in store.all_of(db, keyring, Zone)]
    row = db.get(Zones, mine) or Zones(account_id=mine, sealed=b"", projection=b"")
    row.sealed = keyring.seal_bytes(key_place(mine), key)
    row.projection = capabilities.seal(key, PROJECTION, mine, _canonical(areas))
    db.add(row)
    db.flush()
    return Opened(mine, key, tuple(Place(load(area)) for area in areas))


def _canonical(areas: Iterable[str]) -> bytes:
    return dumps(list(areas))
