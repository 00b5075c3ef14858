"""Relationships: owner and client, with a subject of their own and the keys that sign for the owner there."""

import secrets
from collections.abc import Callable

from sqlmodel import Session, col, select

from consent import ledger
from consent.act import Act
from consent.store import Relationship, RelationshipKey


def relationship(db: Session, act: Act, client_id: str, new_key: Callable[[], tuple[str, bytes, bytes]]) -> Relationship:
    """The relationship with a client: its random subject and, made by `new_key` when there is none that is valid, its key.

    `new_key` gives (kid, public key, sealed private key).
    """
    ledger.lock(db, act.account_id)
    found = ensure(db, act, client_id)
    valid = select(RelationshipKey).where(
        RelationshipKey.account_id == act.account_id, RelationshipKey.client_id == client_id, col(RelationshipKey.valid_until).is_(None)
    )
    if db.exec(valid).first() is None:
        kid, public, sealed = new_key()
        db.add(RelationshipKey(account_id=act.account_id, client_id=client_id, kid=kid, public=public, sealed=sealed, valid_from=act.now))
        db.flush()
    return found


def know(db: Session, act: Act, client_id: str, *, known: bool) -> None:
    """Note whether the owner counts a client among their companies. Nothing to note where there is no relationship."""
    ledger.lock(db, act.account_id)
    found = db.get(Relationship, (act.account_id, client_id))
    if found is not None and (found.known_at is not None) is not known:
        found.known_at = act.now if known else None
        db.add(found)
        db.flush()


def ensure(db: Session, act: Act, client_id: str) -> Relationship:
    """The relationship row, made with a new random subject where there is none. Needs the account's lock."""
    found = db.get(Relationship, (act.account_id, client_id))
    if found is None:
        found = Relationship(account_id=act.account_id, client_id=client_id, subject=secrets.token_hex(16), created_at=act.now)
        db.add(found)
        db.flush()
    return found
