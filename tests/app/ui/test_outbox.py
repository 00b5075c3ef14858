"""What the host sees of events that could not be delivered: how many and for which company, and nothing of any owner."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from app import clock
from app.tables import InstanceEntry
from consent.store import Event
from tests.app.api.loop import make_owner, make_relationship
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance


@pytest.fixture
def operator(instance: Instance, new_browser: Callable[[], Browsing]) -> Browsing:
    """The host's browser, at an instance whose events nobody sends."""
    instance.app.state.sending.stop()
    make_account(instance.stores, "host", operator=True)
    return new_browser().unlock("host")


@pytest.fixture
def client_id(instance: Instance, operator: Browsing) -> str:
    """A client for which two events are dead and one waits."""
    shop = make_relationship(instance, make_owner(instance), client_reference="robin-by-name", webhook_uri="https://shop.example/hooks")
    with instance.stores.main.writing() as db:
        for letter in "ab":
            db.add(
                Event(
                    client_id=shop.client_id, event_id=letter * 32, type="webhook.test", data="{}", at=clock.now(), outcome="dead", number=9
                )
            )
    return shop.client_id


def outcomes(instance: Instance) -> list[str]:
    """What became of each event."""
    with instance.stores.main.reading() as db:
        return sorted(db.exec(select(Event.outcome)))


def test_the_host_sees_numbers(operator: Browsing, client_id: str) -> None:
    """The company by its own name, where it is called, and counts."""
    page = operator.get("/operator/outbox").text
    assert "Corner Shop" in page and "shop.example" in page
    assert "robin-by-name" not in page and "consent.granted" not in page
    assert 'href="/operator/outbox"' in operator.get("/operator").text


def test_dead_events_are_tried_again(instance: Instance, operator: Browsing, client_id: str) -> None:
    """From the start of the schedule; the act stands in the instance's history, without a name."""
    operator.get("/operator/outbox")
    assert operator.submit(f"/operator/outbox/{client_id}/retry").headers["location"] == "/operator/outbox?done=events-retried"
    assert outcomes(instance) == ["waiting"] * 3
    assert "tried again" in operator.get("/operator/outbox?done=events-retried").text
    with instance.stores.main.reading() as db:
        (entry,) = db.exec(select(InstanceEntry).where(InstanceEntry.type == "events.retried")).all()
    assert entry.details == '{"events":2}'
    assert "are tried again" in operator.get("/operator").text


def test_dead_events_are_let_go(instance: Instance, operator: Browsing, client_id: str) -> None:
    """Nothing tries them any more; pressed twice it is done once."""
    operator.get("/operator/outbox")
    for _ in range(2):
        assert operator.post(f"/operator/outbox/{client_id}/drop").status_code == 303
    assert outcomes(instance) == ["dropped", "dropped", "waiting"]
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(InstanceEntry).where(InstanceEntry.type == "events.dropped")).all()) == 1


def test_it_is_the_operators_page(instance: Instance, operator: Browsing, client_id: str, new_browser: Callable[[], Browsing]) -> None:
    """For an owner there is no such page, and no such form."""
    robin = new_browser().unlock("robin")
    assert robin.get("/operator/outbox").status_code == 404
    for verb in ("retry", "drop"):
        assert robin.post(f"/operator/outbox/{client_id}/{verb}").status_code == 404
    assert outcomes(instance) == ["dead", "dead", "waiting"]


def test_with_nothing_to_do_it_says_so(operator: Browsing) -> None:
    """An empty page is no empty page."""
    assert "Nothing waits" in operator.get("/operator/outbox").text
