"""Contact links: made for one company, shown to be copied or scanned, closed; and one answer for every handle there could be."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.tables import Address
from consent.store import LedgerEntry
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance
from vault.records import AddressRecord


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def make(robin: Visit, **typed: str) -> str:
    """A new link; the path of its page."""
    robin.browser.get("/addresses")
    answer = robin.browser.submit("/addresses", typed)
    assert answer.status_code == 303
    return str(answer.headers["location"].split("?")[0])


def handle_of(robin: Visit, path: str) -> str:
    """The handle on a link's page."""
    return str(re.search(r'value="[^"]*/a/([^"]+)"', robin.browser.get(path).text)[1])  # type: ignore[index] # it is on the page


def ask(robin: Visit, handle: str, accept: str = "application/json") -> Any:
    """Follow a link as a visitor."""
    return robin.instance.client.get(f"/a/{handle}", headers={"accept": accept})


def test_a_link_for_a_company(robin: Visit) -> None:
    """Address and QR code on its page, the company beside it, a line in the history; the handle stands nowhere in the clear."""
    vendor_id = robin.vendor("Nine Lives Insurance")
    path = make(robin, vendor=vendor_id, label="renewal desk")
    page = robin.browser.get(path).text
    handle = handle_of(robin, path)
    assert f"{robin.instance.settings.base_url}/a/{handle}" in page
    assert "<svg" in page.split('class="qr"', 1)[1]
    assert "Contact link for Nine Lives Insurance" in words(page)
    assert "renewal desk" in words(robin.browser.get("/addresses").text)
    assert robin.read(AddressRecord, path.rsplit("/", 1)[1]).handle == handle
    (row,) = robin.rows(select(Address))
    assert handle.encode() not in row.handle_hash + row.initial_token_hash
    assert robin.rows(select(LedgerEntry.type)) == ["address.opened"]


def test_a_ten_minute_link(robin: Visit) -> None:
    """For a till: it ends by itself, and its page says when."""
    path = make(robin, life="till")
    (row,) = robin.rows(select(Address))
    assert row.expires_at - row.created_at == timedelta(minutes=10)
    assert "until " in words(robin.browser.get(path).text)


def test_a_vendor_page_makes_one_too(robin: Visit) -> None:
    """For that company; an unknown company is not there."""
    vendor_id = robin.vendor()
    robin.browser.get("/addresses")
    answer = robin.browser.post(f"/vendors/{vendor_id}/addresses")
    assert answer.status_code == 303
    assert robin.all(AddressRecord)[0].vendor_id == vendor_id
    assert robin.browser.post("/vendors/" + "0" * 32 + "/addresses").status_code == 404
    robin.browser.get("/addresses")
    assert robin.browser.submit("/addresses", {"vendor": "0" * 32}).status_code == 404


def test_closing(robin: Visit) -> None:
    """Nobody registers or asks over it any more; what it was stays in the list."""
    path = make(robin)
    handle = handle_of(robin, path)
    shop = robin.shop(handle)
    robin.browser.get(path)
    answer = robin.browser.submit(f"{path}/close", follow=True)
    assert "It answers as if it had never been" in words(answer.text)
    assert "/a/" + handle not in answer.text
    assert robin.browser.post(f"{path}/close").headers["location"].endswith("?done=already")
    shop.ask(handle)
    robin.browser.get("/requests")
    assert "Nobody is waiting for you" in words(robin.browser.get("/requests").text)
    token = ask(robin, handle).json()["initial_access_token"]
    refused = robin.instance.client.post("/oauth/register", json={"client_name": "x"}, headers={"authorization": f"Bearer {token}"})
    assert refused.status_code == 401
    assert "closed" in words(robin.browser.get("/addresses").text)


def test_every_handle_answers_alike(robin: Visit) -> None:
    """Live, closed, unknown and malformed: same status, same headers, same shape, same page but for the address."""
    live, closed = make(robin), make(robin)
    handles = [handle_of(robin, live), handle_of(robin, closed), "x" * 32, "no-such"]
    robin.browser.get(closed)
    robin.browser.submit(f"{closed}/close")
    told, pages = [], []
    for handle in handles:
        answer = ask(robin, handle)
        found = answer.json()
        assert found["login_hint"] == handle
        told.append((answer.status_code, sorted(found), {name: answer.headers[name] for name in ("content-type", "cache-control", "vary")}))
        page = ask(robin, handle, "text/html")
        pages.append((page.status_code, page.text.replace(handle, "")))
    assert all(answer == told[0] for answer in told)
    assert told[0][0] == 200
    assert told[0][1] == ["initial_access_token", "issuer", "login_hint", "registration_endpoint"]
    stripped = {re.sub(r'value="[0-9a-f]+"', "", page) for _status, page in pages}
    assert len(stripped) == 1
    assert "A contact link" in words(pages[0][1])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("application/json, */*;q=0.1", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/html, application/json", "text/html"),
        ("*/*", "text/html"),
        ("", "text/html"),
    ],
)
def test_a_program_gets_json_and_a_person_a_page(robin: Visit, accept: str, kind: str) -> None:
    """JSON is for whoever asks for it by name."""
    assert ask(robin, "x" * 32, accept).headers["content-type"].startswith(kind)


def test_a_strangers_link_is_not_there(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Another owner neither sees nor closes it, nor makes one for somebody else's company."""
    path = make(robin)
    vendor_id = robin.vendor()
    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    assert other.get(path).status_code == 404
    assert other.post(f"{path}/close").status_code == 404
    assert other.post(f"/vendors/{vendor_id}/addresses").status_code == 404
    assert robin.rows(select(Address))[0].closed_at is None
