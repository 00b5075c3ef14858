"""The public keys of a relationship, as its client is shown them."""

from sqlalchemy import select
from sqlmodel import Session, col

from app.api.schemas import KeySet, RelationshipKey
from consent import receipts, successions
from consent.store import RelationshipKey as KeyRow


def keys_of(db: Session, account_id: str, client_id: str) -> KeySet:
    """Every key, the oldest first, each with its times and, where it followed another, the statement of that."""
    wanted = select(KeyRow).where(col(KeyRow.account_id) == account_id, col(KeyRow.client_id) == client_id).order_by(col(KeyRow.valid_from))
    followed = successions.published(db, account_id, client_id)
    return KeySet(keys=[_key(row, followed.get(row.kid, ())) for row in db.execute(wanted).scalars()])


def _key(row: KeyRow, succession: tuple[str, ...]) -> RelationshipKey:
    times = {"valid_from": row.valid_from, "valid_until": row.valid_until}
    return RelationshipKey.model_validate({**receipts.jwk(row.public), **times, "succession": succession})
