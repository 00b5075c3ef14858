"""What must happen while nobody is looking: grants expire, promises fall due, finished hours are counted, leftovers go.

Every act here is done again harmlessly: a second process, or a worker that was off for a year, does no double work,
because each step reads what is still open under the account's lock.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, delete, select

from app import clock
from app.auth import passkeys, sessions, throttle
from app.database import Stores
from app.exchange import clocks, mail_reminders, nearby, offers, outbox, releases, withdrawals
from app.exchange.importers import staging
from app.exchange.loose_ends import Sweeper
from app.tables import ClientToken, CommitmentClock, DeviceCode, GrantToken, IdempotentAnswer, Invitation
from consent import grants, ledger, successions, usefulness
from consent.act import Act, Signer
from consent.store import Foreseen, Grant, RefusalCount, Request
from vault import accounts
from vault.instance import InstanceKeys

PACE = timedelta(seconds=20)
BATCH = 200
IDEMPOTENT = timedelta(hours=24)
TOMBSTONE = timedelta(days=30)

log = structlog.get_logger("worker")


class Worker:
    """A thread that ticks. `tick` may as well be called by hand, with any `now`."""

    def __init__(self, stores: Stores, instance: InstanceKeys) -> None:
        self.stores, self.instance = stores, instance
        self._loose_ends = Sweeper(stores)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin ticking. What was withdrawn before a restore is withdrawn again first, however the database was put back."""
        with self.stores.main.writing() as db:
            withdrawals.apply_journal(db, self.stores.state, self.instance, now=clock.now())
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the tick at hand and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        # A process that was killed may have left in the log what it had deleted.
        for store in (self.stores.main, self.stores.state):
            store.shred()
        while not self._stop.is_set():
            try:
                self.tick(clock.now())
            except OperationalError as failed:
                log.warning("tick failed; the next one tries again", error=type(failed).__name__)
            self._stop.wait(PACE.total_seconds())

    def tick(self, now: datetime) -> None:
        """Do everything that is due at `now`."""
        self._forget(now)
        self._each(
            select(Grant.account_id, Grant.grant_id).where(col(Grant.status).in_(grants.LIVE), Grant.expires_at <= now),
            self._expire_grant,
            now,
        )
        self._each(
            select(Request.account_id, Request.request_id).where(col(Request.state).in_(grants.OPEN), Request.expires_at <= now),
            self._expire_request,
            now,
        )
        self._each(
            select(CommitmentClock.account_id, CommitmentClock.commitment_id).where(col(CommitmentClock.next_due_at) <= now), self._due, now
        )
        self._each(select(Foreseen.account_id, Foreseen.grant_id).where(col(Foreseen.due_at) <= now), self._foreseen, now)
        self._each(nearby.unnoted(now), self._note_days, now)
        hour = now.replace(minute=0, second=0, microsecond=0)
        self._each(
            select(RefusalCount.account_id, RefusalCount.account_id).where(col(RefusalCount.hour) < hour).distinct(), self._close_hours, now
        )
        self._succeed(now)
        self._loose_ends.sweep(now)
        self._sweep(now)
        self.stores.main.tidy()
        self.stores.state.tidy()

    def act(self, db: Session, account_id: str, now: datetime) -> Act:
        """The instance acting for an owner who is away; it signs with its own key and says so."""
        signer = Signer(kid=self.instance.kid, public=self.instance.signing_public, attested_by="instance", sign=self.instance.sign)
        return Act(account_id=account_id, actor="instance", now=now, seal=accounts.mailbox(db, account_id).seal, signer=signer)

    def _forget(self, now: datetime) -> None:
        # Of whoever has locked in another process, or was away for longer than the idle limit.
        for account_id in self.stores.memory.accounts():
            if not sessions.of_account(self.stores.state, account_id, now=now):
                self.stores.memory.forget(account_id)

    def _each(self, due: object, settle: Callable[[Session, str, str, datetime], None], now: datetime) -> None:
        with self.stores.main.reading() as db:
            found = list(db.exec(due.limit(BATCH)))  # type: ignore[attr-defined] # any select of two columns
        for account_id, subject in found:
            with self.stores.main.writing() as db:
                ledger.lock(db, account_id)
                settle(db, account_id, subject, now)

    def _expire_grant(self, db: Session, account_id: str, grant_id: str, now: datetime) -> None:
        grant = grants.find(db, account_id, grant_id)
        if grant is not None and grant.status in grants.LIVE and grant.expires_at <= now:
            grants.expire(db, self.act(db, account_id, now), grant)
            releases.forget(db, account_id, grant_id)
            offers.forget(db, account_id, grant_id)
            releases.destroy_after(db, self.stores.state, grant)

    def _expire_request(self, db: Session, account_id: str, request_id: str, now: datetime) -> None:
        request = db.get(Request, (account_id, request_id))
        if request is not None and request.state in grants.OPEN and request.expires_at <= now:
            grants.expire_request(db, self.act(db, account_id, now), request)

    def _due(self, db: Session, account_id: str, commitment_id: str, now: datetime) -> None:
        clock = clocks.find(db, account_id, commitment_id)
        if clock is not None:
            clocks.settle(db, self.act(db, account_id, now), clock)

    def _foreseen(self, db: Session, account_id: str, grant_id: str, now: datetime) -> None:
        usefulness.take(db, self.act(db, account_id, now), grant_id)

    def _note_days(self, db: Session, account_id: str, _subject: str, now: datetime) -> None:
        nearby.note_days(db, self.act(db, account_id, now), now=now)

    def _close_hours(self, db: Session, account_id: str, _subject: str, now: datetime) -> None:
        ledger.close_hours(db, self.act(db, account_id, now))

    def _succeed(self, now: datetime) -> None:
        with self.stores.main.reading() as db:
            found = successions.due(db, now=now, limit=BATCH)
        for account_id, client_id in found:
            with self.stores.main.writing() as db:
                ledger.lock(db, account_id)
                successions.publish(db, self.act(db, account_id, now), client_id)

    def _sweep(self, now: datetime) -> None:
        sessions.sweep(self.stores.state, now=now)
        throttle.sweep(self.stores.state, now=now)
        passkeys.sweep(self.stores.state, now=now)
        with self.stores.main.writing() as db:
            db.exec(delete(ClientToken).where(col(ClientToken.expires_at) < now))
            db.exec(delete(DeviceCode).where(col(DeviceCode.expires_at) < now - timedelta(days=1)))
            db.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.created_at) < now - IDEMPOTENT))
            db.exec(delete(Invitation).where(col(Invitation.expires_at) < now))
            db.exec(delete(GrantToken).where(col(GrantToken.gone_at) < now - TOMBSTONE))
            offers.sweep(db, now=now)
            mail_reminders.sweep(db, now=now)
            outbox.sweep(db, now=now)
            staging.sweep(db, older_than=now - timedelta(days=1))
