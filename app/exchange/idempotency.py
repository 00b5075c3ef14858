"""The answer first given to an `Idempotency-Key`, kept for 24 hours per caller and route, wrapped: it may carry a secret."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select
from sqlmodel import Session, col

from app.tables import IdempotentAnswer
from vault.cipher import sha256
from vault.instance import InstanceKeys

KEPT = timedelta(hours=24)
_PURPOSE = "idempotent answer"
_PLACE = ("caller", "route", "key_hash")
_ANSWERS = select(*(col(getattr(IdempotentAnswer, name)) for name in ("body_hash", "status", "answer", "created_at")))


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


def earlier(db: Session | Connection, instance: InstanceKeys, attempt: Attempt, *, now: datetime) -> Kept | None:
    """The answer kept for this attempt. The caller holds the lock of the account or client, so that nobody writes it meanwhile.

    Raises Conflict when the body differs.
    """
    here = [getattr(IdempotentAnswer, name) == value for name, value in zip(_PLACE, attempt.place, strict=True)]
    row = db.execute(_ANSWERS.where(*here)).one_or_none()
    if row is None:
        return None
    body_hash, status, answer, created_at = row
    if created_at + KEPT <= now:
        db.execute(delete(IdempotentAnswer).where(*here))
        return None
    if body_hash != sha256(attempt.body):
        raise Conflict
    return Kept(status, instance.unwrap(_PURPOSE, _context(attempt), base64.b64decode(answer)))


def keep(db: Session | Connection, instance: InstanceKeys, attempt: Attempt, kept: Kept, *, now: datetime) -> None:
    """Keep an answer for a repeat of this attempt."""
    caller, route, key_hash = attempt.place
    db.execute(
        insert(IdempotentAnswer).values(
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
