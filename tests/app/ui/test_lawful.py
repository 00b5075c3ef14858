"""What the law asks of a company is told as such: no promise of theirs, neither backed nor just words. Lateness is told on its page."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app import clock
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance
from vault.records import Commitment, CommitmentEvent, Hired, Job, Weighed

ASKED = "Answer my access request (GDPR art. 15)"


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def asked(robin: Visit, vendor_id: str) -> str:
    """Ask for a right, and let the letter go; the id of what the law makes of it."""
    robin.browser.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr&where=IE")
    letter = robin.browser.submit("/letters/new", {"way": "post", "body": "Show me all of it."}).headers["location"].split("?")[0]
    robin.browser.get(letter)
    assert robin.browser.post(f"{letter}/sent", {"way": "post"}).status_code == 303
    (matter_id, *_others) = re.findall(r'"/rights/([0-9a-f]{32})"', robin.browser.get(letter).text)
    return str(matter_id)


def test_what_the_law_asks_has_a_badge_of_its_own(robin: Visit) -> None:
    """In the list, on the company's page and on its own; nowhere is it just words, and no claim letter rests on it."""
    shop = robin.vendor("Brightgrid")
    matter_id = asked(robin, shop)
    assert robin.read(Commitment, matter_id).source == "law"
    pages = {path: words(robin.browser.get(path).text) for path in ("/commitments", f"/vendors/{shop}", f"/commitments/{matter_id}")}
    for path, said in pages.items():
        assert ASKED in said and "the law asks it" in said and " just words" not in said.replace("nor just words", ""), path
    assert "you asked Brightgrid" in pages["/commitments"] and "Brightgrid promised" not in pages["/commitments"]
    assert "whether they promised it or not" in pages[f"/commitments/{matter_id}"]
    assert "Where it was said" not in pages[f"/commitments/{matter_id}"]
    assert "claim letter" not in pages[f"/commitments/{matter_id}"]
    assert robin.browser.get(f"/commitments/{matter_id}/claim-letter").status_code == 404
    soon = robin.read(Commitment, matter_id).model_copy(update={"due_date": clock.now().date()})
    robin.keep(soon)
    assert "The law asks it of Brightgrid; due today." in words(robin.browser.get("/today").text)


def test_the_scorecard_counts_it_by_itself(robin: Visit) -> None:
    """One promise is just words, one thing the law asks; each number opens to what it counts."""
    shop = robin.vendor("Brightgrid")
    asked(robin, shop)
    now = clock.now()
    robin.keep(
        Commitment(vendor_id=shop, promise="Call back", events=(CommitmentEvent(type="accepted", happened_at=now, recorded_at=now),))
    )
    page = robin.browser.get("/commitments/scorecard").text
    assert "1 just words" in words(page) and "1 asked by law" in words(page)
    for turned, listed, left in (("law", ASKED, "Call back"), ("words", "Call back", ASKED)):
        said = words(robin.browser.get(f"/commitments?by=them&turned={turned}").text)
        assert listed in said and left not in said, turned


def test_it_is_no_reason_to_ask_for_a_commitment(robin: Visit) -> None:
    """The advice names the promise that is just words, and not what the law asks anyway."""
    shop, now = robin.vendor("Brightgrid"), clock.now()
    dated = {"happened_at": now, "recorded_at": now}
    robin.keep(Commitment(vendor_id=shop, promise="Call back", events=(CommitmentEvent(type="accepted", **dated),)))
    robin.keep(Job(title="Light", steps=(Weighed(ordinary="all", **dated), Hired(vendor_id=shop, **dated))))
    asked(robin, shop)
    said = words(robin.browser.get(f"/vendors/{shop}/balance").text)
    assert "“Call back” is just words" in said and f"“{ASKED}” is just words" not in said


def test_a_companys_page_says_what_is_late(robin: Visit) -> None:
    """The late first, with the day it was due; then the next; an open end has no day."""
    shop, now = robin.vendor(), clock.now()
    made = (CommitmentEvent(type="accepted", happened_at=now, recorded_at=now),)
    for promise, away in (("Some day", None), ("Next week", 7), ("Last week", -7)):
        due = now.date() + timedelta(days=away) if away else None
        robin.keep(Commitment(vendor_id=shop, promise=promise, due_date=due, events=made))
    said = words(robin.browser.get(f"/vendors/{shop}").text)
    late, coming, open_end = (said.index(promise) for promise in ("Last week", "Next week", "Some day"))
    assert late < coming < open_end
    assert re.match(r"Last week theirs · due \d+ \w+ \d{4} overdue active", said[late:])
    assert re.match(r"Next week theirs · due \d+ \w+ \d{4} active", said[coming:])
    assert said[open_end:].startswith("Some day theirs active")
