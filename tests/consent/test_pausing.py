"""A pause of everything: every grant answers as paused and stays what it is; each client is told what changes before its eyes."""

import secrets

import pytest
from sqlmodel import select

from app.database import Stores
from consent import grants, pausing
from consent.store import Event, Grant
from tests.consent.house import House
from tests.factories import make_account


@pytest.fixture
def house(stores: Stores) -> House:
    """An owner."""
    return House(stores, *make_account(stores))


def grant(house: House, *verbs: str) -> Grant:
    """A grant brought to a status."""
    made, _receipt = house.give(house.ask(secrets.token_hex(16)))
    for verb in verbs:
        turn(house, made, verb)
    return made


def turn(house: House, of: Grant, verb: str) -> None:
    with house.writing() as db:
        more = {"reason": "commitment"} if verb == "suspend" else {}
        getattr(grants, verb)(db, house.act(), db.get_one(Grant, (of.account_id, of.grant_id)), **more)


def everything(house: House, *, paused: bool) -> bool:
    with house.writing() as db:
        return (pausing.pause_all if paused else pausing.resume_all)(db, house.act())


def told(house: House, of: Grant) -> list[str]:
    """What the client was told about one grant since it was given."""
    with house.writing() as db:
        found = db.exec(select(Event.type).where(Event.grant_id == of.grant_id, Event.type != "consent.granted"))
        return sorted(found)


def test_each_client_is_told_once_and_each_grant_stays_what_it_is(house: House) -> None:
    live, paused, suspended, ended = grant(house), grant(house, "pause"), grant(house, "suspend"), grant(house, "withdraw")
    assert [everything(house, paused=True), everything(house, paused=True)] == [True, False]
    assert [house.grant(each.grant_id).status for each in (live, paused, suspended, ended)] == ["given", "paused", "suspended", "withdrawn"]
    assert [everything(house, paused=False), everything(house, paused=False)] == [True, False]
    assert told(house, live) == ["consent.paused", "consent.resumed"]
    assert (told(house, paused), told(house, suspended), told(house, ended)) == (
        ["consent.paused"],
        ["consent.suspended"],
        ["consent.withdrawn"],
    )
    assert [kind for kind, _, _ in house.history() if kind.startswith("gate.")] == ["gate.paused", "gate.resumed"]


def test_nothing_happens_before_the_eyes_of_a_client_that_sees_a_pause_anyway(house: House) -> None:
    """Pausing and resuming one by one while everything is paused is told when everything resumes, by what is then given."""
    one, other = grant(house, "pause"), grant(house)
    everything(house, paused=True)
    turn(house, one, "resume")
    turn(house, other, "pause")
    assert (told(house, one), told(house, other)) == (["consent.paused"], ["consent.paused"])
    everything(house, paused=False)
    assert (told(house, one), told(house, other)) == (["consent.paused", "consent.resumed"], ["consent.paused"])


def test_a_suspension_that_lifts_meanwhile_leads_to_the_pause(house: House) -> None:
    one = grant(house, "suspend")
    everything(house, paused=True)
    turn(house, one, "lift")
    assert told(house, one) == ["consent.paused", "consent.suspended"]
    turn(house, one, "suspend")
    assert told(house, one).count("consent.suspended") == 2


@pytest.mark.parametrize(
    ("status", "everything", "seen"),
    [("given", True, "paused"), ("given", False, "given"), ("suspended", True, "suspended"), ("withdrawn", True, "withdrawn")],
)
def test_what_a_client_sees(status: str, everything: bool, seen: str) -> None:
    assert pausing.as_seen(status, everything=everything) == seen


def test_before_any_choice_nothing_is_paused(house: House) -> None:
    with house.writing() as db:
        assert not pausing.paused(db, house.account.account_id)
