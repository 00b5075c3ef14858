"""Opportunistic group commit: whatever waits shares one transaction, and is answered after its commit. There is no timer.

A commit that is safe against a power cut takes the disk a third of a millisecond, however much stands in it. One thread of
each process writes; while it does, more comes to wait. Alone, a job is a transaction of its own, and waits for nobody.

On SQLite the event loop itself writes what came in one of its turns, while that goes quickly: a thread takes more to be woken, and
to take turns with, than the disk does. Where somebody else holds the database, or the disk is slow, the thread waits instead.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import Connection

from app.database import Stores, driver_of, swift, unhurried
from app.exchange.unchanged import Unchanged
from consent.statements import together

BATCH = 64
"""How many share a transaction at most."""
PROMPT = 0.005
"""Seconds that a transaction may wait for the disk for the next one to be done on the event loop."""
IDLE = 2.0
"""Seconds without work after which the thread gives its connection back and ends; the next job starts another."""

J = TypeVar("J")
A = TypeVar("A")
log = structlog.get_logger("group commit")


@dataclass(frozen=True, slots=True)
class Both:
    """A connection to each database, for nobody else; and what `work` has found over them and may find unchanged (`Unchanged`)."""

    main: Connection
    state: Connection
    found: Unchanged = field(default_factory=Unchanged)

    @classmethod
    def of(cls, stores: Stores) -> "Both":
        """To the main database; to the state database `unhurried`."""
        main = stores.main.engine.connect()
        main.detach()
        return cls(main, unhurried(stores.state))

    @classmethod
    def brief(cls, stores: Stores) -> "Both":
        """The same for SQLite, but for a main database that waits for nobody who writes."""
        both = cls.of(stores)
        driver_of(both.main).execute("PRAGMA busy_timeout=0")
        return both

    @classmethod
    def reading(cls, stores: Stores) -> "Both":
        """For looking only, without transactions, which PostgreSQL would be asked to begin and to end."""
        return cls(unhurried(stores.main), unhurried(stores.state))

    def close(self) -> None:
        """Give both up."""
        self.main.close()
        self.state.close()


@dataclass(frozen=True, slots=True)
class Done(Generic[A]):
    """The answers to a batch, in its order; what is written down before; and what is still to be done once they are on their way.

    `write` runs statements of `consent.statements` only: PostgreSQL is sent them together with the commit, and answers once.
    `after` must be something that may be lost: with a power cut it is, and an error in it is logged, since nobody waits any more.
    """

    answers: Sequence[A]
    after: Callable[[], None] = lambda: None
    write: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[J]):
    job: J
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"


class GroupCommit(Generic[J, A]):
    """Puts jobs together. `work` does several in one transaction of the main database, and must do one alone as well.

    It is handed connections to both databases; the one to the state database is outside any transaction. Where it does not write, so
    is the other: each of its statements sees what is committed by then.
    """

    def __init__(self, stores: Stores, work: Callable[[Both, Sequence[J]], Done[A]], *, name: str, writes: bool = True) -> None:
        self._stores, self._work, self._name, self._writes = stores, work, name, writes
        self._waiting: SimpleQueue[_Waiting[J] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._here = threading.Lock()
        self._at_hand: Both | None = None
        self._behind: list[Done[Any]] = []
        self._this_turn: dict[asyncio.AbstractEventLoop, list[_Waiting[J]]] = {}
        self._prompt = writes and stores.main.sqlite

    async def do(self, job: J) -> A:
        """Do a job, and answer after its commit. Raises what `work` raises for it alone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        one = _Waiting(job, loop, future)
        if not self._prompt:
            self._hand_over([one])
        elif loop in self._this_turn:
            self._this_turn[loop].append(one)
        else:
            self._this_turn[loop] = [one]
            loop.call_soon(self._take_turn, loop)
        return await future

    def at_once(self, job: J) -> A:
        """Do a job that only reads, here and now; each of its statements sees what is committed by then."""
        with self._here:
            both, self._at_hand = self._at_hand or self._open(), None
            try:
                (answer,) = self._work(both, [job]).answers
            except BaseException:
                _discard(both)
                raise
            self._at_hand = both
        return answer

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        with self._here:
            self._catch_up()
            if self._at_hand is not None:
                self._at_hand.close()
                self._at_hand = None
        with self._lock:
            thread = self._thread
            self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _take_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do what came in this turn of an event loop, on it."""
        gathered = self._this_turn.pop(loop)
        with self._here:
            for start in range(0, len(gathered), BATCH):
                batch = gathered[start : start + BATCH]
                done = self._try(batch)
                if done is None:
                    self._hand_over(batch)
                else:
                    _resolve([(one.future, answer) for one, answer in zip(batch, done.answers, strict=True)])
                    # Behind the tasks that were just woken: the answers leave first.
                    self._behind.append(done)
                    loop.call_soon(self._afterwards)

    def _try(self, batch: list[_Waiting[J]]) -> Done[Any] | None:
        """Do a batch here and now. None when nothing came of it, for whatever reason: the thread sees to it."""
        both, self._at_hand = self._at_hand, None
        done: Done[Any] | None = None
        try:
            both = both or Both.brief(self._stores)
            done = self._together(both, batch)
        except _Over as over:
            self._give_up(both)
            return over.told(batch)
        except sqlite3.OperationalError as failed:
            if failed.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                self._give_up(both)
                return None
        except Exception:
            self._give_up(both)
            return None
        self._at_hand = both
        return done

    def _afterwards(self) -> None:
        with self._here:
            self._catch_up()

    def _catch_up(self) -> None:
        while self._behind:
            _finish(self._behind.pop(0))

    def _give_up(self, both: Both | None) -> None:
        # What is left of batches before goes over these connections.
        self._catch_up()
        _discard(both)

    def _hand_over(self, batch: Iterable[_Waiting[J]]) -> None:
        with self._lock:
            for one in batch:
                self._waiting.put(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name)
                self._thread.start()

    def _run(self) -> None:
        both: Both | None = None
        while (batch := self._next()) is not None:
            both = self._settle(batch, both) if batch else both
        if both is not None:
            both.close()

    def _next(self) -> list[_Waiting[J]] | None:
        """What waits by now; None when nothing came for a while."""
        try:
            first = self._waiting.get(timeout=IDLE)
        except Empty:
            first = None
        if first is None:
            with self._lock:
                if self._waiting.empty():
                    self._thread = None
                    return None
            return []
        batch = [first]
        while len(batch) < BATCH and not self._waiting.empty():
            further = self._waiting.get()
            if further is not None:
                batch.append(further)
        return batch

    def _settle(self, batch: list[_Waiting[J]], both: Both | None) -> Both | None:
        """Do a batch in one transaction; on any error each of it alone, so that nobody pays for another's."""
        try:
            both = both or self._open()
            done = self._together(both, batch)
        except _Over as over:
            _discard(both)
            _deliver(batch, over.told(batch))
        except Exception as failed:
            log.warning("replayed one by one", error=type(failed).__name__, jobs=len(batch))
            _discard(both)
            for one in batch:
                self._alone(one)
        else:
            _deliver(batch, done)
            return both
        return None

    def _together(self, both: Both, batch: list[_Waiting[J]]) -> Done[A]:
        jobs = [one.job for one in batch]
        if not self._writes:
            return self._work(both, jobs)
        committing, driver = False, driver_of(both.main)
        try:
            with swift(both.main):
                done = self._work(both, jobs)
                with together(both.main):
                    done.write()
                    committing, started, worked = True, time.perf_counter(), time.thread_time()
                    driver.commit()
            self._prompt = self._stores.main.sqlite and time.perf_counter() - started - (time.thread_time() - worked) < PROMPT
        except Exception as failed:
            if committing and both.main.dialect.is_disconnect(failed, driver, None):  # type: ignore[arg-type]  # the driver's errors
                raise _Over(failed) from failed
            raise
        return done

    def _open(self) -> Both:
        return Both.of(self._stores) if self._writes else Both.reading(self._stores)

    def _alone(self, one: _Waiting[J]) -> None:
        both: Both | None = None
        try:
            both = self._open()
            _deliver([one], self._together(both, [one]))
        except _Over as over:
            _deliver([one], over.told([one]))
        except Exception as failed:
            _deliver([one], Done([failed]))
        finally:
            if both is not None:
                both.close()


class _Over(Exception):
    """The connection was lost during the commit, which may have held: to do it again could do it twice."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("not to be done again")
        self.cause = cause

    def told(self, batch: Sequence[_Waiting[Any]]) -> Done[Exception]:
        """The same for everybody in the batch."""
        return Done([self.cause] * len(batch))


def _discard(both: Both | None) -> None:
    for connection in (both.main, both.state) if both is not None else ():
        # Of a connection that is in no pool SQLAlchemy only lets go.
        with suppress(Exception):
            driver_of(connection).close()
        connection.invalidate()
        connection.close()


def _deliver(batch: Sequence[_Waiting[Any]], done: Done[Any]) -> None:
    """Hand the answers to whoever waits, with one knock at each event loop; then do what is left."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for one, outcome in zip(batch, done.answers, strict=True):
        loops.setdefault(one.loop, []).append((one.future, outcome))
    for loop, pairs in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, pairs)
        except RuntimeError:  # the loop was closed, and nobody waits there any more
            log.warning("nobody waits any more", jobs=len(pairs))
    _finish(done)


def _finish(done: Done[Any]) -> None:
    try:
        done.after()
    except Exception as failed:
        log.warning("not done afterwards", error=type(failed).__name__)


def _resolve(pairs: list[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, outcome in pairs:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
