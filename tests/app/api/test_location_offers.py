"""Location offers at the vendor's door: what is let in, what a vendor may know, redeeming."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import select

from app import clock
from app.exchange import offers
from app.tables import Message, Offer, Redemption
from consent.store import Event, LedgerEntry
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship, marked
from tests.factories import make_details
from tests.instances import Instance
from tests.places import DUBLIN, circle, offer, offered_details
from vault import accounts


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner, offered_details())


def rows(instance: Instance, query: Any) -> list[Any]:
    with instance.stores.main.reading() as db:
        return list(db.exec(query))


def code_of(owner: Owner, instance: Instance) -> str:
    """The code that stands inside the sealed words."""
    with instance.stores.main.reading() as db:
        row = db.exec(select(Offer)).one()
        message = db.get_one(Message, (row.account_id, row.message_id))
        opened = accounts.open_mailbox(db, owner.keyring).open(offers.PURPOSE, (message.client_id, row.message_id), row.sealed)
    return str(json.loads(opened)["code"])


def test_offer_is_let_in_and_waits_at_its_place(instance: Instance, owner: Owner, shop: Shop) -> None:
    """202; the words are sealed beside the area, the message's own row holds none, and the code is nowhere in clear."""
    answer = shop.post("/messages", offer())
    assert answer.status_code == 202, answer.text
    (row,) = rows(instance, select(Offer))
    (message,) = rows(instance, select(Message))
    assert (message.sealed, row.message_id, row.grant_id) == (None, answer.json()["id"], shop.grant_id)
    assert shop.get(f"/messages/{row.message_id}").json() == {"id": row.message_id, "status": "accepted"}
    code = code_of(owner, instance)
    assert len(code) == 14
    (redemption,) = rows(instance, select(Redemption))
    assert redemption.code_hash == offers.code_hash(instance.app.state.instance, code.lower().replace("-", " "))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"area": {"type": "Point", "coordinates": DUBLIN}}, "/area/radius_m"),
        ({"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1]]]}}, "/area/coordinates/0"),
        ({"area": {"type": "Point", "coordinates": [200, 0], "radius_m": 5}}, "/area/coordinates/0"),
        ({"area": None}, ""),
        ({"valid_until": None}, ""),
        ({"channel": "email", "delivered_by": "client"}, ""),
        ({"valid_until": (clock.now() + timedelta(days=91)).isoformat()}, "/valid_until"),
        ({"kind": "offer"}, ""),
    ],
)
def test_offer_that_makes_no_sense_is_malformed(shop: Shop, changes: dict[str, Any], pointer: str) -> None:
    """422 with a pointer to what is wrong."""
    answer = shop.post("/messages", {key: value for key, value in (offer() | changes).items() if value is not None})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


def test_too_large_an_area_is_refused(instance: Instance, shop: Shop) -> None:
    """Beyond the grant's radius: R8, in the ledger, and nothing waits anywhere."""
    answer = shop.post("/messages", offer(area=circle(radius_m=2001)))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (422, "area-too-large")
    assert rows(instance, select(Offer)) == []
    assert shop.post("/messages", offer(area=circle(radius_m=2000))).status_code == 202


def test_a_grant_has_its_share_of_open_offers(instance: Instance, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has as many as one grant can have waits until its own first one is over; another vendor is not touched by that."""
    monkeypatch.setattr(offers, "SHARE", 2)
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    assert [shop.post("/messages", offer(valid_until=soon)).status_code for _each in range(3)] == [202, 202, 429]
    refused = shop.post("/messages", offer())
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    other = make_relationship(instance, owner, offered_details())
    assert other.post("/messages", offer()).status_code == 202


def test_beyond_a_thousand_the_largest_share_gives_way(
    instance: Instance, owner: Owner, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is refused or told: what a vendor sees of its offer stays as it was."""
    monkeypatch.setattr(offers, "OPEN", 3)
    sent = [shop.post("/messages", offer()).json()["id"] for _each in range(3)]
    other = make_relationship(instance, owner, offered_details())
    assert other.post("/messages", offer()).status_code == 202
    left = [row.grant_id for row in rows(instance, select(Offer))]
    assert sorted(left) == sorted([shop.grant_id, shop.grant_id, other.grant_id])
    assert [shop.get(f"/messages/{message_id}").json()["status"] for message_id in sent] == ["accepted"] * 3


def test_code_is_good_once(instance: Instance, owner: Owner, shop: Shop) -> None:
    """The first thing the vendor hears: 200 with the message; the ledger and an event say so; again it is unknown."""
    message_id = shop.post("/messages", offer()).json()["id"]
    token, typed = shop.client_token(), code_of(owner, instance)
    redeemed = shop.post("/redemptions", {"code": f" {typed.lower()} "}, token)
    assert redeemed.status_code == 200, redeemed.text
    assert marked(instance, owner)
    assert (redeemed.json()["id"], redeemed.json()["grant_id"]) == (message_id, shop.grant_id)
    assert shop.get(f"/messages/{message_id}").json()["redeemed_at"] == redeemed.json()["redeemed_at"]
    again = shop.post("/redemptions", {"code": typed}, token)
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[1]) == (404, "not-found")
    types = [entry.type for entry in rows(instance, select(LedgerEntry))]
    assert types.count("offer.redeemed") == 1
    (event,) = rows(instance, select(Event).where(Event.type == "offer.redeemed"))
    assert message_id in event.data


def test_lost_answer_is_had_again_with_a_key(instance: Instance, owner: Owner, shop: Shop) -> None:
    """A till that repeats with its key hears the same."""
    shop.post("/messages", offer())
    token, typed = shop.client_token(), code_of(owner, instance)
    first, again = (shop.post("/redemptions", {"code": typed}, token, Idempotency_Key="till-1") for _each in range(2))
    assert (first.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("how", ["another's", "unknown", "over", "taken back"])
def test_every_other_code_is_unknown(instance: Instance, owner: Owner, shop: Shop, how: str) -> None:
    """Another vendor's, a wrong one, one that is over, one that was taken back: the same answer."""
    message_id = shop.post("/messages", offer()).json()["id"]
    typed, caller = code_of(owner, instance), shop
    if how == "another's":
        caller = make_relationship(instance, owner)
    if how == "unknown":
        typed = "0000-0000-0000"
    if how == "over":
        with instance.stores.main.writing() as db:
            db.execute(update(Message).values(valid_until=clock.now()))
    if how == "taken back":
        assert shop.delete(f"/messages/{message_id}").status_code == 204
        assert rows(instance, select(Offer)) == rows(instance, select(Redemption)) == []
    answer = caller.post("/redemptions", {"code": typed}, caller.client_token())
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (404, "not-found")


def test_guessing_codes_is_throttled(shop: Shop) -> None:
    """Sixty wrong ones in a minute; then 429."""
    token = shop.client_token()
    answers = [shop.post("/redemptions", {"code": "no"}, token).status_code for _each in range(61)]
    assert (answers[:60], answers[60]) == ([404] * 60, 429)


def test_withdrawing_takes_the_offers_and_leaves_the_code(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Ending a permission costs the owner nothing: what was promised by a code stays promised."""
    shop.post("/messages", offer())
    typed = code_of(owner, instance)
    owner.end(shop.grant_id, "withdraw")
    with instance.stores.main.writing() as db:
        offers.forget(db, owner.account_id, shop.grant_id)
    assert rows(instance, select(Offer)) == []
    assert shop.post("/redemptions", {"code": typed}, shop.client_token()).status_code == 200


def test_location_offers_need_their_own_action(instance: Instance, owner: Owner) -> None:
    """A consent to messages is none to offers tied to a place."""
    other = make_relationship(instance, owner, make_details(now=clock.now()))
    answer = other.post("/messages", offer())
    assert answer.json()["type"].endswith("/action-not-granted")
