"""My terms: said once, kept sealed, held against every request, and the gate for those who may not ask."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from app.tables import DeviceCode
from consent.roster import ROSTER
from consent.store import Gate, LedgerEntry, Relationship, Request
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from vault.records import MyTerms

TERMS = {
    "may_ask": "address", "agreement": "SD-BASE-DP", "also": ["SD-BASE"], "count": "1", "per": "P1W", "hours_from": "09:00",
    "hours_to": "18:00", "retention": "P3M", "life": "P3M", "usefulness_share": "0.5",
}  # fmt: skip


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def keep(robin: Visit, **changes: Any) -> Any:
    """Fill in the page and send it."""
    robin.browser.get("/my-terms")
    return robin.browser.submit("/my-terms", TERMS | changes)


def test_nothing_is_chosen_beforehand(robin: Visit) -> None:
    """A first visit has no radio and no box ticked; the whole roster stands there."""
    page = robin.browser.get("/my-terms").text
    assert not re.search(r"<input[^>]*\bchecked\b", page)
    assert not re.search(r"<option[^>]+value=\"[^\"]+\"[^>]*\bselected\b", page)
    assert all(f'name="agreement" value="{code}"' in page for code in ROSTER)
    assert "Nothing is chosen for you" in words(page)


def test_terms_are_kept_sealed(robin: Visit) -> None:
    """One record, whatever is changed; in the clear stands only who may ask; the history has it."""
    assert keep(robin).status_code == 303
    assert keep(robin, may_ask="nobody", also=[]).status_code == 303
    (mine,) = robin.all(MyTerms)
    assert mine == MyTerms(
        agreements=("SD-BASE-DP",), may_ask="nobody", count=1, per="P1W", hours_from="09:00", hours_to="18:00", retention="P3M", life="P3M",
        usefulness_share="0.5",
    )  # fmt: skip
    assert [gate.may_ask for gate in robin.rows(select(Gate))] == ["nobody"]
    assert [entry.type for entry in robin.rows(select(LedgerEntry))][-2:] == ["standing.changed", "standing.changed"]
    page = robin.browser.get("/my-terms").text
    assert re.search(r'value="SD-BASE-DP" checked', page)
    assert "My terms" in words(robin.browser.get("/me").text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"may_ask": ""}, "may_ask"),
        ({"may_ask": "friends"}, "may_ask"),
        ({"agreement": "SD-FREE"}, "agreement"),
        ({"also": ["SD-FREE"]}, "agreement"),
        ({"agreement": "", "also": ["SD-BASE"]}, "agreement"),
        ({"count": "0"}, "count"),
        ({"count": "many"}, "count"),
        ({"count": ""}, "count"),
        ({"per": ""}, "per"),
        ({"per": "weekly"}, "per"),
        ({"hours_to": ""}, "hours_from"),
        ({"hours_to": "09:00"}, "hours_from"),
        ({"hours_to": "25:00"}, "hours_to"),
        ({"retention": "for ever"}, "retention"),
        ({"life": "x"}, "life"),
        ({"usefulness_share": "2"}, "usefulness_share"),
    ],
)
def test_a_bad_form_comes_back(robin: Visit, changes: dict[str, Any], field: str) -> None:
    """With what was typed, the fault beside its field, and nothing kept."""
    answer = keep(robin, **changes)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert robin.all(MyTerms) == []
    assert robin.rows(select(Gate)) == []


def test_only_limits_or_only_the_gate(robin: Visit) -> None:
    """Every part may be left out but who may ask."""
    robin.browser.get("/my-terms")
    assert robin.browser.submit("/my-terms", {"may_ask": "address"}).status_code == 303
    assert robin.all(MyTerms) == [MyTerms()]
    _shop, _answer, request_id = robin.asked()
    page = robin.browser.get(f"/requests/{request_id}").text
    assert "All of it lies within your terms" in words(page)


def test_without_terms_a_request_says_where_to_say_them(robin: Visit) -> None:
    _shop, _answer, request_id = robin.asked()
    page = robin.browser.get(f"/requests/{request_id}").text
    assert "You have not said any terms of your own yet." in words(page)
    assert 'value="mine"' not in page


def test_a_request_beyond_them_is_marked_line_by_line(robin: Visit) -> None:
    """What goes beyond stands beside each line and, for the whole, above them; nothing is ticked."""
    keep(robin)
    details = make_details(now=clock.now())
    service = details[1] | {"purpose": "dpv:CustomerCare", "frequency": {"count": 1, "per": "P1M"}, "retention": "P1M"}
    service |= {"hours": {"from": "09:00", "to": "17:00", "time_zone": "UTC"}}
    _shop, _answer, request_id = robin.asked([*details, service])
    page = robin.browser.get(f"/requests/{request_id}").text
    line = r'<fieldset class="card card-theirs consent-line">.*?</fieldset>\s*(?=<fieldset class="card|</section)'
    marketing, care = re.findall(line, page, re.S)
    for text in ("This is not needed for the service", "More often than you want", "At hours that you do not want", "keep it longer"):
        assert text in words(marketing)
    assert "beyond your terms" not in words(care)
    assert "It would run longer than you want." in words(page)
    assert not re.search(r"<input[^>]*\bchecked\b", page)


def test_my_limits_are_filled_in_and_grant_nothing(robin: Visit) -> None:
    """One press narrows every part to the owner's limits; no line is ticked by it; sent then with a tick, that is what is granted."""
    keep(robin)
    _shop, _answer, request_id = robin.asked()
    robin.browser.get(f"/requests/{request_id}")
    answer = robin.browser.submit(f"/requests/{request_id}/approve", {"choose": "mine"})
    assert answer.status_code == 200
    assert 'name="keep-0" value="1"' in answer.text and not re.search(r"<input[^>]*\bchecked\b", answer.text)
    (form,) = [form for form in robin.browser.forms if form.action.endswith("/approve")]
    filled = {name: form.fields[f"{name}-0"] for name in ("count", "per", "from", "to", "retention")}
    assert filled == {"count": ["1"], "per": ["P1W"], "from": ["09:00"], "to": ["18:00"], "retention": ["P3M"]}
    assert robin.rows(select(Request))[0].state == "pending"
    assert robin.browser.submit(f"/requests/{request_id}/approve", {"keep-0": "1"}).status_code == 303


def asked_of(robin: Visit) -> tuple[Any, Any]:
    """A request that a stranger sends by a link, and one by a link that leads nowhere: what each is told."""
    handle = robin.owner.link()
    shop = robin.shop(handle)
    return shop, (shop.ask(handle), shop.ask("no-such-handle"))


@pytest.mark.parametrize("may_ask", ["known", "nobody"])
def test_who_may_not_ask_is_told_nothing(robin: Visit, may_ask: str) -> None:
    """The same answer as for a link that leads nowhere, now and whenever the client looks; the owner's history has it."""
    keep(robin, may_ask=may_ask)
    shop, answers = asked_of(robin)
    assert {answer.status_code for answer in answers} == {200}
    assert len({tuple(answer.json()) for answer in answers}) == 1
    token = {"Authorization": f"Bearer {shop.oauth('token', grant_type='client_credentials').json()['access_token']}"}
    seen = [robin.instance.client.get(f"/api/v1/requests/{answer.json()['request_id']}", headers=token).json() for answer in answers]
    varying = {"request_id", "created_at", "expires_at"}
    assert len({tuple((name, value) for name, value in one.items() if name not in varying) for one in seen}) == 1
    polls = [shop.poll(answer.json()["device_code"]).json() for answer in answers]
    assert polls[0] == polls[1]
    rows = robin.rows(select(DeviceCode))
    blank = {(row.account_id, row.claimable, bool(row.details), row.grant_id) for row in rows}
    assert blank == {(None, False, True, None)}
    assert robin.rows(select(Request)) == []
    assert [entry.type for entry in robin.rows(select(LedgerEntry))].count("request.turned_away") == 1


def test_companies_that_are_known_may_ask(robin: Visit) -> None:
    """A client that the owner has tied to a company asks on; once the company is removed it is a stranger again."""
    shop = robin.granted()
    keep(robin, may_ask="known")
    handle = robin.owner.link()
    shop.ask(handle)
    assert len(robin.rows(select(Request))) == 2
    robin.owner.end(shop.grant_id, "withdraw")
    vendor = next(path for path in re.findall(r"/vendors/[0-9a-f]{32}", robin.browser.get("/vendors").text))
    robin.browser.get(f"{vendor}/remove")
    assert robin.browser.post(f"{vendor}/remove", {"sure": "1"}).status_code == 303
    shop.ask(handle)
    assert len(robin.rows(select(Request))) == 2


def test_saying_terms_makes_those_known_who_were_tied_before(robin: Visit) -> None:
    """Tied before this version wrote it down: the owner is there, and the companies say it."""
    shop = robin.granted()
    with robin.instance.stores.main.writing() as db:
        for row in db.exec(select(Relationship)):
            row.known_at = None
            db.add(row)
    keep(robin, may_ask="known")
    shop.ask(robin.owner.link())
    assert len(robin.rows(select(Request))) == 2
