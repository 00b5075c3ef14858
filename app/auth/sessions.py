"""Sessions: an unlocked browser. They live in the state store; the cookie carries one half of the key.

The cookie holds two independent random halves, an id and a key. The row holds the account key sealed under a key derived
from the cookie's key half and the secret of the hour in which it was made. Hourly secrets are destroyed after twelve
hours, so that a stolen state store plus an old cookie opens nothing.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session as Db
from sqlmodel import col, delete, select, update

from app.database import Store
from app.state import HourlySecret, Session
from vault import cipher
from vault.envelope import Place
from vault.errors import Sealed
from vault.keyring import Keyring

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCH = timedelta(seconds=60)
HALF_WAY = timedelta(minutes=5)
HALF = 32
_FROZEN = struct.Struct(">I32s")


@dataclass(frozen=True)
class OpenSession:
    """A session whose cookie was shown. `key` never leaves this process except in that cookie."""

    id_hash: bytes
    account_id: str
    created_at: datetime
    last_seen_at: datetime
    unlocked_at: datetime
    idle_minutes: int
    key: bytes = field(repr=False)
    whole: bool = True

    @property
    def csrf(self) -> str:
        """The token that every form of this session carries; derived, so that it needs no storage."""
        return cipher.derive(self.key, b"bothways/csrf/v1").hex()

    def csrf_ok(self, token: str) -> bool:
        """Whether a form's token is this session's, in constant time."""
        return cipher.same(token.encode(), self.csrf.encode())


@dataclass(frozen=True)
class NewSession:
    """A session just made, with the cookie value that opens it."""

    session: OpenSession
    cookie: str = field(repr=False)


def start(store: Store, keyring: Keyring, *, browser: str, idle_minutes: int, now: datetime, whole: bool = True) -> NewSession:
    """Begin a session for an opened account. `browser` says which device, for the owner's list; it is sealed too.

    One that is not `whole` opens nothing but `resume_half`, for five minutes: a second factor is still to be shown.
    """
    identifier, key = cipher.random_bytes(HALF), cipher.random_bytes(HALF)
    with store.writing() as db:
        hour = _hour_secret(db, now)
        row = Session(
            id_hash=cipher.sha256(identifier),
            account_id=keyring.account_id,
            hour=hour.hour,
            wrapped=b"",
            browser=b"",
            created_at=now,
            last_seen_at=now,
            unlocked_at=now,
            idle_minutes=min(idle_minutes, int(IDLE.total_seconds() // 60)),
            whole=whole,
        )
        row.wrapped = _wrap(row, key, hour.secret, _FROZEN.pack(keyring.generation, keyring.export_amk()))
        row.browser = keyring.seal_bytes(_browser_place(row), browser[:200].encode())
        db.add(row)
    return NewSession(session=_opened(row, key), cookie=(identifier + key).hex())


def resume(store: Store, cookie: str, *, now: datetime) -> tuple[OpenSession, Keyring] | None:
    """Open the session of a cookie. None when it never was, has ended, idled out, or is twelve hours old.

    `last_seen_at` is written at most once a minute, by an update that cannot undo an ending.
    """
    opened = _open(store, cookie, now, whole=True)
    if opened is not None and now - opened[0].last_seen_at >= TOUCH:
        _touch(store, opened[0].id_hash, now)
    return opened


def resume_half(store: Store, cookie: str, *, now: datetime) -> tuple[OpenSession, Keyring] | None:
    """The session that waits for a second factor. None when it never was, has ended, or has waited for five minutes."""
    return _open(store, cookie, now, whole=False)


def _open(store: Store, cookie: str, now: datetime, *, whole: bool) -> tuple[OpenSession, Keyring] | None:
    halves = _halves(cookie)
    if halves is None:
        return None
    identifier, key = halves
    with store.reading() as db:
        row = db.get(Session, cipher.sha256(identifier))
        hour = db.get(HourlySecret, row.hour) if row else None
    if row is None or hour is None or row.whole is not whole or _over(row, now):
        return None
    try:
        generation, amk = _FROZEN.unpack(_unwrap(row, key, hour.secret))
    except Sealed:
        return None
    return _opened(row, key), Keyring(row.account_id, generation, amk)


def alive(store: Store, id_hash: bytes) -> bool:
    """Whether a session has not been ended: asked again by a request under way, once it holds the account's lock."""
    with store.reading() as db:
        return db.get(Session, id_hash) is not None


def keep_alive(store: Store, id_hash: bytes, *, now: datetime) -> bool:
    """A request that takes long is still at work: it counts as use. Tells whether the session has not been ended."""
    _touch(store, id_hash, now)
    return alive(store, id_hash)


def freshen(store: Store, id_hash: bytes, *, now: datetime) -> None:
    """The owner has shown a secret again in this session."""
    with store.writing() as db:
        db.exec(update(Session).where(col(Session.id_hash) == id_hash).values(unlocked_at=now))


def end(store: Store, id_hash: bytes, account_id: str) -> bool:
    """End one session of an account, for ever: the row is deleted and the log that held it emptied."""
    with store.writing() as db:
        ended = db.exec(delete(Session).where(col(Session.id_hash) == id_hash, col(Session.account_id) == account_id))
    store.shred()
    return bool(ended.rowcount)


def end_others(store: Store, account_id: str, *, keep: bytes | None) -> int:
    """End every session of an account, except one when `keep` names it. Returns how many ended."""
    with store.writing() as db:
        chosen = delete(Session).where(col(Session.account_id) == account_id)
        ended = db.exec(chosen if keep is None else chosen.where(col(Session.id_hash) != keep))
    store.shred()
    return int(ended.rowcount)


def of_account(store: Store, account_id: str, *, now: datetime) -> Sequence[Session]:
    """The living sessions of an account, the most recently used first."""
    with store.reading() as db:
        rows = db.exec(select(Session).where(Session.account_id == account_id).order_by(col(Session.last_seen_at).desc())).all()
    return [row for row in rows if row.whole and not _over(row, now)]


def set_idle(store: Store, account_id: str, minutes: int) -> None:
    """Apply the owner's idle limit to the sessions that are open now."""
    with store.writing() as db:
        for row in db.exec(select(Session).where(Session.account_id == account_id)):
            row.idle_minutes = min(minutes, int(IDLE.total_seconds() // 60))
            db.add(row)


def sweep(store: Store, *, now: datetime) -> None:
    """Destroy hourly secrets past twelve hours and the sessions that hang on them."""
    with store.writing() as db:
        db.exec(delete(Session).where(col(Session.created_at) < now - ABSOLUTE))
        gone = db.exec(delete(HourlySecret).where(col(HourlySecret.hour) < now - ABSOLUTE - timedelta(hours=1)))
    if gone.rowcount:
        store.shred()


def browser_of(row: Session, keyring: Keyring) -> str:
    """The device that a session of the same account was started on."""
    return keyring.open_bytes(_browser_place(row), row.browser).decode(errors="replace")


def browser_here(store: Store, session: OpenSession, keyring: Keyring) -> str:
    """The device that an open session was started on; empty when it has just been ended elsewhere."""
    with store.reading() as db:
        row = db.get(Session, session.id_hash)
    return "" if row is None else browser_of(row, keyring)


def _browser_place(row: Session) -> Place:
    return Place(table="session", kind="browser", record_id=row.id_hash.hex(), account_id=row.account_id, schema_version=1)


def _over(row: Session, now: datetime) -> bool:
    if not row.whole:
        return now - row.created_at >= HALF_WAY
    return now - row.created_at >= ABSOLUTE or now - row.last_seen_at >= timedelta(minutes=row.idle_minutes)


def _touch(store: Store, id_hash: bytes, now: datetime) -> None:
    with store.writing() as db:
        db.exec(update(Session).where(col(Session.id_hash) == id_hash).values(last_seen_at=now))


def _halves(cookie: str) -> tuple[bytes, bytes] | None:
    try:
        raw = bytes.fromhex(cookie)
    except ValueError:
        return None
    return (raw[:HALF], raw[HALF:]) if len(raw) == 2 * HALF else None


def _hour_secret(db: Db, now: datetime) -> HourlySecret:
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = db.get(HourlySecret, hour)
    if row is None:
        try:
            with db.begin_nested():
                row = HourlySecret(hour=hour, secret=cipher.random_bytes(32))
                db.add(row)
        except IntegrityError:  # another process made this hour's secret first
            row = db.exec(select(HourlySecret).where(HourlySecret.hour == hour)).one()
    return row


def _session_key(key: bytes, secret: bytes) -> bytes:
    return cipher.derive(key, b"bothways/session/v1", salt=secret)


def _bound(row: Session) -> bytes:
    return cipher.join(b"session/v1", row.id_hash, row.account_id.encode())


def _wrap(row: Session, key: bytes, secret: bytes, plain: bytes) -> bytes:
    # The key is used once: the cookie half is fresh for every session, so a fixed nonce never meets the key again.
    return cipher.seal(_session_key(key, secret), bytes(12), plain, _bound(row))


def _unwrap(row: Session, key: bytes, secret: bytes) -> bytes:
    return cipher.open_(_session_key(key, secret), bytes(12), row.wrapped, _bound(row))


def _opened(row: Session, key: bytes) -> OpenSession:
    return OpenSession(
        id_hash=row.id_hash,
        account_id=row.account_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        unlocked_at=row.unlocked_at,
        idle_minutes=row.idle_minutes,
        key=key,
        whole=row.whole,
    )
