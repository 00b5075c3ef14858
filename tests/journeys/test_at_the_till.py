"""At the till, in a real browser and over real HTTP: scanned, asked, opened by itself, countered, answered."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.demo.browser import Browser as Owner
from app.demo.vendor import VendorProgram, asking
from tests.browsing import PASSPHRASE
from tests.serving import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

CARE = {
    "purpose": "dpv:CustomerCare",
    "actions": ["send_message"],
    "channels": ["inbox"],
    "frequency": {"count": 4, "per": "P1M"},
    "retention": "P1Y",
}


def till_asks(page: Page) -> tuple[VendorProgram, str]:
    """Make a link on the phone, scan it at the till, ask; the request's id."""
    page.goto("/till")
    page.get_by_role("button", name="Make one now").click()
    expect(page.get_by_text("Waiting for their request.")).to_be_visible()
    link = page.locator(".till-url").inner_text().strip()
    program = VendorProgram(link, name="Corner Shop", organisation={"name": "Corner Shop Ltd", "email": "hello@cornershop.example"})
    request_id = program.ask(asking("About your order.", site="cornershop.example", now=clock.now(), purposes=[CARE]), reference="till-1")
    page.wait_for_url(f"**/requests/{request_id}", timeout=20_000)
    return program, request_id


def settle(program: VendorProgram, request_id: str, verb: str) -> str:
    """The company's answer; the state it led to."""
    token = program.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=program.auth).json()["access_token"]
    answer = program.http.post(f"/api/v1/requests/{request_id}/{verb}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


@pytest.mark.context(viewport={"width": 390, "height": 844})
def test_a_till_asks_and_the_owner_offers_something_else(server: Server, page: Page) -> None:
    """The request opens by itself; one counter-offer is accepted and one refused; both ends stand on the owner's pages."""
    Owner(server.url).sign_up(urlsplit(server.set_up).path, login="robin", passphrase=PASSPHRASE)
    page.goto("/unlock")
    page.get_by_label("Login name").fill("robin")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock", exact=True).click()
    page.wait_for_url("**/today")
    for verb, state in (("acceptance", "granted"), ("refusal", "refused")):
        program, request_id = till_asks(page)
        page.get_by_label("Grant this line").check()
        page.get_by_text("Or offer them something else, once").click()
        page.get_by_label("Under which agreement").select_option("SD-BASE-DP")
        page.get_by_role("button", name="Send my counter-offer").click()
        expect(page.get_by_role("heading", name="Your counter-offer is with them")).to_be_visible()
        assert settle(program, request_id, verb) == state
        page.reload()
        way = "See the permission" if verb == "acceptance" else "The receipt of that"
        expect(page.get_by_role("link", name=way)).to_be_visible()
        if verb == "acceptance":
            assert program.collect()["authorization_details"][0]["agreement"] == "SD-BASE-DP"
    page.goto("/till")
    page.get_by_role("button", name="Make one now").click()
    page.get_by_role("button", name="Close it now").click()
    expect(page.get_by_text("Nobody can ask over it any more.")).to_be_visible()
