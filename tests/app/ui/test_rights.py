"""Rights letters: chosen, written, sent by every way; the promise that starts, what they answer, reminding, complaining."""

import re
from datetime import date, timedelta
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
    for place in ("rights", "mirror"):
        so_far = robin.get(f"/vendors/{vendor_id}/{place}").text.partition("What you have asked so far")[2]
        assert f'href="{matter}"' in so_far.partition("</section>")[0]
    (promise,) = all_of(instance, opened, Commitment)
    (letter,) = all_of(instance, opened, LetterRecord)
    assert promise.promise == "Answer my access request (GDPR art. 15)" and promise.by == "them" and promise.due_date > TODAY
    assert (letter.right, letter.law, letter.where, letter.step, letter.kind) == ("access", "gdpr", "DE", "request", "rights")
    too_early = robin.post(f"{matter}/steps", {"step": "in_part", "day": "2999-01-01"})
    assert too_early.status_code == 422 and 'value="2999-01-01"' in too_early.text
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
    keep(instance, opened, Item(term="pd:Name", value="Robin"))
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
    assert not re.search(r"\d{4}-\d\d-\d\d", form[form.index("<textarea") : form.index("</textarea")])
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
    """Words that nobody changed follow the law of the place; the owner's own stay as they are."""
    for query in ("right=opt_out&law=gdpr", "right=dance&law=gdpr"):
        assert robin.get(f"/letters/new?to={vendor_id}&{query}").status_code == 404, query
    robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr")
    answer = robin.submit("/letters/new", {"way": "email", "where": "GB"})
    assert answer.status_code == 422 and "Another law holds there: UK GDPR. The letter names it now" in answer.text
    assert "Under UK GDPR art. 15" in answer.text and "GDPR art. 15" not in answer.text.replace("UK GDPR art. 15", "")
    assert robin.submit("/letters/new").status_code == 303
    robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr&where=IE")
    mine = robin.submit("/letters/new", {"where": "US-CA", "body": "In my words."})
    assert mine.status_code == 422 and "In my words." in mine.text and "name Cal. Civ. Code § 1798.110 in them" in mine.text
    assert "UK GDPR art. 15" in robin.get(f"/letters/new?to={vendor_id}&right=access&where=GB").text


def options(page: str, name: str) -> list[tuple[str, str]]:
    """What a list of the page offers as (value, words)."""
    (chosen,) = re.findall(rf'<select class="input"\s+id="f-{name}".*?</select>', page, re.DOTALL)
    return [(code, text) for code, text in re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', chosen)]


def test_no_letter_stands_under_a_country_that_nobody_chose(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Empty until it is known, every place of every fitting law by its name, and what was typed is kept."""
    query = f"to={vendor_id}&right=withdrawal"
    page = robin.get(f"/letters/new?{query}").text
    offered = options(page, "where")
    assert offered[0] == ("", "Choose") and not re.search(r'<option value="[^"]+" selected', page)
    assert {"GB", "US-CA", "AT", "LI"} <= {code for code, _text in offered} and "Say below where the company is" in page
    names = [text for _code, text in offered[1:]]
    assert names == sorted(names) and [code for code, _text in offered[1:]] != sorted(code for code, _text in offered[1:])
    answer = robin.submit("/letters/new", {"subject": "Stop it", "body": "My own words."})
    assert answer.status_code == 422 and "Choose where the company is" in answer.text
    assert "My own words." in answer.text and 'value="Stop it"' in answer.text and all_of(instance, opened, LetterRecord) == []
    assert robin.submit("/letters/new", {"where": "FR"}).status_code == 303
    assert [one.where for one in all_of(instance, opened, LetterRecord)] == ["FR"]
    assert re.search(r'<option value="FR" selected', robin.get(f"/letters/new?{query}").text)
    assert options(robin.get(f"/letters/new?{query}&law=uk_gdpr").text, "where")[0] == ("", "Choose")


def test_in_california_consent_is_taken_back_by_what_the_law_there_knows(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str
) -> None:
    """No selling, no sharing; the consent is named in it, with its day in words."""
    given = Elsewhere(vendor_id=vendor_id, what="Their club card", given_on=date(2021, 3, 1), recorded_at=clock.now())
    (consent_id,) = keep(instance, opened, given)
    assert "given on: 1 Mar 2021" in robin.get(f"/letters/new?to={vendor_id}&right=withdrawal&consent={consent_id}&where=FR").text
    letter = robin.submit("/letters/new", {"where": "US-CA"})
    assert letter.status_code == 422 and "§ 1798.120" in letter.text and "Their club card" in letter.text
    assert robin.submit("/letters/new").status_code == 303
    (kept,) = all_of(instance, opened, LetterRecord)
    assert (kept.right, kept.law, kept.where, kept.about) == ("opt_out", "california", "US-CA", consent_id)
    assert "given on: 1 Mar 2021" in kept.body


def test_the_right_says_once_what_is_the_same_for_most(robin: Browsing, vendor_id: str) -> None:
    page = robin.get(f"/vendors/{vendor_id}/rights?where=IE").text
    assert page.count("they would have to answer by") == 1
    assert "Cal. Civ. Code" not in page and page.count("GDPR art. 12(3)") >= 4
    assert robin.get(f"/vendors/{vendor_id}/rights?where=US-CA").text.count("they would have to answer by") == 2


def test_a_blank_is_said_and_filled_in_before_the_letter_counts_as_gone(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Named on the letter, asked once more, changed there; a name that is missing is said to come from the owner's data."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Paper Mill"))
    form = robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr&where=IE").text
    assert "No name stands under it yet" in form and "/items/new?term=pd:Name" in form
    here = robin.submit("/letters/new", {"way": "email"}).headers["location"].split("?")[0]
    page = robin.get(here).text
    assert "One line is not finished" in page and '<li class="break">You know me as: …</li>' in page
    asked = robin.post(f"{here}/sent", {"way": "post"})
    assert asked.status_code == 422 and "Nothing has been noted yet" in asked.text and "as_it_is" in asked.text
    assert all_of(instance, opened, LetterRecord)[0].sent_at is None
    robin.get(f"{here}/edit")
    assert robin.submit(f"{here}/edit", {"body": " "}).status_code == 422
    assert robin.submit(f"{here}/edit", {"body": "a" * 200_001}).status_code == 422
    assert robin.submit(f"{here}/edit", {"body": "Well… you know me as Robin."}).headers["location"].endswith("done=letter-changed")
    page = robin.get(here).text
    assert "not finished" not in page and "Well… you know me" in page
    assert robin.post(f"{here}/sent", {"way": "post"}).status_code == 303
    assert robin.get(f"{here}/edit", follow=False).headers["location"] == here
    assert robin.post(f"{here}/edit", {"subject": "x", "body": "y"}).headers["location"].endswith("done=already")
    blank = write(robin, f"to={vendor_id}&right=access&law=gdpr&where=IE", way="post")
    robin.get(blank)
    assert robin.post(f"{blank}/sent", {"way": "post", "as_it_is": "1"}).status_code == 303


def test_a_mail_to_nobody_is_not_offered_the_address_is_asked_for(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """It becomes a contact of the company, and then the mail program knows where it goes."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Paper Mill"))
    here = write(robin, f"to={vendor_id}", subject="Bread", body="Where is it?", way="email")
    page = robin.get(here).text
    assert "mailto:" not in page and "Their e-mail address" in page
    for typed in ("at home", "a\x00@mill.example", "a@b.example, c@d.example", "help@mill", f"{'a' * 1000}@mill.example"):
        bad = robin.post(f"{here}/recipient", {"email": typed})
        assert bad.status_code == 422 and "Write one e-mail address" in bad.text, typed
    assert robin.post(f"{here}/recipient", {"email": "help@Mill.Example"}).status_code == 303
    assert "mailto:help@mill.example" in robin.get(here).text
    (vendor,) = all_of(instance, opened, Vendor)
    assert [(one.kind, one.value) for one in vendor.contacts] == [("email", "help@mill.example")]
    (full_id,) = keep(instance, opened, Vendor(name="Full", contacts=(Contact(kind="url", value="full.example"),) * 200))
    full = write(robin, f"to={full_id}", subject="Bread", body="Where is it?", way="email")
    robin.get(full)
    refused = robin.post(f"{full}/recipient", {"email": "help@full.example"})
    assert refused.status_code == 422 and "more than a record holds" in refused.text and 'value="help@full.example"' in refused.text
    nobody = LetterRecord(to="The Commission", way="post", subject="s", body="b", written_at=clock.now())
    (letter_id,) = keep(instance, opened, nobody)
    page = robin.get(f"/letters/{letter_id}").text
    assert "mailto:" not in page and "copy it into a mail of your own" in page
    assert robin.post(f"/letters/{letter_id}/recipient", {"email": "a@b.example"}).status_code == 404


def test_who_the_owner_is_is_said_as_little_as_will_do(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A login before a name; a name only where there is nothing else."""
    login = Vendor(name="Login", contacts=(Contact(kind="login", value="birdie"),))
    ids = keep(instance, opened, login, Vendor(name="Nothing"), Item(term="pd:Name", value="Robin Doe"))
    assert "birdie" in (page := robin.get(f"/letters/new?to={ids[0]}&right=access&law=gdpr").text) and "Robin Doe" not in page
    assert "Robin Doe" in robin.get(f"/letters/new?to={ids[1]}&right=access&law=gdpr").text


def test_through_their_system_it_goes_at_once(instance: Instance, owner_browser: Browsing) -> None:
    """Sealed, with its promise; the answer stands in the matter."""
    scene = Scene(instance, owner_browser, "1 Harbour Street").grant()
    query = f"to={scene.vendor_id}&right=access&law=gdpr&where=IE"
    assert "You know me as: …" in scene.robin.get(f"/letters/new?{query}").text
    unfinished = scene.robin.submit("/letters/new")
    assert unfinished.status_code == 422 and "still to be filled in" in unfinished.text
    with instance.stores.main.writing() as db:
        store.add(db, scene.keyring, Item(term="pd:Name", value="Robin"), now=clock.now())
    letter = write(scene.robin, query)
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
