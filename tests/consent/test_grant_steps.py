"""Every step of a grant from every status, and every step that is none."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from consent import grants, receipts
from consent.decision import Allowed, Refused, Usage, decide
from consent.errors import IllegalTransition, NotFound, SignerMissing
from consent.store import Grant
from tests.consent.house import OFFER, VERBS, House, put, step
from tests.factories import NOW, make_signer


@pytest.mark.parametrize("status", grants.STATUSES)
def test_every_transition_from_every_status(house: House, status: str) -> None:
    """What `TRANSITIONS` lists happens and is written down; everything else is refused and leaves nothing."""
    for number, verb in enumerate(VERBS):
        grant, _ = house.give(house.ask(f"{number}" * 32))
        put(house, grant, status)
        before = len(house.history())
        transition = grants.TRANSITIONS[verb]
        act = house.act(grant.expires_at if verb == "expire" else NOW)
        if status in transition.sources:
            with house.writing() as db:
                assert step(db, act, grant, verb).status == transition.target
            kind, _, details = house.history()[-1]
            assert (kind, details["grant_id"], len(house.history())) == (transition.type, grant.grant_id, before + 1)
            assert house.grant(grant.grant_id).status == transition.target
        else:
            with pytest.raises(IllegalTransition), house.writing() as db:
                step(db, act, grant, verb)
            assert len(house.history()) == before
            assert house.grant(grant.grant_id).status == status


ANSWERS = {
    "given": None,
    "paused": "consent-paused",
    "suspended": "consent-suspended",
    "withdrawn": "consent-withdrawn",
    "handed_back": "consent-withdrawn",
    "expired": "consent-expired",
}


@pytest.mark.parametrize("status", grants.STATUSES)
def test_gate_follows_the_status(house: House, status: str) -> None:
    grant, _ = house.give()
    put(house, grant, status)
    answer = decide(OFFER, grants.standing(house.grant(grant.grant_id)), Usage(), NOW)
    assert (answer.reason if isinstance(answer, Refused) else None) == ANSWERS[status]


def test_resumed_grant_is_as_it_was(house: House) -> None:
    grant, _ = house.give()
    for verb in ("pause", "suspend", "resume"):
        with house.writing() as db:
            step(db, house.act(), grant, verb)
    assert isinstance(decide(OFFER, grants.standing(house.grant(grant.grant_id)), Usage(), NOW), Allowed)
    assert house.history()[-2][2]["reason"] == "commitment-broken"


@pytest.mark.parametrize("verb", ["pause", "suspend"])
def test_grant_past_its_end_can_only_end(house: House, verb: str) -> None:
    """Between its last second and the visit of the worker the row still says given."""
    grant, _ = house.give()
    with pytest.raises(IllegalTransition) as refused, house.writing() as db:
        step(db, house.act(grant.expires_at), grant, verb)
    assert refused.value.state == "expired"
    with house.writing() as db:
        assert step(db, house.act(grant.expires_at), grant, "withdraw").status == "withdrawn"


def test_grant_does_not_expire_before_its_end(house: House) -> None:
    grant, _ = house.give()
    with pytest.raises(IllegalTransition), house.writing() as db:
        grants.expire(db, house.act(grant.expires_at - timedelta(seconds=1)), grant)


@pytest.mark.parametrize(
    ("verb", "event", "status", "by"),
    [
        ("withdraw", "grant.withdrawn", "dpv:ConsentWithdrawn", "dpv:DataSubject"),
        ("hand_back", "grant.handed_back", "dpv:ConsentRevoked", "dpv:DataController"),
        ("expire", "grant.expired", "dpv:ConsentExpired", "bw:Instance"),
    ],
)
def test_end_leaves_a_receipt_signed_by_who_was_there(house: House, verb: str, event: str, status: str, by: str) -> None:
    grant, given = house.give()
    instance = replace(make_signer(bytes([7] * 32)), attested_by="instance")
    with house.writing() as db:
        ended, receipt = getattr(grants, verb)(db, house.act(grant.expires_at, signer=instance), grant)
        assert grants.receipt_of(db, house.account.account_id, grant.grant_id).receipt_id == receipt.receipt_id
    assert ended.status in {"withdrawn", "handed_back", "expired"}
    told = receipts.verify(receipt.jws, receipts.jwk(instance.public))
    assert (told["bw:event"], told["bw:attestedBy"], told["dct:replaces"]) == (event, "instance", given.receipt_id)
    last = told["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]
    assert (last["@type"], last["dpv:isIndicatedBy"]) == (status, by)
    assert house.history()[-1][2]["receipt_id"] == receipt.receipt_id


def test_newest_receipt_is_the_last_one_made_whatever_the_clock_says(house: House) -> None:
    """Given and withdrawn in the same microsecond, or the clock set back in between."""
    for moment in (NOW, NOW - timedelta(days=1)):
        grant, given = house.give(house.ask(f"{moment.day}" * 16))
        with house.writing() as db:
            _, ended = grants.withdraw(db, house.act(moment), grant)
        with house.writing() as db:
            assert grants.receipt_of(db, house.account.account_id, grant.grant_id).receipt_id == ended.receipt_id != given.receipt_id


def test_end_needs_a_signer_and_changes_nothing_without(house: House) -> None:
    grant, _ = house.give()
    with pytest.raises(SignerMissing), house.writing() as db:
        grants.withdraw(db, replace(house.act(), signer=None), grant)
    assert house.grant(grant.grant_id).status == "given"


def test_grant_that_is_not_there(house: House) -> None:
    grant, _ = house.give()
    gone = Grant(**grant.model_dump() | {"grant_id": "9" * 32})
    with house.writing() as db:
        assert grants.find(db, house.account.account_id, gone.grant_id) is None
        with pytest.raises(NotFound):
            grants.pause(db, house.act(), gone)
        with pytest.raises(NotFound):
            grants.receipt_of(db, house.account.account_id, gone.grant_id)


def test_two_hands_on_one_grant_end_it_once(house: House) -> None:
    """The account's lock makes the second see what the first did: one withdrawal, one receipt, one entry."""
    grant, _ = house.give()

    def withdraw(_: int) -> str:
        try:
            with house.writing() as db:
                grants.withdraw(db, house.act(), grant)
        except IllegalTransition as refused:
            return refused.state
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(withdraw, range(4))) == ["done", "withdrawn", "withdrawn", "withdrawn"]
    assert [each[0] for each in house.history()].count("grant.withdrawn") == 1
