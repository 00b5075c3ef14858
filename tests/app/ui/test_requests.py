"""Requests in the browser: read, tick, narrow, decline. Nothing is granted that was not ticked."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from app.tables import CommitmentClock
from consent import grants
from consent.store import Grant, Receipt, Relationship, RelationshipKey, Request
from consent.terms import parse
from tests.app.ui.visits import BACKED, DELIVERY, WORDS, Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_details
from tests.forms import HtmlForm
from tests.instances import Instance
from vault.records import Commitment, Vendor


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def details(*more: dict[str, Any], in_return: list[dict[str, Any]] | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Marketing, and whatever else is asked for."""
    found = [*make_details(now=clock.now(), **changes), *more]
    if in_return:
        found[0]["in_return"] = in_return
    return found


def form_of(robin: Visit, request_id: str) -> HtmlForm:
    """The form of a request's page."""
    robin.browser.get(f"/requests/{request_id}")
    (form,) = [form for form in robin.browser.forms if form.action == f"/requests/{request_id}/approve"]
    return form


def the_grant(robin: Visit) -> Grant:
    """The only grant there is."""
    (grant,) = robin.rows(select(Grant))
    return grant  # type: ignore[no-any-return]  # rows of any query


def test_an_empty_list_says_what_to_do(robin: Visit) -> None:
    """No dead end."""
    page = robin.browser.get("/requests")
    assert page.status_code == 200
    assert 'href="/addresses"' in page.text
    assert 'href="/device"' in page.text


def test_the_page_says_all_of_it_in_plain_words(robin: Visit) -> None:
    """Who, what, why, how often, when, how long, who else, what in return, and the notice with its host."""
    asked = details(
        DELIVERY, in_return=[BACKED, WORDS], hours={"from": "09:00", "to": "20:00", "time_zone": "Europe/Dublin"}, actions=["send_message"]
    )
    asked[0] |= {"jurisdiction": "IE", "storage": {"locations": ["IE", "DE"]}, "agreement": "SD-BASE-DP"}
    _shop, _answer, request_id = robin.asked(asked, client_reference="C-42")
    page = robin.browser.get(f"/requests/{request_id}").text
    said = words(page)
    for text in (
        "“Corner Shop” asks for your permission", "Unknown to you so far", "Nobody has checked it", "C-42", "at the till",
        "We tell you about openings near you, twice a week at most.", "Direct Marketing", "send you messages",
        "in your inbox here and by e-mail", "at most twice a week", "(Europe/Dublin time)", "6 months", "nobody else",
        "Delivery of Goods", "read data of yours", "Physical Address and Telephone Number", "2 years", "An Post (Ireland)",
        "Ireland and Germany", "SD-BASE-DP", "Refund the difference if the price falls", "within 14 days of your asking for it",
        "a refund of €20.00, within 7 days", "We value your trust", "Just words: no date, and nothing follows if they break it.",
        "(shop.example)",
    ):  # fmt: skip
        assert text in said, text
    assert '<a href="https://shop.example/privacy" rel="noopener noreferrer nofollow">' in page


def test_nothing_is_ticked_when_the_page_opens(robin: Visit) -> None:
    """No box, no radio: consent is what the owner chooses."""
    _shop, _answer, request_id = robin.asked(details(DELIVERY))
    page = robin.browser.get(f"/requests/{request_id}").text
    assert 'type="checkbox"' in page
    assert not re.search(r"<input[^>]*\bchecked\b", page)


def test_granting_and_declining_are_equally_easy(robin: Visit) -> None:
    """Two buttons of one kind, side by side in one form."""
    _shop, _answer, request_id = robin.asked()
    page = robin.browser.get(f"/requests/{request_id}").text
    decide = page.split('class="actions decide"', 1)[1].split("</div>", 1)[0]
    assert decide.count("button-plain") == decide.count("<button") == 2
    assert f'formaction="/requests/{request_id}/decline"' in decide


def test_the_sent_form_without_a_tick_grants_nothing(robin: Visit) -> None:
    """The answer says so beside the line, and nothing is left behind."""
    _shop, _answer, request_id = robin.asked()
    robin.browser.get(f"/requests/{request_id}")
    answer = robin.browser.submit(f"/requests/{request_id}/approve")
    assert answer.status_code == 422
    assert "No line is kept" in words(answer.text)
    assert 'href="#f-keep-0"' in answer.text
    assert robin.rows(select(Grant)) == []
    assert robin.all(Vendor) == []


def test_choose_all_ticks_and_does_not_grant(robin: Visit) -> None:
    """The button re-renders with every line ticked; granting is still another press."""
    _shop, _answer, request_id = robin.asked(details(DELIVERY))
    form_of(robin, request_id)
    answer = robin.browser.submit(f"/requests/{request_id}/approve", {"choose": "all", "count-0": "1"})
    assert answer.status_code == 200
    assert robin.rows(select(Grant)) == []
    (form,) = [form for form in robin.browser.forms if form.action.endswith("/approve")]
    assert form.fields["keep-0"] == form.fields["keep-1"] == ["1"]
    assert form.fields["count-0"] == ["1"]


def test_granting_as_asked(robin: Visit) -> None:
    """One press gives exactly what was asked: grant, receipt, relationship with its own key; the vendor gets its token."""
    shop, answer, request_id = robin.asked()
    form_of(robin, request_id)
    page = robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1"})
    grant = the_grant(robin)
    assert page.status_code == 303
    assert page.headers["location"] == f"/grants/{grant.grant_id}?done=granted"
    (request,) = robin.rows(select(Request))
    assert grants.standing(grant).terms == parse(json.loads(request.details), now=request.created_at)
    assert len(robin.rows(select(Receipt))) == len(robin.rows(select(Relationship))) == len(robin.rows(select(RelationshipKey))) == 1
    assert shop.poll(answer["device_code"]).json()["grant_id"] == grant.grant_id
    (vendor,) = robin.all(Vendor)
    assert (vendor.name, vendor.domains, vendor.client_ids) == ("Corner Shop", ("shop.example",), (shop.client_id,))


def test_narrowing_line_by_line(robin: Visit) -> None:
    """Every part can be less: lines, ways, how often, hours, how long, data, recipients, the end."""
    _shop, _answer, request_id = robin.asked(details(DELIVERY))
    form_of(robin, request_id)
    last = (clock.now() + timedelta(days=30)).date().isoformat()
    changes = {
        "keep-0": "1", "channels-0": "email", "count-0": "1", "per-0": "P1M", "from-0": "09:00", "to-0": "18:00", "retention-0": "P1M",
        "keep-1": "1", "datatypes-1": "pd:TelephoneNumber", "recipients-1": "0", "retention-1": "P6M", "expires": last,
    }  # fmt: skip
    page = robin.browser.submit(f"/requests/{request_id}/approve", changes)
    assert page.status_code == 303, words(page.text)
    terms = grants.standing(the_grant(robin)).terms
    marketing, delivery = terms.purposes
    assert marketing.channels == ("inbox",)
    assert (marketing.frequency.count, marketing.frequency.per) == (1, "P1M")  # type: ignore[union-attr] # it was granted
    assert f"{marketing.hours.start:%H:%M}-{marketing.hours.end:%H:%M}" == "09:00-18:00"  # type: ignore[union-attr] # it was granted
    assert (marketing.retention, delivery.retention) == ("P1M", "P6M")
    assert (delivery.datatypes, delivery.recipients) == (("pd:PhysicalAddress",), ())
    assert terms.expires.date().isoformat() == (clock.now() + timedelta(days=31)).date().isoformat()


def test_a_line_left_out_is_not_granted(robin: Visit) -> None:
    """Keeping one of two lines grants one."""
    _shop, _answer, request_id = robin.asked(details(DELIVERY))
    form_of(robin, request_id)
    robin.browser.submit(f"/requests/{request_id}/approve", {"keep-1": "1"})
    assert [line.purpose for line in grants.standing(the_grant(robin)).terms.purposes] == ["dpv:DeliveryOfGoods"]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"count-0": "9"}, "count-0", "more than they asked for"),
        ({"count-0": "0"}, "count-0", "at least 1"),
        ({"count-0": "two"}, "count-0", "whole number"),
        ({"per-0": "P1D"}, "count-0", "more than they asked for"),
        ({"per-0": "soon"}, "per-0", "one of the times"),
        ({"retention-0": "P5Y"}, "retention-0", "more than they asked for"),
        ({"retention-0": ""}, "retention-0", "one of the times"),
        ({"from-0": "09:00"}, "from-0", "both times"),
        ({"from-0": "09:00", "to-0": "09:00"}, "from-0", "does not go together"),
        ({"channels-0": ["inbox", "email"]}, "channels-0", "Keep something"),
        ({"actions-0": "send_message"}, "actions-0", "Keep something"),
        ({"expires": "2020-01-01"}, "expires", "over"),
        ({"expires": "2099-01-01"}, "expires", "more than they asked for"),
        ({"expires": "soon"}, "expires", "year-month-day"),
        ({"vendor": "f" * 32}, "vendor", "one of your companies"),
    ],
)
def test_what_is_wider_or_wrong_is_said_beside_its_line(robin: Visit, changes: dict[str, Any], field: str, says: str) -> None:
    """422, the message at its field and in the summary, what was typed kept, nothing granted."""
    _shop, _answer, request_id = robin.asked()
    form_of(robin, request_id)
    answer = robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1", **changes})
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert f'href="#f-{field}"' in answer.text
    assert robin.rows(select(Grant)) == []
    (form,) = [form for form in robin.browser.forms if form.action.endswith("/approve")]
    assert form.fields["keep-0"] == ["1"]
    typed = {name: value for name, value in changes.items() if name.startswith(("count", "expires", "from", "channels"))}
    assert {name: form.fields[name] for name in typed} == {
        name: value if isinstance(value, list) else [value] for name, value in typed.items()
    }


def test_declining(robin: Visit) -> None:
    """One press; the vendor is told no and nothing else; a second press changes nothing."""
    shop, answer, request_id = robin.asked()
    form_of(robin, request_id)
    page = robin.browser.post(f"/requests/{request_id}/decline")
    assert page.headers["location"] == "/requests?done=declined"
    assert shop.poll(answer["device_code"]).json()["error"] == "access_denied"
    assert robin.browser.post(f"/requests/{request_id}/decline").headers["location"].endswith("?done=already")
    assert robin.browser.post(f"/requests/{request_id}/approve", {"keep-0": "1"}).headers["location"].endswith("?done=already")
    assert robin.rows(select(Grant)) == []
    assert "declined" in words(robin.browser.get(f"/requests/{request_id}").text)


def test_a_decided_request_leads_to_its_permission(robin: Visit) -> None:
    """The page stays readable, without a form."""
    shop = robin.granted()
    (request,) = robin.rows(select(Request))
    page = robin.browser.get(f"/requests/{request.request_id}").text
    assert f'href="/grants/{shop.grant_id}"' in page
    assert f"/requests/{request.request_id}/approve" not in page


def test_promises_in_return_are_tracked(robin: Visit) -> None:
    """Each becomes a promise of that company with a clock; backed and just words stay told apart."""
    shop = robin.granted(details(in_return=[BACKED, WORDS, {**BACKED, "promise": "Free delivery", "after": "grant"}]))
    made = {one.promise: one for one in robin.all(Commitment)}
    assert set(made) == {BACKED["promise"], WORDS["promise"], "Free delivery"}
    assert {one.grant_id for one in made.values()} == {shop.grant_id}
    claimed, free, empty = made[str(BACKED["promise"])], made["Free delivery"], made["We value your trust"]
    assert (claimed.due_at, claimed.remedy.within, empty.remedy) == (None, "P7D", None)
    assert free.due_at is not None
    clocks = {row.commitment_id: row for row in robin.rows(select(CommitmentClock))}
    assert len(clocks) == 3
    assert sorted(row.remedy_seconds or 0 for row in clocks.values()) == [0, 7 * 86_400, 7 * 86_400]
    page = words(robin.browser.get("/commitments").text)
    assert page.count("just words") == 1
    assert page.count("backed") == 2


def test_the_client_is_tied_to_a_chosen_company(robin: Visit) -> None:
    """The owner's record of the company gains the client; no second one is made."""
    mine = robin.vendor("My corner shop")
    shop, _answer, request_id = robin.asked()
    form_of(robin, request_id)
    robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1", "vendor": mine})
    (vendor,) = robin.all(Vendor)
    assert (vendor.name, vendor.client_ids) == ("My corner shop", (shop.client_id,))
    assert "My corner shop" in words(robin.browser.get("/grants").text)


def test_a_link_used_by_somebody_else_is_said(robin: Visit) -> None:
    """The company that the link was given to is chosen by default, and a stranger on it is pointed out."""
    vendor_id = robin.vendor("Nine Lives Insurance", domains=("ninelives.example",))
    robin.browser.get("/addresses")
    link = robin.browser.post(f"/vendors/{vendor_id}/addresses").headers["location"]
    page = robin.browser.get(link.split("?")[0]).text
    handle = page.split("/a/", 1)[1].split('"', 1)[0]
    shop = robin.shop(handle)
    request_id = shop.ask(handle).json()["request_id"]
    form = form_of(robin, request_id)
    said = words(robin.browser.get(f"/requests/{request_id}").text)
    assert "the contact link that you gave to Nine Lives Insurance" in said
    assert "You gave this contact link to Nine Lives Insurance; “Corner Shop” at shop.example is using it." in said
    assert form.fields["vendor"] == [vendor_id]
    own = robin.shop(
        handle,
        client_name="Nine Lives Insurance",
        client_uri="https://www.ninelives.example",
        organisation={"name": "Nine Lives Insurance"},
    )
    request_id = own.ask(handle).json()["request_id"]
    assert "is using it" not in words(robin.browser.get(f"/requests/{request_id}").text)


def test_a_change_shows_the_difference(robin: Visit) -> None:
    """Now and then side by side; declining leaves the permission, accepting keeps its id."""
    shop = robin.granted()
    handle = robin.owner.link()
    asked = details(DELIVERY, retention="P1Y")
    request_id = shop.ask(handle, asked, grant_id=shop.grant_id).json()["request_id"]
    said = words(robin.browser.get(f"/requests/{request_id}").text)
    assert "What would change" in said
    assert "Direct Marketing: They keep it for 6 months 1 year more" in said
    assert "Delivery of Goods: The whole line not at all They may: read data of yours" in said
    robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1"})
    grant = the_grant(robin)
    assert grant.grant_id == shop.grant_id
    assert grants.standing(grant).terms.purposes[0].retention == "P1Y"


def test_a_change_of_a_withdrawn_permission_cannot_be_granted(robin: Visit) -> None:
    """What was withdrawn stays so; the page says it and changes nothing."""
    shop = robin.granted()
    request_id = shop.ask(robin.owner.link(), grant_id=shop.grant_id).json()["request_id"]
    robin.owner.end(shop.grant_id, "withdraw")
    form_of(robin, request_id)
    answer = robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1"})
    assert answer.status_code == 422
    assert "has ended" in words(answer.text)
    assert the_grant(robin).status == "withdrawn"


def test_hostile_words_are_quoted(robin: Visit) -> None:
    """Names, statements and addresses are text on the page, whatever they hold."""
    handle = robin.owner.link()
    shop = robin.shop(handle, client_name="<script>alert(1)</script>", organisation={"name": "<img src=x>"})
    asked = details()
    asked[0]["statement"] = "<b>You must</b> accept"
    request_id = shop.ask(handle, asked).json()["request_id"]
    for path in ("/requests", f"/requests/{request_id}"):
        page = robin.browser.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>You must" not in page


def test_a_strangers_request_is_not_there(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Another owner, and an unknown id, see the same 404; the form changes nothing."""
    _shop, _answer, request_id = robin.asked()
    from tests.factories import make_account  # noqa: PLC0415 - a second owner is needed here only

    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    assert other.get(f"/requests/{request_id}").status_code == 404
    assert other.get("/requests/" + "0" * 32).status_code == 404
    assert other.post(f"/requests/{request_id}/approve", {"keep-0": "1"}).status_code == 404
    assert other.post(f"/requests/{request_id}/decline").status_code == 404
    assert robin.rows(select(Request))[0].state == "pending"
