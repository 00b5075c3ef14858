"""What leaves: events to companies' webhooks, the fetching of keys they keep at an address of their own, reminders to owners.

One thread looks, a few send. A company that answers slowly holds one of the senders, and never two; while a sender waits for
the network it holds no transaction. Another process of the same instance may do the same at the same time: leases tell
them apart.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.database import Stores
from app.exchange import deliveries, key_addresses, outbox, webhooks
from app.exchange.outbound import Failed, Outbound, Watch
from app.exchange.outbox import Leased
from app.mailing import Reminding
from vault.instance import InstanceKeys

SENDERS = 8
PACE = timedelta(seconds=20)
"""How long the thread sleeps at most: events of other processes, and leases that ran out, are found by then."""

log = structlog.get_logger("sending")

Clock = Callable[[], datetime]


class Sending:
    """The threads that send. `tick` may as well be called by hand: it then sends in the caller's thread."""

    def __init__(self, stores: Stores, instance: InstanceKeys, outbound: Outbound, reminding: Reminding | None = None) -> None:
        self.stores, self.instance, self.outbound, self.reminding = stores, instance, outbound, reminding
        self._reminded: set[str] = set()
        self._stop = threading.Event()
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._senders: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin looking and sending."""
        self._stop.clear()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="sender")
        self._thread = threading.Thread(target=self._run, name="sending", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls at hand, which end by their deadlines, and start no other."""
        self._stop.set()
        self.stores.main.told.set()
        if self._thread is not None and self._senders is not None:
            self._thread.join(timeout=30)
            self._senders.shutdown(wait=True, cancel_futures=True)

    def tick(self, now: datetime) -> int:
        """Number what is new, then send everything that is due at `now`, one after another; how many were tried."""
        self._number()
        tried = 0
        while found := self._due(now):
            for client_id, event_id in found:
                self._send(client_id, event_id, now=lambda: now)
            tried += len(found)
        key_addresses.refresh_due(self.stores.state, self.outbound, now=now)
        if self.reminding:
            for account_id in self.reminding.due(now):
                self.reminding.send(account_id, now=lambda: now)
        return tried

    def _run(self) -> None:
        with self.stores.main.reading() as db:
            key_addresses.watch_all(db, self.stores.state, now=clock.now())
        while not self._stop.is_set():
            self.stores.main.told.clear()
            if self._stop.is_set():  # it was set before the bell was rung that has just been silenced
                break
            wait = PACE
            try:
                self._number()
                wait = self._hand_out(clock.now())
            except Exception as failed:  # whatever it was, what waits must still go out
                log.warning("looking for events failed; the next look tries again", error=type(failed).__name__)
            self.stores.main.told.wait(wait.total_seconds())

    def _hand_out(self, now: datetime) -> timedelta:
        """Give each sender that is free an event; how long to sleep."""
        assert self._senders is not None
        for client_id, event_id in self._due(now):
            with self._lock:
                self._busy.add(client_id)
            self._senders.submit(self._send_and_look_again, client_id, event_id)
        for client_id in key_addresses.due(self.stores.state, now=now):
            self._senders.submit(key_addresses.refresh, self.stores.state, self.outbound, client_id, now=now)
        for account_id in self.reminding.due(now) if self.reminding else ():
            with self._lock:
                again, self._reminded = account_id in self._reminded, self._reminded | {account_id}
            if not again:
                self._senders.submit(self._remind, account_id, now=clock.now)
        with self._lock:
            busy = list(self._busy)
        with self.stores.main.reading() as db:
            coming = outbox.next_due(db, but=busy)
        return PACE if coming is None else max(min(coming - clock.now(), PACE), timedelta(milliseconds=50))

    def _number(self) -> None:
        with self.stores.main.reading() as db:
            waiting = outbox.unnumbered(db)
        for client_id in waiting:
            with self.stores.main.writing() as db:
                outbox.number(db, client_id)

    def _due(self, now: datetime) -> list[tuple[str, str]]:
        with self._lock:
            busy = list(self._busy)
        if len(busy) >= SENDERS:
            return []
        with self.stores.main.reading() as db:
            return outbox.due(db, now=now, but=busy, limit=SENDERS - len(busy))

    def _send_and_look_again(self, client_id: str, event_id: str) -> None:
        try:
            if not self._stop.is_set():
                self._send(client_id, event_id, now=clock.now)
        except SQLAlchemyError as failed:
            log.warning("an event was not settled; its lease runs out", error=type(failed).__name__)
        finally:
            with self._lock:
                self._busy.discard(client_id)
            self.stores.main.told.set()

    def _send(self, client_id: str, event_id: str, *, now: Clock) -> None:
        with self.stores.main.writing() as db:
            leased = outbox.lease(db, client_id, event_id, now=now())
        if leased is None:
            return
        moment, begun = now(), time.monotonic()
        body = webhooks.body_of(leased.event)
        headers = webhooks.headers_of(leased.client, self.instance, leased.event, body, now=moment)
        try:
            answer = self.outbound.post(webhooks.uri_of(leased.client), body, headers, watch=self._departure(leased, now))
        except Failed as no:
            taken = _milliseconds(begun)
            with self.stores.main.writing() as db:
                outcome = deliveries.failed(db, leased, no.outcome, now=now(), milliseconds=taken)
        else:
            taken = _milliseconds(begun)
            with self.stores.main.writing() as db:
                outcome = deliveries.answered(db, leased, answer, now=now(), milliseconds=taken)
        log.info("event", client=client_id, type=leased.event.type, outcome=outcome or "lease lost")

    def _remind(self, account_id: str, *, now: Clock) -> None:
        assert self.reminding is not None
        try:
            if not self._stop.is_set():
                self.reminding.send(account_id, now=now)
        except SQLAlchemyError as failed:
            log.warning("a reminder was not settled; its lease runs out", error=type(failed).__name__)
        finally:
            with self._lock:
                self._reminded.discard(account_id)

    def _departure(self, leased: Leased, now: Clock) -> Watch:
        return _Departure(self.stores, leased, now)


class _Departure:
    """Asks once more, when the connection stands, whether an event may go; and notes when it has gone."""

    def __init__(self, stores: Stores, leased: Leased, now: Clock) -> None:
        self.stores, self.leased, self.now = stores, leased, now

    def leaving(self) -> None:
        """Raises Failed when the consent has ended since, or the lease is another's by now."""
        with self.stores.main.writing() as db:
            if not outbox.leave(db, self.leased, now=self.now()):
                raise Failed("stopped")

    def left(self) -> None:
        """Whoever waits for the wire to be quiet waits no longer."""
        with self.stores.main.writing() as db:
            outbox.left(db, self.leased)


def _milliseconds(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
