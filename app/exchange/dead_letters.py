"""Events that could not be delivered: how many, for which clients. The host may have them tried again, or let them go."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from app.exchange import clients
from app.tables import Client
from consent import events
from consent.store import Event


@dataclass(frozen=True)
class Backlog:
    """What waits for one client, by its own name: nothing here tells whom it concerns, or what it says."""

    client_id: str
    name: str
    host: str
    waiting: int
    retried: int
    dead: int
    closed: bool


def backlogs(db: Session) -> list[Backlog]:
    """Every client for which something waits or has been given up; those with the most dead events first."""
    waiting = _counted(db, col(Event.due_at).is_not(None))
    retried = _counted(db, col(Event.due_at).is_not(None), Event.attempts > 0)
    dead = _counted(db, Event.outcome == "dead")
    found = [
        _backlog(client, waiting[client.client_id], retried[client.client_id], dead[client.client_id])
        for client in db.exec(select(Client).where(col(Client.client_id).in_({*waiting, *dead})))
    ]
    return sorted(found, key=lambda one: (-one.dead, -one.waiting, one.name))


def retry(db: Session, client_id: str, *, now: datetime) -> int:
    """Try a client's dead events again from the start of the schedule; how many they were."""
    again = _dead_of(client_id).values(due_at=now, attempts=0, outcome="waiting")
    events.note(db)
    return int(db.exec(again.execution_options(synchronize_session=False)).rowcount)


def drop(db: Session, client_id: str) -> int:
    """Let a client's dead events go; how many they were. The client still finds them in its list."""
    return int(db.exec(_dead_of(client_id).values(outcome="dropped").execution_options(synchronize_session=False)).rowcount)


def _dead_of(client_id: str):  # type: ignore[no-untyped-def]  # the type of an update
    return update(Event).where(col(Event.client_id) == client_id, col(Event.outcome) == "dead")


def _counted(db: Session, *which):  # type: ignore[no-untyped-def]  # clauses of any kind
    counted = select(Event.client_id, func.count()).where(*which).group_by(col(Event.client_id))
    return defaultdict(int, dict(db.exec(counted).all()))


def _backlog(client: Client, waiting: int, retried: int, dead: int) -> Backlog:
    host = urlsplit(str(clients.metadata(client).get("webhook_uri", ""))).netloc
    closed = client.webhook_disabled_at is not None or client.deleted_at is not None
    return Backlog(client.client_id, client.name, host, waiting, retried, dead, closed)
