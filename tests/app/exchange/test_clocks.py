"""What promises in return do to a grant while the owner is away: counted from the terms, once, whoever looked when."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select, update

from app import clock as wall
from app.exchange import arrivals, clocks, pledges
from app.relationships import commitments
from app.tables import CommitmentClock
from consent import grants, receipts
from consent.store import Event, Grant, Receipt
from tests.app.api.loop import message
from tests.app.api.promising import BACKED, DUE, REMEDY, WORDS, Bound, bind
from tests.instances import Instance
from vault import accounts, store
from vault.records import Commitment

SECOND = timedelta(seconds=1)


@pytest.fixture
def bound(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Bound:
    return bind(instance, monkeypatch, BACKED, WORDS)


def unlock(bound: Bound) -> None:
    """What the owner's next unlock does to records."""
    with bound.instance.stores.main.writing() as db:
        keyring = bound.owner.keyring
        arrivals.collect(db, keyring, accounts.open_mailbox(db, keyring), now=wall.now())


def record(bound: Bound, commitment_id: str) -> Commitment:
    """A promise as the owner keeps it."""
    with bound.instance.stores.main.reading() as db:
        opened = store.get(db, bound.owner.keyring, Commitment, commitment_id)
    assert opened is not None
    return opened.fields


def decide(bound: Bound, act: commitments.Act) -> None:
    """The owner's word on the backed promise, as the page takes it."""
    commitment_id = bound.clocks[0].commitment_id
    unlock(bound)
    after = commitments.act_on(record(bound, commitment_id), act, happened_at=wall.now(), now=wall.now())
    with bound.instance.stores.main.writing() as db:
        store.replace(db, bound.owner.keyring, commitment_id, after, now=wall.now())
        clocks.set_clock(db, bound.owner.account_id, commitment_id, after)
        clocks.let_go(db, bound.owner.act(), bound.shop.grant_id)


def test_the_receipt_names_the_promises(bound: Bound) -> None:
    """In the order of the terms; both sides hold the same bytes."""
    with bound.instance.stores.main.reading() as db:
        said = receipts.unverified(db.exec(select(Receipt)).one().jws)
    assert said["bw:commitments"] == [clock.commitment_id for clock in bound.clocks]


def test_a_backed_promise_suspends_when_its_remedy_is_over(bound: Bound) -> None:
    """Due, broken, then the time to make it good, then suspended: each at its instant, each told once; just words never."""
    for moment in (DUE - SECOND, DUE, DUE, DUE + REMEDY - SECOND):
        bound.tick(bound.start + moment)
        assert bound.grant.status == "given"
    assert bound.shop.post("/messages", message()).status_code == 202
    bound.tick(bound.start + DUE + REMEDY)
    bound.tick(bound.start + DUE + REMEDY + timedelta(days=1))
    assert (bound.grant.status, bound.grant.suspended_for) == ("suspended", "commitment")
    assert bound.told() == ["commitment.broken", "commitment.due", "consent.suspended"]
    assert bound.history() == [
        "grant.given", "commitment.made", "commitment.made", "commitment.due", "commitment.broken", "commitment.due", "grant.suspended",
    ]  # fmt: skip
    assert bound.shop.post("/messages", message()).json()["type"].endswith("/consent-suspended")
    with bound.instance.stores.main.reading() as db:
        told = json.loads(db.exec(select(Event.data).where(Event.type == "consent.suspended")).one())
    assert (told["reason"], told["commitment_id"]) == ("commitment", bound.clocks[0].commitment_id)
    assert set(told) == {"subject", "grant_id", "client_reference", "reason", "commitment_id"}


def test_a_worker_that_was_off_for_a_year_does_it_once(bound: Bound) -> None:
    """All of it, in order, with the instants of the terms; and the owner's record says the same."""
    bound.tick(bound.start + timedelta(days=365))
    bound.tick(bound.start + timedelta(days=366))
    assert bound.told() == ["commitment.broken", "commitment.due", "consent.suspended"]
    before = bound.clocks[0]
    assert (before.broken_at, before.lapsed_at) == (bound.start + DUE, bound.start + DUE + REMEDY)
    unlock(bound)
    kept = record(bound, before.commitment_id)
    broken = kept.events[-1]
    assert (broken.type, broken.by, broken.happened_at) == ("broken", "clock", bound.start + DUE)
    assert broken.recorded_at == bound.start + timedelta(days=365)
    with bound.instance.stores.main.writing() as db:
        after = clocks.set_clock(db, bound.owner.account_id, before.commitment_id, kept)
    assert (after.next_due_at, after.broken_at, after.lapsed_at) == (None, before.broken_at, before.lapsed_at)


def test_a_grant_that_ended_before_is_not_suspended_after(bound: Bound) -> None:
    """Expired while nobody looked: the breach is written down, the end is its own."""
    with bound.instance.stores.main.writing() as db:
        db.exec(update(Grant).values(expires_at=bound.start + timedelta(days=20)))
    bound.tick(bound.start + timedelta(days=365))
    assert (bound.grant.status, bound.clocks[0].state) == ("expired", "broken")
    assert bound.told() == ["commitment.broken", "commitment.due", "consent.expired"]


def test_what_falls_due_after_the_end_breaks_nothing(bound: Bound) -> None:
    """A consent that was withdrawn rests on nothing any more."""
    bound.owner.end(bound.shop.grant_id, "withdraw")
    bound.tick(bound.start + DUE + REMEDY)
    assert (bound.clocks[0].state, bound.told()) == ("active", ["commitment.due", "consent.withdrawn"])


@pytest.mark.parametrize(("act", "state"), [("keep", "kept"), ("remedy", "remedied"), ("waive", "waived")])
def test_the_suspension_lifts_when_its_cause_is_gone(bound: Bound, act: commitments.Act, state: str) -> None:
    """Kept after all, made good late, or let go: the grant is as it was, and the client is told."""
    bound.tick(bound.start + DUE + REMEDY)
    bound.at(bound.start + DUE + REMEDY + timedelta(days=40))
    decide(bound, act)
    assert (bound.grant.status, bound.grant.suspended_for, bound.clocks[0].state) == ("given", None, state)
    assert "consent.resumed" in bound.told()
    bound.tick(bound.start + timedelta(days=900))
    assert bound.grant.status == "given"


def test_a_grant_that_was_paused_is_paused_again(bound: Bound) -> None:
    """The owner's pause outlives the suspension."""
    bound.owner.end(bound.shop.grant_id, "pause")
    bound.tick(bound.start + DUE + REMEDY)
    assert (bound.grant.status, bound.grant.suspended_from) == ("suspended", "paused")
    decide(bound, "remedy")
    assert bound.grant.status == "paused"
    assert bound.told().count("consent.paused") == 2


def test_one_of_two_is_not_enough(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suspension lifts with the last promise that is past its remedy."""
    bound = bind(instance, monkeypatch, BACKED, {**BACKED, "promise": "And a spare part"})
    bound.tick(bound.start + timedelta(days=365))
    assert bound.told().count("consent.suspended") == 1
    decide(bound, "remedy")
    assert bound.grant.status == "suspended"
    other = bound.clocks[1].commitment_id
    made_good = commitments.act_on(record(bound, other), "remedy", happened_at=wall.now(), now=wall.now())
    with instance.stores.main.writing() as db:
        clocks.set_clock(db, bound.owner.account_id, other, made_good)
        assert clocks.let_go(db, bound.owner.act(), bound.shop.grant_id)
    assert bound.grant.status == "given"


def test_the_owner_may_resume_in_spite_of_it(bound: Bound) -> None:
    """Forgiven for the grant: it stays up, though the promise stays broken."""
    bound.tick(bound.start + DUE + REMEDY)
    with bound.instance.stores.main.writing() as db:
        grant = db.get_one(Grant, (bound.owner.account_id, bound.shop.grant_id))
        grants.resume(db, bound.owner.act(), grant)
        clocks.forgive(db, grant)
    bound.tick(bound.start + timedelta(days=900))
    assert (bound.grant.status, bound.clocks[0].state, bound.clocks[0].lapsed_at) == ("given", "broken", None)


def test_disputed_evidence_gives_back_the_time_that_was_left(bound: Bound) -> None:
    """Evidence on the tenth day, disputed on the fiftieth: four days are left from there, then the remedy's seven."""
    commitment_id = bound.clocks[0].commitment_id
    bound.at(bound.start + timedelta(days=10))
    assert bound.shop.post(f"/commitments/{commitment_id}/evidence", {"text": "Repaired."}).status_code == 200
    bound.tick(bound.start + timedelta(days=50))
    decide(bound, "dispute")
    assert (bound.clocks[0].state, bound.clocks[0].next_due_at) == ("disputed", bound.start + timedelta(days=54))
    bound.tick(bound.start + timedelta(days=54))
    assert (bound.clocks[0].state, bound.grant.status) == ("broken", "given")
    bound.tick(bound.start + timedelta(days=61) - SECOND)
    assert bound.grant.status == "given"
    bound.tick(bound.start + timedelta(days=61))
    assert bound.grant.status == "suspended"


def test_evidence_after_the_due_instant_finds_it_broken_though_no_worker_came(bound: Bound) -> None:
    """The door settles what is due before it stops the clock; what is left is left of the remedy."""
    commitment_id = bound.clocks[0].commitment_id
    bound.at(bound.start + DUE + timedelta(days=2))
    answer = bound.shop.post(f"/commitments/{commitment_id}/evidence", {"text": "Repaired, really."}).json()
    assert (answer["state"], answer["broken_at"]) == ("broken", (bound.start + DUE).isoformat().replace("+00:00", "Z"))
    assert bound.told() == ["commitment.broken", "commitment.due"]
    bound.tick(bound.start + timedelta(days=100))
    decide(bound, "dispute")
    assert bound.clocks[0].next_due_at == bound.start + timedelta(days=105)


def test_a_report_after_the_suspension_waits_for_the_owner(bound: Bound) -> None:
    """A client does not lift its own suspension; a dispute leaves it, without a new deadline."""
    bound.tick(bound.start + timedelta(days=30))
    commitment_id = bound.clocks[0].commitment_id
    assert bound.shop.post(f"/commitments/{commitment_id}/remedies", {"text": "Refunded."}).status_code == 200
    assert bound.grant.status == "suspended"
    decide(bound, "dispute")
    assert (bound.grant.status, bound.clocks[0].next_due_at) == ("suspended", None)
    bound.at(bound.start + timedelta(days=31))
    assert bound.shop.post(f"/commitments/{commitment_id}/remedies", {"text": "Refunded now."}).status_code == 200
    decide(bound, "remedy")
    assert bound.grant.status == "given"


def test_a_promise_that_the_owner_breaks_runs_from_when_the_client_is_told(bound: Bound) -> None:
    """However long ago the owner says it happened."""
    commitment_id = bound.clocks[0].commitment_id
    bound.at(bound.start + timedelta(days=5))
    broken = commitments.act_on(record(bound, commitment_id), "break", happened_at=bound.start - timedelta(days=9), now=wall.now())
    with bound.instance.stores.main.writing() as db:
        clock = clocks.set_clock(db, bound.owner.account_id, commitment_id, broken)
        assert clock.next_due_at == bound.start + timedelta(days=5) + REMEDY


def test_a_renewal_counts_by_the_new_terms(bound: Bound) -> None:
    """What is repeated goes on, what is not repeated suspends no more, and nothing lapsed holds the new consent up."""
    bound.tick(bound.start + DUE + REMEDY)
    with bound.instance.stores.main.writing() as db:
        grant = db.get_one(Grant, (bound.owner.account_id, bound.shop.grant_id))
        terms = grants.standing(grant).terms
        clocks.carry_over(db, grant, type(terms)(**{**vars(terms), "in_return": terms.in_return[::-1]}))
    assert sorted((clock.in_return, clock.state, clock.lapsed_at) for clock in bound.clocks if clock.in_return is not None) == [
        (0, "active", None),
        (1, "broken", None),
    ]
    with bound.instance.stores.main.writing() as db:
        grant = db.get_one(Grant, (bound.owner.account_id, bound.shop.grant_id))
        clocks.carry_over(db, grant, type(terms)(**{**vars(terms), "in_return": ()}))
    assert {clocks.suspends(clock) for clock in bound.clocks} == {False}


def test_what_a_client_promised_alone_suspends_nothing(bound: Bound) -> None:
    """It falls due, the client is told, and the rest is the owner's to say."""
    body = {"promise": "Delivery on Sundays", "within": "P1D", "remedy": {"kind": "free_exit", "within": "P1D"}}
    made = bound.shop.post("/commitments", body).json()
    bound.tick(bound.start + timedelta(days=5))
    unlock(bound)
    with bound.instance.stores.main.reading() as db:
        assert not pledges.waiting(db, bound.owner.account_id)
        clock = db.get_one(CommitmentClock, (bound.owner.account_id, made["id"]))
    assert (clock.state, clock.next_due_at, bound.grant.status, bound.told()) == ("offered", None, "given", ["commitment.due"])
    kept = record(bound, made["id"])
    assert (kept.promise, kept.source, commitments.acts(kept)) == ("Delivery on Sundays", "api", ("accept", "waive"))
    assert kept.vendor_id != pledges.NOBODY
