"""A client asks for consent: the request goes to the addressed inbox, or waits for an owner to enter its user code.

What leads nowhere (an unknown or closed address, an owner who does not let this client ask, a grant of somebody else) gets a
blank row, so that nothing in the answer, nor in what follows, tells it from a request that an owner has not decided yet.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session, col

from app.exchange import addresses
from app.exchange.tokens import PREFIX, hashed, make, own_grant
from app.tables import Address, DeviceCode
from consent import asking as consent_asking
from consent import grants
from consent.act import Act
from consent.store import Grant, Request
from consent.terms import Terms, canonical, parse
from vault import accounts
from vault.cipher import hpke_keypair
from vault.instance import InstanceKeys
from vault.mailbox import Mailbox

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
USER_CODE_LENGTH = 8
ADDRESSED_LIFE, ADDRESSED_INTERVAL = timedelta(days=14), 60
TYPED_LIFE, TYPED_INTERVAL = timedelta(minutes=10), 5
SLOW_DOWN = 5


@dataclass(frozen=True)
class Asked:
    """What the client is told: the codes (kept only as hashes here), and how long and how often it may ask back."""

    device_code: str
    user_code: str
    request_id: str
    expires_in: int
    interval: int


@dataclass(frozen=True)
class Question:
    """What a client asks. `login_hint` is a handle; `grant_id` a grant that it wants to change or renew."""

    client_id: str
    terms: Terms
    login_hint: str | None = None
    client_reference: str | None = None
    grant_id: str | None = None


def ask(db: Session, instance: InstanceKeys, question: Question, *, now: datetime) -> Asked:
    """Put a question where it belongs.

    With a `login_hint` it stands in that owner's inbox and its user code opens nowhere. Without, an owner has ten minutes
    to enter the user code. A `grant_id` counts only when the grant is this client's, and with a `login_hint` the same owner's.
    """
    addressed = question.login_hint is not None
    life, interval = (ADDRESSED_LIFE, ADDRESSED_INTERVAL) if addressed else (TYPED_LIFE, TYPED_INTERVAL)
    grant = _own_grant(db, question)
    stray = question.grant_id is not None and grant is None
    address = addresses.by_handle(db, question.login_hint, now=now) if question.login_hint is not None else None
    account_id = address.account_id if address and not stray and (grant is None or grant.account_id == address.account_id) else None
    away = account_id is not None and not consent_asking.lets_ask(db, account_id, question.client_id)
    account_id = None if away else account_id
    request_id, device_code, user_code = secrets.token_hex(16), make(PREFIX.device), _free_user_code(db, instance)
    db.add(
        DeviceCode(
            code_hash=hashed(device_code),
            user_code_hash=user_code_hash(instance, user_code),
            client_id=question.client_id,
            request_id=request_id,
            account_id=account_id,
            claimable=not addressed and not stray,
            details="" if account_id else canonical(question.terms).decode(),
            client_reference=question.client_reference,
            grant_id=question.grant_id,
            created_at=now,
            expires_at=now + life,
            interval=interval,
        )
    )
    if account_id and address:
        _receive(db, question, request_id, address=address, now=now, expires_at=now + life)
    elif address and away:
        _turn_away(db, question, request_id, address=address, now=now)
    elif addressed:
        _as_much_work(question)
    db.flush()
    return Asked(device_code, user_code, request_id, int(life.total_seconds()), interval)


def waiting(db: Session, instance: InstanceKeys, user_code: str, *, now: datetime) -> DeviceCode | None:
    """The question behind a user code that an owner has typed, while nobody has claimed it."""
    return db.execute(
        select(DeviceCode).where(
            col(DeviceCode.user_code_hash) == user_code_hash(instance, user_code),
            col(DeviceCode.claimable).is_(True),
            col(DeviceCode.account_id).is_(None),
            col(DeviceCode.expires_at) > now,
        )
    ).scalar_one_or_none()


def claim(db: Session, act: Act, instance: InstanceKeys, user_code: str) -> Request | None:
    """An owner enters a user code: the question becomes a request in that owner's inbox, once.

    None when the code opens nothing: unknown, expired, already claimed, addressed to somebody, or about another owner's grant.
    """
    row = waiting(db, instance, user_code, now=act.now)
    if row is None or (row.grant_id and not _renewable(db, act.account_id, row.grant_id)):
        return None
    # The condition decides a race between two owners; whoever comes second changes no row.
    taken = db.execute(
        update(DeviceCode)
        .where(col(DeviceCode.code_hash) == row.code_hash, col(DeviceCode.account_id).is_(None))
        .values(account_id=act.account_id, claimable=False, details="")
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult, which has it
        return None
    return grants.receive(
        db,
        act,
        request_id=row.request_id,
        client_id=row.client_id,
        address_id=None,
        details=parse(json.loads(row.details), now=act.now),
        client_reference=row.client_reference,
        grant_id=row.grant_id,
        expires_at=row.expires_at,
    )


def _renewable(db: Session, account_id: str, grant_id: str) -> bool:
    grant = grants.find(db, account_id, grant_id)
    return grant is not None and grant.status in grants.RENEWABLE


def user_code_hash(instance: InstanceKeys, user_code: str) -> bytes:
    """Keyed, because 34 bits could be tried out against a stolen table. Case, blanks and hyphens do not matter."""
    plain = "".join(letter for letter in user_code.upper() if letter in ALPHABET)
    return instance.mac("user code", plain.encode())


def _own_grant(db: Session, question: Question) -> Grant | None:
    grant = own_grant(db, question.client_id, question.grant_id) if question.grant_id else None
    return grant if grant and grant.status in grants.RENEWABLE else None


def _receive(db: Session, question: Question, request_id: str, *, address: Address, now: datetime, expires_at: datetime) -> None:
    grants.receive(
        db,
        _act(db, question, address.account_id, now=now),
        request_id=request_id,
        client_id=question.client_id,
        address_id=address.address_id,
        details=question.terms,
        client_reference=question.client_reference,
        grant_id=question.grant_id,
        expires_at=expires_at,
    )


def _turn_away(db: Session, question: Question, request_id: str, *, address: Address, now: datetime) -> None:
    """The owner lets this client not ask: a line in the owner's history, and for the client a blank row."""
    act = _act(db, question, address.account_id, now=now)
    consent_asking.turn_away(db, act, request_id=request_id, client_id=question.client_id, address_id=address.address_id)


def _act(db: Session, question: Question, account_id: str, *, now: datetime) -> Act:
    return Act(account_id=account_id, actor=f"client:{question.client_id}", now=now, seal=accounts.mailbox(db, account_id).seal)


def _as_much_work(question: Question) -> None:
    """What a known address costs most, a sealing, is done here too, to nobody. The rest is levelled by the door's clock."""
    nobody = Mailbox(account_id="0" * 32, key_id="0" * 16, public=hpke_keypair()[1])
    nobody.seal("ledger", ("0" * 32, "0"), canonical(question.terms))


def _free_user_code(db: Session, instance: InstanceKeys) -> str:
    while True:
        letters = "".join(secrets.choice(ALPHABET) for _ in range(USER_CODE_LENGTH))
        hashed_code = user_code_hash(instance, letters)
        taken = db.execute(select(col(DeviceCode.code_hash)).where(col(DeviceCode.user_code_hash) == hashed_code)).first()
        if taken is None:
            return f"{letters[:4]}-{letters[4:]}"
