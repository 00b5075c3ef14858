"""A key follows another: signed by both, at a time of its own, and never while the old one still signs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.database import Stores
from consent import receipts, relationships, successions
from consent.act import Act, Signer
from consent.errors import ReceiptError
from consent.store import Grant, LedgerEntry, Receipt, Relationship, RelationshipKey, Succession
from tests.factories import make_account, make_signer, owner_act

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLIENT = "c" * 32


def signer(seed: int) -> Signer:
    made = make_signer(bytes([seed]) * 32)
    return Signer(kid=receipts.thumbprint(made.public), public=made.public, attested_by="owner", sign=made.sign)


OLD, NEW, NEWER = signer(1), signer(2), signer(3)


@pytest.fixture
def act(stores: Stores) -> Act:
    """An owner with one relationship, whose key is OLD."""
    account, _keyring, mailbox = make_account(stores)
    act = owner_act(account, mailbox, now=NOW)
    with stores.main.writing() as db:
        relationships.relationship(db, act, CLIENT, lambda: (OLD.kid, OLD.public, b"old"))
    return act


def at(act: Act, now: datetime) -> Act:
    return Act(account_id=act.account_id, actor="instance", now=now, seal=act.seal)


def prepare(stores: Stores, act: Act, new: Signer = NEW) -> datetime:
    with stores.main.writing() as db:
        row = successions.prepare(db, act.account_id, CLIENT, old=OLD, new=new, sealed=b"new", now=NOW)
        assert row.not_before is not None
        return row.not_before


def publish(stores: Stores, act: Act, now: datetime) -> bool:
    with stores.main.writing() as db:
        return successions.publish(db, at(act, now), CLIENT)


def keys(db: Session) -> dict[str, tuple[datetime, datetime | None]]:
    return {key.kid: (key.valid_from, key.valid_until) for key in db.exec(select(RelationshipKey))}


def test_it_comes_at_its_moment_and_is_signed_by_both(stores: Stores, act: Act) -> None:
    moment = prepare(stores, act)
    assert NOW <= moment < NOW + successions.WINDOW
    assert not publish(stores, act, moment - timedelta(microseconds=1))
    with stores.main.reading() as db:
        assert successions.due(db, now=moment, limit=9) == [(act.account_id, CLIENT)]
        assert successions.published(db, act.account_id, CLIENT) == {}
    assert publish(stores, act, moment + timedelta(seconds=20))
    assert not publish(stores, act, moment + timedelta(seconds=20))
    with stores.main.reading() as db:
        assert keys(db) == {OLD.kid: (NOW, moment), NEW.kid: (moment, None)}
        assert db.get_one(RelationshipKey, (act.account_id, CLIENT, NEW.kid)).sealed == b"new"
        said = successions.verify(successions.published(db, act.account_id, CLIENT)[NEW.kid], receipts.jwk(OLD.public))
        subject = db.get_one(Relationship, (act.account_id, CLIENT)).subject
        assert said == {"sub": subject, "from": receipts.jwk(OLD.public), "to": receipts.jwk(NEW.public)}
        assert [entry.type for entry in db.exec(select(LedgerEntry))] == ["key.succeeded"]
        assert successions.due(db, now=moment + timedelta(days=9), limit=9) == []


def test_a_moment_that_was_missed_is_drawn_again(stores: Stores, act: Act) -> None:
    """A service that was off for a week does not let every key follow at once."""
    moment = prepare(stores, act)
    late = moment + successions.LATE + timedelta(seconds=1)
    assert not publish(stores, act, late)
    with stores.main.reading() as db:
        again = db.exec(select(Succession)).one().not_before
        assert again is not None and late <= again < late + successions.SOON
    assert publish(stores, act, again)


def test_it_waits_when_the_old_key_has_signed_since(stores: Stores, act: Act) -> None:
    moment = prepare(stores, act)
    with stores.main.writing() as db:
        some: dict[str, Any] = {"account_id": act.account_id, "grant_id": "g" * 32, "request_id": "r" * 32}
        times: dict[str, Any] = dict.fromkeys(("given_at", "expires_at", "changed_at"), NOW)
        db.add(Grant(**some, client_id=CLIENT, status="given", terms="[]", terms_sha256="", **times))
        db.add(Receipt(**some, receipt_id="1", jws="", opening=b"", created_at=moment + timedelta(seconds=5)))
    assert not publish(stores, act, moment + timedelta(seconds=20))
    with stores.main.reading() as db:
        again = db.exec(select(Succession)).one().not_before
    assert again is not None and again > moment + timedelta(seconds=5)
    assert publish(stores, act, again)


def test_a_second_one_takes_the_place_of_one_that_waits(stores: Stores, act: Act) -> None:
    prepare(stores, act)
    moment = prepare(stores, act, NEWER)
    assert publish(stores, act, moment)
    with stores.main.reading() as db:
        assert set(keys(db)) == {OLD.kid, NEWER.kid}


def test_it_follows_even_where_the_old_key_is_gone(stores: Stores, act: Act) -> None:
    moment = prepare(stores, act)
    with stores.main.writing() as db:
        db.delete(db.get_one(RelationshipKey, (act.account_id, CLIENT, OLD.kid)))
    assert publish(stores, act, moment)
    with stores.main.reading() as db:
        assert keys(db) == {NEW.kid: (moment, None)}


def test_a_statement_holds_for_the_key_it_starts_from_only(stores: Stores, act: Act) -> None:
    prepare(stores, act)
    with stores.main.reading() as db:
        old, new = db.exec(select(Succession)).one().statement.split("\n")
    with pytest.raises(ReceiptError, match="not a receipt"):
        successions.verify((old, new), receipts.jwk(NEW.public))
    with pytest.raises(ReceiptError, match="not a receipt"):
        successions.verify((old, old), receipts.jwk(OLD.public))
    other = receipts.sign_as(successions.TYPE, b"{}", NEW)
    with pytest.raises(ReceiptError, match="same succession"):
        successions.verify((old, other), receipts.jwk(OLD.public))
