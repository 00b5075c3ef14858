"""One-time invitations: of an owner to sign up, of a client to register. Only the hash is kept."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, delete, select

from app.tables import Invitation
from vault.cipher import sha256
from vault.store import Account

VALID = timedelta(days=7)


class Guest(StrEnum):
    """Whom an invitation is for."""

    OWNER = "owner"
    CLIENT = "client"


def invite(db: Session, guest: Guest, *, now: datetime, operator: bool = False) -> str:
    """Make an invitation that works once, for seven days. Returns the token, which is nowhere else."""
    token = f"bw{guest[0]}_{secrets.token_urlsafe(32)}"
    db.add(Invitation(token_hash=_hashed(token), kind=guest, operator=operator, created_at=now, expires_at=now + VALID))
    return token


def valid(db: Session, token: str, guest: Guest, *, now: datetime, lock: bool = False) -> Invitation | None:
    """The invitation behind a token, unless it is used, expired, or for another kind of guest."""
    row = db.get(Invitation, _hashed(token), with_for_update=lock or None)
    return row if row and row.kind == guest and row.used_at is None and row.expires_at > now else None


def set_up(db: Session, *, now: datetime) -> str | None:
    """The set-up invitation: while nobody has an account, a fresh one-time token for the first owner, who is also the
    operator; earlier set-up tokens die. None once an owner exists."""
    if inhabited(db):
        return None
    db.exec(delete(Invitation).where(col(Invitation.operator), col(Invitation.used_at).is_(None)))
    return invite(db, Guest.OWNER, now=now, operator=True)


def inhabited(db: Session) -> bool:
    """Whether anybody has an account here."""
    return db.exec(select(Account.account_id).limit(1)).first() is not None


def _hashed(token: str) -> bytes:
    return sha256(token.encode())
