"""The host's page: invitations and counts for the operator, nothing for anybody else, and never an owner's data."""

import re
from collections.abc import Callable
from html import unescape

from sqlmodel import select

from app.tables import InstanceEntry
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance


def test_there_is_no_host_page_for_an_owner(owner_browser: Browsing) -> None:
    """For anybody but the operator the page does not exist, and neither does the form."""
    assert owner_browser.get("/operator").status_code == 404
    assert owner_browser.post("/operator/invitations", {"guest": "owner"}).status_code == 404
    assert 'href="/operator"' not in owner_browser.get("/me").text


def test_operator_invites_a_person(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """The link is shown once and opens the sign-up page; the act is in the instance's history."""
    make_account(instance.stores, operator=True)
    browser = new_browser().unlock()
    assert 'href="/operator"' in browser.get("/me").text
    browser.get("/operator")
    made = browser.post("/operator/invitations", {"guest": "owner"})
    link = unescape(re.search(r"<code>([^<]+)</code>", made.text)[1])  # type: ignore[index]  # None fails the test as well
    assert link.startswith(f"{instance.settings.base_url}/sign-up/")
    assert link not in browser.get("/operator").text
    assert new_browser().get(link.removeprefix(instance.settings.base_url)).status_code == 200
    with instance.stores.main.reading() as db:
        assert [(entry.type, entry.actor) for entry in db.exec(select(InstanceEntry))] == [("owner.invited", "operator")]


def test_operator_invites_a_system(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """A company's developer gets a token, not a link."""
    make_account(instance.stores, operator=True)
    browser = new_browser().unlock()
    browser.get("/operator")
    made = browser.post("/operator/invitations", {"guest": "client"})
    assert re.search(r"<code>bwc_[\w-]{43}</code>", made.text)
    assert "An invitation for a company" in browser.get("/operator").text


def test_host_page_notices_a_changed_history(instance: Instance, new_browser: Callable[[], Browsing]) -> None:
    """An entry changed behind the service's back is named."""
    make_account(instance.stores, operator=True)
    browser = new_browser().unlock()
    browser.get("/operator")
    browser.post("/operator/invitations", {"guest": "client"})
    assert "does not hold" not in browser.get("/operator").text
    with instance.stores.main.writing() as db:
        entry = db.exec(select(InstanceEntry)).one()
        entry.type = "nothing.happened"
        db.add(entry)
    assert "does not hold from entry 1 on" in browser.get("/operator").text
