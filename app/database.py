"""Engines and transactions, the same way on SQLite and PostgreSQL: one request, one transaction."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlmodel import Session

from app.settings import Settings
from consent import events
from vault import shredding
from vault.memory import Memory

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "busy_timeout=10000")
PATIENCE = 500
"""Milliseconds that emptying the log waits for others. The act is done already; the worker tries again."""

WAL = "the write-ahead log"

log = structlog.get_logger("database")


@dataclass(frozen=True)
class Store:
    """One database with two ways in. Readers never wait for the writer; writers queue before they read (no lost update).

    `unshredded` are the tables of which something was deleted that the database may still remember. `told` is set when a
    transaction with an event for a client was committed. `kept` are the connections of `at_hand`.
    """

    engine: Engine
    writer: Engine
    unshredded: set[str] = field(default_factory=set, compare=False)
    told: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    kept: list[Connection] = field(default_factory=list, compare=False, repr=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session whose changes, if any, are thrown away."""
        with Session(self.engine, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def at_hand(self) -> Iterator[Connection]:
        """A connection for a short read on the event loop itself; on SQLite each statement sees what is committed by then.

        There it is kept for the next one: to take it out of the pool takes as long as the read.
        """
        if not self.sqlite:
            with self.engine.connect() as connection:
                yield connection
            return
        try:
            connection = self.kept.pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            yield connection
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        self.kept.append(connection)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: commits when the block ends, rolls back when it raises. On SQLite it starts as `BEGIN IMMEDIATE`.

        What it deleted for good is shredded before the block is left. That a log was busy makes nothing undone.
        """
        with Session(self.writer, expire_on_commit=False) as db:
            with db.begin():
                yield db
            touched = shredding.marked(db)
            if events.noted(db):
                self.told.set()
        if touched:
            self.unshredded.update(touched)
            self.shred()

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite, where what was deleted must also leave the write-ahead log."""
        return self.engine.dialect.name == "sqlite"

    def shred(self) -> bool:
        """Empty SQLite's write-ahead log after a delete that must be unrecoverable; whether nothing is left to do.

        While somebody reads, it cannot be emptied: that is noted, and the worker's next `tidy` tries again. On PostgreSQL
        old rows stay until then as well.
        """
        if not self.sqlite:
            return not self.unshredded
        with self.engine.connect() as connection:
            # The driver's own connection, outside any transaction. SQLAlchemy's AUTOCOMMIT would leave it with the driver's way of
            # handling transactions, which `_prepare_sqlite` has turned off.
            driver = driver_of(connection)
            usual = driver.execute("PRAGMA busy_timeout").fetchone()[0]
            driver.execute(f"PRAGMA busy_timeout={PATIENCE}")
            try:
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                driver.execute(f"PRAGMA busy_timeout={usual}")
        if busy:
            self.unshredded.add(WAL)
            log.warning("the write-ahead log was busy; what was deleted is emptied from it at the next try")
        else:
            self.unshredded.clear()
        return not busy

    def tidy(self) -> None:
        """What could not be shredded at once; for the worker, which has time. On PostgreSQL the touched tables are vacuumed."""
        if not self.unshredded:
            return
        if self.sqlite:
            self.shred()
            return
        tables = sorted(self.unshredded)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.exec_driver_sql(f'VACUUM "{table}"')
        self.unshredded.difference_update(tables)

    def close(self) -> None:
        """Close every connection that nobody uses."""
        while self.kept:
            self.kept.pop().close()
        self.engine.dispose()


@dataclass(frozen=True)
class Stores:
    """The main database, the state store that is never backed up, and what is kept in memory while accounts are unlocked."""

    main: Store
    state: Store
    memory: Memory = field(default_factory=Memory, compare=False)

    def close(self) -> None:
        """Close both, and forget."""
        self.memory.clear()
        self.main.close()
        self.state.close()


def open_stores(settings: Settings) -> Stores:
    """Open both databases; folders are made when absent, closed to others. Tables are `migrations`' work."""
    for folder in (settings.data_dir, settings.state_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tag = settings.state_dir / "CACHEDIR.TAG"
    if not tag.exists():
        tag.write_text(
            "Signature: 8a477f597d28d172789f06886806bc55\n# Bothways' state store: backup programs leave it out.\n", encoding="ascii"
        )
    return Stores(main=open_store(settings.main_url), state=open_store(settings.state_url))


def open_store(url: str) -> Store:
    """Open one database by its SQLAlchemy address."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"check_same_thread": False, "timeout": 10}, pool_size=20, max_overflow=40)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(parsed, pool_size=10, max_overflow=20, pool_pre_ping=True)
    return Store(engine=engine, writer=engine.execution_options(write=True))


@contextmanager
def swift(connection: Connection) -> Iterator[Any]:
    """A transaction by the driver's own words, without the hundred microseconds that SQLAlchemy takes for one.

    Gives the driver's connection, which may be told to commit before the end; what is run by SQLAlchemy on `connection` meanwhile
    belongs to it. Raises as the driver does, at the commit too, with everything rolled back.
    """
    driver, sqlite = driver_of(connection), connection.dialect.name == "sqlite"
    try:
        if sqlite:
            driver.execute("BEGIN IMMEDIATE")
        elif driver.autocommit:
            driver.execute("BEGIN")
        yield driver
        driver.commit()
    except BaseException:
        with suppress(Exception):  # of a connection that is lost there is nothing to roll back, and why it failed is known
            driver.rollback()
        raise
    finally:
        with suppress(Exception):
            if connection.in_transaction():  # SQLAlchemy took part, and has to hear that it is over
                connection.rollback()


def unhurried(store: Store) -> Connection:
    """A connection of its own, outside the pool and without transactions, whose commits do not wait until the disk has them.

    They survive the end of this process; only a power cut may take them.
    """
    connection = store.engine.connect()
    if not store.sqlite:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
    driver_of(connection).execute("PRAGMA synchronous=NORMAL" if store.sqlite else "SET synchronous_commit TO off")
    connection.detach()
    return connection


def driver_of(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.dbapi_connection


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling makes savepoints lie; with None it leaves BEGIN to the listener below.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA secure_delete").fetchone() != (1,):
        raise RuntimeError("this SQLite was built without secure_delete; deleted data would stay readable")


def _begin_sqlite(connection: Any) -> None:
    if driver_of(connection).in_transaction:  # by `swift`
        return
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def ready(store: Store) -> bool:
    """Whether the database answers."""
    with store.engine.connect() as connection:
        return bool(connection.execute(text("SELECT 1")).scalar())
