"""Answering a request with an offer of one's own, on the page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from consent import counters, grants
from consent.store import Grant, Receipt, Request
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from vault.records import Vendor


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def counter(robin: Visit, request_id: str, **fields: str) -> Any:
    """Fill in the form and press the other button."""
    robin.browser.get(f"/requests/{request_id}")
    (form,) = [form for form in robin.browser.forms if form.action == f"/requests/{request_id}/approve"]
    return robin.browser.post(f"/requests/{request_id}/counter", {**form.fields, "keep-0": "1", **fields})


def the_request(robin: Visit) -> Request:
    (found,) = robin.rows(select(Request))
    assert isinstance(found, Request)
    return found


def settle(robin: Visit, shop: Any, request_id: str, verb: str) -> Any:
    """The vendor's answer."""
    token = {"Authorization": f"Bearer {shop.oauth('token', grant_type='client_credentials').json()['access_token']}"}
    return robin.instance.client.post(f"/api/v1/requests/{request_id}/{verb}", headers=token)


def test_a_counter_offer_is_made_once_and_shown(robin: Visit) -> None:
    """Narrowed, under an agreement of the roster, signed; the page says that it is their turn."""
    _shop, _answer, request_id = robin.asked()
    answer = counter(robin, request_id, **{"count-0": "1", "agreement": "SD-BASE-DP"})
    assert answer.headers["location"] == f"/requests/{request_id}?done=countered"
    offer = counters.offer_of(the_request(robin))
    assert offer is not None
    assert (offer.terms.agreement, offer.terms.purposes[0].frequency.count) == ("SD-BASE-DP", 1)  # type: ignore[union-attr]  # a line that sends has a frequency
    page = robin.browser.get(f"/requests/{request_id}").text
    assert "Your counter-offer is with them" in words(page)
    assert "at most once a week" in words(page)
    assert f'action="/requests/{request_id}/approve"' not in page
    assert counter_again(robin, request_id).headers["location"] == f"/requests/{request_id}?done=already"
    assert [vendor.name for vendor in robin.all(Vendor)] == ["Corner Shop"]
    assert "your offer is with them" in words(robin.browser.get("/requests").text)


def counter_again(robin: Visit, request_id: str) -> Any:
    """A second press of an old page."""
    return robin.browser.post(f"/requests/{request_id}/counter", {"keep-0": "1"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "This is exactly what they asked"),
        ({"agreement": "SD-FREE"}, "Choose an agreement from the list"),
        ({"keep-0": ""}, "No line is kept"),
        ({"vendor": "0" * 32}, "Choose one of your companies"),
    ],
)
def test_what_is_no_counter_offer_comes_back(robin: Visit, fields: dict[str, str], said: str) -> None:
    """With the fault named, and nothing offered."""
    _shop, _answer, request_id = robin.asked()
    answer = counter(robin, request_id, **fields)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert the_request(robin).state == "pending"
    assert robin.all(Vendor) == []


def test_an_agreement_that_rules_a_line_out_cannot_stand_beside_it(robin: Visit) -> None:
    """A line that profiles is not offered under an agreement without profiling."""
    details = make_details(now=clock.now(), purpose="dpv:PersonalisedAdvertising")
    _shop, _answer, request_id = robin.asked(details)
    answer = counter(robin, request_id, agreement="SD-BASE")
    assert answer.status_code == 422
    assert "rules this line out" in words(answer.text)
    assert counter(robin, request_id, agreement="SD-BASE-ATP").status_code == 303


def test_none_of_their_agreements(robin: Visit) -> None:
    """What they named can be left out."""
    details = make_details(now=clock.now())
    details[0]["agreement"] = "SD-BASE-ATP"
    _shop, _answer, request_id = robin.asked(details)
    assert counter(robin, request_id, agreement="none").status_code == 303
    offer = counters.offer_of(the_request(robin))
    assert offer is not None and offer.terms.agreement is None


def test_accepted_while_the_owner_is_away(robin: Visit) -> None:
    """The permission is there at the next look, with its receipt."""
    shop, _answer, request_id = robin.asked()
    counter(robin, request_id, **{"count-0": "1"})
    assert settle(robin, shop, request_id, "acceptance").status_code == 200
    (grant,) = robin.rows(select(Grant))
    page = robin.browser.get(f"/requests/{request_id}")
    assert f'href="/grants/{grant.grant_id}"' in page.text
    assert grants.standing(grant).terms.purposes[0].frequency.count == 1  # type: ignore[union-attr]  # a line that sends has a frequency
    assert "They accepted your counter-offer" in words(robin.browser.get("/ledger").text)


@pytest.mark.parametrize("who", ["they", "the owner"])
def test_a_no_leaves_a_receipt_to_download(robin: Visit, who: str, new_browser: Callable[[], Browsing]) -> None:
    """Refused by them or taken back by the owner: the page links the signed record, which is the owner's alone."""
    shop, _answer, request_id = robin.asked()
    counter(robin, request_id, **{"count-0": "1"})
    if who == "they":
        assert settle(robin, shop, request_id, "refusal").status_code == 200
    else:
        robin.browser.get(f"/requests/{request_id}")
        assert robin.browser.submit(f"/requests/{request_id}/decline").headers["location"] == "/requests?done=declined"
    (receipt,) = robin.rows(select(Receipt))
    page = robin.browser.get(f"/requests/{request_id}").text
    (link,) = set(re.findall(r"/receipts/[0-9a-f-]{36}", page))
    file = robin.browser.get(link)
    assert (file.text, file.headers["content-type"]) == (receipt.jws, "application/jose")
    assert robin.browser.get("/receipts/no-such-receipt").status_code == 404
    assert robin.browser.post(f"/requests/{request_id}/decline").headers["location"].endswith("done=already")


def test_a_renewal_as_it_was_says_that_nothing_changes(robin: Visit) -> None:
    """The same again: no difference, and the page says so; accepted, grant and token stay."""
    shop = robin.granted()
    (grant,) = robin.rows(select(Grant))
    same = [make_details(now=clock.now())[0] | {"expires": grant.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")}, make_details()[1]]
    request_id = shop.ask(robin.owner.link(), same, grant_id=shop.grant_id).json()["request_id"]
    page = robin.browser.get(f"/requests/{request_id}").text
    assert "Nothing: they ask for the same again." in words(page)
    assert robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1"}).status_code == 303
    (renewed,) = robin.rows(select(Grant))
    assert renewed.grant_id == grant.grant_id
    seen = robin.instance.client.get("/api/v1/grant", headers={"Authorization": f"Bearer {shop.grant_token}"})
    assert (seen.status_code, seen.json()["status"]) == (200, "given")


def test_declining_a_change_leaves_what_was(robin: Visit) -> None:
    """The permission stands as it stood, with its own receipt as the newest."""
    shop = robin.granted()
    (grant,) = robin.rows(select(Grant))
    asked = make_details(now=clock.now(), frequency={"count": 9, "per": "P1D"})
    asked[0]["in_return"] = [{"promise": "Cake"}]
    request_id = shop.ask(robin.owner.link(), asked, grant_id=shop.grant_id).json()["request_id"]
    page = words(robin.browser.get(f"/requests/{request_id}").text)
    assert "How often at most twice a week at most 9 times a day more" in page
    assert "What you get for it not at all Cake new" in page
    assert robin.browser.post(f"/requests/{request_id}/decline").status_code == 303
    (after,) = robin.rows(select(Grant))
    assert (after.status, after.terms, after.request_id) == ("given", grant.terms, grant.request_id)
    seen = robin.instance.client.get("/api/v1/grant", headers={"Authorization": f"Bearer {shop.grant_token}"}).json()
    newest = [row.jws for row in robin.rows(select(Receipt)) if row.grant_id == grant.grant_id]
    assert [seen["receipt"]] == newest
