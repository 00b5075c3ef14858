"""A phone says where it is: whose it is, what comes of it, and that the answer is always the same."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import SQLModel, select

from app import clock
from app.exchange import mailroom, nearby, zones
from app.tables import Device, Offer, OfferMarker, OfferMatch
from app.worker import Worker
from consent import ledger
from consent.act import Act
from consent.pausing import pause_all
from consent.places import parse, text_of
from consent.store import Grant, LedgerEntry, LedgerHead
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship
from tests.instances import Instance
from tests.places import INSIDE, OUTSIDE, basic, circle, offer, offered_details, position
from vault import accounts, store
from vault.records import MessageRecord, Zone


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner, offered_details())


@pytest.fixture
def token(owner: Owner) -> str:
    with owner.stores.main.writing() as db:
        return zones.add_device(db, owner.keyring, "phone", kind="owntracks", now=clock.now()).token


def post(instance: Instance, token: str, sent: Any) -> Any:
    answer = instance.client.post("/devices/owntracks", json=sent, headers=basic(token))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "[]", "application/json")
    return answer


def count(instance: Instance, table: type[SQLModel]) -> int:
    with instance.stores.main.reading() as db:
        return len(db.exec(select(table)).all())


def collected(owner: Owner) -> list[MessageRecord]:
    with owner.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        mailroom.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=clock.now())
        return [opened.fields for opened in store.all_of(db, owner.keyring, MessageRecord)]


def fence(owner: Owner, radius_m: float) -> None:
    """A private zone around the offers' place."""
    with owner.stores.main.writing() as db:
        store.add(db, owner.keyring, Zone(name="home", area=text_of(parse(circle(radius_m=radius_m)))), now=clock.now())
        zones.project(db, owner.keyring)


def test_offer_reaches_its_owner_at_its_place_once(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """Outside nothing, inside one row that says neither where nor when; then it is a message with an id of its own, once."""
    message_id = shop.post("/messages", offer()).json()["id"]
    post(instance, token, position(OUTSIDE))
    assert count(instance, OfferMatch) == count(instance, OfferMarker) == 0
    for _each in range(3):
        post(instance, token, position(INSIDE))
    assert count(instance, OfferMatch) == count(instance, OfferMarker) == 1
    (record,) = collected(owner)
    assert (record.message_id, record.title, record.kind) == (message_id, "Bread while it is warm", "location_offer")
    assert record.code is not None and record.area is not None
    with owner.stores.main.reading() as db:
        assert store.get(db, owner.keyring, MessageRecord, message_id) is None
    post(instance, token, position(INSIDE))
    assert count(instance, OfferMatch) == 0
    assert len(collected(owner)) == 1


def test_a_zone_hides(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """In a private zone, or where the fix cannot tell that it is not, nothing matches."""
    fence(owner, 50)
    shop.post("/messages", offer())
    post(instance, token, position(INSIDE))
    beside = (INSIDE[0] + 0.0015, INSIDE[1])
    post(instance, token, position(beside, acc=300))
    assert count(instance, OfferMatch) == 0
    post(instance, token, position(beside))
    assert count(instance, OfferMatch) == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"age": 301},
        {"age": -301},
        {"acc": 5001},
        {"_type": "waypoint"},
        {"_type": "encrypted"},
        {"lat": "53.35"},
        {"lat": 91},
        {"lon": True},
        {"tst": 10**20},
        {"tst": None},
        {"acc": -1},
    ],
)
def test_what_says_nothing_is_answered_and_ignored(instance: Instance, shop: Shop, token: str, sent: dict[str, Any]) -> None:
    """Too old, too new, too rough, of another type, or no place on earth."""
    shop.post("/messages", offer())
    post(instance, token, position(INSIDE, **sent))
    assert count(instance, OfferMatch) == 0


def test_whatever_the_body_is_the_answer_is_the_same(instance: Instance, token: str) -> None:
    """Nothing, no JSON, a list, NaN: `[]`."""
    for body in (b"", b"{", b"[]", b'"x"', b'{"_type":"location","lat":NaN,"lon":0,"tst":0}', b"[" * 5000):
        answer = instance.client.post("/devices/owntracks", content=body, headers=basic(token))
        assert (answer.status_code, answer.text) == (200, "[]")
    assert instance.client.post("/devices/owntracks", content=b"x" * 17_000, headers=basic(token)).status_code == 413


def test_transition_counts(instance: Instance, shop: Shop, token: str) -> None:
    """Crossing a region of the app is a position too."""
    shop.post("/messages", offer())
    post(instance, token, position(INSIDE, _type="transition", event="enter", wtst=1))
    assert count(instance, OfferMatch) == 1


def test_only_the_token_opens(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """No password, a wrong one, a removed one: 401 with the challenge, and after sixty 429."""
    shop.post("/messages", offer())
    with owner.stores.main.writing() as db:
        (device,) = zones.devices(db, owner.account_id)
        assert zones.remove_device(db, owner.account_id, device.device_id)
        assert not zones.remove_device(db, owner.account_id, device.device_id)
    headers = [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}, basic(""), basic(token), basic("bwp_" + "x" * 43)]
    for sent in headers:
        answer = instance.client.post("/devices/owntracks", json=position(INSIDE), headers=sent)
        assert (answer.status_code, answer.headers["www-authenticate"][:5]) == (401, "Basic")
    assert count(instance, OfferMatch) == 0
    answers = [instance.client.post("/devices/owntracks", headers=basic(token)) for _each in range(60)]
    assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) > 0


def test_a_device_row_of_another_opens_nothing(instance: Instance, owner: Owner, token: str) -> None:
    """Whoever writes to the database moves a device's key: the token opens nothing there."""
    other = make_owner(instance, "wren")
    with owner.stores.main.writing() as db:
        zones.opened(db, other.keyring)
        db.execute(update(Device).values(account_id=other.account_id))
    assert instance.client.post("/devices/owntracks", json=position(INSIDE), headers=basic(token)).status_code == 401


@pytest.mark.parametrize("what", ["not yet", "over", "paused", "all paused", "expired"])
def test_what_does_not_hold_now_reaches_nobody(instance: Instance, owner: Owner, shop: Shop, token: str, what: str) -> None:
    """Valid times, and the permission as it stands at the moment of the fix."""
    later = clock.now() + timedelta(hours=1)
    shop.post("/messages", offer(**({"valid_from": later.isoformat()} if what == "not yet" else {})))
    with instance.stores.main.writing() as db:
        if what == "over":
            db.execute(update(Offer).values(valid_until=clock.now()))
        if what == "all paused":
            pause_all(db, owner.act())
        if what == "expired":
            db.execute(update(Grant).values(expires_at=clock.now()))
    if what == "paused":
        owner.end(shop.grant_id, "pause")
    post(instance, token, position(INSIDE))
    assert count(instance, OfferMatch) == 0


def test_only_so_many_reach_an_owner_in_a_day(instance: Instance, shop: Shop, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second cap, of which no vendor hears."""
    monkeypatch.setattr(nearby, "DELIVERIES", 2)
    sent = [shop.post("/messages", offer()).json()["id"] for _each in range(4)]
    post(instance, token, position(INSIDE))
    post(instance, token, position(INSIDE))
    assert count(instance, OfferMatch) == 2
    assert [shop.get(f"/messages/{message_id}").json()["status"] for message_id in sent] == ["accepted"] * 4


def test_taken_back_before_it_is_seen_is_gone(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """It had reached the owner, who was away: what was taken back since is not there."""
    message_id = shop.post("/messages", offer()).json()["id"]
    post(instance, token, position(INSIDE))
    assert shop.delete(f"/messages/{message_id}").status_code == 204
    assert collected(owner) == []


def test_taken_back_after_it_is_in_the_inbox(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """Unread it goes; read it stays, marked: as with every message, though its record has an id of its own."""
    ids = [shop.post("/messages", offer(title=title)).json()["id"] for title in ("read", "unread")]
    post(instance, token, position(INSIDE))
    with owner.stores.main.writing() as db:
        ledger.lock(db, owner.account_id)
        mailroom.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=clock.now())
        for opened in list(store.all_of(db, owner.keyring, MessageRecord)):
            if opened.fields.title == "read":
                store.replace(
                    db, owner.keyring, opened.record_id, opened.fields.model_copy(update={"read_at": clock.now()}), now=clock.now()
                )
    for message_id in ids:
        shop.delete(f"/messages/{message_id}")
    (left,) = collected(owner)
    assert (left.title, left.taken_back_at is not None) == ("read", True)


def test_the_ledger_hears_of_it_a_day_later(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """One entry for the day, made after it; a second tick makes no second one."""
    for _each in range(2):
        shop.post("/messages", offer())
    post(instance, token, position(INSIDE))
    worker = Worker(instance.stores, instance.app.state.instance)
    worker.tick(clock.now())
    tomorrow = clock.now() + timedelta(days=1)
    for _each in range(2):
        worker.tick(tomorrow)
    with instance.stores.main.reading() as db:
        entries = [entry for entry in db.exec(select(LedgerEntry)) if entry.type == "offer.matched"]
        opened = accounts.open_mailbox(db, owner.keyring)
        ledger_id = ledger_of(instance, owner)
        details = opened.open("ledger", (ledger_id, str(entries[0].seq)), entries[0].sealed)
    assert len(entries) == 1 and b'"offers":2' in details and entries[0].at == tomorrow


def ledger_of(instance: Instance, owner: Owner) -> str:
    with instance.stores.main.reading() as db:
        return db.get_one(LedgerHead, owner.account_id).ledger_id


def test_offers_long_over_are_swept(instance: Instance, shop: Shop) -> None:
    """Thirty days after its end an offer is gone from the database."""
    shop.post("/messages", offer())
    worker = Worker(instance.stores, instance.app.state.instance)
    worker.tick(clock.now() + timedelta(days=31))
    assert count(instance, Offer) == 1
    worker.tick(clock.now() + timedelta(days=33))
    assert count(instance, Offer) == 0


def test_a_new_zone_key_ends_devices_and_delivers_nothing_twice(instance: Instance, owner: Owner, shop: Shop, token: str) -> None:
    """After *I was compromised* the old token is nobody's, zones are where they were, and what had come does not come again."""
    fence(owner, 20)
    shop.post("/messages", offer())
    north = (INSIDE[0] + 0.002, INSIDE[1])
    post(instance, token, position(north))
    assert len(collected(owner)) == 1
    with owner.stores.main.writing() as db:
        nearby.note_days(
            db, Act(owner.account_id, "instance", clock.now() + timedelta(days=1), owner.mailbox.seal), now=clock.now() + timedelta(days=1)
        )
        before = zones.opened(db, owner.keyring)
        assert zones.rotate(db, owner.keyring, owner.keyring) == 1
        after = zones.opened(db, owner.keyring)
        assert after.key != before.key and after.zones == before.zones
        fresh = zones.add_device(db, owner.keyring, "phone", kind="owntracks", now=clock.now()).token
    assert instance.client.post("/devices/owntracks", json=position(north), headers=basic(token)).status_code == 401
    post(instance, fresh, position(north))
    assert count(instance, OfferMatch) == 0
