"""The one round: a counter-offer lies within what was asked, is signed, stands once, and ends as the other side answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.database import Stores
from consent import asking, counters, grants, receipts, relationships
from consent.act import Act
from consent.errors import IllegalTransition, NotFound, SignerMissing, TermsChanged, TermsError
from consent.receipts import Shown
from consent.store import Gate, Receipt, Relationship, RelationshipKey, Request
from consent.terms import Terms, canonical
from tests.consent.house import CLIENT, FACTS, TEXT, House
from tests.consent.samples import terms
from tests.factories import NOW, make_account, make_signer

SHOWN = Shown.of(TEXT, "en", "1")
OTHER = receipts.ClientFacts("d" * 32, "Another Shop")


@pytest.fixture
def house(stores: Stores) -> House:
    house = House(stores, *make_account(stores))
    signer = make_signer()
    with house.writing() as db:
        grants.relationship(db, house.act(), CLIENT, lambda: (signer.kid, signer.public, b"sealed"))
    return house


def less() -> Terms:
    """Without the second line."""
    return replace(terms(), purposes=terms().purposes[:1])


def counter(house: House, request: Request, offered: Terms, *, act: Act | None = None, client: receipts.ClientFacts = FACTS) -> Request:
    with house.writing() as db:
        return counters.counter(db, act or house.act(), request, offered, client=client, shown=SHOWN, usefulness_share="0.5")


def test_a_counter_offer_stands_and_says_what_it_is(house: House) -> None:
    asked = house.ask()
    assert counters.offer_of(asked) is None
    stands = counter(house, asked, less())
    offer = counters.offer_of(stands)
    assert stands.state == "countered" and offer is not None
    assert (offer.terms, offer.offered_at, offer.expires_at) == (less(), NOW, asked.expires_at)
    assert (offer.text_sha256, offer.language, offer.rules_version, offer.usefulness_share) == (SHOWN.text_sha256, "en", "1", "0.5")
    said = json.loads(receipts.verify_as(counters.TYPE, offer.jws, receipts.jwk(make_signer().public)))
    assert said["bw:requestId"] == asked.request_id
    with pytest.raises(receipts.ReceiptError):
        receipts.verify(offer.jws, receipts.jwk(make_signer().public))
    assert [row[0] for row in house.history()] == ["request.received", "request.countered"]


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        (terms, "same"),
        (lambda: replace(terms(), expires=terms().expires + timedelta(days=1)), "wider"),
        (lambda: replace(less(), statement="Something else."), "wider"),
        (lambda: replace(less(), in_return=()), "wider"),
        (lambda: replace(terms(), agreement="SD-BASE"), "agreement"),
        (lambda: replace(less(), expires=NOW), "out-of-bounds"),
    ],
)
def test_what_is_no_counter_offer_leaves_nothing(house: House, offered: Callable[[], Terms], code: str) -> None:
    """The sample's second line hands data to others, which no agreement without sharing permits."""
    asked = house.ask()
    with pytest.raises(TermsError) as refused:
        counter(house, asked, offered())
    assert refused.value.code == code
    assert [row[0] for row in house.history()] == ["request.received"]


def test_an_agreement_may_be_any_that_does_not_rule_out_what_is_kept(house: House) -> None:
    """Another one, or none; one that only does not speak of a purpose stands beside it."""
    for number, agreement in enumerate(("SD-BASE", "PDC-INTENT", None)):
        request = house.ask(str(number) * 32)
        offer = counters.offer_of(counter(house, request, replace(less(), agreement=agreement)))
        assert offer is not None and offer.terms.agreement == agreement


def test_there_is_one_counter_offer(house: House) -> None:
    asked = house.ask()
    counter(house, asked, less())
    with pytest.raises(IllegalTransition):
        counter(house, asked, replace(less(), agreement=None))
    with pytest.raises(IllegalTransition):
        house.give(asked)


def test_who_may_counter_and_when(house: House) -> None:
    asked = house.ask()
    with pytest.raises(SignerMissing):
        counter(house, asked, less(), act=replace(house.act(), signer=None))
    with pytest.raises(NotFound):
        counter(house, asked, less(), client=OTHER)
    with pytest.raises(IllegalTransition):
        counter(house, asked, less(), act=house.act(asked.expires_at))
    grant, _receipt = house.give(house.ask("2" * 32))
    change = house.ask("3" * 32, grant_id=grant.grant_id)
    with house.writing() as db:
        grants.withdraw(db, house.act(), grant)
    with pytest.raises(IllegalTransition):
        counter(house, change, less())


def away(house: House, **more: Any) -> Act:
    return house.act(actor=f"client:{CLIENT}", **more)


def test_accepting_gives_exactly_what_was_offered(house: House) -> None:
    stands = counter(house, house.ask(), less())
    with house.writing() as db:
        grant, receipt = counters.accept(db, away(house), stands, client=FACTS, withdraw_at="https://bothways.example/grants")
    assert grant.terms.encode() == canonical(less())
    assert json.loads(grant.proviso or "") == {"usefulness_share": "0.5"}
    said = receipts.unverified(receipt.jws)
    offer = counters.offer_of(stands)
    assert offer is not None and said["bw:counterOffer"] == offer.jws
    assert said["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["bw:textSha256"] == SHOWN.text_sha256
    assert [row[0] for row in house.history()][-2:] == ["counter.accepted", "grant.given"]


def test_refusing_leaves_a_receipt_of_its_own(house: House) -> None:
    stands = counter(house, house.ask(), less())
    with pytest.raises(NotFound), house.writing() as db:
        counters.refuse(db, away(house), stands, client=OTHER)
    with house.writing() as db:
        receipt = counters.refuse(db, away(house), stands, client=FACTS)
    said = receipts.unverified(receipt.jws)
    assert (said["bw:event"], receipt.grant_id) == ("counter.refused", None)
    assert said["bw:terms"] == json.loads(canonical(terms()))
    with house.writing() as db:
        assert [row.receipt_id for row in db.exec(select(Receipt)).all()] == [receipt.receipt_id]


VERBS: tuple[Callable[..., Any], ...] = (counters.accept, counters.refuse)


@pytest.mark.parametrize("verb", VERBS)
def test_only_what_stands_is_settled(house: House, verb: Callable[..., Any]) -> None:
    asked = house.ask()
    with pytest.raises(IllegalTransition), house.writing() as db:
        verb(db, away(house), asked, client=FACTS)
    stands = counter(house, asked, less())
    with pytest.raises(SignerMissing), house.writing() as db:
        verb(db, replace(away(house), signer=None), stands, client=FACTS)
    with pytest.raises(IllegalTransition), house.writing() as db:
        verb(db, away(house, now=stands.expires_at), stands, client=FACTS)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", ["other terms", "other request", "other key", "nothing"])
def test_what_the_owner_did_not_sign_convinces_nobody(house: House, verb: Callable[..., Any], fault: str) -> None:
    """The row alone is no offer: its terms, its request and its key must be those of the signature."""
    stands = counter(house, house.ask(), less())
    with house.writing() as db:
        row = db.get_one(Request, (stands.account_id, stands.request_id))
        _spoil(db, row, fault)
        db.add(row)
    with pytest.raises(TermsChanged), house.writing() as db:
        verb(db, away(house), stands, client=FACTS)


def _spoil(db: Session, row: Request, fault: str) -> None:
    if fault == "nothing":
        row.counter_offer = None
    if fault == "other request":
        row.details = canonical(replace(terms(), agreement=None)).decode()
    if fault == "other key":
        key = db.exec(select(RelationshipKey)).one()
        key.public = make_signer(b"1" * 32).public
        db.add(key)
    if fault == "other terms":
        kept = json.loads(row.counter_offer or "")
        kept["authorization_details"][1]["retention"] = "P1M"
        row.counter_offer = json.dumps(kept)


def test_an_offer_whose_grant_has_ended_is_not_taken(house: House) -> None:
    """Withdrawn meanwhile: the change has nothing left to change, and nothing is written."""
    grant, _receipt = house.give(house.ask("2" * 32))
    stands = counter(house, house.ask("3" * 32, grant_id=grant.grant_id), less())
    with house.writing() as db:
        grants.withdraw(db, house.act(), grant)
    before = house.history()
    with pytest.raises(IllegalTransition), house.writing() as db:
        counters.accept(db, away(house), stands, client=FACTS)
    assert house.history() == before


def test_the_owner_may_take_it_back_and_time_does(house: House) -> None:
    first, second, third = (counter(house, house.ask(str(number) * 32), less()) for number in (1, 2, 3))
    with house.writing() as db:
        grants.decline(db, house.act(), first, client=FACTS)
        grants.expire_request(db, house.act(second.expires_at), second)
        grants.drop(db, away(house), third)
    for request in (first, second, third):
        with pytest.raises(IllegalTransition), house.writing() as db:
            counters.accept(db, away(house), request, client=FACTS)
        with pytest.raises(IllegalTransition), house.writing() as db:
            grants.drop(db, away(house), request)
    with pytest.raises(NotFound), house.writing() as db:
        grants.decline(db, house.act(), house.ask("4" * 32), client=OTHER)


def test_who_may_ask(house: House) -> None:
    """Anyone before any choice; then those who are known, or nobody; a word of a later version lets nobody in."""
    account_id = house.account.account_id

    def lets(chosen: str | None, *, known: bool) -> bool:
        with house.writing() as db:
            relationships.know(db, house.act(), CLIENT, known=known)
            relationships.know(db, house.act(), "d" * 32, known=known)
            if chosen:
                asking.choose(db, house.act(), chosen)
            return asking.lets_ask(db, account_id, CLIENT)

    assert [lets(chosen, known=known) for chosen in (None, "address", "known", "nobody") for known in (False, True)] == [
        True, True, True, True, False, True, False, False,
    ]  # fmt: skip
    with house.writing() as db:
        assert not asking.lets_ask(db, account_id, "d" * 32)
        assert db.get(Relationship, (account_id, "d" * 32)) is None
        gate = db.get_one(Gate, account_id)
        gate.may_ask = "friends"
        db.add(gate)
    with house.writing() as db:
        assert not asking.lets_ask(db, account_id, CLIENT)
        with pytest.raises(ValueError, match="not one of"):
            asking.choose(db, house.act(), "friends")


def test_turning_away_is_written_down(house: House) -> None:
    with house.writing() as db:
        asking.turn_away(db, away(house), request_id="1" * 32, client_id=CLIENT, address_id="2" * 32)
    assert [row[:2] for row in house.history()] == [("request.turned_away", f"client:{CLIENT}")]
