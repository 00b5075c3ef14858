"""A fix arrives: compared with the open areas of its owner, and forgotten.

Nothing of it is stored or logged. Private zones come first: who is in one is nowhere. No match writes nothing; a match writes
one row sealed to the owner, with a random id and no time finer than a day, and a marker against delivering the offer again.
Nothing that a client can see hangs on any of this.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Integer,
    LargeBinary,
    String,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col

from app.database import Stores
from app.exchange import marks, tokens, zones
from app.exchange.zones import Opened
from app.tables import Device, Offer, OfferMarker, OfferMatch, Zones
from app.tables.offers import NARROW, WIDE
from consent import ledger, pausing
from consent.act import Act
from consent.canonical import dumps
from consent.places import Fix, load
from consent.places.rings import HALF
from consent.statements import Statement
from consent.store import Grant
from vault import accounts, capabilities
from vault.errors import Sealed
from vault.mailbox import Mailbox

PURPOSE: Final = "offer match"
"""What a match is sealed for, to the owner's mailbox."""

FRESH: Final = timedelta(minutes=5)
"""An older fix says where the owner was, not where the owner is."""

COARSEST_M: Final = 5_000
"""A fix that may be wrong by more says nothing about a place."""

DELIVERIES: Final = 20
"""Offers that reach one owner in one day (UTC). No client hears of it."""

_area = lru_cache(maxsize=4096)(load)
"""The areas of offers only: they are the clients' and stand in the clear, and every fix asks for them again."""


@dataclass(frozen=True)
class Seen:
    """A fix, and when it was taken."""

    fix: Fix
    at: datetime

    def counts(self, now: datetime) -> bool:
        """Whether it is fresh and fine enough to say where the owner is."""
        return abs(now - self.at) <= FRESH and self.fix.accuracy_m <= COARSEST_M


@dataclass(frozen=True)
class Phone:
    """A device that showed its token: whose it is, the zones that it opened, and the offers whose bounds hold the fix."""

    opened: Opened
    device_id: str
    around: tuple[str, ...]


def phone(db: Connection, token: str, seen: Seen | None, *, now: datetime) -> Phone | None:
    """Whose device this is, and what lies around the fix, by one statement; None for an unknown token."""
    # Without a fix the same statement looks where nothing can be.
    x, y = seen.fix.point if seen else (0, 1 << 30)
    rows = _ARRIVING.rows(db, {"token_hash": tokens.hashed(token), "x": x, "y": y})
    if not rows:
        return None
    account_id, device_id, wrapped, projection = rows[0][:4]
    try:
        key = capabilities.open_(token.encode(), zones.KEY, account_id, wrapped, context=device_id)
        opened = Opened(account_id, key, zones.read(key, account_id, projection))
    except Sealed:
        return None
    return Phone(opened, device_id, tuple(row[4] for row in rows if row[4] is not None))


def around(db: Session, opened: Opened, fix: Fix) -> tuple[str, ...]:
    """The open offers of an account whose bounds hold a fix."""
    x, y = fix.point
    return tuple(row[0] for row in _AROUND.rows(db.connection(), {"account_id": opened.account_id, "x": x, "y": y}))


def matches(db: Connection, opened: Opened, nearby: Sequence[str], fix: Fix, *, now: datetime) -> list[str]:
    """The offers among `nearby` whose area holds the fix, which hold now, and which have not reached the owner before."""
    if any(zone.hides(fix) for zone in opened.zones) or not nearby:
        return []
    mine = col(Offer.account_id) == opened.account_id
    given = (col(Grant.account_id) == col(Offer.account_id)) & (col(Grant.grant_id) == col(Offer.grant_id))
    holding = (
        select(col(Offer.message_id), col(Offer.area))
        .join(Grant, given)
        .where(mine, col(Offer.message_id).in_(nearby), col(Offer.valid_from) <= now, col(Offer.valid_until) > now)
        .where(col(Grant.status) == "given", col(Grant.expires_at) > now)
    )
    inside = {opened.marker(message_id): message_id for message_id, area in db.execute(holding) if _area(area).contains(fix)}
    known = select(col(OfferMarker.marker)).where(col(OfferMarker.account_id) == opened.account_id, col(OfferMarker.marker).in_(inside))
    before = set(db.execute(known).scalars()) if inside else set()
    return [message_id for marker, message_id in inside.items() if marker not in before]


def arrived(stores: Stores, found: Phone, fix: Fix, *, now: datetime) -> None:
    """What a fix of a phone brings about. The second look is under the account's lock, where nothing changes any more."""
    with stores.main.engine.connect() as connection:
        new = matches(connection, found.opened, found.around, fix, now=now)
    if not new:
        return
    with stores.main.writing() as db:
        ledger.lock(db, found.opened.account_id)
        deliver(db, stores, found.opened, matches(db.connection(), found.opened, new, fix, now=now), now=now)


def deliver(db: Session, stores: Stores, opened: Opened, message_ids: Sequence[str], *, now: datetime) -> int:
    """Write down that offers have reached the owner, under the account's lock; how many. Not while everything is paused or held."""
    account_id, today = opened.account_id, now.astimezone(UTC).date()
    if not message_ids or pausing.paused(db, account_id) or marks.held(db, stores.state, account_id):
        return 0
    so_far = select(func.count()).where(col(OfferMarker.account_id) == account_id, col(OfferMarker.day) == today)
    left = max(0, DELIVERIES - int(db.execute(so_far).scalar_one()))
    mailbox = accounts.mailbox(db, account_id)
    for message_id in message_ids[:left]:
        db.execute(insert(OfferMarker).values(account_id=account_id, marker=opened.marker(message_id), day=today))
        db.execute(insert(OfferMatch).values(_match(mailbox, message_id, today)))
    return len(message_ids[:left])


def note_days(db: Session, act: Act, *, now: datetime) -> int:
    """The ledger's entry for each finished day on which offers reached the owner; how many entries. Under the account's lock."""
    mine, today = col(OfferMarker.account_id) == act.account_id, now.astimezone(UTC).date()
    by_day = select(col(OfferMarker.day), func.count()).where(mine, col(OfferMarker.day) < today).group_by(col(OfferMarker.day))
    days = sorted((row[0], int(row[1])) for row in db.execute(by_day))
    for day, count in days:
        ledger.append(db, act, "offer.matched", {"day": day.isoformat(), "offers": count})
    db.execute(update(OfferMarker).where(mine, col(OfferMarker.day) < today).values(day=None))
    return len(days)


def unnoted(now: datetime) -> Any:
    """The accounts whose finished days have no entry yet, as a select of two columns for the worker."""
    today = now.astimezone(UTC).date()
    return select(col(OfferMarker.account_id), col(OfferMarker.account_id)).where(col(OfferMarker.day) < today).distinct()


def open_match(opened: bytes) -> str:
    """Which offer a match says has reached the owner."""
    return str(json.loads(opened)["message_id"])


def _match(mailbox: Mailbox, message_id: str, day: date) -> dict[str, Any]:
    match_id = secrets.token_hex(16)
    sealed = mailbox.seal(PURPOSE, (match_id,), dumps({"message_id": message_id}))
    return {"account_id": mailbox.account_id, "match_id": match_id, "day": day, "sealed": sealed}


_WEST, _SOUTH, _EAST, _NORTH = (col(getattr(Offer, name)) for name in ("west", "south", "east", "north"))
_X, _Y = bindparam("x", type_=Integer()), bindparam("y", type_=Integer())


def _narrow() -> ColumnElement[bool]:
    """A narrow box holds the point: it begins in the neighbourhood, and nothing beyond is looked at."""
    begins = (_X - NARROW <= _WEST) & (_WEST <= _X)
    return begins & (_EAST >= _X) & (_EAST - NARROW <= _WEST) & (_SOUTH <= _Y) & (_Y <= _NORTH)


def _wide() -> ColumnElement[bool]:
    """A wide box holds the point; one whose west lies east of its east goes over the antimeridian."""
    across = case((_WEST <= _EAST, (_WEST <= _X) & (_X <= _EAST)), else_=(_WEST <= _X) | (_X <= _EAST))
    # The second holds for every box. It leads SQLite to the index of the bounds, where it would take any that begins with the account
    # and then look up each row.
    return and_(text(f"({WIDE})"), _WEST >= -HALF, _SOUTH <= _Y, _Y <= _NORTH, across)


def _arriving() -> Any:
    mine, of_account = col(Zones.account_id) == col(Device.account_id), col(Offer.account_id) == col(Device.account_id)
    wanted = [col(one) for one in (Device.account_id, Device.device_id, Device.wrapped, Zones.projection, Offer.message_id)]
    known = col(Device.token_hash) == bindparam("token_hash", type_=LargeBinary())
    device = select(*wanted).select_from(Device).join(Zones, mine).where(known)
    return union_all(device.join(Offer, of_account & _narrow(), isouter=True), device.join(Offer, of_account & _wide()))


def _around() -> Any:
    offers = select(col(Offer.message_id)).where(col(Offer.account_id) == bindparam("account_id", type_=String()))
    return union_all(offers.where(_narrow()), offers.where(_wide()))


_ARRIVING = Statement(_arriving)
_AROUND = Statement(_around)
