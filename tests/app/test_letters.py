"""The phone works both ways: letters go sealed to the client, answers come sealed to the owner."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from sqlmodel import select

from app import clock
from app.tables import Letter, LetterAnswer
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from tests.reading_shop import Scene
from tests.shop import Shop
from vault import store
from vault.padding import SMALLEST
from vault.records import Commitment, Contact, Item, LetterRecord, Vendor

WORDS = "Where is my parcel?\nI have waited since May."


@pytest.fixture
def scene(instance: Instance, owner_browser: Browsing) -> Scene:
    """A shop that holds a permission."""
    return Scene(instance, owner_browser, "1 Harbour Street").grant()


def write(scene: Scene, to: str, way: str = "api", **changes: str) -> Response:
    """Fill in the form as it stands and send it."""
    assert scene.robin.get(f"/letters/new?to={to}").status_code == 200
    return scene.robin.submit("/letters/new", {"subject": "My parcel", "body": WORDS, "way": way, **changes})


def sent(scene: Scene, to: str, way: str = "api", **changes: str) -> str:
    """The id of a letter that was written."""
    answer = write(scene, to, way, **changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].split("/")[2].split("?")[0]


def reply(shop: Shop, letter_id: str, key: str = "", **changes: Any) -> Response:
    """The shop answers."""
    said = {"title": "On its way", "body": "It **left** today.", "format": "markdown", **changes}
    headers = shop.bearer | ({"idempotency-key": key} if key else {})
    return shop.http.post(f"/api/v1/letters/{letter_id}/answers", json=said, headers=headers)


def test_a_letter_opens_with_a_second_library_and_its_answer_comes_back(scene: Scene) -> None:
    """Sealed there, told as an event; answered, and found under the letter and in the inbox."""
    letter_id = sent(scene, scene.grant_id)
    assert scene.events()[-1] == "letter.received"
    listed = scene.shop.get("/letters").json()
    assert [one["id"] for one in listed["items"]] == [letter_id] and "next" not in listed
    opened = scene.shop.open(listed["items"][0]["jwe"])
    assert (opened["id"], opened["body"]) == (letter_id, WORDS)
    assert (opened["subject"], opened["kind"], opened["grant_id"]) == ("My parcel", "question", scene.grant_id)
    answer = reply(scene.shop, letter_id)
    assert answer.status_code == 201 and answer.json()["letter_id"] == letter_id
    assert "1 unread" in scene.robin.get("/inbox").text and "Answer: My parcel" in scene.robin.get("/inbox").text
    page = scene.robin.get(f"/letters/{letter_id}").text
    assert "<strong>left</strong>" in page and "On its way" in page
    assert "1 unread" not in scene.robin.get("/inbox").text
    assert "My parcel" in scene.robin.get(f"/grants/{scene.grant_id}").text


def test_the_sealed_length_tells_only_a_size_class(scene: Scene) -> None:
    """Two letters of one class are as long as each other."""
    for body in ("x", "x" * 40):
        sent(scene, scene.grant_id, body=body)
    with scene.instance.stores.main.reading() as db:
        lengths = {len(row.jwe) for row in db.exec(select(Letter))}
    assert len(lengths) == 1 and lengths.pop() > SMALLEST


def test_letters_are_listed_page_by_page_in_their_order(scene: Scene) -> None:
    """`next` leads on; what is no letter of this grant, or no number, is named."""
    ids = [sent(scene, scene.grant_id, subject=f"Number {number}") for number in range(3)]
    first = scene.shop.get("/letters?limit=2").json()
    assert [one["id"] for one in first["items"]] == ids[:2] and first["next"] == ids[1]
    rest = scene.shop.get(f"/letters?after={first['next']}").json()
    assert [one["id"] for one in rest["items"]] == ids[2:]
    for query in (f"after={'0' * 32}", "after=x", "limit=0", "limit=1000", "more=1", "limit=1&limit=2"):
        assert scene.shop.get(f"/letters?{query}").status_code == 422, query


def test_an_answer_is_taken_once_under_its_key(scene: Scene) -> None:
    """The same key and body give the same answer; another body under it is a conflict."""
    letter_id = sent(scene, scene.grant_id)
    first, again, other = (
        reply(scene.shop, letter_id, "k"),
        reply(scene.shop, letter_id, "k"),
        reply(scene.shop, letter_id, "k", body="No."),
    )
    assert first.json() == again.json() and other.status_code == 409
    with scene.instance.stores.main.reading() as db:
        assert len(db.exec(select(LetterAnswer)).all()) == 1


def test_what_cannot_be_answered(scene: Scene) -> None:
    """A letter that is not there, an answer without words, more than a thread holds."""
    letter_id = sent(scene, scene.grant_id)
    assert reply(scene.shop, "0" * 32).status_code == 404
    assert reply(scene.shop, letter_id, body=" ").status_code == 422
    with scene.instance.stores.main.writing() as db:
        mine: dict[str, Any] = {
            "account_id": scene.account.account_id,
            "letter_id": letter_id,
            "client_id": "0" * 32,
            "received_at": clock.now(),
        }
        db.add_all(LetterAnswer(answer_id=f"{number:032x}", **mine) for number in range(100))
    full = reply(scene.shop, letter_id)
    assert full.status_code == 422 and "100 answers" in full.text


def test_after_the_end_answers_come_and_letters_stay(scene: Scene) -> None:
    """For ninety days a letter may be answered; nothing more is handed out, and nothing more goes by that way."""
    letter_id = sent(scene, scene.grant_id)
    scene.press("pause")
    assert scene.shop.get("/letters").status_code == 200
    scene.press("withdraw")
    assert scene.shop.get("/letters").json()["type"].endswith("/consent-withdrawn")
    assert reply(scene.shop, letter_id).status_code == 201
    page = scene.robin.get(f"/letters/new?to={scene.grant_id}").text
    assert 'value="api"' not in page
    assert write(scene, scene.grant_id, "api").status_code == 422
    scene.robin.unlock()
    assert "On its way" in scene.robin.get(f"/letters/{letter_id}").text


def test_a_message_is_answered(scene: Scene) -> None:
    """From the message: as an answer, with its title and its id."""
    shop = Scene(scene.instance, scene.robin).grant(make_details(now=clock.now())).shop
    message_id = shop.send(title="New in").json()["id"]
    scene.robin.get("/inbox")
    assert f"/letters/new?to={message_id}" in scene.robin.get(f"/inbox/{message_id}").text
    assert "Re: New in" in scene.robin.get(f"/letters/new?to={message_id}").text
    letter_id = sent(scene, message_id, subject="Re: New in")
    opened = shop.open(shop.get("/letters").json()["items"][0]["jwe"])
    assert (opened["kind"], opened["message_id"]) == ("answer", message_id)
    assert f"/inbox/{message_id}" in scene.robin.get(f"/letters/{letter_id}").text


def test_a_message_is_answered_with_a_claim(scene: Scene) -> None:
    """Then it is about no promise yet, and leads to none."""
    shop = Scene(scene.instance, scene.robin).grant(make_details(now=clock.now())).shop
    message_id = shop.send(title="New in").json()["id"]
    scene.robin.get("/inbox")
    letter_id = sent(scene, message_id, subject="Re: New in", kind="claim")
    page = scene.robin.get(f"/letters/{letter_id}").text
    assert "Claim" in page and f"/commitments/{message_id}" not in page
    assert "message_id" not in shop.open(shop.get("/letters").json()["items"][0]["jwe"])


def test_a_letter_to_a_company_that_was_removed(scene: Scene) -> None:
    """It stays, and leads to nothing that is gone; what would start a promise of theirs is not said to have gone, and says why."""
    with scene.instance.stores.main.writing() as db:
        vendor_id = store.add(db, scene.keyring, Vendor(name="Paper Mill", customer_numbers=("C-1",)), now=clock.now())
    plain = sent(scene, vendor_id, "post")
    scene.robin.get(f"/letters/new?to={vendor_id}&right=access&law=gdpr&where=IE")
    asking = scene.robin.submit("/letters/new", {"way": "email", "body": "Show me all of it."}).headers["location"].split("?")[0]
    assert scene.robin.get(f"/letters/{plain}").text.count(vendor_id) == 2
    assert "I mailed it" in scene.robin.get(asking).text
    scene.robin.get(f"/vendors/{vendor_id}/remove")
    assert scene.robin.post(f"/vendors/{vendor_id}/remove").status_code == 303
    for path in (f"/letters/{plain}", asking):
        page = scene.robin.get(path).text
        assert vendor_id not in page and "Paper Mill" in page, path
    assert "I mailed it" not in page and "You removed this company" in page
    refused = scene.robin.post(f"{asking}/sent", {"way": "email"})
    assert refused.status_code == 422 and "You removed this company" in refused.text and "Show me all of it." in refused.text
    assert scene.robin.post(f"/letters/{plain}/sent", {"way": "post"}).status_code == 303
    with scene.instance.stores.main.reading() as db:
        assert not list(store.all_of(db, scene.keyring, Commitment))
        kept = {one.fields.subject: one.fields.sent_at for one in store.all_of(db, scene.keyring, LetterRecord)}
    assert [at is None for at in kept.values()].count(True) == 1 and kept["My parcel"] is not None


def test_without_a_system_the_owner_sends_it(scene: Scene) -> None:
    """Printed or mailed, and gone by the owner's word: kept once, said once."""
    with scene.instance.stores.main.writing() as db:
        contacts = (Contact(kind="email", value="hello@paper.example"), Contact(kind="address", value="Paper House, 9 Mill Lane"))
        vendor_id = store.add(db, scene.keyring, Vendor(name="Paper Mill", contacts=contacts), now=clock.now())
        for term, value in (("pd:Name", "Robin"),):
            store.add(db, scene.keyring, Item(term=term, value=value), now=clock.now())
    assert write(scene, vendor_id, "api").status_code == 422
    letter_id = sent(scene, vendor_id, "post")
    page = scene.robin.get(f"/letters/{letter_id}").text
    assert "not sent yet" in page
    link = unescape(re.findall(r'href="(mailto:[^"]+)"', page)[0])
    asked = parse_qs(urlsplit(link).query)
    assert urlsplit(link).path == "hello@paper.example" and asked["body"][0].splitlines() == WORDS.splitlines()
    paper = scene.robin.get(f"/letters/{letter_id}/print").text
    assert "9 Mill Lane" in paper and "Robin" in paper and "1 Harbour Street" in paper
    assert scene.robin.post(f"/letters/{letter_id}/sent", {"way": "api"}).status_code == 404
    assert scene.robin.post(f"/letters/{letter_id}/sent", {"way": "email"}).status_code == 303
    assert "already" in scene.robin.post(f"/letters/{letter_id}/sent", {"way": "post"}).headers["location"]
    with scene.instance.stores.main.reading() as db:
        opened = store.get(db, scene.keyring, LetterRecord, letter_id)
        assert db.exec(select(Letter)).first() is None
    assert opened is not None and opened.fields.way == "email" and opened.fields.sent_at is not None


def test_what_is_missing_is_said_and_nothing_typed_is_lost(scene: Scene) -> None:
    """422, each field with its reason; an id that is nobody's is not found."""
    answer = write(scene, scene.vendor_id, subject="", body=" ", kind="poem", way="pigeon")
    assert answer.status_code == 422
    for said in ("Say in a few words", "A letter needs words", "Choose what kind", "Choose how it is to go"):
        assert said in answer.text
    kept = write(scene, scene.vendor_id, subject="", body="kept words")
    assert "kept words" in kept.text
    assert scene.robin.get(f"/letters/new?to={'0' * 32}").status_code == 404
    assert scene.robin.get(f"/letters/{'0' * 32}").status_code == 404


def test_the_lists(scene: Scene) -> None:
    """Nothing yet, and then letters of every way; a long one opens the mail program without its words."""
    assert "You have not written to anybody" in scene.robin.get("/letters").text
    assert "Corner Shop" in scene.robin.get("/letters/new").text
    for way in ("api", "email"):
        sent(scene, scene.vendor_id, way, body="long " * 900)
    page = scene.robin.get("/letters").text
    assert "through their system" in page and "by e-mail" in page and "not sent yet" in page
    assert 'href="/letters"' in scene.robin.get("/me").text


def test_what_was_tampered_with_waits_and_keeps_nobody_out(scene: Scene) -> None:
    """An answer that does not open stays where it is, and so does one whose letter is gone."""
    letter_id = sent(scene, scene.grant_id)
    reply(scene.shop, letter_id)
    with scene.instance.stores.main.writing() as db:
        row = db.exec(select(LetterAnswer)).one()
        row.sealed = (row.sealed or b"")[:-1] + b"x"
        db.add(row)
    scene.robin.unlock()
    assert "Nothing yet." in scene.robin.get(f"/letters/{letter_id}").text
