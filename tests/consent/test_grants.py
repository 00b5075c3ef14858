"""Requests and grants: what is asked, given, changed and renewed, and what each leaves in the ledger."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import select

from app.database import Stores
from consent import filing, grants, ledger, receipts
from consent.act import Act
from consent.decision import Allowed, Usage, decide
from consent.errors import IllegalTransition, NotFound, SignerMissing, TermsChanged, TermsError
from consent.store import Grant, Receipt, Relationship, RelationshipKey, Request
from consent.terms import Terms, canonical, narrow, parse
from tests.consent.house import BOTH, CLIENT, FACTS, MESSAGES, OFFER, TEXT, House, give, put
from tests.consent.samples import terms
from tests.factories import NOW, make_account, make_signer
from vault import accounts


def test_request_waits_until_it_is_decided(house: House) -> None:
    asked = house.ask()
    assert (asked.state, asked.details, asked.client_reference) == ("pending", canonical(terms()).decode(), "customer 4711")
    with house.writing() as db:
        account_id = house.account.account_id
        assert [each.request_id for each in grants.open_requests(db, account_id)] == [asked.request_id]
        assert grants.open_requests(db, account_id, now=asked.expires_at) == []
        assert len(grants.open_requests(db, account_id, now=NOW)) == 1
        assert filing.refusal_of(db, account_id, asked.request_id) is None
        receipt = grants.decline(db, house.act(), asked, client=FACTS)
        assert grants.open_requests(db, account_id) == []
        assert filing.refusal_of(db, account_id, asked.request_id) == receipt
    digest = sha256(canonical(terms())).hexdigest()
    assert house.history() == [
        ("request.received", f"client:{CLIENT}", {"client_id": CLIENT, "request_id": asked.request_id, "terms_sha256": digest}),
        (
            "request.declined",
            "owner",
            {"client_id": CLIENT, "request_id": asked.request_id, "receipt_id": receipt.receipt_id},
        ),
    ]


def test_request_expires_when_its_time_is_over_and_not_before(house: House) -> None:
    asked = house.ask()
    with house.writing() as db, pytest.raises(IllegalTransition):
        grants.expire_request(db, house.act(asked.expires_at - timedelta(seconds=1)), asked)
    with house.writing() as db:
        grants.expire_request(db, house.act(asked.expires_at, actor="instance"), asked)
    with house.writing() as db, pytest.raises(IllegalTransition):
        grants.expire_request(db, house.act(asked.expires_at), asked)
    assert [each[0] for each in house.history()] == ["request.received", "request.expired"]


def test_terms_that_cannot_stand_now_are_not_received(house: House) -> None:
    with pytest.raises(TermsError):
        house.ask(now=terms().expires)


def test_grant_holds_exactly_what_was_granted(house: House) -> None:
    granted = narrow(terms(), MESSAGES, expires=terms().expires - timedelta(days=30))
    grant, receipt = house.give(granted=granted)
    stored = house.grant(grant.grant_id)
    assert stored.terms.encode() == canonical(granted)
    assert stored.terms_sha256 == sha256(canonical(granted)).hexdigest()
    assert (stored.status, stored.given_at, stored.expires_at) == ("given", NOW, granted.expires)
    assert grants.standing(stored).terms == granted
    assert isinstance(decide(OFFER, grants.standing(stored), Usage(), NOW), Allowed)
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    assert told["bw:terms"] == json.loads(canonical(granted))
    assert told["bw:termsSha256"] == stored.terms_sha256
    assert told["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["bw:textSha256"] == sha256(TEXT.encode()).hexdigest()
    assert (told["bw:grantId"], told["bw:requestId"], told["bw:clientReference"]) == (grant.grant_id, "1" * 32, "customer 4711")


def test_receipt_commits_to_the_ledger_with_its_own_entry(house: House) -> None:
    """The opening, sealed to the owner, shows size and head; the commitment alone shows nothing."""
    grant, receipt = house.give()
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    with house.writing() as db:
        opening = accounts.open_mailbox(db, house.keyring).open("receipt", (receipt.receipt_id,), receipt.opening)
        head = ledger.lock(db, house.account.account_id)
        assert grants.receipt_of(db, house.account.account_id, grant.grant_id).jws == receipt.jws
    assert sha256(opening).hexdigest() == told["bw:ledgerCheckpoint"]
    assert opening[32:] == (2).to_bytes(8, "big") + head.head
    kind, actor, details = house.history()[1]
    assert (kind, actor, details["receipt_id"]) == ("grant.given", "owner", receipt.receipt_id)
    assert details["terms_sha256"] == told["bw:termsSha256"]


def test_subject_is_of_the_relationship(house: House) -> None:
    _, receipt = house.give()
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    with house.writing() as db:
        relationship = db.get(Relationship, (house.account.account_id, CLIENT))
    assert relationship is not None
    assert told["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"]["dpv:hasIdentifier"] == relationship.subject
    assert house.account.account_id not in json.dumps(told)
    assert house.account.login not in json.dumps(told)


def wider() -> Terms:
    asked = terms()
    return replace(asked, purposes=(replace(asked.purposes[0], channels=("sms",)),))


def test_give_refuses_what_was_not_asked_and_leaves_nothing(house: House) -> None:
    asked = house.ask()
    faults: list[tuple[type[Exception], Act, Terms, dict[str, Any]]] = [
        (TermsError, house.act(), wider(), {}),
        (TermsError, house.act(), replace(terms(), expires=NOW), {}),
        (NotFound, house.act(), terms(), {"client": receipts.ClientFacts("d" * 32, "Another Shop")}),
        (SignerMissing, replace(house.act(), signer=None), terms(), {}),
        (IllegalTransition, house.act(asked.expires_at), terms(), {}),
    ]
    for error, act, granted, changes in faults:
        with pytest.raises(error), house.writing() as db:
            give(db, act, asked, granted, **changes)
    assert [each[0] for each in house.history()] == ["request.received"]
    with house.writing() as db:
        assert db.exec(select(Grant)).all() == []
        assert db.exec(select(Receipt)).all() == []


def test_request_is_decided_once(house: House) -> None:
    asked = house.ask()
    house.give(asked)
    with house.writing() as db:
        stale = Request(**asked.model_dump() | {"state": "pending"})
    for verb in (lambda db: give(db, house.act(), stale, terms()), lambda db: grants.decline(db, house.act(), stale, client=FACTS)):
        with pytest.raises(IllegalTransition), house.writing() as db:
            verb(db)
    missing = Request(**asked.model_dump() | {"request_id": "9" * 32})
    with pytest.raises(NotFound), house.writing() as db:
        grants.decline(db, house.act(), missing, client=FACTS)


@pytest.mark.parametrize("status", grants.RENEWABLE)
def test_renewal_keeps_the_grant_and_changes_its_terms(house: House, status: str) -> None:
    """Change and renewal: the same grant id, new frozen terms, a receipt that says renewed; pause and suspension end."""
    grant, first = house.give(granted=narrow(terms(), MESSAGES))
    put(house, grant, status)
    later = grant.expires_at + timedelta(days=1)
    longer = replace(terms(), expires=terms().expires + timedelta(days=366))
    asked = house.ask("2" * 32, asked=longer, grant_id=grant.grant_id, now=later)
    with house.writing() as db:
        renewed, receipt = give(db, house.act(later), asked, longer)
    assert (renewed.grant_id, renewed.status, renewed.given_at, renewed.request_id) == (grant.grant_id, "given", later, "2" * 32)
    assert grants.standing(house.grant(grant.grant_id)).terms == longer
    told = receipts.verify(receipt.jws, receipts.jwk(make_signer().public))
    assert told["bw:event"] == "grant.changed"
    assert told["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"][-1]["@type"][0] == "dpv:RenewedConsentGiven"
    assert receipt.receipt_id != first.receipt_id
    assert [each[0] for each in house.history()][-2:] == ["request.received", "grant.changed"]
    assert house.history()[-2][2]["grant_id"] == grant.grant_id


@pytest.mark.parametrize("status", ["withdrawn", "handed_back"])
def test_what_ended_for_good_is_not_renewed(house: House, status: str) -> None:
    grant, _ = house.give()
    waiting = house.ask("3" * 32, grant_id=grant.grant_id)
    put(house, grant, status)
    with pytest.raises(IllegalTransition):
        house.ask("2" * 32, grant_id=grant.grant_id)
    with pytest.raises(IllegalTransition):
        house.give(waiting)


def test_grant_of_another_client_is_not_renewed(house: House) -> None:
    grant, _ = house.give()
    with house.writing() as db:
        grant = db.merge(grant)
        grant.client_id = "d" * 32
    with pytest.raises(NotFound):
        house.ask("2" * 32, grant_id=grant.grant_id)
    with pytest.raises(NotFound):
        house.ask("2" * 32, grant_id="9" * 32)


def test_terms_changed_in_the_database_shut_the_gate(house: House) -> None:
    grant, _ = house.give(granted=narrow(terms(), MESSAGES))
    wide = Grant(**grant.model_dump() | {"terms": canonical(terms()).decode()})
    with pytest.raises(TermsChanged):
        grants.standing(wide)


def test_client_sees_its_grants_of_every_owner(stores: Stores) -> None:
    houses = [House(stores, *make_account(stores, login)) for login in ("robin", "sparrow")]
    given = sorted(house.give()[0].grant_id for house in houses)
    with stores.main.reading() as db:
        assert [grant.grant_id for grant in grants.by_client(db, CLIENT)] == given
        assert grants.by_client(db, "d" * 32) == []


def test_relationship_has_one_subject_and_one_valid_key(house: House) -> None:
    made: list[str] = []

    def new_key() -> tuple[str, bytes, bytes]:
        made.append(f"kid-{len(made)}")
        return made[-1], bytes(32), b"sealed"

    with house.writing() as db:
        first = grants.relationship(db, house.act(), CLIENT, new_key).subject
    with house.writing() as db:
        assert grants.relationship(db, house.act(), CLIENT, new_key).subject == first
        assert grants.relationship(db, house.act(), "d" * 32, new_key).subject != first
        assert made == ["kid-0", "kid-1"]
        old = db.get(RelationshipKey, (house.account.account_id, CLIENT, "kid-0"))
        assert old is not None
        old.valid_until = NOW
        grants.relationship(db, house.act(), CLIENT, new_key)
    assert made == ["kid-0", "kid-1", "kid-2"]


def test_choices_of_the_page_make_a_grant(house: House) -> None:
    asked = house.ask()
    granted = narrow(parse(json.loads(asked.details), now=asked.created_at), BOTH)
    grant, _ = house.give(asked, granted=granted)
    assert grants.standing(grant).terms == terms()
