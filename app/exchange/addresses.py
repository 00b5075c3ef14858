"""Contact links: an unguessable handle that the owner hands to one vendor, and the token that lets its bearer register.

The handle stands only in the owner's sealed record; the routing table knows its hash. Because 192 random bits cannot be
guessed, a plain hash hides it.
"""

import base64
import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from app.exchange.tokens import PREFIX, hashed
from app.settings import Settings
from app.tables import Address
from vault import store
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.records import AddressRecord

HANDLE_BYTES = 24


def open_address(
    db: Session,
    keyring: Keyring,
    account_id: str,
    instance: InstanceKeys,
    *,
    vendor_id: str | None,
    label: str,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[str, str]:
    """Make a contact link.

    Returns its id and its handle; `expires_at` is for one that is shown at a till.
    """
    handle = secrets.token_urlsafe(HANDLE_BYTES)
    fields = AddressRecord(handle=handle, vendor_id=vendor_id, label=label, created_at=now, expires_at=expires_at)
    address_id = store.add(db, keyring, fields, now=now)
    db.add(
        Address(
            handle_hash=hashed(handle),
            account_id=account_id,
            address_id=address_id,
            initial_token_hash=hashed(initial_token(instance, handle)),
            created_at=now,
            expires_at=expires_at,
        )
    )
    db.flush()
    return address_id, handle


def close(db: Session, account_id: str, address_id: str, *, now: datetime) -> bool:
    """Close a contact link: nobody reaches the owner through it any more. Says whether it was open."""
    own = (col(Address.account_id) == account_id, col(Address.address_id) == address_id)
    row = db.execute(select(Address).where(*own, col(Address.closed_at).is_(None))).scalar_one_or_none()
    if row is None:
        return False
    row.closed_at = now
    db.flush()
    return True


def by_handle(db: Session, handle: str, *, now: datetime) -> Address | None:
    """The live contact link of a handle; None for an unknown, closed or expired one."""
    return db.execute(select(Address).where(col(Address.handle_hash) == hashed(handle), *_live(now))).scalar_one_or_none()


def by_initial_token(db: Session, token: str, *, now: datetime) -> Address | None:
    """The live contact link whose initial access token this is."""
    return db.execute(select(Address).where(col(Address.initial_token_hash) == hashed(token), *_live(now))).scalar_one_or_none()


def initial_token(instance: InstanceKeys, handle: str) -> str:
    """The initial access token (RFC 7591 section 3) of a contact link.

    Computed for any handle, live or not, so that the link's answer never says which.
    """
    mac = instance.mac("initial access token", handle.encode())
    return PREFIX.initial + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def url(settings: Settings, handle: str) -> str:
    """The contact link as it is handed out."""
    return f"{settings.base_url}/a/{handle}"


def describe(settings: Settings, instance: InstanceKeys, handle: str) -> dict[str, str]:
    """What a program finds under a contact link: all that it takes to register and to ask."""
    return {
        "issuer": settings.base_url,
        "registration_endpoint": f"{settings.base_url}/oauth/register",
        "initial_access_token": initial_token(instance, handle),
        "login_hint": handle,
    }


def rows(db: Session, account_id: str) -> dict[str, Address]:
    """Every contact link of an account by its id, for the owner's list (the labels are in the sealed records)."""
    found = db.execute(select(Address).where(col(Address.account_id) == account_id)).scalars()
    return {row.address_id: row for row in found}


def is_open(row: Address, now: datetime) -> bool:
    """Whether a contact link still leads to its owner."""
    return row.closed_at is None and (row.expires_at is None or row.expires_at > now)


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (col(Address.closed_at).is_(None), or_(col(Address.expires_at).is_(None), col(Address.expires_at) > now))
