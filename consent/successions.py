"""Successions of relationship keys: a new key signed by the old and by itself, published at a random time within three days.

What is signed says nothing of when, and the moments of two clients have nothing to do with each other: an owner who changes
every key at once is not known by that.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select

from consent import events, ledger, receipts
from consent.act import Act, Signer
from consent.canonical import dumps
from consent.errors import ReceiptError
from consent.store import Grant, Receipt, Relationship, RelationshipKey, Succession

TYPE = "key-succession+jws"
WINDOW = timedelta(hours=72)
LATE = timedelta(minutes=5)
"""A moment that was missed by more is drawn again: else all that a stopped service missed would come out together."""
SOON = timedelta(hours=1)


def prepare(db: Session, account_id: str, client_id: str, *, old: Signer, new: Signer, sealed: bytes, now: datetime) -> Succession:
    """Sign a succession and set its moment. One that was still to be published in this relationship is dropped.

    `sealed` is the private half of the new key. The relationship is there already.
    """
    waiting = delete(Succession).where(col(Succession.account_id) == account_id, col(Succession.client_id) == client_id)
    db.exec(waiting.where(col(Succession.sealed).is_not(None)))
    subject = db.get_one(Relationship, (account_id, client_id)).subject
    said = dumps({"sub": subject, "from": receipts.jwk(old.public), "to": receipts.jwk(new.public)})
    row = Succession(
        account_id=account_id,
        client_id=client_id,
        kid=new.kid,
        previous_kid=old.kid,
        public=new.public,
        sealed=sealed,
        statement="\n".join(receipts.sign_as(TYPE, said, signer) for signer in (old, new)),
        not_before=_moment(now, WINDOW),
    )
    db.add(row)
    db.flush()
    return row


def publish(db: Session, act: Act, client_id: str) -> bool:
    """Let the next key of a relationship follow, if its moment has come; under the account's lock. Tells whether it did.

    The new key is valid from its random moment on, not from the tick that found it due.
    """
    ledger.lock(db, act.account_id)
    row = db.exec(_due(act.now).where(Succession.account_id == act.account_id, Succession.client_id == client_id)).first()
    if row is None or row.not_before is None or row.sealed is None:
        return False
    if act.now - row.not_before > LATE or _signed_since(db, row, row.not_before):
        row.not_before = _moment(act.now, SOON)
        db.add(row)
        return False
    previous = db.get(RelationshipKey, (row.account_id, row.client_id, row.previous_kid))
    if previous is not None:
        previous.valid_until = row.not_before
        db.add(previous)
    key = RelationshipKey(
        account_id=row.account_id, client_id=row.client_id, kid=row.kid, public=row.public, sealed=row.sealed, valid_from=row.not_before
    )
    db.add(key)
    ledger.append(db, act, "key.succeeded", {"client_id": client_id, "from": row.previous_kid, "to": row.kid})
    events.tell(db, act, "keys.rotated", client_id, kid=row.kid)
    row.sealed, row.not_before = None, None
    db.add(row)
    db.flush()
    return True


def due(db: Session, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """(account id, client id) of the successions whose moment has come, for the worker."""
    return [(row.account_id, row.client_id) for row in db.exec(_due(now).limit(limit))]


def published(db: Session, account_id: str, client_id: str) -> Mapping[str, tuple[str, str]]:
    """By the id of the key that followed: the statement as the old and as the new key signed it."""
    chosen = select(Succession).where(Succession.account_id == account_id, Succession.client_id == client_id)
    rows = db.exec(chosen.where(col(Succession.sealed).is_(None)))
    return {row.kid: (row.statement.split("\n")[0], row.statement.split("\n")[1]) for row in rows}


def verify(statements: tuple[str, str], old: Mapping[str, Any]) -> dict[str, Any]:
    """Check a succession against the public key it starts from. Returns the statement: `sub`, `from` and `to`.

    Raises ReceiptError: like `receipts.verify_as`; "payload" when the two halves differ or do not start from `old`.
    """
    said = receipts.verify_as(TYPE, statements[0], old)
    found: dict[str, Any] = json.loads(said)
    if receipts.verify_as(TYPE, statements[1], found["to"]) != said or found["from"]["x"] != old["x"]:
        raise ReceiptError("payload", "the old and the new key have not signed the same succession")
    return found


def _due(now: datetime) -> Any:
    return select(Succession).where(col(Succession.sealed).is_not(None), col(Succession.not_before) <= now)


def _moment(now: datetime, window: timedelta) -> datetime:
    return now + timedelta(microseconds=secrets.randbelow(window // timedelta(microseconds=1)))


def _signed_since(db: Session, row: Succession, moment: datetime) -> bool:
    """Whether the old key has signed a receipt after the moment at which it was to end."""
    theirs = (Grant.account_id == Receipt.account_id, Grant.grant_id == Receipt.grant_id, Grant.client_id == row.client_id)
    signed = select(Receipt.receipt_id).where(Receipt.account_id == row.account_id, Receipt.created_at > moment, *theirs)
    return db.exec(signed.limit(1)).first() is not None
