"""Matters as they are kept: full, answered already, read in the right time zone, found without opening what is not asked for."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from app import clock
from app.exchange import matters
from app.relationships import commitments
from app.relationships.matters import due_on
from tests.app.ui.keeping import Opened, keep
from tests.app.ui.test_rights import age, all_of, begun
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.envelope import JSON, Place
from vault.keyring import Keyring
from vault.records import Commitment, CommitmentEvent, Item, Kind, LetterRecord, Reply, Vendor


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    """A company without a system here."""
    return keep(instance, opened, Vendor(name="Paper Mill", customer_numbers=("C-1",)))[0]


def test_an_arrival_told_too_late_is_refused(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """A page that was left open while they answered: the last day stays what it was."""
    matter = begun(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE", "post")
    robin.post(f"{matter}/steps", {"step": "in_full"})
    (answered,) = all_of(instance, opened, Commitment)
    assert robin.post(f"{matter}/steps", {"step": "arrived"}).headers["location"].endswith("done=already")
    assert all_of(instance, opened, Commitment) == [answered]


def test_a_full_promise_says_so_and_stays_readable(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Nothing more is noted; a reminder goes all the same, and hangs in the thread."""
    matter = begun(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE")
    (promise,) = all_of(instance, opened, Commitment)
    step = CommitmentEvent(type="noted", by="them", step="in_part", happened_at=clock.now(), recorded_at=clock.now())
    most = promise.model_copy(update={"events": (*promise.events, *(step,) * (commitments.MOST_EVENTS - 1))})
    with instance.stores.main.writing() as db:
        store.replace(db, opened[1], matter[8:], most, now=clock.now())
    refused = robin.post(f"{matter}/steps", {"step": "in_part"})
    assert "this promise holds as many steps as it can" in robin.get(refused.headers["location"]).text
    page = robin.get(matter).text
    assert "As many steps are written down here as a promise holds" in page and "Only in part" not in page.partition("What passed")[0]
    assert begun(robin, f"to={vendor_id}&matter={matter[8:]}&step=reminder") == matter
    assert "Reminder:" in robin.get(matter).text
    assert all_of(instance, opened, Commitment) == [most]


def test_a_day_is_read_where_the_matter_began(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Los Angeles; the owner, who has moved, presses the button in the morning, when it is still the day before there."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    robin.unlock()
    matter = begun(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE", "post")
    (promise,) = all_of(instance, opened, Commitment)
    with instance.stores.main.writing() as db:
        there = promise.model_copy(update={"time_zone": "America/Los_Angeles"})
        store.replace(db, opened[1], matter[8:], there, now=clock.now())
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 9, 7, tzinfo=UTC))
    robin.unlock()
    assert 'value="2026-12-08"' in robin.get(matter).text
    for day in ("", "2026-12-08", "2026-12-09"):
        assert robin.post(f"{matter}/steps", {"step": "arrived", "day": day}).headers["location"].endswith("done=noted")
        with instance.stores.main.reading() as db:
            found = matters.find(db, opened[1], matter[8:])
        assert found is not None and found.matter.arrived_on == date(2026, 12, 8)
        assert found.commitment.due_date == due_on(found.matter) != due_on(replace(found.matter, arrived_on=date(2026, 12, 9)))


def test_a_company_is_where_the_last_letter_to_it_said(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """The letter that was written last, not the one that an answer came to last."""
    begun(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE")
    age(instance, opened, 60)
    begun(robin, f"to={vendor_id}&right=erasure&law=gdpr&where=IE", where="DE")
    with instance.stores.main.writing() as db:
        (irish,) = [one for one in store.all_of(db, opened[1], LetterRecord) if one.fields.where == "IE"]
        reply = Reply(answer_id="a" * 32, sender="Paper Mill", body="We have it.", received_at=clock.now())
        answered = irish.fields.model_copy(update={"replies": (reply,)})
        store.replace(db, opened[1], irish.record_id, answered, now=clock.now() + timedelta(days=1))
    page = robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr").text
    assert re.findall(r'<option value="(\w+)" selected', page) == ["DE"]


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Which records were opened."""
    found: list[Place] = []
    really = Keyring.open

    def counting(keyring: Keyring, place: Place, sealed: bytes) -> dict[str, JSON]:
        found.append(place)
        return really(keyring, place, sealed)

    monkeypatch.setattr(Keyring, "open", counting)
    return found


def test_more_letters_ask_the_database_no_more(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, openings: list[Place]
) -> None:
    """However many matters there are, and of another company's nothing is opened at all."""
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    def cost() -> tuple[int, int]:
        for counted in (asked, openings):
            counted.clear()
        with instance.stores.main.reading() as db:
            event.listen(db.get_bind(), "before_cursor_execute", listen)
            matters.all_of(db, opened[1], vendor_id=vendor_id)
            event.remove(db.get_bind(), "before_cursor_execute", listen)
        return len(asked), len(openings)

    begun(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE")
    one = cost()
    (other_id,) = keep(instance, opened, Vendor(name="Bakery", customer_numbers=("C-2",)))
    for right in ("access", "erasure", "objection"):
        begun(robin, f"to={other_id}&right={right}&law=gdpr&where=IE")
    assert cost() == one
    begun(robin, f"to={vendor_id}&right=erasure&law=gdpr&where=IE")
    assert cost() == (one[0], one[1] + 2)


def test_a_letter_that_names_no_line_opens_nothing_to_hold_it_against(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, openings: list[Place]
) -> None:
    keep(instance, opened, Item(term="pd:PhysicalAddress", value="1 Quay Road"))
    openings.clear()
    assert robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr&where=IE").status_code == 200
    assert Kind.ITEM not in {place.kind for place in openings}
