"""One round at the vendor's door: the counter-offer, its acceptance and refusal, and the signed record of every no."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app import clock
from app.exchange import pledges
from app.tables import CommitmentClock, Pledge
from app.worker import Worker
from consent import counters, receipts
from consent.store import Event, Grant, LedgerEntry, Receipt, Request
from tests.app.api.loop import DEVICE, Owner, Shop, make_owner, make_shop
from tests.factories import make_details
from tests.instances import Instance
from vault import accounts, store
from vault.records import Commitment, Vendor

PROMISE = {"promise": "Free delivery", "within": "P14D", "remedy": {"kind": "refund", "amount": "5.00", "currency": "EUR"}}


@dataclass
class Round:
    """An owner, a shop, and a request of the shop that waits."""

    instance: Instance
    owner: Owner
    shop: Shop
    handle: str
    asked: dict[str, Any]
    details: list[dict[str, Any]]

    @property
    def request_id(self) -> str:
        return str(self.asked["request_id"])

    @property
    def headers(self) -> dict[str, str]:
        token = self.shop.oauth("token", grant_type="client_credentials").json()["access_token"]
        return {"Authorization": f"Bearer {token}"}

    def less(self) -> list[dict[str, Any]]:
        """One message a week, just the service."""
        head, line = self.details
        return [{**head, "agreement": "SD-BASE-DP"}, {**line, "frequency": {"count": 1, "per": "P1W"}}]

    def counter(self, **more: Any) -> None:
        self.owner.counter(self.request_id, self.less(), **more)

    def settle(self, verb: str, **more: Any) -> Any:
        headers = self.headers | more.pop("headers", {})
        return self.instance.client.post(f"/api/v1/requests/{self.request_id}/{verb}", headers=headers, **more)

    def shown(self) -> Any:
        return self.instance.client.get(f"/api/v1/requests/{self.request_id}", headers=self.headers).json()

    def events(self) -> list[str]:
        return [row.type for row in self.rows(select(Event).order_by(col(Event.at)))]

    def ledger(self) -> list[tuple[str, str]]:
        return [(row.type, row.actor.split(":")[0]) for row in self.rows(select(LedgerEntry).order_by(col(LedgerEntry.seq)))]

    def rows(self, query: Any) -> list[Any]:
        with self.instance.stores.main.reading() as db:
            return list(db.exec(query))


@pytest.fixture
def round_(instance: Instance) -> Round:
    owner = make_owner(instance)
    handle = owner.link()
    shop = make_shop(instance, owner, handle)
    details = make_details(now=clock.now())
    details[0]["in_return"] = [PROMISE]
    asked = shop.ask(handle, details, client_reference="C-7").json()
    return Round(instance, owner, shop, handle, asked, details)


def signed_by(text: str, jwks: dict[str, Any], kind: str = receipts.TYPE) -> dict[str, Any]:
    """What a JWS says that one of these keys signed."""
    for key in jwks["keys"]:
        try:
            found: dict[str, Any] = json.loads(receipts.verify_as(kind, text, key))
        except receipts.ReceiptError:
            continue
        return found
    raise AssertionError("none of these keys signed it")


def test_a_counter_offer_reaches_the_client(round_: Round) -> None:
    """Polling says so and carries it; the request shows it; the signature is the owner's and over exactly these terms."""
    round_.counter(usefulness_share="0.5")
    polled = round_.shop.poll(round_.asked["device_code"])
    assert (polled.status_code, polled.json()["error"]) == (400, "authorization_pending")
    offer = polled.json()["counter_offer"]
    shown = round_.shown()
    assert shown["state"] == "countered"
    assert shown["counter_offer"] == offer
    assert offer["authorization_details"][0]["agreement"] == "SD-BASE-DP"
    assert offer["authorization_details"][1]["frequency"] == {"count": 1, "per": "P1W"}
    assert (offer["expires_at"], offer["usefulness_share"]) == (shown["expires_at"], "0.5")
    said = signed_by(offer["jws"], shown["jwks"], counters.TYPE)
    assert (said["bw:requestId"], said["bw:usefulnessShare"], said["bw:status"]) == (round_.request_id, "0.5", counters.STATUS)
    assert "receipt" not in shown
    assert round_.events() == ["consent.countered"]
    assert round_.rows(select(Grant)) == []


def test_acceptance_gives_the_grant_while_the_owner_is_away(round_: Round) -> None:
    """The grant is what the owner signed; the receipt carries that signature, attested by the instance; the next poll has the token."""
    round_.counter(usefulness_share="0.5")
    offer = round_.shown()["counter_offer"]
    answer = round_.settle("acceptance")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["counter_offer"], told["client_reference"]) == ("granted", offer, "C-7")
    (grant,) = round_.rows(select(Grant))
    assert told["grant_id"] == grant.grant_id
    assert json.loads(grant.terms) == offer["authorization_details"]
    assert json.loads(grant.proviso) == {"usefulness_share": "0.5"}
    instance_key = round_.instance.client.get("/.well-known/jwks.json").json()
    said = signed_by(told["receipt"], instance_key)
    assert (said["bw:attestedBy"], said["bw:event"], said["bw:counterOffer"]) == ("instance", "grant.given", offer["jws"])
    assert said["bw:terms"] == offer["authorization_details"]
    assert signed_by(said["bw:counterOffer"], told["jwks"], counters.TYPE)["bw:termsSha256"] == said["bw:termsSha256"]
    token = round_.shop.poll(round_.asked["device_code"]).json()
    assert (token["grant_id"], token["receipt"]) == (grant.grant_id, told["receipt"])
    sent = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "title": "New", "body": "Come."}
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert [round_.instance.client.post("/api/v1/messages", json=sent, headers=headers).status_code for _ in range(2)] == [202, 429]
    types = round_.ledger()
    assert types[:5] == [
        ("request.received", "client"), ("request.countered", "owner"), ("counter.accepted", "client"), ("grant.given", "client"),
        ("commitment.made", "client"),
    ]  # fmt: skip


def test_what_was_promised_in_return_waits_for_the_owner(round_: Round) -> None:
    """The clock runs from the acceptance; the record is written when the owner is back, under the company that it is."""
    round_.counter()
    assert round_.settle("acceptance").status_code == 200
    (pledge,) = round_.rows(select(Pledge))
    (waiting,) = round_.rows(select(CommitmentClock))
    assert (waiting.commitment_id, waiting.grant_id, waiting.state) == (pledge.commitment_id, pledge.grant_id, "active")
    assert waiting.next_due_at is not None
    owner = round_.owner
    with round_.instance.stores.main.writing() as db:
        assert pledges.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=clock.now()) == 1
        assert pledges.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=clock.now()) == 0
    with round_.instance.stores.main.reading() as db:
        (vendor,) = store.all_of(db, owner.keyring, Vendor)
        (commitment,) = store.all_of(db, owner.keyring, Commitment)
    assert commitment.record_id == pledge.commitment_id
    assert (commitment.fields.promise, commitment.fields.vendor_id, commitment.fields.grant_id) == (
        "Free delivery", vendor.record_id, pledge.grant_id,
    )  # fmt: skip
    assert vendor.fields.client_ids == (round_.shop.client_id,)


def test_refusal_leaves_nothing_but_the_receipt(round_: Round) -> None:
    """No grant; both sides hold the same record of it, with the owner's offer inside; polling says no."""
    round_.counter()
    offer = round_.shown()["counter_offer"]
    answer = round_.settle("refusal", json={})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["state"] == "refused"
    said = signed_by(told["receipt"], round_.instance.client.get("/.well-known/jwks.json").json())
    assert (said["bw:event"], said["bw:attestedBy"], said["bw:counterOffer"]) == ("counter.refused", "instance", offer["jws"])
    assert said["bw:terms"] == round_.details
    assert "bw:grantId" not in said
    (kept,) = round_.rows(select(Receipt))
    assert (kept.jws, kept.grant_id) == (told["receipt"], None)
    assert round_.rows(select(Grant)) == []
    assert round_.shop.poll(round_.asked["device_code"]).json()["error"] == "access_denied"
    assert round_.events() == ["consent.countered"]


def test_a_declined_request_gives_a_signed_receipt(round_: Round) -> None:
    """The owner's no, signed with the key of the relationship, fetched by the client, told by an event."""
    round_.owner.decline(round_.request_id)
    told = round_.shown()
    said = signed_by(told["receipt"], told["jwks"])
    assert (told["state"], said["bw:event"], said["bw:attestedBy"]) == ("refused", "request.declined", "owner")
    statuses = said["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    assert [status["@type"] for status in statuses] == ["dpv:ConsentRequested", "dpv:ConsentRefused"]
    assert "bw:counterOffer" not in said
    assert round_.events() == ["consent.refused"]
    with round_.instance.stores.main.reading() as db:
        assert db.exec(select(Receipt)).one().jws == told["receipt"]


def test_a_counter_offer_taken_back_cannot_be_accepted(round_: Round) -> None:
    """Until it is answered the owner may decline after all."""
    round_.counter()
    round_.owner.decline(round_.request_id)
    assert round_.settle("acceptance").status_code == 409
    assert round_.shown()["state"] == "refused"
    assert round_.rows(select(Grant)) == []


@pytest.mark.parametrize("verb", ["acceptance", "refusal"])
def test_only_a_standing_offer_is_settled_and_only_once(round_: Round, verb: str) -> None:
    """A request that waits, one that leads nowhere, and one that is settled look the same: nothing stands."""
    nowhere = round_.shop.ask("no-such-handle").json()["request_id"]
    for request_id in (round_.request_id, nowhere):
        answer = round_.instance.client.post(f"/api/v1/requests/{request_id}/{verb}", headers=round_.headers)
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "not-countered")
    round_.counter()
    assert round_.settle(verb).status_code == 200
    before = round_.ledger()
    for again in ("acceptance", "refusal"):
        assert round_.settle(again).status_code == 409
    assert round_.ledger() == before


def test_another_client_finds_nothing(round_: Round) -> None:
    """Somebody else's request and none at all look alike; a grant token is none for this."""
    round_.counter()
    other = make_shop(round_.instance, round_.owner, round_.handle)
    token = other.oauth("token", grant_type="client_credentials").json()["access_token"]
    mine, none = (
        round_.instance.client.post(f"/api/v1/requests/{request_id}/acceptance", headers={"Authorization": f"Bearer {token}"})
        for request_id in (round_.request_id, "0" * 32)
    )
    assert (mine.status_code, mine.json()) == (404, none.json())
    assert round_.instance.client.post(f"/api/v1/requests/{round_.request_id}/acceptance").status_code == 401


def test_a_repeated_acceptance_is_done_once(round_: Round) -> None:
    """The same key, the same answer; another body under it is a conflict; a refusal under the same key is its own route."""
    round_.counter()
    first, second = (round_.settle("acceptance", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert second.headers["idempotent-replay"] == "true"
    assert round_.settle("acceptance", headers={"Idempotency-Key": "k"}, json={}).status_code == 409
    assert len(round_.rows(select(Grant))) == 1


@pytest.mark.parametrize(("body", "status"), [({"json": {"more": 1}}, 422), ({"content": b"{"}, 422)])
def test_a_body_says_nothing(round_: Round, body: dict[str, Any], status: int) -> None:
    """There is nothing to add to a yes."""
    round_.counter()
    headers = {"Content-Type": "application/json"}
    assert round_.settle("acceptance", headers=headers, **body).status_code == status
    assert round_.shown()["state"] == "countered"


def test_a_counter_offer_expires_with_the_request(round_: Round) -> None:
    """After its time nobody can accept it, before and after the worker has come by."""
    round_.counter()
    with round_.instance.stores.main.writing() as db:
        row = db.get_one(Request, (round_.owner.account_id, round_.request_id))
        row.expires_at = clock.now() - timedelta(seconds=1)
        db.add(row)
    assert round_.settle("acceptance").status_code == 409
    Worker(round_.instance.stores, round_.instance.app.state.instance).tick(clock.now())
    (row,) = round_.rows(select(Request))
    assert row.state == "expired"
    assert round_.settle("acceptance").status_code == 409
    assert ("request.expired", "instance") in round_.ledger()


def test_a_tampered_offer_is_not_granted(round_: Round) -> None:
    """Whoever can write to the row cannot make the owner have offered more."""
    round_.counter()
    with round_.instance.stores.main.writing() as db:
        row = db.get_one(Request, (round_.owner.account_id, round_.request_id))
        kept = json.loads(row.counter_offer or "")
        kept["authorization_details"][1]["frequency"]["count"] = 2
        row.counter_offer = json.dumps(kept)
        db.add(row)
    assert round_.settle("acceptance").status_code == 500
    assert round_.rows(select(Grant)) == []


def test_a_counter_to_a_change_keeps_grant_and_token(round_: Round) -> None:
    """Accepted, the grant keeps its id and its token and tells of a change; what it rested on already is not promised twice."""
    round_.owner.grant(round_.request_id)
    token = round_.shop.poll(round_.asked["device_code"]).json()
    wider = [round_.details[0], {**round_.details[1], "frequency": {"count": 5, "per": "P1W"}}]
    round_.asked = round_.shop.ask(round_.handle, wider, grant_id=token["grant_id"]).json()
    round_.counter()
    assert round_.settle("acceptance").status_code == 200
    (grant,) = round_.rows(select(Grant))
    assert grant.grant_id == token["grant_id"]
    seen = round_.instance.client.get("/api/v1/grant", headers={"Authorization": f"Bearer {token['access_token']}"}).json()
    assert seen["authorization_details"][1]["frequency"] == {"count": 1, "per": "P1W"}
    assert len(round_.rows(select(CommitmentClock))) == 1
    assert round_.rows(select(Pledge)) == []
    assert ("grant.changed", "client") in round_.ledger()


def test_a_request_whose_client_goes_is_dropped(round_: Round) -> None:
    """A counter-offer to somebody who has left stands no more."""
    round_.counter()
    headers = {"Authorization": f"Bearer {round_.shop.registration['registration_access_token']}"}
    gone = round_.instance.client.delete(f"/oauth/register/{round_.shop.client_id}", headers=headers)
    assert gone.status_code == 204
    assert [row.state for row in round_.rows(select(Request))] == ["refused"]
    assert round_.ledger()[-1] == ("request.dropped", "client")


def test_the_device_grant_still_wants_its_code(round_: Round) -> None:
    """A counter-offer is told to the client that asked, and to nobody who guesses."""
    round_.counter()
    other = make_shop(round_.instance, round_.owner, round_.handle)
    answer = other.oauth("token", grant_type=DEVICE, device_code=round_.asked["device_code"])
    assert (answer.json()["error"], "counter_offer" in answer.json()) == ("invalid_grant", False)
