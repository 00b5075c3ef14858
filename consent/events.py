"""Events: what the other side is told, written in the same transaction as what happened. Sending them is not consent's.

An event holds ids only: the grant or request, the client's own reference, the pairwise subject. Nothing of it depends on
where the owner is, lives or reads.
"""

import json
import secrets
from datetime import datetime

from sqlmodel import Session

from consent.act import Act
from consent.canonical import JSON, dumps
from consent.store import Event, Grant, Relationship

TYPES: frozenset[str] = frozenset(
    {
        "consent.granted", "consent.countered", "consent.refused", "consent.changed", "consent.paused", "consent.resumed",
        "consent.suspended", "consent.withdrawn", "consent.expired", "data.updated", "commitment.accepted", "commitment.due",
        "commitment.broken", "letter.received", "offer.redeemed", "keys.rotated",
    }
)  # fmt: skip
"""The contract's list, whole: a type that is not here is never sent."""


TEST = "webhook.test"
"""Beside the contract's list: an event that its receiver asked for, and that says nothing."""

_NOTE = "told"


def tell(db: Session, act: Act, type: str, client_id: str, *, grant: Grant | None = None, **ids: JSON) -> Event | None:
    """Write down that `client_id` is to be told. `grant` adds its id, its reference and the pairwise subject; `ids` come beside.

    A client is not told what it has just done itself: None then. Raises ValueError for a type that `TYPES` does not list.
    """
    if type not in TYPES:
        raise ValueError(f"no such event type: {type}")
    if act.actor == f"client:{client_id}":
        return None
    relationship = db.get(Relationship, (act.account_id, client_id))
    about: dict[str, JSON] = {"subject": relationship.subject} if relationship else {}
    if grant is not None:
        about |= {"grant_id": grant.grant_id, "client_reference": grant.client_reference}
    event = Event(
        client_id=client_id,
        event_id=secrets.token_hex(16),
        account_id=act.account_id,
        grant_id=grant.grant_id if grant else None,
        type=type,
        data=dumps({**about, **ids}).decode(),
        at=act.now,
        due_at=act.now,
    )
    db.add(event)
    note(db)
    return event


def last_word(grant: Grant, *, now: datetime) -> Event:
    """The end of a grant whose account is being deleted: nothing in it leads to the owner any more."""
    about: dict[str, JSON] = {"grant_id": grant.grant_id, "client_reference": grant.client_reference}
    return Event(
        client_id=grant.client_id, event_id=secrets.token_hex(16), type="consent.withdrawn", data=dumps(about).decode(), at=now, due_at=now
    )


def note(db: Session) -> None:
    """Note on the session that it holds an event, so that whoever commits it wakes whoever sends."""
    db.info[_NOTE] = True


def noted(db: Session) -> bool:
    """Whether an event was written since the last call; the note is taken off."""
    return bool(db.info.pop(_NOTE, False))


def payload(event: Event) -> dict[str, JSON]:
    """The event as it is listed and sent: `type`, `timestamp` and `data` (Standard Webhooks 1.0)."""
    return {"type": event.type, "timestamp": _stamp(event.at), "data": json.loads(event.data)}


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
