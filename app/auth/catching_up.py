"""Once the account is open: what waited sealed for its owner moves in, and releases are put in order."""

from datetime import datetime

import structlog
from sqlmodel import Session

from app.auth import sessions
from app.auth.owner import Owner, locked
from app.auth.profiles import profile_of
from app.auth.sessions import OpenSession
from app.database import Stores
from app.errors import NotUnlocked
from app.exchange import arrivals, marks, releases, reminders
from app.exchange.releases import Hand
from consent.act import Act
from vault import accounts
from vault.errors import Sealed
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.resealing import remember

log = structlog.get_logger("catching up")


def catch_up(stores: Stores, instance: InstanceKeys, cookie: str, *, now: datetime) -> None:
    """Do it for the session that this cookie opens. A record that was tampered with must not keep its owner out: then it is left."""
    opened = sessions.resume(stores.state, cookie, now=now)
    if opened is None:
        return
    try:
        _catch_up(stores, instance, opened, now)
    except Sealed:
        log.warning("a sealed value does not open; what waited stays where it is")
    except NotUnlocked:
        log.info("the session has ended meanwhile; what waited stays where it is")


def hand_of(owner: Owner) -> Hand:
    """The hand that seals for an unlocked owner inside a form's transaction."""
    return _hand(owner.db, owner.stores, owner.instance, owner.keyring, owner.act(), now=owner.now)


def _catch_up(stores: Stores, instance: InstanceKeys, opened: tuple[OpenSession, Keyring], now: datetime) -> None:
    session, keyring = opened
    account_id = keyring.account_id
    with locked(stores, session, now=now) as db:
        remember(db, keyring)
        arrivals.collect(db, keyring, accounts.open_mailbox(db, keyring), now=now)
        act = Act(account_id=account_id, actor="owner", now=now, seal=accounts.mailbox(db, account_id).seal)
        releases.freshen(_hand(db, stores, instance, keyring, act, now=now))
        reminders.renew(db, keyring, lambda: profile_of(db, keyring), instance, now=now)


def _hand(db: Session, stores: Stores, instance: InstanceKeys, keyring: Keyring, act: Act, *, now: datetime) -> Hand:
    frozen = marks.held(db, stores.state, keyring.account_id)
    return Hand(db=db, state=stores.state, instance=instance, keyring=keyring, act=act, now=now, frozen=frozen)
