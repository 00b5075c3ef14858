"""What happens while nobody is looking."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from app import clock
from app.tables import ClientToken, CommitmentClock, DeviceCode, Invitation
from app.worker import Worker
from consent import ledger
from consent.store import Grant, LedgerEntry, LedgerHead, RefusalCount, Request
from tests.instances import Instance
from tests.populating import Populated


@pytest.fixture
def populated(instance: Instance) -> Populated:
    """An owner with something of everything."""
    return instance.populate("robin", word="willow")


@pytest.fixture
def worker(instance: Instance) -> Worker:
    """The worker of the instance, ticked by hand."""
    found: Worker = instance.app.state.worker
    found.stop()
    return found


def types(instance: Instance, account_id: str) -> list[str]:
    """The types of an account's ledger, oldest first."""
    with instance.stores.main.reading() as db:
        chosen = select(LedgerEntry.type).where(LedgerEntry.account_id == account_id).order_by(col(LedgerEntry.seq))
        return list(db.exec(chosen))


def test_consent_ends_by_the_clock(instance: Instance, populated: Populated, worker: Worker) -> None:
    """A grant past its date is expired in the ledger with a receipt that the instance attests; once, however often it ticks."""
    account_id = populated.account.account_id
    with instance.stores.main.reading() as db:
        grant = db.get_one(Grant, (account_id, populated.grant_id))
        live = grant.status
    later = grant.expires_at + timedelta(seconds=1)
    worker.tick(later)
    worker.tick(later + timedelta(days=1))
    with instance.stores.main.reading() as db:
        assert live == "given"
        assert db.get_one(Grant, (account_id, populated.grant_id)).status == "expired"
    assert types(instance, account_id).count("grant.expired") == 1


def test_unanswered_request_runs_out(instance: Instance, populated: Populated, worker: Worker) -> None:
    """A request that nobody answered is closed, and the ledger says so."""
    account_id = populated.account.account_id
    worker.tick(clock.now() + timedelta(days=15))
    with instance.stores.main.reading() as db:
        assert db.get_one(Request, (account_id, populated.pending_id)).state == "expired"
    assert types(instance, account_id).count("request.expired") == 1


def test_promise_falls_due_once(instance: Instance, populated: Populated, worker: Worker) -> None:
    """A due instant that has passed is written down once, also when the worker was off for a year."""
    account_id, due = populated.account.account_id, clock.now() + timedelta(hours=1)
    with instance.stores.main.writing() as db:
        db.add(CommitmentClock(account_id=account_id, commitment_id="c" * 32, state="active", next_due_at=due))
    worker.tick(due - timedelta(seconds=1))
    assert "commitment.due" not in types(instance, account_id)
    worker.tick(due + timedelta(days=365))
    worker.tick(due + timedelta(days=366))
    assert types(instance, account_id).count("commitment.due") == 1


def test_finished_hours_are_counted(instance: Instance, populated: Populated, worker: Worker) -> None:
    """Refusals repeated within an hour become one counted entry when the hour is over."""
    for _ in range(3):
        populated.shop.send(purpose="dpv:AcademicResearch")
    worker.tick(clock.now() + timedelta(hours=1))
    with instance.stores.main.reading() as db:
        left = db.exec(select(RefusalCount).where(RefusalCount.account_id == populated.account.account_id)).all()
    assert left == []
    assert "message.refused_again" in types(instance, populated.account.account_id)


def test_leftovers_go(instance: Instance, populated: Populated, worker: Worker) -> None:
    """Expired tokens, codes and invitations are swept, and the chain still holds."""
    worker.tick(clock.now() + timedelta(days=60))
    with instance.stores.main.reading() as db:
        for table in (ClientToken, DeviceCode, Invitation):
            assert db.exec(select(table)).all() == []
        account_id = populated.account.account_id
        entries = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == account_id).order_by(col(LedgerEntry.seq))).all()
        assert isinstance(ledger.verify(db.get_one(LedgerHead, account_id), entries), ledger.Verified)


def test_starting_and_stopping(instance: Instance, worker: Worker) -> None:
    """The thread ends when it is told to, and can be started again."""
    worker.start()
    worker.stop()
    worker.start()
    worker.stop()
    assert instance.client.get("/readyz").status_code == 200
