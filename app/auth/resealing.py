"""What is sealed under an owner's key, all of it, and one step of sealing it again under a new one.

The vault knows its own tables; the rest is named here. A sealed column that were missing would open no more once the old key
is destroyed, so a test rotates an owner who has something of everything and looks at every sealed value.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from app.tables import CrmRecord, LetterAnswer, Message, Offer, OfferMatch
from consent import ledger, receipts, successions
from consent.act import Act, Signer
from consent.store import LedgerEntry, Receipt, RelationshipKey
from vault import accounts, cipher, resealing
from vault.envelope import Place
from vault.keyring import Keyring
from vault.resealing import BATCH, HOLDINGS, Holding, Progress, Scope

STEP = BATCH
"""Values that each form of the owner's takes along."""


def relationship_key_place(account_id: str, client_id: str, kid: str) -> Place:
    """Where the private half of a relationship key is sealed."""
    return Place(table="relationship_key", kind="ed25519", record_id=f"{client_id}.{kid}", account_id=account_id, schema_version=1)


def progress(db: Session, account_id: str) -> Progress | None:
    """How far sealing everything again is; None when there is nothing to seal."""
    return resealing.progress(db, account_id, SCOPE)


def step(db: Session, keyring: Keyring, *, now: datetime, limit: int | None = None) -> Progress | None:
    """Seal the next batch again, under the account's lock; None when there is nothing to do. The end is noted in the ledger.

    After a step that finished, the log of the database is to be emptied.
    """
    made = resealing.advance(db, keyring, SCOPE, now=now, limit=limit or STEP)
    if made is not None and made.finished:
        act = Act(account_id=keyring.account_id, actor="owner", now=now, seal=accounts.mailbox(db, keyring.account_id).seal)
        ledger.append(db, act, "keys.resealed", {"values": made.total})
    return made


def _succeed(db: Session, keyring: Keyring, row: Any, now: datetime) -> None:
    """Whoever had the old account key could sign in the owner's name with this one: a new key is to follow it."""
    if row.valid_until is not None:
        return
    seed = keyring.open_bytes(_relationship_key(row), row.sealed)
    old = Signer(kid=row.kid, public=row.public, attested_by="owner", sign=lambda data: cipher.sign(seed, data))
    fresh, public = cipher.signing_keypair()
    new = Signer(kid=receipts.thumbprint(public), public=public, attested_by="owner", sign=lambda data: cipher.sign(fresh, data))
    sealed = keyring.seal_bytes(relationship_key_place(row.account_id, row.client_id, new.kid), fresh)
    successions.prepare(db, row.account_id, row.client_id, old=old, new=new, sealed=sealed, now=now)


def _relationship_key(row: Any) -> Place:
    return relationship_key_place(row.account_id, row.client_id, row.kid)


SCOPE = Scope(
    holdings=(*HOLDINGS, Holding(RelationshipKey, ("client_id", "kid"), _relationship_key, along=_succeed)),
    letters=(
        col(LedgerEntry.sealed),
        col(Receipt.opening),
        col(Message.sealed),
        col(LetterAnswer.sealed),
        col(CrmRecord.sealed),
        col(Offer.sealed),
        col(OfferMatch.sealed),
    ),
)
