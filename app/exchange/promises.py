"""Promises as lists, pictures and reminders need them: from digests, or from the record where a digest tells too little."""

from collections.abc import Iterable

from sqlmodel import Session

from app.relationships import commitments
from vault import store
from vault.keyring import Keyring
from vault.records import Commitment
from vault.segments import Digest
from vault.store import Opened


def told(db: Session, keyring: Keyring, digests: Iterable[Digest]) -> list[Opened[Commitment]]:
    """These promises, each with every step that says where it stands, in the order of their digests. Raises `Sealed`.

    A digest leaves out the first steps of a long life, and with them which times were kept: then the record is opened.
    """
    given = list(digests)
    made = {one.record_id: commitments.from_digest(one.values) for one in given}
    cut = {record_id for record_id, promise in made.items() if len(promise.events) >= Commitment.CUT_OFF}
    opened = store.get_many(db, keyring, Commitment, cut)
    return [opened.get(one.record_id) or Opened(one.record_id, made[one.record_id], one.created_at, one.updated_at) for one in given]
