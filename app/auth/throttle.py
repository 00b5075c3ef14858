"""Tries are counted in the state store, shared by every process: per account, per network address, per code.

Fixed windows; the first try past the limit is refused until the window ends. What is counted stands hashed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete

from app.database import Store
from app.errors import Throttled
from app.state import Throttle
from vault.cipher import sha256


@dataclass(frozen=True)
class Limit:
    """At most `tries` in `window` against one subject."""

    tries: int
    window: timedelta


UNLOCK_ACCOUNT = Limit(10, timedelta(minutes=15))
UNLOCK_ADDRESS = Limit(60, timedelta(minutes=15))
CHALLENGE_ADDRESS = Limit(120, timedelta(minutes=15))
SIGN_UP_ADDRESS = Limit(20, timedelta(hours=1))
USER_CODE = Limit(10, timedelta(minutes=10))
USER_CODE_ADDRESS = Limit(60, timedelta(minutes=10))
# 256-bit secrets cannot be guessed; this limit keeps a guesser from being a load.
WRONG_SECRET_ADDRESS = Limit(60, timedelta(minutes=1))


def wrong_secret_from(network_address: str) -> tuple[str, Limit]:
    """What a wrong secret counts against, whichever door it was shown at."""
    return f"wrong secret from {network_address}", WRONG_SECRET_ADDRESS


def spend(store: Store, tries: Iterable[tuple[str, Limit]], *, now: datetime) -> None:
    """Count one try against each subject, in one transaction.

    Raises Throttled, with the longest wait, when any of them is over its limit; the try counts all the same.
    """
    waits = []
    with store.writing() as db:
        # Sorted, so that two requests that count the same subjects lock them in the same order.
        for subject, limit in sorted(tries, key=lambda pair: pair[0]):
            row = _locked(db, _hashed(subject), now)
            if now - row.window_started_at >= limit.window:
                row.window_started_at, row.tries = now, 0
            row.tries += 1
            db.add(row)
            if row.tries > limit.tries:
                waits.append(_remaining(row, limit.window, now))
    if waits:
        raise Throttled(max(waits))


def forgive(store: Store, subject: str) -> None:
    """Forget the tries against a subject that has shown the right secret."""
    with store.writing() as db:
        db.exec(delete(Throttle).where(col(Throttle.subject_hash) == _hashed(subject)))


def sweep(store: Store, *, now: datetime) -> None:
    """Forget windows that ended a day ago."""
    with store.writing() as db:
        db.exec(delete(Throttle).where(col(Throttle.window_started_at) < now - timedelta(days=1)))


def _hashed(subject: str) -> bytes:
    return sha256(subject.encode())


def _remaining(row: Throttle, window: timedelta, now: datetime) -> int:
    return max(1, int((row.window_started_at + window - now).total_seconds()) + 1)


def _locked(db: Session, subject_hash: bytes, now: datetime) -> Throttle:
    row = db.get(Throttle, subject_hash, with_for_update=True)
    if row is None:
        try:
            with db.begin_nested():
                db.add(Throttle(subject_hash=subject_hash, window_started_at=now, tries=0))
        except IntegrityError:  # another process counted the first try
            db.expire_all()
        row = db.get_one(Throttle, subject_hash, with_for_update=True)
    return row
