"""The stores keep their promises on both databases."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database import Stores, ready
from app.state import LedgerMark
from tests.databases import Database
from tests.postgres import cluster

ROOT = Path(__file__).parents[1]
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
