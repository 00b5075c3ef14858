"""What the operator and the CLI did, hash-chained, readable by every owner of the instance."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import rfc8785
from sqlmodel import Session, col, select

from app.tables import InstanceEntry, InstanceHead
from vault import cipher

GENESIS = bytes(32)


def append(db: Session, type: str, *, actor: str, details: Mapping[str, str | int | bool], now: datetime) -> InstanceEntry:
    """Write one act down. `details` hold no owner's data: the instance ledger is open to all owners."""
    head = db.exec(select(InstanceHead).with_for_update()).first()
    if head is None:
        head = InstanceHead(ledger_id=cipher.random_bytes(16).hex(), size=0, head=GENESIS)
    entry = InstanceEntry(
        seq=head.size + 1, at=now, type=type, actor=actor, details=rfc8785.dumps(dict(details)).decode(), previous=head.head, hash=b""
    )
    entry.hash = _hash(head.ledger_id, entry)
    head.size, head.head = entry.seq, entry.hash
    db.add(entry)
    db.add(head)
    return entry


def newest(db: Session, *, limit: int = 100) -> Sequence[InstanceEntry]:
    """The last acts, newest first."""
    return db.exec(select(InstanceEntry).order_by(col(InstanceEntry.seq).desc()).limit(limit)).all()


def verify(db: Session) -> int | None:
    """Check the chain from the start. Returns None when it holds, else the number of the first entry that does not."""
    head = db.exec(select(InstanceHead)).first()
    if head is None:
        return None
    previous, seq = GENESIS, 0
    for entry in db.exec(select(InstanceEntry).order_by(col(InstanceEntry.seq))):
        seq += 1
        if entry.seq != seq or entry.previous != previous or entry.hash != _hash(head.ledger_id, entry):
            return seq
        previous = entry.hash
    return None if (seq, previous) == (head.size, head.head) else seq + 1


def _hash(ledger_id: str, entry: InstanceEntry) -> bytes:
    at = entry.at.isoformat(timespec="microseconds")
    fields = (ledger_id, str(entry.seq), at, entry.type, entry.actor, entry.details)
    return cipher.sha256(cipher.join(b"bothways/instance-ledger/v1", *(text.encode() for text in fields), entry.previous))
