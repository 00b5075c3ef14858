"""What became of each try to deliver an event: delivered, to be tried again, or given up; and the log that a client's developer reads."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, tuple_
from sqlmodel import Session, col, select, update

from app.exchange.outbound import Answer
from app.exchange.outbox import Leased, mine, settle
from app.tables import Client, Delivery
from consent.store import Event

RETRIES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)  # fmt: skip
"""The waits after the first, second, … ninth failed try; after the tenth the event is dead."""

LONGEST_WAIT: Final = timedelta(hours=24)
# One that does not answer holds its client's other events off for so long, so that a slow client costs one try at a time.
BREATHER: Final = timedelta(seconds=60)


def answered(db: Session, leased: Leased, answer: Answer, *, now: datetime, milliseconds: int) -> str | None:
    """Write down an answer: delivered, gone for good (410), or to be tried again. Returns the outcome, None when the lease was lost."""
    if 200 <= answer.status < 300:
        return _conclude(db, leased, "delivered", status=answer.status, now=now, milliseconds=milliseconds)
    if answer.status == 410:
        _disable(db, leased.client.client_id, now=now)
        return _conclude(db, leased, "gone", status=answer.status, now=now, milliseconds=milliseconds)
    wait = _wait_asked(answer) if answer.status in {429, 503} else timedelta(0)
    return _again(db, leased, "answered", status=answer.status, now=now, milliseconds=milliseconds, at_least=wait)


def failed(db: Session, leased: Leased, outcome: str, *, now: datetime, milliseconds: int | None) -> str | None:
    """Write down that nothing came back. How long it took is not kept where it could tell about this host's own network."""
    if outcome == "stopped":
        event = mine(db, leased)
        if event is not None:
            settle(event, "dropped")
            db.add(event)
        return "dropped" if event else None
    taken = None if outcome == "unreachable" else milliseconds
    concluded = _again(db, leased, outcome, status=None, now=now, milliseconds=taken)
    others = update(Event).where(
        col(Event.client_id) == leased.client.client_id, col(Event.due_at) <= now, col(Event.event_id) != leased.event.event_id
    )
    db.exec(others.values(due_at=now + BREATHER).execution_options(synchronize_session=False))
    return concluded


def page(db: Session, client_id: str, *, after: str, limit: int) -> list[Delivery]:
    """A client's tries, newest first, older than `after`; none when that one is not held any more."""
    listed = select(Delivery).where(Delivery.client_id == client_id)
    if after:
        last = db.get(Delivery, (client_id, after))
        if last is None:
            return []
        listed = listed.where(tuple_(col(Delivery.at), col(Delivery.delivery_id)) < tuple_(last.at, last.delivery_id))
    return list(db.exec(listed.order_by(col(Delivery.at).desc(), col(Delivery.delivery_id).desc()).limit(limit)))


def _again(
    db: Session,
    leased: Leased,
    outcome: str,
    *,
    status: int | None,
    now: datetime,
    milliseconds: int | None,
    at_least: timedelta = timedelta(0),
) -> str | None:
    tries = leased.event.attempts
    if tries >= len(RETRIES):
        return _conclude(db, leased, outcome, settled="dead", status=status, now=now, milliseconds=milliseconds)
    event = mine(db, leased)
    if event is None:
        return None
    event.due_at, event.attempts = now + max(RETRIES[tries], at_least), tries + 1
    event.lease = event.leased_until = event.leaving_until = None
    db.add(event)
    db.add(_delivery(event, outcome, status=status, now=now, milliseconds=milliseconds))
    return outcome


def _conclude(
    db: Session, leased: Leased, outcome: str, *, settled: str = "", status: int | None, now: datetime, milliseconds: int | None
) -> str | None:
    event = mine(db, leased)
    if event is None:
        return None
    event.attempts += 1
    settle(event, settled or outcome)
    db.add(event)
    db.add(_delivery(event, outcome, status=status, now=now, milliseconds=milliseconds))
    return settled or outcome


def _delivery(event: Event, outcome: str, *, status: int | None, now: datetime, milliseconds: int | None) -> Delivery:
    return Delivery(
        client_id=event.client_id,
        delivery_id=secrets.token_hex(16),
        event_id=event.event_id,
        type=event.type,
        attempt=event.attempts,
        at=now,
        outcome=outcome,
        status=status,
        milliseconds=milliseconds,
        next_at=event.due_at,
    )


def _disable(db: Session, client_id: str, *, now: datetime) -> None:
    """410: the webhook is gone. Everything else for it settles in the list; a new `webhook_uri` opens it again."""
    off = update(Client).where(col(Client.client_id) == client_id).values(webhook_disabled_at=now)
    db.exec(off.execution_options(synchronize_session=False))
    free = or_(col(Event.leased_until).is_(None), col(Event.leased_until) <= now)
    rest = update(Event).where(col(Event.client_id) == client_id, col(Event.due_at).is_not(None), free)
    db.exec(rest.values(due_at=None, outcome="listed").execution_options(synchronize_session=False))


def _wait_asked(answer: Answer) -> timedelta:
    """`Retry-After` in seconds, within bounds; a date or nonsense counts as nothing."""
    asked = answer.retry_after.strip()
    return min(timedelta(seconds=int(asked)), LONGEST_WAIT) if asked.isascii() and asked.isdigit() and len(asked) < 9 else timedelta(0)
