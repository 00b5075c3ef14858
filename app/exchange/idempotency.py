"""The answer first given to an `Idempotency-Key`, kept for 24 hours per caller and route, wrapped: it may carry a secret."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session

from app.tables import IdempotentAnswer
from vault.cipher import sha256
from vault.instance import InstanceKeys

KEPT = timedelta(hours=24)
_PURPOSE = "idempotent answer"


@dataclass(frozen=True)
class Attempt:
    """One call with a key: who calls (a grant or a client), which route, and the exact body."""

    caller: str
    route: str
    key: str
    body: bytes = field(repr=False)

    @property
    def place(self) -> tuple[str, str, bytes]:
        """Where its answer is kept."""
        return (self.caller, self.route, sha256(self.key.encode()))


@dataclass(frozen=True)
class Kept:
    """The earlier answer."""

    status: int
    answer: bytes = field(repr=False)


class Conflict(Exception):
    """The key came before with another body."""


def earlier(db: Session, instance: InstanceKeys, attempt: Attempt, *, now: datetime) -> Kept | None:
    """The answer kept for this attempt. The caller holds the lock of the account or client, so that nobody writes it meanwhile.

    Raises Conflict when the body differs.
    """
    row = db.get(IdempotentAnswer, attempt.place)
    if row is None:
        return None
    if row.created_at + KEPT <= now:
        db.delete(row)
        db.flush()
        return None
    if row.body_hash != sha256(attempt.body):
        raise Conflict
    return Kept(row.status, instance.unwrap(_PURPOSE, _context(attempt), base64.b64decode(row.answer)))


def keep(db: Session, instance: InstanceKeys, attempt: Attempt, kept: Kept, *, now: datetime) -> None:
    """Keep an answer for a repeat of this attempt."""
    caller, route, key_hash = attempt.place
    db.add(
        IdempotentAnswer(
            caller=caller,
            route=route,
            key_hash=key_hash,
            body_hash=sha256(attempt.body),
            status=kept.status,
            answer=base64.b64encode(instance.wrap(_PURPOSE, _context(attempt), kept.answer)).decode(),
            created_at=now,
        )
    )


def _context(attempt: Attempt) -> str:
    return f"{attempt.caller}|{attempt.route}|{attempt.place[2].hex()}"
