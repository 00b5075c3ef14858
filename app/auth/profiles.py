"""Two records that every account has at a fixed place: how the owner likes it, and, until confirmed, the recovery kit."""

from sqlmodel import Session

from app.relationships.quiet import Quiet
from vault import cipher, store
from vault.keyring import Keyring
from vault.records import Kit, Profile

DEFAULT = Profile(time_zone="UTC", language="en", idle_minutes=30)


def profile_id(account_id: str) -> str:
    """The record id of the profile: derived, because there is exactly one."""
    return cipher.sha256(b"bothways/profile/" + account_id.encode()).hex()[:32]


def quiet_of(profile: Profile) -> Quiet | None:
    """The owner's quiet hours; None where there are none."""
    return Quiet.of(profile.quiet_from, profile.quiet_to, profile.time_zone)


def kit_id(account_id: str) -> str:
    """The record id of the unconfirmed recovery kit."""
    return cipher.sha256(b"bothways/kit/" + account_id.encode()).hex()[:32]


def profile_of(db: Session, keyring: Keyring) -> Profile:
    """The owner's profile."""
    opened = store.get(db, keyring, Profile, profile_id(keyring.account_id))
    return opened.fields if opened else DEFAULT


def kit_of(db: Session, keyring: Keyring) -> Kit | None:
    """The recovery kit while it waits to be confirmed; None afterwards, for ever."""
    opened = store.get(db, keyring, Kit, kit_id(keyring.account_id))
    return opened.fields if opened else None
