"""Rights letters: chosen, written, sent by every way; the promise that starts, what they answer, reminding, complaining."""

import re
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.exchange import matters
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from tests.reading_shop import Scene
from vault import store
from vault.records import Commitment, Contact, Elsewhere, Item, LetterRecord, PrivacyContact, Vendor

TODAY = clock.now().date()


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    """A company without a system here."""
    privacy = PrivacyContact(email="privacy@mill.example")
    mill = Vendor(
        name="Paper Mill", customer_numbers=("C-1",), contacts=(Contact(kind="email", value="shop@mill.example"),), privacy=privacy
    )
    return keep(instance, opened, mill)[0]


def all_of(instance: Instance, opened: Opened, model: Any) -> list[Any]:
    with instance.stores.main.reading() as db:
        return [one.fields for one in store.all_of(db, opened[1], model)]


def write(robin: Browsing, query: str, **changes: str) -> str:
    """Send the form as it is filled in; the letter's path."""
    assert robin.get(f"/letters/new?{query}").status_code == 200
    answer = robin.submit("/letters/new", changes)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).split("?")[0]


def begun(robin: Browsing, query: str, way: str = "email", **changes: str) -> str:
    """A rights letter that has gone; the path of its matter."""
    letter = write(robin, query, way=way, **changes)
    assert robin.post(f"{letter}/sent", {"way": way}).status_code == 303
    return str(re.findall(r'"(/rights/[0-9a-f]{32})"', robin.get(letter).text)[0])


def age(instance: Instance, opened: Opened, days: int) -> None:
    """Let time pass: every letter and promise is as old as that."""
    by = timedelta(days=days)
    with instance.stores.main.writing() as db:
        for letter in list(store.all_of(db, opened[1], LetterRecord)):
            at = {"sent_at": letter.fields.sent_at - by if letter.fields.sent_at else None, "written_at": letter.fields.written_at - by}
            store.replace(db, opened[1], letter.record_id, letter.fields.model_copy(update=at), now=clock.now())
        for one in list(store.all_of(db, opened[1], Commitment)):
            due = one.fields.due_date
            assert due is not None
            store.replace(db, opened[1], one.record_id, one.fields.model_copy(update={"due_date": due - by}), now=clock.now())


def test_a_right_is_chosen_by_place_with_its_law_and_its_days(robin: Browsing, vendor_id: str) -> None:
    """Where no law of the table holds by itself the page asks where the company is."""
    page = robin.get(f"/vendors/{vendor_id}/rights")
    assert "Say where the company is" in page.text
    irish = robin.get(f"/vendors/{vendor_id}/rights?where=IE").text
    assert "GDPR art. 21(2)" in irish and irish.count("Write it") == 6 and "right=access&amp;law=gdpr&amp;where=IE" in irish
    californian = robin.get(f"/vendors/{vendor_id}/rights?where=US-CA").text
    assert "No selling, no sharing" in californian and "That your letter came" in californian
    assert robin.get(f"/vendors/{'0' * 32}/rights").status_code == 404
    assert robin.get(f"/rights/to?vendor={vendor_id}").url.path == f"/vendors/{vendor_id}/rights"
    assert robin.get("/rights/to?vendor=nobody").url.path == "/rights"


def test_a_letter_starts_a_promise_and_every_answer_is_a_step(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Kept, gone, in part, longer, in full; the promise follows, and what is over takes nothing more."""
    query = f"to={vendor_id}&right=access&law=gdpr&where=IE"
    page = robin.get(f"/letters/new?{query}").text
    assert "customer number C-1" in page and "GDPR art. 15" in page and "opened" not in page
    matter = begun(robin, query, where="DE")
    assert robin.get(f"{matter}").status_code == 200 and "Bundesbeauftragte" in robin.get(matter).text
    (promise,) = all_of(instance, opened, Commitment)
    (letter,) = all_of(instance, opened, LetterRecord)
    assert promise.promise == "Answer my access request (GDPR art. 15)" and promise.by == "them" and promise.due_date > TODAY
    assert (letter.right, letter.law, letter.where, letter.step, letter.kind) == ("access", "gdpr", "DE", "request", "rights")
    for step in ("in_part", "extended", "in_full"):
        assert robin.post(f"{matter}/steps", {"step": step, "day": TODAY.isoformat()}).headers["location"].endswith("done=noted"), step
    (after,) = all_of(instance, opened, Commitment)
    assert [event.step for event in after.events] == ["", "in_part", "extended", "in_full"] and after.due_date > promise.due_date
    assert robin.post(f"{matter}/steps", {"step": "refused"}).headers["location"].endswith("done=already")
    assert "answered" in robin.get("/rights").text and "See what they hold" in robin.get(f"/vendors/{vendor_id}/rights").text
    assert robin.post(f"{matter}/steps", {"step": "sung"}).status_code == 404
    for day, said in (("2001-01-01", "later than that"), ("2999-01-01", "not come yet"), ("soon", "year-month-day")):
        refused = robin.post(f"{matter}/steps", {"step": "in_full", "day": day})
        assert refused.status_code == 422 and said in refused.text
    assert robin.get(f"/rights/{'0' * 32}").status_code == 404


def test_late_they_are_reminded_then_the_authority_hears(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Both letters are written already, hang in the same thread, and the complaint goes to the authority, not to the company."""
    matter = begun(robin, f"to={vendor_id}&right=erasure&law=gdpr&where=IE", "post")
    assert "three days on the way" in robin.get(matter).text
    assert robin.post(f"{matter}/steps", {"step": "arrived"}).status_code == 303
    age(instance, opened, 60)
    page = robin.get(matter).text
    assert "days late" in page and "Write the reminder" in page
    link = f"to={vendor_id}&matter={matter[8:]}&step="
    assert "Reminder:" in robin.get(f"/letters/new?{link}reminder").text
    assert begun(robin, f"{link}reminder") == matter
    assert "Write the complaint" in robin.get(matter).text
    form = robin.get(f"/letters/new?{link}complaint").text
    assert "Data Protection Commission" in form and "You reminded them" in form and "customer number" not in form
    assert robin.submit("/letters/new", {"way": "post", "authority": " "}).status_code == 422
    assert begun(robin, f"{link}complaint", "post", authority="The Commission") == matter
    first, reminder, complaint = sorted(all_of(instance, opened, LetterRecord), key=lambda one: one.written_at)
    assert [one.step for one in (first, reminder, complaint)] == ["request", "reminder", "complaint"]
    assert len({one.commitment_id for one in (first, reminder, complaint)}) == 1
    assert (complaint.to, complaint.vendor_id, complaint.right) == ("The Commission", None, "erasure")
    (promise,) = all_of(instance, opened, Commitment)
    assert [event.type for event in promise.events] == ["accepted", "noted", "broken", "noted"]
    page = robin.get(matter).text
    assert "before the authority" in page and "To The Commission" in page
    for query in (f"{link}song", f"to={vendor_id}&matter={'0' * 32}&step=reminder"):
        assert robin.get(f"/letters/new?{query}").status_code == 404


def test_a_consent_given_elsewhere_is_withdrawn(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Its own words stand in the letter, which is about it; another company's is not found. Rights mail goes to the privacy contact."""
    given = Elsewhere(vendor_id=vendor_id, what="Their club card", purpose="dpv:DirectMarketing", recorded_at=clock.now())
    consent_id, other = keep(instance, opened, given, given.model_copy(update={"vendor_id": "b" * 32}))
    query = f"to={vendor_id}&right=withdrawal&law=gdpr&where=FR&consent="
    page = robin.get(f"/letters/new?{query}{consent_id}").text
    assert "Their club card" in page and "direct marketing" in page
    letter = write(robin, query + consent_id)
    assert "privacy%40" in robin.get(letter).text or "privacy@mill.example" in robin.get(letter).text
    (kept,) = all_of(instance, opened, LetterRecord)
    assert (kept.about, kept.right, kept.commitment_id) == (consent_id, "withdrawal", None)
    assert robin.get(f"/letters/new?{query}{other}").status_code == 404


def test_what_fits_no_law_is_not_found_and_another_law_is_said(robin: Browsing, vendor_id: str) -> None:
    for query in ("right=opt_out&law=gdpr", "right=dance&law=gdpr", "right=withdrawal&law=california"):
        assert robin.get(f"/letters/new?to={vendor_id}&{query}").status_code == 404, query
    robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr")
    answer = robin.submit("/letters/new", {"way": "email", "where": "GB"})
    assert answer.status_code == 422 and "Another law holds there" in answer.text
    assert "UK GDPR art. 15" in robin.get(f"/letters/new?to={vendor_id}&right=access&where=GB").text


def test_who_the_owner_is_is_said_as_little_as_will_do(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A login before a name; a name only where there is nothing else."""
    login = Vendor(name="Login", contacts=(Contact(kind="login", value="birdie"),))
    ids = keep(instance, opened, login, Vendor(name="Nothing"), Item(term="pd:Name", value="Robin Doe"))
    assert "birdie" in (page := robin.get(f"/letters/new?to={ids[0]}&right=access&law=gdpr").text) and "Robin Doe" not in page
    assert "Robin Doe" in robin.get(f"/letters/new?to={ids[1]}&right=access&law=gdpr").text


def test_through_their_system_it_goes_at_once(instance: Instance, owner_browser: Browsing) -> None:
    """Sealed, with its promise; the answer stands in the matter."""
    scene = Scene(instance, owner_browser, "1 Harbour Street").grant()
    letter = write(scene.robin, f"to={scene.vendor_id}&right=access&law=gdpr&where=IE")
    assert scene.shop.open(scene.shop.get("/letters").json()["items"][0]["jwe"])["kind"] == "rights"
    said = {"title": "Here it is", "body": "All of it."}
    assert scene.shop.http.post(f"/api/v1{letter}/answers", json=said, headers=scene.shop.bearer).status_code == 201
    matter = re.findall(r'"(/rights/[0-9a-f]{32})"', scene.robin.get(letter).text)[0]
    assert "Here it is" in scene.robin.get(matter).text
    with scene.instance.stores.main.reading() as db:
        (found,) = matters.all_of(db, scene.keyring)
        assert matters.is_open(found) and found.first.fields.way == "api"


def test_no_company_no_right(robin: Browsing) -> None:
    """An empty page says what to do next."""
    assert "Name a company" in robin.get("/rights").text
