"""The page of reminders: an address is confirmed by a code, mails go by themselves, one press ends them."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from app import clock
from app.settings import Settings
from app.tables import MailReminder
from app.ui.settings.reminders import CODES
from consent.store import LedgerEntry
from tests.app.ui.visits import words
from tests.browsing import Browsing
from tests.instances import Instance
from tests.mail_taking import MailTaking, taking
from vault.store import Account


@pytest.fixture
def told() -> Iterator[MailTaking]:
    """The host's mail server."""
    with taking() as told:
        yield told


@pytest.fixture
def settings(settings: Settings, told: MailTaking) -> Settings:
    """The host names it."""
    return settings.model_copy(update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{told.port}"), "mail_from": "us@host.example"})


def ask(browser: Browsing, address: str = "robin@mail.example") -> str:
    """Have a code mailed; where that leads, or what the page says."""
    browser.get("/reminders")
    answer = browser.post("/reminders/mail", {"address": address})
    return str(answer.headers.get("location") or words(answer.text))


def code(told: MailTaking) -> str:
    """The code in the newest mail."""
    found = re.search(r"([0-9]{4}) ([0-9]{4})", told.mails[-1].get_content())
    assert found is not None
    return "".join(found.groups())


def types(instance: Instance) -> list[str]:
    with instance.stores.main.reading() as db:
        return [entry.type for entry in db.exec(select(LedgerEntry).order_by(col(LedgerEntry.seq)))]


def row(instance: Instance) -> MailReminder | None:
    with instance.stores.main.reading() as db:
        return db.exec(select(MailReminder)).one_or_none()


def test_an_address_is_confirmed_and_forgotten_by_one_press(instance: Instance, owner_browser: Browsing, told: MailTaking) -> None:
    """The code comes by itself; a wrong one starts nothing; history tells of start and end, not of the address."""
    assert ask(owner_browser) == "/reminders?done=code-mailed"
    told.wait_for(1)
    assert told.mails[0]["From"] == "us@host.example"
    page = words(owner_browser.get("/reminders").text)
    assert "A code is on its way to robin@mail.example" in page and "from us@host.example" in page
    assert owner_browser.submit("/reminders/mail/confirm", {"code": "1"}).status_code == 422
    assert owner_browser.submit("/reminders/mail/confirm", {"code": code(told)}).headers["location"] == "/reminders?done=reminders-on"
    page = words(owner_browser.get("/reminders?done=reminders-on").text)
    assert "a mail goes to robin@mail.example" in page and "Mail me a code" not in page
    kept = row(instance)
    assert owner_browser.post("/reminders/mail", {"address": "other@mail.example"}).headers["location"] == "/reminders"
    assert owner_browser.post("/reminders/mail/confirm", {"code": code(told)}).headers["location"] == "/reminders"
    assert row(instance) == kept
    owner_browser.get("/reminders")
    assert owner_browser.submit("/reminders/mail/remove").headers["location"] == "/reminders?done=reminders-off"
    assert row(instance) is None
    assert types(instance)[-2:] == ["reminders.started", "reminders.ended"]
    assert owner_browser.post("/reminders/mail/remove").headers["location"] == "/reminders"


def test_times_follow_the_promises(instance: Instance, owner_browser: Browsing, told: MailTaking) -> None:
    """A promise with a day sets the morning of that day; letting it go takes it back; the database tells the hour and no more."""
    ask(owner_browser)
    told.wait_for(1)
    owner_browser.get("/reminders")
    owner_browser.submit("/reminders/mail/confirm", {"code": code(told)})
    found = row(instance)
    assert found is not None and found.next_at is None
    owner_browser.get("/vendors/new")
    vendor = owner_browser.submit("/vendors/new", {"name": "Corner Shop"}).headers["location"].split("?")[0].rsplit("/", 1)[1]
    day = clock.now().date() + timedelta(days=5)
    owner_browser.get("/commitments/new")
    made = owner_browser.submit("/commitments", {"vendor": vendor, "by": "them", "promise": "A new boiler", "due_date": day.isoformat()})
    found = row(instance)
    assert found is not None and found.next_at is not None
    assert (found.next_at.date(), found.next_at.hour, found.next_at.minute) == (day, 8, 0)
    path = made.headers["location"].split("?")[0]
    owner_browser.get(path)
    assert owner_browser.post(f"{path}/waive").status_code == 303
    found = row(instance)
    assert found is not None and found.next_at is None


def test_what_goes_wrong_is_said_to_the_owner_and_in_counts_to_the_host(
    instance: Instance, owner_browser: Browsing, told: MailTaking
) -> None:
    """A refused address is said in words, with what to do; the code can no longer come, and the address can be forgotten."""
    told.refuse["RCPT"] = "550 nobody of this name"
    ask(owner_browser)
    sending = instance.app.state.sending
    until = clock.now() + timedelta(seconds=60)
    while (found := row(instance)) is None or not found.outcome:
        assert clock.now() < until
        sending.stores.main.told.set()
        time.sleep(0.05)
    assert found.outcome == "refused"
    page = words(owner_browser.get("/reminders").text)
    assert "refused this address for good" in page and "nobody of this name" not in page
    with instance.stores.main.writing() as db:
        account = db.exec(select(Account)).one()
        account.operator = True
        db.add(account)
    page = words(owner_browser.get("/operator").text)
    assert "refused this address for good" in page and "This is so for 1 person." in page and "mail.example" not in page
    owner_browser.get("/reminders")
    owner_browser.submit("/reminders/mail/remove")
    assert row(instance) is None and "reminders.ended" not in types(instance)


@pytest.mark.parametrize("address", ["", "robin", "robin@mail.example, wren@mail.example", "robin@mail.example\nBcc: x@y.example"])
def test_what_is_no_address_gets_nothing(owner_browser: Browsing, told: MailTaking, address: str) -> None:
    assert "An address such as robin@mail.example." in ask(owner_browser, address)
    assert told.mails == []


def test_nobody_is_flooded_with_codes(owner_browser: Browsing) -> None:
    """So many a day, whoever asks and to whichever address."""
    for _try in range(CODES.tries):
        assert ask(owner_browser) == "/reminders?done=code-mailed"
    owner_browser.get("/reminders")
    assert owner_browser.post("/reminders/mail", {"address": "other@mail.example"}).status_code == 429


def test_a_code_that_ran_out_says_so(instance: Instance, owner_browser: Browsing, told: MailTaking) -> None:
    """Then there is a form for another one, and none to type the old one into."""
    ask(owner_browser)
    told.wait_for(1)
    with instance.stores.main.writing() as db:
        found = db.exec(select(MailReminder)).one()
        found.code_until = clock.now()
        db.add(found)
    page = owner_browser.get("/reminders").text
    assert "The code ran out" in page and "Mail me a code" in page and "/reminders/mail/confirm" not in page
    with instance.stores.main.writing() as db:
        found = db.exec(select(MailReminder)).one()
        found.wrapped = instance.app.state.instance.wrap("another purpose", found.account_id, b"x")
        db.add(found)
    assert owner_browser.get("/reminders").status_code == 200


class TestWithoutAMailServer:
    """Most hosts at home name none."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"smtp_url": None})

    def test_the_page_says_so_and_the_calendar_works(self, owner_browser: Browsing) -> None:
        page = words(owner_browser.get("/reminders").text)
        assert "This host sends no mail." in page and "Mail me a code" not in page and "Make the link" in page
        assert owner_browser.post("/reminders/mail", {"address": "robin@mail.example"}).headers["location"] == "/reminders"
        assert owner_browser.post("/reminders/mail/confirm", {"code": "1"}).headers["location"] == "/reminders"
