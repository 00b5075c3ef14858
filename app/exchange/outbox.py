"""The outbox: what clients are to be told leaves from here. `consent.events` writes an event with what happened; this module
numbers it, leases it to one sender at a time, and writes down what became of each try.

Nothing here touches the network: whoever sends opens no transaction while it waits for a company's server.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, func, or_
from sqlmodel import Session, col, delete, select, update

from app import clock
from app.exchange import clients
from app.tables import Client, Delivery
from consent import events, grants, ledger
from consent.errors import NoLedger
from consent.store import Event, Grant

LEASE: Final = timedelta(seconds=60)
LEAVING: Final = timedelta(seconds=2)
RETENTION: Final = timedelta(days=30)
BATCH: Final = 500

ENDS: Final = frozenset({"consent.withdrawn", "consent.expired"})
# What may still be said after the end of a consent: that it ended, and what the client still owes and may still answer.
AFTER_THE_END: Final = ENDS | {"letter.received", "commitment.due", "commitment.broken"}
# About a request, which has no grant yet.
OF_A_REQUEST: Final = frozenset({"consent.refused", "consent.countered"})


@dataclass(frozen=True)
class Leased:
    """An event that is this sender's to send until the lease runs out."""

    event: Event
    client: Client
    lease: str


def number(db: Session, client_id: str) -> int:
    """Give every committed event of a client its place in the list; how many got one.

    The client's row is the lock. Under it this reads what has been committed by now, so whatever is committed later gets a
    later place: a reader that has seen number n has seen all before it, however long some transaction took to commit.
    Events of a client that nobody can call settle here, and stay listed.
    """
    held = update(Client).where(col(Client.client_id) == client_id).values(events_told=Client.events_told)
    db.exec(held.execution_options(synchronize_session=False))
    client = db.get(Client, client_id, populate_existing=True)
    if client is None:
        return 0
    waiting = select(Event).where(Event.client_id == client_id, col(Event.number).is_(None))
    found = db.exec(waiting.order_by(col(Event.at), col(Event.event_id)).limit(BATCH)).all()
    for event in found:
        client.events_told += 1
        event.number = client.events_told
        if not callable_(client):
            event.due_at, event.outcome = None, "listed"
        db.add(event)
    db.add(client)
    db.flush()
    return len(found)


@dataclass(frozen=True)
class Page:
    """Events for a client that asks; `more` is the id after which to ask on, if there may be more."""

    events: list[Event]
    more: str | None


def page(db: Session, client_id: str, *, after: str, limit: int) -> Page:
    """A client's events from `after` on, by their number, without those that may not be told any more."""
    seen = select(Event.number).where(Event.client_id == client_id, Event.event_id == after)
    place = (db.exec(seen).first() if after else None) or 0
    listed = select(Event).where(Event.client_id == client_id, col(Event.number) > place).order_by(col(Event.number))
    found = list(db.exec(listed.limit(limit + 1)))
    now_held = found[:limit]
    ids = {event.grant_id for event in now_held if event.grant_id is not None}
    of_page = {grant.grant_id: grant for grant in db.exec(select(Grant).where(Grant.client_id == client_id, col(Grant.grant_id).in_(ids)))}
    told = [event for event in now_held if (may_tell(event, of_page.get(event.grant_id)) if event.grant_id else tellable(db, event))]
    return Page(told, now_held[-1].event_id if len(found) > limit else None)


def has_new(db: Session, client_id: str) -> bool:
    """Whether a client has events without a place in its list yet."""
    return db.exec(select(Event.event_id).where(Event.client_id == client_id, col(Event.number).is_(None)).limit(1)).first() is not None


def unnumbered(db: Session) -> list[str]:
    """The clients with events that have no place yet."""
    return list(db.exec(select(Event.client_id).where(col(Event.number).is_(None)).distinct().limit(BATCH)))


def callable_(client: Client) -> bool:
    """Whether there is a webhook to call."""
    return client.deleted_at is None and client.webhook_disabled_at is None and "webhook_uri" in clients.metadata(client)


def due(db: Session, *, now: datetime, but: Sequence[str] = (), limit: int = 50) -> list[tuple[str, str]]:
    """The oldest event (client, event) of each client that waits to be sent, without the clients in `but`."""
    free = or_(col(Event.leased_until).is_(None), col(Event.leased_until) <= now)
    first = func.min(col(Event.number))
    of_each = (
        select(Event.client_id, first)
        .where(col(Event.due_at) <= now, free, col(Event.number).is_not(None), col(Event.client_id).not_in(but))
        .group_by(col(Event.client_id))
        .order_by(func.min(col(Event.due_at)))
        .limit(limit)
    )
    found = []
    for client_id, place in db.exec(of_each).all():
        event = select(Event.event_id).where(Event.client_id == client_id, Event.number == place)
        found.append((client_id, db.exec(event).one()))
    return found


def next_due(db: Session, *, but: Sequence[str] = ()) -> datetime | None:
    """When the next event can be taken; one that is leased, when its lease runs out. Without the clients in `but`."""
    can = func.min(func.coalesce(col(Event.leased_until), col(Event.due_at)))
    open_ = select(can).where(col(Event.due_at).is_not(None), col(Event.number).is_not(None), col(Event.client_id).not_in(but))
    found: datetime | None = db.exec(open_).one()
    return found


def lease(db: Session, client_id: str, event_id: str, *, now: datetime) -> Leased | None:
    """Take an event to send it. None when another sender has it, or it is settled, or there is nothing to say any more."""
    token = secrets.token_hex(16)
    free = or_(col(Event.leased_until).is_(None), col(Event.leased_until) <= now)
    taken = (
        update(Event)
        .where(col(Event.client_id) == client_id, col(Event.event_id) == event_id, col(Event.due_at) <= now, free)
        .values(lease=token, leased_until=now + LEASE)
    )
    if db.exec(taken.execution_options(synchronize_session=False)).rowcount != 1:
        return None
    event = db.get_one(Event, (client_id, event_id), populate_existing=True)
    client = db.get(Client, client_id)
    if client is None or not callable_(client):
        settle(event, "listed")
    elif not tellable(db, event):
        settle(event, "dropped")
    else:
        return Leased(event, client, token)
    db.add(event)
    return None


def leave(db: Session, leased: Leased, *, now: datetime) -> bool:
    """The last look, on the connection that stands already: whether the event may still go, under the account's lock.

    From here until `left` a withdrawal of its consent waits (at most `LEAVING`): what goes out has gone before its answer.
    """
    if leased.event.account_id is not None:
        try:
            ledger.lock(db, leased.event.account_id)
        except NoLedger:  # the account is gone
            return False
    event = mine(db, leased)
    if event is None or not tellable(db, event):
        return False
    event.leaving_until = now + LEAVING
    db.add(event)
    return True


def left(db: Session, leased: Leased) -> None:
    """All of it was handed to the network."""
    gone = update(Event).where(*_held(leased)).values(leaving_until=None)
    db.exec(gone.execution_options(synchronize_session=False))


def wait_until_quiet(bind: Engine | Connection, account_id: str, grant_id: str) -> None:
    """After a withdrawal was committed and before it is answered: wait until nothing of the grant is on the wire any more."""
    while True:
        with Session(bind.execution_options(write=False)) as db:
            if not in_flight(db, account_id, grant_id, now=clock.now()):
                return
        time.sleep(0.005)


def in_flight(db: Session, account_id: str, grant_id: str, *, now: datetime) -> bool:
    """Whether an event of this grant is being handed to the network at this instant."""
    leaving = select(Event.event_id).where(Event.account_id == account_id, Event.grant_id == grant_id, col(Event.leaving_until) > now)
    return db.exec(leaving.limit(1)).first() is not None


def tellable(db: Session, event: Event) -> bool:
    """Whether an event may be told as things stand now: of a grant that has ended, its end and what the owner says since."""
    if event.account_id is None:
        return True
    if event.grant_id is None:
        return event.type in OF_A_REQUEST | AFTER_THE_END or _live(db, event.account_id, event.client_id)
    grant = db.get(Grant, (event.account_id, event.grant_id), populate_existing=True)
    return may_tell(event, grant)


def may_tell(event: Event, grant: Grant | None) -> bool:
    """The rule of `tellable`, for an event about `grant`."""
    return grant is not None and (grant.status in grants.LIVE or event.type in AFTER_THE_END)


def _live(db: Session, account_id: str, client_id: str) -> bool:
    of_client = select(Grant.grant_id).where(Grant.account_id == account_id, Grant.client_id == client_id)
    return db.exec(of_client.where(col(Grant.status).in_(grants.LIVE)).limit(1)).first() is not None


def try_out(db: Session, client_id: str, *, now: datetime) -> Event:
    """An event that says nothing, so that a developer can try the receiving end."""
    event = Event(client_id=client_id, event_id=secrets.token_hex(16), type=events.TEST, data="{}", at=now, due_at=now)
    db.add(event)
    events.note(db)
    return event


def erase(db: Session, account_id: str, *, now: datetime) -> None:
    """An account is deleted: its events go, and each client that held a live consent is told its end, with nothing of the owner.

    What stays of it is the client's own: the id of the grant and the reference it gave.
    """
    of_account = select(Event.event_id).where(Event.account_id == account_id)
    db.exec(delete(Delivery).where(col(Delivery.event_id).in_(of_account)).execution_options(synchronize_session=False))
    db.exec(delete(Event).where(col(Event.account_id) == account_id).execution_options(synchronize_session=False))
    for grant in db.exec(select(Grant).where(Grant.account_id == account_id, col(Grant.status).in_(grants.LIVE))):
        db.add(events.last_word(grant, now=now))
        events.note(db)


def sweep(db: Session, *, now: datetime) -> None:
    """Erase what is older than thirty days and settled."""
    old = now - RETENTION
    db.exec(delete(Event).where(col(Event.at) < old, col(Event.due_at).is_(None), col(Event.number).is_not(None)))
    db.exec(delete(Delivery).where(col(Delivery.at) < old))


def settle(event: Event, outcome: str) -> None:
    """Nothing more is to be tried."""
    event.due_at = event.lease = event.leased_until = event.leaving_until = None
    event.outcome = outcome


def _held(leased: Leased) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Event.client_id) == leased.event.client_id,
        col(Event.event_id) == leased.event.event_id,
        col(Event.lease) == leased.lease,
    )


def mine(db: Session, leased: Leased) -> Event | None:
    """The event, locked, while the lease is still this sender's."""
    held = select(Event).where(*_held(leased)).with_for_update().execution_options(populate_existing=True)
    return db.exec(held).first()
