"""An event leaves: signed, once, again when it must, and not when the consent has ended."""

import threading
import time
from datetime import timedelta

import pytest
from sqlmodel import col, select, update
from standardwebhooks import Webhook, WebhookVerificationError

from app import clock
from app.exchange import deliveries, outbox, withdrawals
from app.exchange.outbound import Watch
from app.sending import Clock, Sending
from app.tables import Client, Delivery
from consent.act import Signer
from consent.store import Event, Grant
from tests.app.api.loop import Owner, Shop, bearer, make_owner, make_relationship
from tests.instances import Instance
from tests.receiving import Received, Receiver, Reply


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner, receiver: Receiver) -> Shop:
    """A client with a grant, whose first event has come."""
    shop = make_relationship(instance, owner, webhook_uri=f"{receiver.url}/hooks")
    ring(instance)
    receiver.wait_for(1)
    return shop


@pytest.fixture
def sending(instance: Instance, shop: Shop) -> Sending:
    """The instance's sending, done by hand from here on."""
    found: Sending = instance.app.state.sending
    found.stop()
    return found


def waiting(instance: Instance) -> list[Event]:
    """Events that are still to be sent."""
    with instance.stores.main.reading() as db:
        return list(db.exec(select(Event).where(col(Event.due_at).is_not(None)).order_by(col(Event.at))))


def tries(instance: Instance) -> list[Delivery]:
    """Every try, oldest first."""
    with instance.stores.main.reading() as db:
        return list(db.exec(select(Delivery).order_by(col(Delivery.at), col(Delivery.attempt))))


def test_an_event_is_sent_by_itself_and_verifies(instance: Instance, owner: Owner, shop: Shop, receiver: Receiver) -> None:
    """Soon after the commit, without anybody ticking; the reference library accepts it, and refuses it when a byte differs."""
    owner.end(shop.grant_id, "pause")
    ring(instance)
    receiver.wait_for(2)
    received = receiver.received[1]
    webhook = Webhook(shop.registration["webhook_secret"])
    event = webhook.verify(received.body, dict(received.headers))
    assert (event["type"], event["data"]["grant_id"]) == ("consent.paused", shop.grant_id)
    assert set(event["data"]) == {"grant_id", "client_reference", "subject"}
    assert received.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        webhook.verify(received.body.replace(b"paused", b"passed"), dict(received.headers))
    assert receiver.types() == ["consent.granted", "consent.paused"]


def test_secret_changes_without_a_gap(shop: Shop, sending: Sending, receiver: Receiver, instance: Instance) -> None:
    """For a day both secrets verify, then only the new one; it is told once and repeated under the same key."""
    old, token = shop.registration["webhook_secret"], shop.client_token()
    answers = [shop.post("/webhooks/secret", {}, token, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    new = answers[0].json()["webhook_secret"]
    assert answers[1].json()["webhook_secret"] == new != old
    for later, good in ((timedelta(0), [old, new]), (timedelta(hours=25), [new])):
        assert shop.http.post("/api/v1/webhooks/test", headers=bearer(token)).status_code == 202
        with instance.stores.main.writing() as db:
            row = db.get_one(Client, shop.client_id)
            row.previous_webhook_until = (row.previous_webhook_until or clock.now()) - later
            db.add(row)
        sending.tick(clock.now())
        last = receiver.received[-1]
        assert _verifying([old, new], last) == good


def test_what_fails_is_tried_again_ten_times(instance: Instance, shop: Shop, sending: Sending, receiver: Receiver) -> None:
    """After 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h; always under the same id, then it is dead."""
    receiver.answer = lambda _received: Reply(500)
    shop.post("/webhooks/test", {}, shop.client_token())
    now, waits = clock.now(), []
    for _ in range(10):
        assert sending.tick(now) == 1
        assert sending.tick(now) == 0
        left = waiting(instance)
        if left:
            due = left[0].due_at
            assert due is not None
            waits.append(round((due - now).total_seconds()))
            now = due
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert waiting(instance) == []
    assert len({one.headers["webhook-id"] for one in receiver.received[1:]}) == 1
    assert [(one.attempt, one.status, one.outcome) for one in tries(instance)[1:]] == [(n, 500, "answered") for n in range(1, 11)]
    with instance.stores.main.reading() as db:
        assert [event.outcome for event in db.exec(select(Event).where(Event.type == "webhook.test"))] == ["dead"]


@pytest.mark.parametrize(
    ("asked", "waits"), [("3600", 3600), ("1", 5), ("99999999", 86400), ("Wed, 21 Oct 2026 07:28:00 GMT", 5), ("-5", 5), ("9" * 40, 5)]
)
def test_retry_after_is_heard_within_bounds(
    instance: Instance, shop: Shop, sending: Sending, receiver: Receiver, *, asked: str, waits: int
) -> None:
    """Never sooner than the schedule, never later than a day."""
    receiver.answer = lambda _received: Reply(429, {"Retry-After": asked})
    shop.post("/webhooks/test", {}, shop.client_token())
    now = clock.now()
    sending.tick(now)
    (left,) = waiting(instance)
    assert left.due_at is not None
    assert round((left.due_at - now).total_seconds()) == waits


def test_410_closes_the_webhook_until_it_is_named_again(instance: Instance, shop: Shop, sending: Sending, receiver: Receiver) -> None:
    """What comes meanwhile stands in the list; a PUT of the registration opens it."""
    receiver.answer = lambda _received: Reply(410)
    token = shop.client_token()
    shop.post("/webhooks/test", {}, token)
    sending.tick(clock.now())
    assert shop.post("/webhooks/test", {}, token).json()["webhook"] == "disabled"
    assert sending.tick(clock.now()) == 0
    assert waiting(instance) == []
    assert [item["type"] for item in shop.get("/events", token).json()["items"]] == ["consent.granted", "webhook.test", "webhook.test"]
    told = shop.registration
    words = {"client_name": told["client_name"], "webhook_uri": told["webhook_uri"]}
    changed = shop.http.put(told["registration_client_uri"], json=words, headers=bearer(told["registration_access_token"]))
    assert changed.status_code == 200
    receiver.answer = lambda _received: Reply(200)
    assert shop.post("/webhooks/test", {}, token).json()["webhook"] == "open"
    assert sending.tick(clock.now()) == 1
    assert tries(instance)[-1].outcome == "delivered"


def test_two_senders_never_send_one_event_at_once(instance: Instance, shop: Shop, sending: Sending, receiver: Receiver) -> None:
    """Two of them over one database, a slow receiver: every event comes once."""
    receiver.answer = lambda _received: Reply(200, after=0.02)
    token = shop.client_token()
    ids = {shop.post("/webhooks/test", {}, token).json()["id"] for _ in range(10)}
    other = Sending(instance.stores, sending.instance, sending.outbound)
    moment = clock.now()
    threads = [threading.Thread(target=one.tick, args=(moment,)) for one in (sending, other, sending, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    came = [one.headers["webhook-id"] for one in receiver.received[1:]]
    assert sorted(came) == sorted(ids)


def test_an_event_of_a_dead_sender_is_taken_over(instance: Instance, shop: Shop, sending: Sending, receiver: Receiver) -> None:
    """Once the lease ran out, and not before; the first sender, should it come back, settles nothing."""
    shop.post("/webhooks/test", {}, shop.client_token())
    with instance.stores.main.writing() as db:
        outbox.number(db, shop.client_id)
    now = clock.now()
    with instance.stores.main.writing() as db:
        (found,) = outbox.due(db, now=now)
        dead = outbox.lease(db, *found, now=now)
    assert dead is not None
    assert sending.tick(now + outbox.LEASE - timedelta(seconds=1)) == 0
    assert sending.tick(now + outbox.LEASE) == 1
    with instance.stores.main.writing() as db:
        assert deliveries.failed(db, dead, "timeout", now=now, milliseconds=1) is None
        assert not outbox.leave(db, dead, now=now)
    assert len(receiver.received) == 2
    assert tries(instance)[-1].outcome == "delivered"


def test_a_slow_company_holds_up_nobody_else(instance: Instance, owner: Owner, shop: Shop, receiver: Receiver) -> None:
    """While one does not answer, another has its event."""
    receiver.answer = lambda received: Reply(200, after=3 if received.path == "/slow" else 0)
    slow = make_relationship(instance, owner, webhook_uri=f"{receiver.url}/slow")
    ring(instance)
    receiver.wait_for(2)
    begun = time.monotonic()
    for one in (slow, shop):
        one.post("/webhooks/test", {}, one.client_token())
    receiver.wait_for(3, seconds=2.5)
    assert receiver.received[2].path == "/hooks"
    assert time.monotonic() - begun < 2.5


def test_no_transaction_is_open_while_the_network_is_waited_for(
    instance: Instance, shop: Shop, sending: Sending, receiver: Receiver
) -> None:
    """While the receiver takes its time, somebody else writes."""
    written: list[float] = []

    def answer(_received: Received) -> Reply:
        begun = time.monotonic()
        with instance.stores.main.writing() as db:
            db.exec(update(Client).values(name="written meanwhile"))
        written.append(time.monotonic() - begun)
        return Reply(200)

    receiver.answer = answer
    shop.post("/webhooks/test", {}, shop.client_token())
    sending.tick(clock.now())
    assert written and written[0] < 2
    assert tries(instance)[-1].outcome == "delivered"


def test_of_an_ended_consent_only_its_end_is_sent(
    instance: Instance, owner: Owner, shop: Shop, sending: Sending, receiver: Receiver
) -> None:
    """What was still waiting when the owner withdrew is neither sent nor listed."""
    for verb in ("pause", "resume", "pause", "withdraw"):
        owner.end(shop.grant_id, verb)
    sending.tick(clock.now())
    assert receiver.types() == ["consent.granted", "consent.withdrawn"]
    listed = shop.get("/events", shop.client_token()).json()["items"]
    assert [item["type"] for item in listed] == ["consent.withdrawn"]
    assert waiting(instance) == []


def test_a_withdrawal_waits_for_what_is_on_the_wire(instance: Instance, owner: Owner, shop: Shop, sending: Sending) -> None:
    """Between the last look and the last byte a withdrawal has no answer; after it there is no last look any more."""
    owner.end(shop.grant_id, "pause")
    with instance.stores.main.writing() as db:
        outbox.number(db, shop.client_id)
    now = clock.now()
    with instance.stores.main.writing() as db:
        (found,) = outbox.due(db, now=now)
        leased = outbox.lease(db, *found, now=now)
    assert leased is not None
    with instance.stores.main.writing() as db:
        assert outbox.leave(db, leased, now=clock.now())
    withdrawing = threading.Thread(target=withdraw, args=(instance, owner, shop))
    withdrawing.start()
    withdrawing.join(0.3)
    assert withdrawing.is_alive()
    with instance.stores.main.writing() as db:
        outbox.left(db, leased)
    withdrawing.join(5)
    assert not withdrawing.is_alive()
    with instance.stores.main.writing() as db:
        assert not outbox.leave(db, leased, now=clock.now())


def test_what_was_withdrawn_meanwhile_is_stopped_at_the_door(
    instance: Instance, owner: Owner, shop: Shop, sending: Sending, receiver: Receiver
) -> None:
    """The connection stands already when the owner withdraws: nothing is sent on it."""
    owner.end(shop.grant_id, "pause")
    with instance.stores.main.writing() as db:
        outbox.number(db, shop.client_id)

    class Meanwhile(Sending):
        def _departure(self, leased: outbox.Leased, now: Clock) -> Watch:
            withdraw(instance, owner, shop)
            return super()._departure(leased, now)

    Meanwhile(sending.stores, sending.instance, sending.outbound).tick(clock.now())
    sending.tick(clock.now())
    assert receiver.types() == ["consent.granted", "consent.withdrawn"]
    with instance.stores.main.reading() as db:
        outcomes = {event.type: event.outcome for event in db.exec(select(Event))}
    assert outcomes == {"consent.granted": "delivered", "consent.paused": "dropped", "consent.withdrawn": "delivered"}


def test_an_unreachable_webhook_says_nothing_of_this_network(instance: Instance, owner: Owner, receiver: Receiver) -> None:
    """A name that does not exist, a refused connection, an address inside: one word, and no time that would tell them apart."""
    sending: Sending = instance.app.state.sending
    sending.stop()
    shops = [make_relationship(instance, owner, webhook_uri=uri) for uri in ("https://nowhere.invalid/x", "https://localhost/x")]
    sending.tick(clock.now())
    for shop in shops:
        (tried,) = shop.get("/webhooks/deliveries", shop.client_token()).json()["items"]
        assert (tried["outcome"], tried.get("milliseconds"), tried.get("status")) == ("unreachable", None, None)


def test_the_log_is_the_clients_own(instance: Instance, owner: Owner, shop: Shop, sending: Sending, receiver: Receiver) -> None:
    """Newest first, page by page; another client sees none of it, and of the answers' bodies nothing is kept."""
    receiver.answer = lambda _received: Reply(500, body=b"secret of the company")
    token = shop.client_token()
    for _ in range(3):
        shop.post("/webhooks/test", {}, token)
        sending.tick(clock.now())
    first = shop.get("/webhooks/deliveries?limit=2", token).json()
    rest = shop.get(f"/webhooks/deliveries?limit=2&after={first['next']}", token).json()
    found = [*first["items"], *rest["items"]]
    assert [one["type"] for one in found] == ["webhook.test"] * 3 + ["consent.granted"]
    assert found[0]["status"] == 500 and found[0]["next_at"] > found[0]["at"]
    assert "secret" not in str(found)
    assert shop.get(f"/webhooks/deliveries?after={'0' * 32}", token).json() == {"items": []}
    other = make_relationship(instance, owner)
    assert other.get("/webhooks/deliveries", other.client_token()).json() == {"items": []}
    with instance.stores.main.reading() as db:
        assert "secret" not in str([row.model_dump() for row in db.exec(select(Delivery))])


def test_what_is_old_and_settled_goes(instance: Instance, shop: Shop, sending: Sending) -> None:
    """After thirty days, events and tries; what still waits stays."""
    with instance.stores.main.writing() as db:
        db.add(
            Event(
                client_id=shop.client_id, event_id="e" * 32, type="webhook.test", data="{}", at=clock.now(), due_at=clock.now(), number=99
            )
        )
        db.flush()
        outbox.sweep(db, now=clock.now() + timedelta(days=29))
        assert len(db.exec(select(Event)).all()) == 2
        outbox.sweep(db, now=clock.now() + timedelta(days=31))
        assert [event.event_id for event in db.exec(select(Event))] == ["e" * 32]
        assert db.exec(select(Delivery)).all() == []


def ring(instance: Instance) -> None:
    """The owner of these tests writes past the app: the bell that the app's own transactions ring is rung by hand."""
    instance.app.state.stores.main.told.set()


def withdraw(instance: Instance, owner: Owner, shop: Shop) -> None:
    """As the owner's page does."""
    keys = instance.app.state.instance
    act = owner.act(Signer(keys.kid, keys.signing_public, "instance", keys.sign))
    with instance.stores.main.writing() as db:
        withdrawals.withdraw(db, instance.stores.state, act, db.get_one(Grant, (owner.account_id, shop.grant_id)))


def _verifying(secrets: list[str], received: Received) -> list[str]:
    good = []
    for secret in secrets:
        try:
            Webhook(secret).verify(received.body, dict(received.headers))
            good.append(secret)
        except WebhookVerificationError:
            continue
    return good
