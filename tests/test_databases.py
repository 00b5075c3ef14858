"""The stores keep their promises on both databases."""

import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.database import Stores, ready
from app.state import LedgerMark
from app.tables import Invitation
from tests.databases import Database
from tests.postgres import cluster
from vault import shredding

ROOT = Path(__file__).parents[1]
CANARY = b"canary-that-is-deleted-for-good"
AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_both_stores_answer_and_are_empty(stores: Stores) -> None:
    """A test begins with migrated, empty databases."""
    assert ready(stores.main)
    assert ready(stores.state)
    with stores.main.reading() as db:
        assert db.connection().execute(text("SELECT count(*) FROM account")).scalar() == 0


def test_a_block_that_raises_leaves_no_row(stores: Stores) -> None:
    """One transaction: all of it or none of it, also past a savepoint."""

    def write_and_fail() -> None:
        with stores.state.writing() as db:
            with db.begin_nested():
                db.add(LedgerMark(account_id="a" * 32, size=1, head=b"h", at=AT))
            raise LookupError

    with pytest.raises(LookupError):
        write_and_fail()
    with stores.state.reading() as db:
        assert db.get(LedgerMark, "a" * 32) is None


def test_instants_come_back_with_their_zone(stores: Stores) -> None:
    """What is stored in UTC is read in UTC, not naive."""
    with stores.state.writing() as db:
        db.add(LedgerMark(account_id="a" * 32, size=1, head=b"h", at=AT))
    with stores.state.reading() as db:
        assert db.get_one(LedgerMark, "a" * 32).at == AT


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_shredded_row_is_in_no_file(stores: Stores, database: Database) -> None:
    """After a shredding delete neither the database file nor its write-ahead log holds the bytes."""
    canary = b"canary-in-the-state-store"
    with stores.state.writing() as db:
        db.add(LedgerMark(account_id="a" * 32, size=1, head=canary, at=AT))
    folder = Path(database.names[1]).parent
    assert any(canary in path.read_bytes() for path in folder.iterdir())
    with stores.state.writing() as db:
        db.delete(db.get_one(LedgerMark, "a" * 32))
    stores.state.shred()
    assert not any(canary in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_deletion_marked_in_its_transaction_is_shredded_after_it(stores: Stores, database: Database) -> None:
    """At once where nobody reads. While somebody reads the act is done all the same, noted, and the next `tidy` finishes it."""
    folder = Path(database.names[0]).parent
    for reading in (False, True):
        _invite(stores)
        with ExitStack() as others:
            if reading:
                others.enter_context(stores.main.reading()).exec(select(Invitation)).all()
            _uninvite(stores)
            assert bool(stores.main.unshredded) is reading
            assert any(CANARY in path.read_bytes() for path in folder.iterdir()) is reading
        stores.main.tidy()
        assert not any(CANARY in path.read_bytes() for path in folder.iterdir())
        assert stores.main.unshredded == set()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_postgresql_the_touched_tables_are_vacuumed(stores: Stores) -> None:
    """By the worker, later: old rows are not waited for. A transaction that fails notes nothing."""
    _invite(stores)
    with pytest.raises(RuntimeError), stores.main.writing() as db:
        shredding.mark(db, "invitation")
        raise RuntimeError
    assert stores.main.unshredded == set()
    stores.main.tidy()
    _uninvite(stores)
    assert stores.main.unshredded == {"invitation"}
    assert not stores.main.shred()
    before = _vacuumed(stores)
    stores.main.tidy()
    assert (stores.main.unshredded, stores.main.shred()) == (set(), True)
    assert _vacuumed(stores) - before == {("invitation", dict(before).get("invitation", 0) + 1)}


def _vacuumed(stores: Stores) -> set[tuple[str, int]]:
    """How often each table was vacuumed since the database was made, where it was."""
    with stores.main.reading() as db:
        counted = "SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE vacuum_count > 0"
        return {(row[0], row[1]) for row in db.connection().exec_driver_sql(counted)}


def _invite(stores: Stores) -> None:
    with stores.main.writing() as db:
        db.add(Invitation(token_hash=CANARY, kind="owner", created_at=AT, expires_at=AT))


def _uninvite(stores: Stores) -> None:
    with stores.main.writing() as db:
        db.delete(db.get_one(Invitation, CANARY))
        shredding.mark(db, "invitation")


def test_a_cluster_leaves_nothing_behind() -> None:
    """The folder is gone when the block has ended, and with it the server that had its socket there."""
    with cluster(durable=True) as running:
        running.create("mine")
        assert b"PostgreSQL database dump" in running.dump("mine")
    assert not running.folder.exists()


def test_a_killed_run_leaves_nothing_behind() -> None:
    """Even a run that is killed takes its cluster with it: the keeper sees the pipe close."""
    lines = (
        "import os",
        "from tests.postgres import cluster",
        "with cluster() as c:",
        " print(c.folder, flush=True)",
        " os.kill(os.getpid(), 9)",
    )
    program = "\n".join(lines)
    killed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    folder = Path(killed.stdout.strip())
    assert (killed.returncode, folder.is_absolute()) == (-signal.SIGKILL, True), killed.stderr
    deadline = time.monotonic() + 60
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} is still there"
        time.sleep(0.1)
