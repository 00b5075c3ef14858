"""The usefulness proviso: counted at a vote, taken at the next midnight UTC, and nothing of the count in the clear."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, select

from app.database import Stores
from consent import grants, receipts, usefulness
from consent.store import Event, Foreseen, Grant
from tests.consent.house import House, give
from tests.consent.samples import terms
from tests.factories import NOW, make_account

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def house(stores: Stores) -> House:
    """An owner."""
    return House(stores, *make_account(stores))


def given_with(house: House, share: str | None = "0.5") -> Grant:
    """A grant that rests on this share."""
    grant, _receipt = house.give(house.ask(secrets.token_hex(16)))
    with house.writing() as db:
        row = db.get_one(Grant, (grant.account_id, grant.grant_id))
        row.proviso = usefulness.proviso(share) if share else None
        db.add(row)
    return grant


def vote(house: House, grant: Grant, useful: int, rated: int, now: datetime = NOW) -> datetime | None:
    """A vote that leaves these counts; when the grant will suspend itself."""
    with house.writing() as db:
        row = usefulness.judge(db, house.act(now), db.get_one(Grant, (grant.account_id, grant.grant_id)), useful=useful, rated=rated)
        return row.due_at if row else None


def night(house: House, grant: Grant, now: datetime = MIDNIGHT) -> bool:
    """What the worker does."""
    with house.writing() as db:
        return usefulness.take(db, house.act(now), grant.grant_id)


def rows(house: House, table: type[SQLModel]) -> list[Any]:
    with house.writing() as db:
        return list(db.exec(select(table)).all())


@pytest.mark.parametrize(("share", "kept"), [("0.5", "0.5"), ("1", "1"), ("1.0", "1.0"), ("0.3333", "0.3333")])
def test_a_share_is_kept_as_it_was_said(share: str, kept: str) -> None:
    assert usefulness.proviso(share) == f'{{"usefulness_share":"{kept}"}}'


@pytest.mark.parametrize("share", ["0", "0.0", "1.1", "-0.5", "NaN", "1e-1", "half", "", "0.55555"])
def test_what_is_no_share_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match="a share"):
        usefulness.proviso(share)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 10))
def test_the_share_counts_from_five_rated_on(useful: int, more: int, tenths: int) -> None:
    """Exactly useful / rated against the share, in whole numbers; fewer than five never suffice to stop anything."""
    rated = useful + more
    enough = usefulness.enough(useful, rated, Decimal(tenths) / 10)
    assert enough == (rated < 5 or useful * 10 >= tenths * rated)


def test_it_stops_at_the_next_midnight_and_says_the_class_of_reason_alone(house: House) -> None:
    """Nothing before; at midnight once; then the client is told `usefulness`, and no message and no number."""
    grant = given_with(house)
    assert vote(house, grant, 2, 5) == MIDNIGHT
    assert not night(house, grant, MIDNIGHT - timedelta(seconds=1))
    assert house.grant(grant.grant_id).status == "given"
    assert night(house, grant)
    assert not night(house, grant, MIDNIGHT + timedelta(days=365))
    assert (house.grant(grant.grant_id).status, house.grant(grant.grant_id).suspended_for) == ("suspended", "usefulness")
    told = [event for event in rows(house, Event) if event.type == "consent.suspended"]
    assert len(told) == 1
    assert set(json.loads(told[0].data)) == {"subject", "grant_id", "client_reference", "reason"}


def test_at_midnight_itself_it_is_the_next_one() -> None:
    assert usefulness.midnight_after(MIDNIGHT) == MIDNIGHT + timedelta(days=1)
    assert usefulness.midnight_after(MIDNIGHT - timedelta(microseconds=1)) == MIDNIGHT


def test_a_vote_that_lifts_the_share_before_midnight_calls_it_off(house: House) -> None:
    """And one that does not leaves the moment as it was."""
    grant = given_with(house)
    vote(house, grant, 2, 5)
    assert vote(house, grant, 2, 6, NOW + timedelta(hours=1)) == MIDNIGHT
    with house.writing() as db:
        assert usefulness.foreseen(db, db.get_one(Grant, (grant.account_id, grant.grant_id))) == MIDNIGHT
    assert vote(house, grant, 3, 6, NOW + timedelta(hours=2)) is None
    assert rows(house, Foreseen) == []
    assert not night(house, grant)
    with house.writing() as db:
        assert usefulness.foreseen(db, db.get_one(Grant, (grant.account_id, grant.grant_id))) is None


def test_a_vote_after_midnight_comes_too_late_though_no_worker_came(house: House) -> None:
    """What was due is taken first."""
    grant = given_with(house)
    vote(house, grant, 2, 5)
    assert vote(house, grant, 3, 6, MIDNIGHT + timedelta(hours=9)) is None
    assert house.grant(grant.grant_id).status == "suspended"


def test_too_few_or_enough_or_no_condition_foresee_nothing(house: House) -> None:
    grant = given_with(house)
    assert vote(house, grant, 0, 4) is vote(house, grant, 3, 6) is None
    free = given_with(house, None)
    assert usefulness.share_of(free) is None
    assert vote(house, free, 0, 50) is None


@pytest.mark.parametrize("verb", ["withdraw", "suspend"])
def test_what_ended_or_stopped_meanwhile_stays_as_it_is(house: House, verb: str) -> None:
    """And a vote about it foresees nothing."""
    grant = given_with(house)
    vote(house, grant, 0, 5)
    with house.writing() as db:
        more = {"reason": "commitment"} if verb == "suspend" else {}
        getattr(grants, verb)(db, house.act(), db.get_one(Grant, (grant.account_id, grant.grant_id)), **more)
    assert not night(house, grant)
    assert house.grant(grant.grant_id).suspended_for == ("commitment" if verb == "suspend" else None)
    assert vote(house, grant, 0, 9) is None


def test_a_paused_grant_is_suspended_too_and_knows_what_it_was(house: House) -> None:
    grant = given_with(house)
    vote(house, grant, 0, 5)
    with house.writing() as db:
        grants.pause(db, house.act(), db.get_one(Grant, (grant.account_id, grant.grant_id)))
    assert night(house, grant)

    def lifted(db: Session) -> str:
        return grants.lift(db, house.act(), db.get_one(Grant, (grant.account_id, grant.grant_id))).status

    with house.writing() as db:
        assert lifted(db) == "paused"


def test_the_receipt_tells_the_share(house: House) -> None:
    """Both sides can show what was agreed."""
    request = house.ask()
    with house.writing() as db:
        grant, receipt = give(db, house.act(), request, terms(), proviso=usefulness.proviso("0.7"), commitments=["c" * 32])
    said = receipts.unverified(receipt.jws)
    assert (said["bw:usefulnessShare"], said["bw:commitments"]) == ("0.7", ["c" * 32])
    assert usefulness.share_of(house.grant(grant.grant_id)) == Decimal("0.7")
