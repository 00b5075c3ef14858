"""Location offers: what a client leaves here, tied to a place, until its owner comes by; and the code by which it is redeemed.

Statements only, so that the intake can run them inside whatever transaction it keeps.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, Protocol, TypeAlias

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlmodel import Session, col

from app.tables import Message, Offer, Redemption
from consent import events, grants, ledger
from consent.act import Act
from consent.decision import Refused
from consent.places import Area, text_of
from vault import shredding
from vault.instance import InstanceKeys

PURPOSE: Final = "offer"
"""What an offer's words are sealed for, to the owner's mailbox."""

KIND: Final = "location_offer"

SHARE: Final = 50
"""Open offers of one grant. Whoever has as many is told so: it learns of its own offers only."""

OPEN: Final = 1000
"""Open offers of one owner, which is what a fix is compared with."""

LONGEST: Final = timedelta(days=90)
"""How long an offer can stay open, from when it comes."""

KEPT: Final = timedelta(days=30)
"""How long an offer that is over waits for its owner to unlock and find that it had matched."""

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", " -")
_CODE = 12

Db: TypeAlias = Session | Connection


class Holder(Protocol):
    """What an offer hangs on: a grant, or a client calling about one."""

    @property
    def account_id(self) -> str:
        """Whose offer it is."""

    @property
    def grant_id(self) -> str:
        """The permission by which it came."""

    @property
    def client_id(self) -> str:
        """Who left it."""


@dataclass(frozen=True)
class Offered:
    """What makes a message a location offer: where it holds, from when, and the code of which only a MAC is kept."""

    area: Area = field(repr=False)
    valid_from: datetime
    valid_until: datetime
    code: str = field(repr=False)
    code_hash: bytes = field(repr=False)


def prepare(instance: InstanceKeys, area: Area, *, valid_from: datetime, valid_until: datetime) -> Offered:
    """Make the code, before any transaction. Sixty random bits, which only the instance can tell apart."""
    letters = "".join(secrets.choice(LETTERS) for _letter in range(_CODE))
    code = "-".join(letters[start : start + 4] for start in range(0, _CODE, 4))
    return Offered(area, valid_from, valid_until, code, code_hash(instance, code))


def code_hash(instance: InstanceKeys, typed: str) -> bytes:
    """What stands in the database for a code: any case, spaces and dashes, O for 0, I or L for 1. Keyed, so that a thief of the
    database cannot try out codes."""
    return instance.mac("redemption", typed.strip().upper().translate(_READ_AS).encode())


def full(db: Db, grant: Holder, *, now: datetime) -> Refused | None:
    """The refusal that a grant gets while it has its share of open offers. It says when the first of them is over."""
    ends = col(Offer.valid_until)
    mine = select(ends).where(col(Offer.account_id) == grant.account_id, col(Offer.grant_id) == grant.grant_id, ends > now)
    found = list(db.execute(mine.order_by(ends).limit(SHARE)).scalars())
    if len(found) < SHARE:
        return None
    return Refused("over-frequency", "share", max(1, ceil((found[0] - now).total_seconds())))


def put(db: Db, grant: Holder, message_id: str, offered: Offered, sealed: bytes, *, now: datetime) -> None:
    """Leave an offer whose Message row is there. Beyond `OPEN` one of the grant with most gives way; nobody is told.

    A refusal would tell a client that others have left offers here.
    """
    _make_room(db, grant.account_id, now=now)
    bounds = offered.area.bounds
    db.execute(
        insert(Offer).values(
            account_id=grant.account_id,
            message_id=message_id,
            grant_id=grant.grant_id,
            **bounds._asdict(),
            area=text_of(offered.area),
            valid_from=offered.valid_from,
            valid_until=offered.valid_until,
            sealed=sealed,
        )
    )
    code: dict[str, Any] = {"account_id": grant.account_id, "message_id": message_id, "client_id": grant.client_id, "redeemed_at": None}
    db.execute(insert(Redemption).values(code_hash=offered.code_hash, **code))


def take_back(db: Session, account_id: str, message_id: str) -> None:
    """An offer that its client took back: it reaches nobody any more, and its code is worth nothing."""
    gone = (col(Offer.account_id) == account_id, col(Offer.message_id) == message_id)
    db.execute(delete(Offer).where(*gone))
    unused = (col(Redemption.account_id) == account_id, col(Redemption.message_id) == message_id, col(Redemption.redeemed_at).is_(None))
    db.execute(delete(Redemption).where(*unused))
    shredding.mark(db, "offer")


def forget(db: Session, account_id: str, grant_id: str) -> None:
    """The offers of a permission that has ended reach nobody any more. The codes of those that did stay good: ending a
    permission must cost the owner nothing."""
    db.execute(delete(Offer).where(col(Offer.account_id) == account_id, col(Offer.grant_id) == grant_id))
    shredding.mark(db, "offer")


def sweep(db: Session, *, now: datetime) -> None:
    """Forget offers that are long over."""
    if db.connection().execute(delete(Offer).where(col(Offer.valid_until) <= now - KEPT)).rowcount:
        shredding.mark(db, "offer")


def redeemed_at(db: Db, account_id: str, message_id: str) -> datetime | None:
    """When the code of an offer was redeemed, if it was."""
    found = select(col(Redemption.redeemed_at)).where(col(Redemption.account_id) == account_id, col(Redemption.message_id) == message_id)
    return db.execute(found).scalar_one_or_none()


@dataclass(frozen=True)
class Redeemed:
    """A code that was good, and is spent now."""

    account_id: str
    message_id: str
    grant_id: str


def owner_of(db: Db, client_id: str, hashed: bytes) -> str | None:
    """The account that a client's own code leads to."""
    mine = select(col(Redemption.account_id)).where(col(Redemption.code_hash) == hashed, col(Redemption.client_id) == client_id)
    return db.execute(mine).scalar_one_or_none()


def redeem(db: Session, client_id: str, hashed: bytes, act_of: Callable[[str], Act], *, now: datetime) -> Redeemed | None:
    """Spend a code, once, while its offer holds. None for every other code, whatever is wrong with it.

    The account's lock is taken here: of two tills one finds the code good.
    """
    account_id = owner_of(db, client_id, hashed)
    if account_id is None:
        return None
    ledger.lock(db, account_id)
    unspent = (col(Redemption.code_hash) == hashed, col(Redemption.redeemed_at).is_(None))
    holds = (
        select(Message)
        .join(Redemption, (col(Redemption.account_id) == col(Message.account_id)) & (col(Redemption.message_id) == col(Message.message_id)))
        .where(*unspent, col(Message.taken_back_at).is_(None), col(Message.valid_until) > now)
    )
    message = db.execute(holds).scalar_one_or_none()
    if message is None or not db.connection().execute(update(Redemption).where(*unspent).values(redeemed_at=now)).rowcount:
        return None
    act = act_of(account_id)
    ids = {"message_id": message.message_id}
    ledger.append(db, act, "offer.redeemed", {**ids, "grant_id": message.grant_id, "client_id": client_id})
    events.tell(
        db, Act(account_id, "owner", now, act.seal), "offer.redeemed", client_id, grant=grants.find(db, account_id, message.grant_id), **ids
    )
    return Redeemed(account_id, message.message_id, message.grant_id)


def _make_room(db: Db, account_id: str, *, now: datetime) -> None:
    mine = (col(Offer.account_id) == account_id, col(Offer.valid_until) > now)
    if db.execute(select(func.count()).select_from(Offer).where(*mine)).scalar_one() < OPEN:
        return
    held = func.count().label("held")
    most = select(col(Offer.grant_id), held).where(*mine).group_by(col(Offer.grant_id)).order_by(held.desc(), col(Offer.grant_id)).limit(1)
    grant_id = db.execute(most).first()
    assert grant_id is not None, "a thousand offers have come by some grant"
    first = select(col(Offer.message_id)).where(*mine, col(Offer.grant_id) == grant_id[0]).order_by(col(Offer.valid_until)).limit(1)
    db.execute(delete(Offer).where(col(Offer.account_id) == account_id, col(Offer.message_id) == first.scalar_subquery()))
