"""The intake: decide, seal, write down, in one transaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app import clock
from app.exchange import intake
from app.exchange.intake import Accepted, Draft, Sender
from app.tables import Message
from consent import grants, ledger
from consent.act import Act
from consent.decision import Refused
from consent.ledger import Verified
from consent.store import LedgerEntry, LedgerHead
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship
from tests.instances import Instance
from vault import accounts

DRAFT = Draft(kind="offer", purpose="dpv:DirectMarketing", channel="inbox", title="New bread", body="From eight.")


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner)


def send(instance: Instance, owner: Owner, shop: Shop, *, days: float = 0, draft: Draft = DRAFT) -> Accepted | Refused:
    """One message, `days` from now."""
    now = clock.now() + timedelta(days=days)
    with instance.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        grant = grants.find(db, owner.account_id, shop.grant_id)
        assert grant is not None
        act = Act(owner.account_id, f"client:{shop.client_id}", now, accounts.mailbox(db, owner.account_id).seal)
        return intake.accept(db, Sender(act, grant, "Corner Shop"), draft, now)


def test_window_slides(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Two a week: what came over a week ago no longer counts; `retry_after` is true to the second."""
    assert [type(send(instance, owner, shop, days=day)) for day in (0, 3)] == [Accepted, Accepted]
    refused = send(instance, owner, shop, days=4)
    assert isinstance(refused, Refused)
    assert refused.retry_after is not None
    assert abs(refused.retry_after - 3 * 86400) <= 2
    assert isinstance(send(instance, owner, shop, days=4 + refused.retry_after / 86400), Accepted)


def test_cap_holds_when_all_come_at_once(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Eight at the same time, two get in: the account's lock makes them queue, and the ledger stays whole."""
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _n: send(instance, owner, shop), range(8)))
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 2
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Message)).all()) == 2
        head = db.get_one(LedgerHead, owner.account_id)
        entries = db.exec(select(LedgerEntry).order_by(col(LedgerEntry.seq))).all()
        assert isinstance(ledger.verify(head, entries), Verified)


def test_refusal_survives_and_message_does_not(instance: Instance, owner: Owner, shop: Shop) -> None:
    """A refusal is committed with its entry; no row of a message is left."""
    outcome = send(instance, owner, shop, draft=Draft(kind="offer", purpose="dpv:DeliveryOfGoods", channel="inbox", title="x", body="y"))
    assert outcome == Refused("purpose-not-granted", "R5")
    with instance.stores.main.reading() as db:
        assert db.exec(select(Message)).all() == []
        assert "message.refused" in {entry.type for entry in db.exec(select(LedgerEntry))}


def test_failure_after_the_decision_leaves_nothing(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Sealing fails: no row, no entry."""

    def broken(_purpose: str, _context: object, _data: bytes) -> bytes:
        raise OSError("no entropy")

    with pytest.raises(OSError, match="entropy"), instance.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        grant = grants.find(db, owner.account_id, shop.grant_id)
        assert grant is not None
        intake.accept(db, Sender(Act(owner.account_id, "client:x", clock.now(), broken), grant, "Corner Shop"), DRAFT, clock.now())
    with instance.stores.main.reading() as db:
        assert db.exec(select(Message)).all() == []
        assert "message.accepted" not in {entry.type for entry in db.exec(select(LedgerEntry))}
