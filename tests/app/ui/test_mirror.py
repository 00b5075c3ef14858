"""The mirror: their record beside mine, answers brought in and taken back, lines that lead into letters."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from app import clock
from consent import ledger
from tests.app.test_crm_record import tell
from tests.app.ui.keeping import Opened, keep
from tests.app.ui.visits import words
from tests.browsing import Browsing
from tests.instances import Instance
from tests.reading_shop import Scene
from vault import store
from vault.records import CsvColumns, Elsewhere, Held, Item, LetterRecord, PastValue, Vendor

ANSWER = {
    "me": {"email": "other@home.example", "phone": "01 555 0100", "street": "1 Quay Road"},
    "scores": [{"name": "Churn", "value": 0.7}],
    "segments": ["night owls"],
}


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    """A company without a system here, and what robin holds."""
    vendor_id, *_items = keep(
        instance,
        opened,
        Vendor(name="Paper Mill"),
        Item(term="pd:EmailAddress", value="robin@home.example"),
        Item(term="pd:TelephoneNumber", value="+353 1 555 0100"),
        Item(
            term="pd:PhysicalAddress",
            value="7 Harbour Row",
            previous=(PastValue(value="1 Quay Rd.", until=clock.now() - timedelta(days=9)),),
        ),
    )
    return vendor_id


def bring(robin: Browsing, vendor_id: str, said: Any = ANSWER, name: str = "answer.json") -> str:
    """Send a file; the path of its columns."""
    robin.get(f"/vendors/{vendor_id}/mirror")
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    answer = robin.post(f"/vendors/{vendor_id}/mirror/answers", files={"file": (name, data, "application/json")})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def held(instance: Instance, opened: Opened) -> list[Held]:
    with instance.stores.main.reading() as db:
        return sorted((one.fields for one in store.all_of(db, opened[1], Held)), key=lambda one: one.version)


def test_an_answer_is_brought_in_read_and_taken_back(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """It waits until its columns are named; each answer is a version; how it was read is remembered; going back leaves nothing."""
    columns = bring(robin, vendor_id)
    page = robin.get(f"/vendors/{vendor_id}/mirror").text
    assert "An answer waits" in page and "other@home.example" not in page
    robin.get(columns)
    assert robin.submit(columns, {"column-0": "pd:EmailAddress"}).headers["location"].endswith("done=answer-read")
    told = words(robin.get(f"/vendors/{vendor_id}/mirror").text)
    for said in (
        "other@home.example wrong",
        "01 555 0100 agrees",
        "It was right once",
        "How likely they think you are to leave",
        "night owls",
    ):
        assert said in told, said
    assert "2 wrong" in told and "2 concluded by them" in told and "1 agrees" in told
    again = bring(robin, vendor_id, {**ANSWER, "segments": ["early birds"]})
    assert "Filled in as you read such a file before" in robin.get(again).text
    robin.submit(again)
    told = words(robin.get(f"/vendors/{vendor_id}/mirror").text)
    assert "Version 2" in told and "new early birds" in told and "gone night owls" in told
    assert [one.version for one in held(instance, opened)] == [1, 2]
    assert robin.post(again.replace("columns", "remove")).headers["location"].endswith("done=answer-removed")
    assert robin.post(again.replace("columns", "remove")).status_code == 404 and robin.get(again).status_code == 404
    assert "early birds" not in robin.get(f"/vendors/{vendor_id}/mirror").text
    later = bring(robin, vendor_id, {**ANSWER, "segments": ["early birds"]})
    robin.get(later)
    robin.submit(later)
    assert robin.post(columns.replace("columns", "remove")).status_code == 303
    told = words(robin.get(f"/vendors/{vendor_id}/mirror").text)
    assert "Version 2" in told and "The first that there is" not in told and "The one before it is not kept here" in told
    assert robin.post(later.replace("columns", "remove")).status_code == 303
    waits = bring(robin, vendor_id, b"K1,K2\na,b\n", "table.csv")
    robin.get(waits)
    assert robin.submit(waits, {"column-0": "", "column-1": "sung"}).status_code == 422
    assert robin.post(waits.replace("columns", "remove")).status_code == 303
    with instance.stores.main.reading() as db:
        assert [one.fields.of for one in store.all_of(db, opened[1], CsvColumns)] == ["answer"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "Choose a file first"),
        ({"file": ("x.json", b'{"a"', "text/plain")}, "The JSON is broken near line 1"),
        ({"file": ("x.pdf", b"%PDF-1.7", "text/plain")}, "This is a PDF"),
    ],
)
def test_a_file_that_is_no_answer_leaves_nothing(
    instance: Instance, opened: Opened, robin: Browsing, vendor_id: str, *, files: Any, said: str
) -> None:
    robin.get(f"/vendors/{vendor_id}/mirror")
    refused = robin.post(f"/vendors/{vendor_id}/mirror/answers", files=files)
    assert refused.status_code == 422 and said in unescape(refused.text) and held(instance, opened) == []


def test_an_answer_is_read_while_somebody_else_writes(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Whatever a file costs, it is read before the only transaction that may write: here another holds it all the while."""
    robin.get(f"/vendors/{vendor_id}/mirror")
    files = (
        ("x.json", json.dumps([1] * 2001).encode(), "more in this file than one answer holds (2000 lines)"),
        ("x.json", json.dumps({f"k{number}": 1 for number in range(201)}).encode(), "too many kinds of things"),
        ("x.csv", b"a,b\n" + b"1,2\n" * 2001, "more in this file than one answer holds (2000 lines)"),
    )
    with instance.stores.main.writing() as db:
        ledger.lock(db, opened[0].account_id)
        for name, data, said in files:
            refused = robin.post(f"/vendors/{vendor_id}/mirror/answers", files={"file": (name, data, "text/plain")})
            assert refused.status_code == 422 and said in unescape(refused.text), name
    assert held(instance, opened) == []
    unknown = robin.post(f"/vendors/{'e' * 32}/mirror/answers", files={"file": ("x.json", b'{"a": 1}', "text/plain")})
    assert unknown.status_code == 404


def test_what_does_not_fit_goes_back_to_the_columns(robin: Browsing, vendor_id: str) -> None:
    columns = bring(robin, vendor_id, {"segments": [f"group {number}" for number in range(101)]})
    robin.get(columns)
    refused = robin.submit(columns)
    assert refused.status_code == 422 and "more in this file than one answer holds" in refused.text


def test_ticked_lines_stand_in_one_letter(robin: Browsing, vendor_id: str) -> None:
    """With what is right, where that is known; a line of nobody's is left out."""
    columns = bring(robin, vendor_id)
    robin.get(columns)
    robin.submit(columns)
    page = robin.get(f"/vendors/{vendor_id}/mirror").text
    refs = dict(re.findall(r'value="([0-9a-f]{32}\.\w+)"[^>]*aria-label="Into a letter: (\w+)"', page))
    ticked = "&".join(f"line={ref}" for ref, name in refs.items() if name in {"email", "street"})
    letter = robin.get(f"/letters/new?to={vendor_id}&right=rectification&law=gdpr&{ticked}&line={'0' * 32}.f0&line=x").text
    assert "email: you have “other@home.example”, right is “robin@home.example”" in letter
    assert "1 Quay Road" in letter and "555 0100" not in letter
    (first,) = re.findall(r'href="(/letters/new[^"]*line=[^"]*)">Correct it', page)[:1]
    assert "you have “" in robin.get(unescape(first)).text


def test_a_system_is_held_against_what_it_was_allowed(instance: Instance, owner_browser: Browsing) -> None:
    """Its own permission, what it fetched, and a consent given elsewhere until a letter that withdraws it has gone; after the withdrawal
    it may hold nothing by it."""
    scene = Scene(instance, owner_browser, "1 Harbour Street").grant()
    scene.keep("+353 1 555 0100", "pd:TelephoneNumber")
    street = {"name": "Street", "value": "1 Harbour Street", "basis": "stated", "source": "the order"}
    tell(scene, street, {"name": "Phone", "value": "01 555 0100", "basis": "bought"}, {"name": "Gender", "value": "x", "basis": "observed"})
    mirror = f"/vendors/{scene.vendor_id}/mirror"
    told = words(scene.robin.get(mirror).text)
    assert "Street 1 Harbour Street agrees" in told and "They got it from others" in told and "2 not allowed" in told
    given = Elsewhere(vendor_id=scene.vendor_id, what="A card", data="my phone number and gender", recorded_at=clock.now())
    with scene.instance.stores.main.writing() as db:
        consent_id = store.add(db, scene.keyring, given, now=clock.now())
    assert "0 not allowed" in words(scene.robin.get(mirror).text)
    letter = LetterRecord(
        vendor_id=scene.vendor_id, to="Corner Shop", way="post", subject="s", body="b", about=consent_id, written_at=clock.now()
    )
    with scene.instance.stores.main.writing() as db:
        store.add(db, scene.keyring, letter, now=clock.now())
    assert "0 not allowed" in words(scene.robin.get(mirror).text)
    with scene.instance.stores.main.writing() as db:
        store.add(db, scene.keyring, letter.model_copy(update={"sent_at": clock.now()}), now=clock.now())
    assert "2 not allowed" in words(scene.robin.get(mirror).text)
    scene.robin.get(f"/grants/{scene.grant_id}")
    scene.press("withdraw")
    page = scene.robin.get(mirror).text
    badges = page.partition('class="data mirror-lines"')[2].count("not allowed</span>")
    assert badges and f"{badges} not allowed" in words(page)
    assert "No live permission of yours covers it" in words(scene.robin.get(mirror).text)
