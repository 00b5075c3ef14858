"""At the till: ten minutes, one code to scan, and the request that opens by itself."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from app import clock
from app.tables import Address
from app.ui.requests import till
from consent.store import LedgerEntry, Request
from tests.app.api.loop import make_shop
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def shown(robin: Visit) -> str:
    """Make a link; the path of its page."""
    robin.browser.get("/till")
    answer = robin.browser.submit("/till")
    assert answer.status_code == 303
    return answer.headers["location"].split("?")[0]


def handle_on(page: str) -> str:
    """The handle that a page shows."""
    found = re.search(r"/a/([\w-]+)<", page)
    assert found is not None
    return found[1]


def test_a_link_for_ten_minutes(robin: Visit) -> None:
    """Big, with its address beside it, when it ends, and a way to close it; without a script it looks again by itself."""
    path = shown(robin)
    page = robin.browser.get(path).text
    (row,) = robin.rows(select(Address))
    assert row.expires_at is not None
    assert row.expires_at - row.created_at == till.LIFE == timedelta(minutes=10)
    assert 'class="qr qr-big"' in page and "<svg" in page
    assert f"{robin.instance.settings.base_url}/a/" in page
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in page
    assert "Waiting for their request" in words(page)
    assert path in robin.browser.get("/till").text
    assert [entry.type for entry in robin.rows(select(LedgerEntry))][-1] == "address.opened"


def test_the_request_opens_when_the_till_asks(robin: Visit) -> None:
    """The till follows the code, registers and asks; the next look leads to its request, and nothing is granted."""
    path = shown(robin)
    handle = handle_on(robin.browser.get(path).text)
    request_id = make_shop(robin.instance, robin.owner, handle).ask(handle).json()["request_id"]
    led = robin.browser.get(path, follow=False)
    assert (led.status_code, led.headers["location"]) == (303, f"/requests/{request_id}")
    robin.browser.get(led.headers["location"])
    robin.browser.submit(f"/requests/{request_id}/approve", {"choose": ""})
    assert [row.state for row in robin.rows(select(Request))] == ["pending"]


def test_one_press_closes_it(robin: Visit) -> None:
    """Closed, it reaches nobody, and its page says that it has ended."""
    path = shown(robin)
    handle = handle_on(robin.browser.get(path).text)
    shop = make_shop(robin.instance, robin.owner, handle)
    assert robin.browser.submit(f"{path}/close").headers["location"] == "/till?done=till-closed"
    shop.ask(handle)
    assert robin.rows(select(Request)) == []
    page = robin.browser.get(path).text
    assert "This link has ended" in words(page)
    assert "http-equiv" not in page
    assert robin.browser.post(f"{path}/close").headers["location"] == "/till?done=already"


def test_after_ten_minutes_it_is_over(robin: Visit) -> None:
    """The page of an old link offers another."""
    path = shown(robin)
    with robin.instance.stores.main.writing() as db:
        row = db.exec(select(Address)).one()
        row.expires_at = clock.now() - timedelta(seconds=1)
        db.add(row)
    assert "Make another" in words(robin.browser.get(path).text)
    assert path not in robin.browser.get("/till").text


def test_an_ordinary_link_has_no_page_here(robin: Visit) -> None:
    """Only what ends is shown at a till; what is somebody else's is not there."""
    robin.owner.link()
    (row,) = robin.rows(select(Address))
    for address_id in (row.address_id, "0" * 32):
        assert robin.browser.get(f"/till/{address_id}").status_code == 404


@pytest.mark.parametrize("may_ask", ["known", "nobody"])
def test_a_shut_gate_is_said_before_anybody_scans(robin: Visit, may_ask: str) -> None:
    """By these terms a stranger's till cannot ask: better said now than wondered about."""
    robin.browser.get("/my-terms")
    robin.browser.submit("/my-terms", {"may_ask": may_ask})
    assert "Nobody else who scans it can ask." in words(robin.browser.get("/till").text)
    assert "Nobody else who scans it can ask." in words(robin.browser.get(shown(robin)).text)
