"""Group commit: what waits shares a transaction; nobody pays for another's error; nothing is done twice."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from app.database import Stores, driver_of, swift, unhurried
from app.exchange import group_commit
from app.exchange.group_commit import Both, Done, GroupCommit
from app.settings import Settings
from tests.factories import make_account
from vault.store import Account


class Work:
    """Renames an account for each job, and notes the sizes of the batches."""

    def __init__(self, account_id: str) -> None:
        self.account_id, self.gate = account_id, threading.Event()
        self.batches: list[list[str]] = []
        self.threads: list[threading.Thread] = []
        self.after: Callable[[], None] = lambda: None
        self.overs: list[Any] = []

    def __call__(self, both: Both, jobs: Sequence[str]) -> Done[str]:
        self.gate.wait(10)
        self.batches.append(list(jobs))
        self.threads.append(threading.current_thread())
        self.overs += [driver_of(both.main), driver_of(both.state)]
        for job in jobs:
            if job == "bad":
                raise ValueError(job)
            both.main.exec_driver_sql(f"UPDATE account SET login = '{job}' WHERE account_id = '{self.account_id}'")
        self.over = both
        return Done([f"did {job}" for job in jobs], self.after)


@pytest.fixture
def work(stores: Stores) -> Work:
    return Work(make_account(stores)[0].account_id)


@pytest.fixture
def commit(stores: Stores, work: Work) -> Iterator[GroupCommit[str, str]]:
    commit = GroupCommit(stores, work, name="test")
    yield commit
    commit.close()


@pytest.fixture
def threaded(commit: GroupCommit[str, str], work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread does it, on SQLite as well: no disk is quick enough."""
    monkeypatch.setattr(group_commit, "PROMPT", -1.0)
    work.gate.set()
    asyncio.run(commit.do("before"))
    work.gate.clear()
    work.batches.clear()
    work.threads.clear()


def login(stores: Stores, work: Work) -> str:
    with stores.main.reading() as db:
        return db.get_one(Account, work.account_id).login


async def several(commit: GroupCommit[str, str], work: Work, jobs: Sequence[str]) -> list[str | BaseException]:
    """The first job alone, held at the gate; the others wait meanwhile."""
    first = asyncio.create_task(commit.do("first"))
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(commit.do(job)) for job in jobs]
    await asyncio.sleep(0.05)
    work.gate.set()
    return list(await asyncio.gather(first, *waiting, return_exceptions=True))


@pytest.mark.usefixtures("threaded")
def test_what_waits_goes_together(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """One alone, then whatever came meanwhile; no more than fit into a batch."""
    jobs = [f"job-{number}" for number in range(group_commit.BATCH + 3)]
    assert asyncio.run(several(commit, work, jobs)) == [f"did {job}" for job in ["first", *jobs]]
    assert work.batches == [["first"], jobs[: group_commit.BATCH], jobs[group_commit.BATCH :]]
    assert login(stores, work) == jobs[-1]


@pytest.mark.usefixtures("threaded")
def test_nobody_pays_for_anothers_error(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """The batch is undone, then each is done alone; only the bad one fails."""
    outcomes = asyncio.run(several(commit, work, ["one", "bad", "two"]))
    assert [outcome if isinstance(outcome, str) else type(outcome) for outcome in outcomes] == [
        "did first",
        "did one",
        ValueError,
        "did two",
    ]
    assert work.batches == [["first"], ["one", "bad", "two"], ["one"], ["bad"], ["two"]]
    assert login(stores, work) == "two"


async def at_once(commit: GroupCommit[str, str], jobs: Sequence[str]) -> list[str | BaseException]:
    """All in one turn of the event loop."""
    return list(await asyncio.gather(*map(commit.do, jobs), return_exceptions=True))


def test_what_comes_in_one_turn_goes_together(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """On SQLite the event loop does it itself, no more at once than fit into a batch; PostgreSQL's answers it does not wait for."""
    work.gate.set()
    jobs = [f"job-{number}" for number in range(group_commit.BATCH + 3)]
    assert asyncio.run(at_once(commit, jobs)) == [f"did {job}" for job in jobs]
    assert [job for batch in work.batches for job in batch] == jobs
    assert all(len(batch) <= group_commit.BATCH for batch in work.batches)
    assert login(stores, work) == jobs[-1]
    if stores.main.sqlite:
        assert work.batches == [jobs[: group_commit.BATCH], jobs[group_commit.BATCH :]]
    assert {thread is threading.main_thread() for thread in work.threads} == {stores.main.sqlite}


def test_an_error_in_a_turn_is_nobody_elses(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """What the event loop could not do together the thread does, each alone."""
    work.gate.set()
    outcomes = asyncio.run(at_once(commit, ["one", "bad", "two"]))
    assert [outcome if isinstance(outcome, str) else type(outcome) for outcome in outcomes] == ["did one", ValueError, "did two"]
    assert ["bad"] in work.batches
    assert asyncio.run(commit.do("next")) == "did next"


def test_event_loop_waits_for_nobody_who_writes(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """While another holds the database, the loop goes on, and the thread waits; afterwards the loop writes again."""

    async def held() -> list[str]:
        with stores.main.writing() as db:
            db.connection()
            waits = asyncio.create_task(commit.do("waits"))
            for _turn in range(20):
                await asyncio.sleep(0.005)
            assert not waits.done() or not stores.main.sqlite
        return [await waits, await commit.do("later")]

    work.gate.set()
    assert asyncio.run(commit.do("first")) == "did first"
    started = time.monotonic()
    assert asyncio.run(held()) == ["did waits", "did later"]
    assert time.monotonic() - started < 5  # the ten seconds that a connection of the pool would wait
    if stores.main.sqlite:
        assert work.batches == [["first"], ["waits"], ["later"]]
        assert [thread is threading.main_thread() for thread in work.threads] == [True, False, True]


def test_database_that_cannot_be_opened_is_said(stores: Stores, settings: Settings, commit: GroupCommit[str, str], work: Work) -> None:
    """Nobody waits for ever; once it is back, so is the gate."""
    if not stores.main.sqlite:
        return
    work.gate.set()
    stores.main.close()
    away = settings.data_dir.rename(settings.data_dir.with_name("away"))
    with pytest.raises(OperationalError, match="unable to open"):
        asyncio.run(asyncio.wait_for(commit.do("lost"), 5))
    away.rename(settings.data_dir)
    assert asyncio.run(commit.do("found")) == "did found"
    assert login(stores, work) == "found"


def test_what_is_committed_is_not_done_again(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """An error in what comes after the answers reaches nobody who waits, and the job stays done, once."""

    def fails() -> None:
        raise OSError("the other database is away")

    work.after = fails
    work.gate.set()
    with capture_logs() as logged:
        assert asyncio.run(commit.do("done")) == "did done"
        commit.close()
    assert {"event": "not done afterwards", "error": "OSError", "log_level": "warning"} in logged
    assert work.batches == [["done"]]
    assert login(stores, work) == "done"


def test_answers_leave_before_what_comes_after(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """On the event loop whoever waits goes on first; when the loop ends, what comes after is done."""
    order: list[str] = []
    work.after = lambda: order.append("after")
    work.gate.set()

    async def waits() -> None:
        await commit.do("done")
        order.append("answered")

    asyncio.run(waits())
    commit.close()
    assert sorted(order) == ["after", "answered"]
    if stores.main.sqlite:
        assert order == ["answered", "after"]


def test_what_comes_after_is_done_before_its_connections_are_given_up(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """The second batch of a turn fails, and its connections are closed; what the first left to do went over them."""
    done: list[str] = []

    def after() -> None:
        both = work.over
        both.state.exec_driver_sql("SELECT 1").all()
        done.append("after")

    work.after = after
    work.gate.set()
    jobs = [f"job-{number}" for number in range(group_commit.BATCH)]
    outcomes = asyncio.run(at_once(commit, [*jobs, "bad"]))
    assert outcomes[:-1] == [f"did {job}" for job in jobs]
    assert isinstance(outcomes[-1], ValueError)
    commit.close()
    assert done
    if stores.main.sqlite:
        assert done == ["after"]


def test_connections_that_are_given_up_are_closed(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """Whatever fails, nothing is left open for the collector to find."""
    work.gate.set()
    for _ in range(3):
        with pytest.raises(ValueError, match="bad"):
            asyncio.run(commit.do("bad"))
    commit.close()
    for over in work.overs:
        with pytest.raises(Exception, match="closed"):
            over.execute("SELECT 1")


@pytest.mark.usefixtures("threaded")
def test_thread_ends_when_nothing_comes_and_begins_again(
    stores: Stores, commit: GroupCommit[str, str], work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives its connections back: nothing of it is left for a fork or a dropped database to trip over."""
    monkeypatch.setattr(group_commit, "IDLE", 0.05)
    work.gate.set()
    for name in ("one", "two"):
        assert asyncio.run(commit.do(name)) == f"did {name}"
        deadline = time.monotonic() + 5
        while any(thread.name == "test" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert login(stores, work) == "two"


@pytest.mark.usefixtures("threaded")
def test_who_no_longer_waits_is_not_missed(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """A caller that went away: its job is done, and the others get their answers."""

    async def leaving() -> str:
        gone = asyncio.create_task(commit.do("gone"))
        await asyncio.sleep(0.05)
        gone.cancel()
        work.gate.set()
        return await commit.do("stays")

    assert asyncio.run(leaving()) == "did stays"
    assert login(stores, work) == "stays"


@pytest.mark.usefixtures("threaded")
def test_loop_that_was_closed_is_not_missed(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """Nobody waits there any more; the thread goes on."""

    async def leave_it() -> None:
        task = asyncio.create_task(commit.do("late"))
        await asyncio.sleep(0.05)
        task.cancel()

    asyncio.run(leave_it())
    work.gate.set()
    assert asyncio.run(commit.do("next")) == "did next"


def test_connection_lost_before_the_commit_is_replaced(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """A database that was restarted meanwhile: the batch finds its connection dead, and is done on another."""
    work.gate.set()
    assert asyncio.run(commit.do("one")) == "did one"
    if stores.main.sqlite:
        return
    with stores.main.engine.connect() as other:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        other.exec_driver_sql(others)
    assert asyncio.run(commit.do("two")) == "did two"


def test_connection_lost_at_the_commit_is_not_tried_again(stores: Stores, commit: GroupCommit[str, str], work: Work) -> None:
    """Whether it holds nobody knows: who waits is told so, and repeats with its key."""
    if stores.main.sqlite:
        return
    work.gate.set()
    done = work.__call__

    def cut(both: Both, jobs: Sequence[str]) -> Done[str]:
        answers = done(both, jobs)
        pid = both.main.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with stores.main.engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        time.sleep(0.2)
        return answers

    losing: GroupCommit[str, str] = GroupCommit(stores, cut, name="losing")
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        asyncio.run(losing.do("perhaps"))
    losing.close()
    assert work.batches == [["perhaps"]]


def test_swift_transaction_is_the_connections_own(stores: Stores, work: Work) -> None:
    """What SQLAlchemy runs meanwhile belongs to it: both are undone together, and the connection is as it was."""
    renamed = f"UPDATE account SET login = 'other' WHERE account_id = '{work.account_id}'"
    with stores.main.engine.connect() as connection:
        with pytest.raises(ValueError, match="undone"), swift(connection) as driver:
            driver.execute(renamed)
            connection.exec_driver_sql(renamed)
            raise ValueError("undone")
        assert not connection.in_transaction()
        with swift(connection):
            assert connection.exec_driver_sql("SELECT login FROM account").scalar_one() == "robin"
            connection.exec_driver_sql(renamed)
    assert login(stores, work) == "other"


def test_unhurried_connection_goes_back_to_no_pool(stores: Stores) -> None:
    """What does not wait for the disk is handed to nobody else."""
    setting = "PRAGMA synchronous" if stores.state.sqlite else "SHOW synchronous_commit"
    hurried, unhurried_ = (2, 1) if stores.state.sqlite else ("on", "off")
    with stores.state.engine.connect() as connection:
        usual = connection.exec_driver_sql(setting).scalar_one()
    mine = unhurried(stores.state)
    assert mine.exec_driver_sql(setting).scalar_one() == unhurried_
    mine.close()
    with stores.state.engine.connect() as first, stores.state.engine.connect() as second:
        assert {each.exec_driver_sql(setting).scalar_one() for each in (first, second)} == {usual}
    assert usual == hurried or not stores.state.sqlite  # the tests' own PostgreSQL hurries less than a real one
