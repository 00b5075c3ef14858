"""Events, for those who ask: nothing is missed, whatever order things were committed in; and nothing is told that must not be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app import clock
from app.exchange import outbox
from app.sending import Sending
from app.tables import GrantToken
from consent import events
from consent.store import Event, Grant, Relationship
from tests.app.api.loop import Owner, Shop, bearer, make_owner, make_relationship
from tests.factories import NOW
from tests.instances import Instance
from tests.populating import Populated


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner, client_reference="customer-7")


@pytest.fixture
def still(instance: Instance) -> Sending:
    """The instance's sending, done by hand from here on."""
    found: Sending = instance.app.state.sending
    found.stop()
    return found


def listed(shop: Shop, after: str = "", **query: object) -> list[dict[str, object]]:
    """All events after one, page by page."""
    token, found = shop.client_token(), []
    while True:
        asked = "&".join(f"{name}={value}" for name, value in ({"after": after} if after else {}).items() | query.items())
        page = shop.get(f"/events?{asked}", token)
        assert page.status_code == 200, page.text
        found += page.json()["items"]
        if page.json().get("next") is None:
            return found
        after = page.json()["next"]


def test_what_happened_is_listed_at_once(shop: Shop, owner: Owner, instance: Instance) -> None:
    """Without a webhook too: ids, the client's own reference, the pairwise subject, and when it happened."""
    owner.end(shop.grant_id, "pause")
    granted, paused = listed(shop)
    with instance.stores.main.reading() as db:
        subject = db.exec(select(Relationship.subject)).one()
    assert (granted["type"], paused["type"]) == ("consent.granted", "consent.paused")
    assert paused["data"] == {"grant_id": shop.grant_id, "client_reference": "customer-7", "subject": subject}
    assert len(str(paused["id"])) == 32 and str(paused["timestamp"]).endswith("Z")


def test_one_asks_on_from_the_last_event(shop: Shop, owner: Owner) -> None:
    """Page by page or by the last id, each event once; one that is held no more starts at the oldest."""
    for verb in ("pause", "resume") * 3:
        owner.end(shop.grant_id, verb)
    everything = listed(shop)
    assert [event["id"] for event in listed(shop, limit=2)] == [event["id"] for event in everything]
    assert listed(shop, after=str(everything[3]["id"])) == everything[4:]
    assert listed(shop, after=str(everything[-1]["id"])) == []
    assert listed(shop, after="f" * 32) == everything
    owner.end(shop.grant_id, "pause")
    assert len(listed(shop, after=str(everything[-1]["id"]))) == 1


def test_a_late_commit_is_not_missed(instance: Instance, shop: Shop, still: Sending) -> None:
    """An event written first and committed last, while somebody asks in between: it comes after what was asked for already.

    On PostgreSQL by two connections at once; SQLite has one writer, so that nothing can be committed out of order there.
    """
    if instance.stores.main.sqlite:
        return
    first, second = Session(instance.stores.main.writer), Session(instance.stores.main.writer)
    with first, second:
        first.add(an_event(shop, "1"))
        first.flush()
        second.add(an_event(shop, "2"))
        second.commit()
        before = listed(shop)
        assert [event["id"] for event in before][-1] == "2" * 32
        third = Session(instance.stores.main.writer)
        with third:
            third.add(an_event(shop, "3"))
            third.commit()
        still.tick(clock.now())
        first.commit()
    after = listed(shop, after=str(before[-1]["id"]))
    assert [event["id"] for event in after] == ["3" * 32, "1" * 32]


def test_numbers_follow_commits_whoever_gives_them(instance: Instance, shop: Shop) -> None:
    """Two who number at once wait for one another: no number twice, none skipped, none earlier than one that was read."""
    if instance.stores.main.sqlite:
        return
    one, two = Session(instance.stores.main.writer), Session(instance.stores.main.writer)
    with one, two:
        with instance.stores.main.writing() as db:
            db.add(an_event(shop, "a"))
        assert outbox.number(one, shop.client_id) >= 1
        with instance.stores.main.writing() as db:
            db.add(an_event(shop, "b"))
        two.connection().exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(Exception, match="lock timeout"):
            outbox.number(two, shop.client_id)
        two.rollback()
        one.commit()
        outbox.number(two, shop.client_id)
        two.commit()
    with instance.stores.main.reading() as db:
        numbers = db.exec(select(Event.number).order_by(col(Event.number))).all()
    assert list(numbers) == list(range(1, len(numbers) + 1))


def test_another_clients_events_are_its_own(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Neither listed, nor a place to ask on from."""
    other = make_relationship(instance, owner)
    (mine,) = listed(shop)
    (theirs,) = listed(other)
    assert mine["id"] != theirs["id"]
    assert listed(shop, after=str(theirs["id"])) == [mine]


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=201", "limit=x", "since=1", "after=&after=", "limit=1&limit=1"])
def test_an_odd_question_is_malformed(shop: Shop, query: str) -> None:
    """422 with a pointer, at both lists."""
    for path in ("/events", "/webhooks/deliveries"):
        assert shop.get(f"{path}?{query}", shop.client_token()).status_code == 422


def test_test_event_is_accepted_once_per_key(shop: Shop, still: Sending) -> None:
    """202 also where no webhook is; a body is not needed, an empty object will do, anything else is malformed."""
    token = shop.client_token()
    plain = shop.http.post("/api/v1/webhooks/test", headers=bearer(token))
    assert (plain.status_code, plain.json()["webhook"]) == (202, "none")
    again = [shop.post("/webhooks/test", {}, token, Idempotency_Key="k").json()["id"] for _ in range(2)]
    assert again[0] == again[1] != plain.json()["id"]
    assert shop.post("/webhooks/test", {"x": 1}, token).status_code == 422
    assert [event["type"] for event in listed(shop)] == ["consent.granted", "webhook.test", "webhook.test"]
    assert still.tick(clock.now()) == 0


def test_tests_are_throttled(shop: Shop) -> None:
    """Nobody makes this host send without end."""
    token = shop.client_token()
    statuses = [shop.post("/webhooks/test", {}, token).status_code for _ in range(31)]
    assert statuses == [202] * 30 + [429]


def test_openapi_tells_every_event(instance: Instance) -> None:
    """Each type of the contract stands under `webhooks`, with its meaning, its headers and its body."""
    found = instance.client.get("/api/openapi.json").json()
    assert set(found["webhooks"]) == events.TYPES | {events.TEST}
    for told in found["webhooks"].values():
        operation = told["post"]
        assert {header["name"] for header in operation["parameters"]} == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        assert operation["description"] and "2XX" in operation["responses"]
    page = instance.client.get("/api/docs").text
    assert all(name in page for name in found["webhooks"])


def test_a_deleted_account_leaves_its_end_and_nothing_else(instance: Instance, still: Sending) -> None:
    """Every event of it goes; each client with a live consent is told its end, by its own reference and the id of the grant."""
    robin = instance.populate("robin", word="canary")
    with instance.stores.main.reading() as db:
        subject = db.exec(select(Relationship.subject)).one()
    leave(robin)
    with instance.stores.main.reading() as db:
        (last,) = db.exec(select(Event)).all()
        assert (last.account_id, last.grant_id, last.type) == (None, None, "consent.withdrawn")
        assert json.loads(last.data) == {"grant_id": robin.grant_id, "client_reference": "C-1"}
        assert subject not in str(last.model_dump())
        assert db.exec(select(GrantToken.account_id)).one() is None
    found = robin.shop.http.get("/api/v1/events", headers=robin.shop.client_token()).json()["items"]
    assert [(event["type"], event["data"]) for event in found] == [("consent.withdrawn", json.loads(last.data))]
    with instance.stores.main.reading() as db:
        assert outbox.tellable(db, last)


def test_an_ended_consent_is_not_told_of_twice_at_deletion(instance: Instance) -> None:
    """What was withdrawn before is not withdrawn again."""
    robin = instance.populate("robin", word="canary")
    robin.browsing.get(f"/grants/{robin.grant_id}")
    assert robin.browsing.post(f"/grants/{robin.grant_id}/withdraw").status_code == 303
    leave(robin)
    with instance.stores.main.reading() as db:
        assert db.exec(select(Event)).all() == []


STATUSES = ("given", "paused", "suspended", "withdrawn", "expired", "handed_back")


@given(status=st.sampled_from(STATUSES), type=st.sampled_from(sorted(events.TYPES)))
def test_after_the_end_only_what_may_still_be_said(status: str, type: str) -> None:
    """The end itself; and what the client still owes, or is written to it."""
    grant = Grant(
        account_id="a", grant_id="g", client_id="c", request_id="r", status=status, terms="", terms_sha256="", given_at=NOW, changed_at=NOW,
        expires_at=NOW,
    )  # fmt: skip
    event = Event(client_id="c", event_id="e", account_id="a", grant_id="g", type=type, data="{}", at=NOW)
    assert outbox.may_tell(event, grant) is (status in {"given", "paused", "suspended"} or type in outbox.AFTER_THE_END)
    assert not outbox.may_tell(event, None)


def an_event(shop: Shop, letter: str) -> Event:
    return Event(client_id=shop.client_id, event_id=letter * 32, type=events.TEST, data="{}", at=clock.now(), due_at=clock.now())


def leave(robin: Populated) -> None:
    robin.browsing.get("/settings/delete-account")
    gone = robin.browsing.submit("/settings/delete-account", {"login": robin.account.login})
    assert gone.status_code == 303, gone.text
