"""The calendar's link: what it shows, to whom, and that a fetch leaves no trace."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from httpx2 import Response
from icalendar import Calendar as Parsed
from sqlmodel import SQLModel, select

from app import clock
from app.auth.throttle import WRONG_SECRET_ADDRESS
from app.exchange import clocks, reminders, tokens
from app.exchange.tokens import PREFIX
from app.state import State
from app.tables import Calendar
from consent.store import LedgerEntry
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.errors import Sealed
from vault.records import Commitment, Vendor

TODAY = clock.now().date()


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def vendor_id(owner: Owner) -> str:
    with owner.stores.main.writing() as db:
        return store.add(db, owner.keyring, Vendor(name="Corner Shop"), now=clock.now())


@pytest.fixture
def browser(instance: Instance, owner: Owner) -> Browsing:
    return Browsing(instance.new_client()).unlock()


def link(browser: Browsing) -> str:
    """Make the calendar's link; its path."""
    browser.get("/reminders")
    page = browser.submit("/reminders/calendar").text
    found = re.search(r'value="http://[^/]+(/calendar/bwc_[\w-]+\.ics)"', page)
    assert found is not None and "webcal://" in page and "<svg" in page
    return found[1]


def promise(browser: Browsing, vendor_id: str, words: str, day: date) -> None:
    browser.get(f"/commitments/new?vendor={vendor_id}")
    answer = browser.submit("/commitments", {"vendor": vendor_id, "promise": words, "by": "them", "due_date": day.isoformat()})
    assert answer.status_code == 303, answer.text


def fetch(instance: Instance, path: str, **headers: str) -> Response:
    """What a calendar program does: no cookie, no other header."""
    return instance.new_client().get(path, headers=headers)


def events(answer: Response) -> list[Any]:
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Parsed.from_ical(answer.content).walk("VEVENT"))


def rows(instance: Instance) -> list[str]:
    """Every row of both databases."""
    with instance.stores.main.reading() as db, instance.stores.state.reading() as state:
        found = [repr(row) for table in SQLModel.metadata.sorted_tables for row in db.connection().execute(table.select())]
        return sorted(found + [repr(row) for table in State.metadata.sorted_tables for row in state.connection().execute(table.select())])


def test_a_locked_vault_shows_its_calendar_and_stays_locked(instance: Instance, browser: Browsing, vendor_id: str) -> None:
    """As little as the owner chose, by default next to nothing; the day it is; the same tag until it changes; no trace of a fetch."""
    path = link(browser)
    day = TODAY + timedelta(days=9)
    promise(browser, vendor_id, "A new boiler", day)
    browser.get("/today")
    assert browser.post("/lock").status_code == 303
    before = rows(instance)
    answer = fetch(instance, path)
    (event,) = events(answer)
    assert (event["SUMMARY"], event["DTSTART"].dt, event.get("DESCRIPTION")) == ("Something is due", day, None)
    assert "Corner" not in answer.text and "boiler" not in answer.text
    assert answer.headers["cache-control"] == "private, no-cache"
    tag = answer.headers["etag"]
    for sent in (tag, f'"other", W/{tag}'):
        again = fetch(instance, path, **{"if-none-match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert fetch(instance, path, **{"if-none-match": '"other"'}).content == answer.content
    assert rows(instance) == before
    assert browser.get("/today", follow=False).status_code == 303


def test_the_owner_chooses_what_it_shows_and_when_it_rings(instance: Instance, browser: Browsing, vendor_id: str) -> None:
    """The choice holds from the next fetch on; the event keeps its id; something that is no choice changes nothing."""
    path = link(browser)
    promise(browser, vendor_id, "A new boiler", TODAY + timedelta(days=9))
    told = {}
    for shows in ("something", "company", "words"):
        browser.get("/reminders")
        assert browser.submit("/reminders/calendar/shows", {"calendar_shows": shows, "calendar_ahead": "week_before"}).status_code == 303
        (told[shows],) = events(fetch(instance, path))
    assert [str(one["SUMMARY"]) for one in told.values()] == [
        "Something is due",
        "Corner Shop: something is due",
        "Corner Shop: Promised to you, and due",
    ]
    with instance.stores.main.reading() as db:
        assert db.exec(select(LedgerEntry.type)).all().count("calendar.changed") == 2
    assert told["words"]["DESCRIPTION"] == "A new boiler" and "DESCRIPTION" not in told["company"]
    assert len({str(one["UID"]) for one in told.values()}) == 1
    assert told["words"].walk("VALARM")[0]["TRIGGER"].dt == timedelta(hours=8) - timedelta(days=7)
    browser.get("/reminders")
    answer = browser.post("/reminders/calendar/shows", {"calendar_shows": "all", "calendar_ahead": "never"})
    assert answer.status_code == 422 and answer.text.count("Choose one of these.") == 4
    assert events(fetch(instance, path))[0]["SUMMARY"] == "Corner Shop: Promised to you, and due"


def test_a_permission_that_ends_and_a_promise_that_is_settled(instance: Instance, owner: Owner, browser: Browsing, vendor_id: str) -> None:
    """What changes is there at the next fetch, whoever changed it, in the transaction of the change."""
    path = link(browser)
    shop: Shop = make_relationship(instance, owner)
    assert events(fetch(instance, path)) == []
    promise(browser, vendor_id, "A new boiler", TODAY + timedelta(days=9))
    found = events(fetch(instance, path))
    assert len(found) == 2
    (commitment_id,) = re.findall(r"/commitments/([0-9a-f]{32})", browser.get("/commitments").text)[:1]
    browser.get(f"/commitments/{commitment_id}")
    assert browser.submit(f"/commitments/{commitment_id}/keep").status_code == 303
    (permission,) = events(fetch(instance, path))
    browser.get(f"/grants/{shop.grant_id}")
    assert browser.post(f"/grants/{shop.grant_id}/withdraw").status_code == 303
    assert events(fetch(instance, path)) == []
    assert str(permission["UID"]) in {str(one["UID"]) for one in found}


def test_a_new_link_ends_the_old_one_and_removing_ends_all(instance: Instance, browser: Browsing) -> None:
    """Renewed, removed, made up, of another kind, half of one: all alike, byte by byte."""
    old = link(browser)
    new = link(browser)
    assert fetch(instance, new).status_code == 200
    browser.get("/reminders")
    assert browser.submit("/reminders/calendar/remove").headers["location"] == "/reminders?done=calendar-unlinked"
    assert browser.post("/reminders/calendar/remove").headers["location"] == "/reminders"
    phone = tokens.make(PREFIX.phone)
    answers = [fetch(instance, path) for path in (old, new, f"/calendar/{phone}.ics", "/calendar/x.ics", new[:-5] + ".ics")]
    assert {(answer.status_code, answer.content, tuple(sorted(answer.headers.items()))) for answer in answers} == {
        (404, b"", tuple(sorted(answers[0].headers.items())))
    }
    with instance.stores.main.reading() as db:
        assert db.exec(select(Calendar)).all() == []


def test_guessing_is_throttled_and_fetching_is_not(instance: Instance, browser: Browsing) -> None:
    path = link(browser)
    client = instance.new_client()
    guesses = [client.get("/calendar/bwc_guess.ics").status_code for _try in range(WRONG_SECRET_ADDRESS.tries + 1)]
    assert guesses[:-1] == [404] * WRONG_SECRET_ADDRESS.tries and guesses[-1] == 429
    assert client.get("/calendar/bwc_guess.ics").headers["retry-after"].isdigit()
    assert client.get(path).status_code == 200


def test_the_secret_opens_the_calendar_only_and_only_its_own(instance: Instance, owner: Owner, browser: Browsing) -> None:
    """Another secret, another account, another purpose: nothing opens. Replacing every key ends the link."""
    secret = link(browser).removeprefix("/calendar/").removesuffix(".ics")
    with instance.stores.main.reading() as db:
        row = reminders.calendar_of(db, owner.account_id)
        assert row is not None
        assert reminders.read(secret.encode(), owner.account_id, row.projection).entries == ()
        for wrong in ((b"bwc_other", owner.account_id), (secret.encode(), "0" * 32)):
            with pytest.raises(Sealed):
                reminders.read(*wrong, row.projection)
        assert secret.encode() not in row.sealed + row.projection + row.secret_hash
    with instance.stores.main.writing() as db:
        tampered = reminders.calendar_of(db, owner.account_id)
        assert tampered is not None
        tampered.projection = bytes(100)
        db.add(tampered)
    assert fetch(instance, f"/calendar/{secret}.ics").status_code == 404
    with instance.stores.main.writing() as db:
        assert reminders.end_calendar(db, owner.account_id) and not reminders.end_calendar(db, owner.account_id)


def test_a_tampered_record_keeps_nobody_from_writing(instance: Instance, owner: Owner, browser: Browsing, vendor_id: str) -> None:
    """The calendar stays as it was, and the form is done."""
    path = link(browser)
    with instance.stores.main.writing() as db:
        made = Commitment(vendor_id=vendor_id, promise="A new boiler", due_date=TODAY + timedelta(days=9))
        commitment_id = store.add(db, owner.keyring, made, now=clock.now())
        clocks.set_clock(db, owner.account_id, commitment_id, made)
        segment = next(row for row in db.exec(select(store.Segment)) if row.kind == "commitment")
        segment.sealed = bytes(80)
        db.add(segment)
    browser.get("/reminders")
    assert browser.submit("/reminders/calendar/shows", {"calendar_shows": "words", "calendar_ahead": "day"}).status_code == 303
    assert events(fetch(instance, path)) == []
