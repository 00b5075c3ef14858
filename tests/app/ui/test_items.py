"""My data: kept, changed with its history, removed; and who may read it."""

from collections.abc import Callable

import pytest

from app import clock
from consent.store import Grant
from tests.app.ui.keeping import CLIENT, Opened, grant, keep
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance
from vault import store
from vault.records import Item, PastValue, Vendor


def items(instance: Instance, opened: Opened) -> dict[str, Item]:
    with instance.stores.main.reading() as db:
        return {one.record_id: one.fields for one in store.all_of(db, opened[1], Item)}


def test_the_first_item(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """An empty page says what to do; a friendly kind is one of the vocabulary's terms."""
    assert "Nothing here yet" in robin.get("/items").text
    form = robin.get("/items/new?term=pd:PhysicalAddress").text
    assert '<option value="pd:PhysicalAddress" selected>' in form
    answer = robin.post(
        "/items/new", {"term": "pd:PhysicalAddress", "value": "1 Hill Street\nDublin", "label": "home", "note": "since May"}, follow=True
    )
    assert "Item kept." in answer.text
    assert list(items(instance, opened).values()) == [
        Item(term="pd:PhysicalAddress", label="home", value="1 Hill Street\nDublin", note="since May")
    ]
    assert "Postal address" in answer.text


def test_any_term_of_the_vocabulary(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """What is chosen from the full list counts before the short one."""
    form = robin.get("/items/new?term=pd:Height").text
    assert '<option value="pd:Height" selected>' in form
    robin.post("/items/new", {"term": "pd:Name", "other_term": "pd:Height", "value": "1.75 m"})
    (item_id,) = items(instance, opened)
    assert items(instance, opened)[item_id].term == "pd:Height"
    assert "Height" in robin.get(f"/items/{item_id}/edit").text
    assert "Height" in robin.get("/items").text


@pytest.mark.parametrize(
    "case",
    [
        ({"term": "dpv:Marketing"}, "term", "Choose what this is"),
        ({"other_term": "pd:Nothing"}, "other_term", "Choose what this is"),
        ({"value": " "}, "value", "Please write down the value itself."),
        ({"value": "x" * 20_001}, "value", "At most 20000 characters"),
        ({"label": "x" * 201}, "label", "At most 200 characters"),
        ({"note": "x" * 20_001}, "note", "At most 20000 characters"),
    ],
)
def test_a_bad_form_comes_back_as_it_was(
    instance: Instance, opened: Opened, robin: Browsing, case: tuple[dict[str, str], str, str]
) -> None:
    """422, the error beside its field and linked, what was typed still there, nothing kept."""
    change, field, message = case
    robin.get("/items/new")
    typed = {"term": "pd:Name", "other_term": "", "label": "mine", "value": "Robin", "note": "as in the passport"}
    answer = robin.post("/items/new", {**typed, **change})
    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#f-{field}"' in answer.text
    assert "as in the passport" in answer.text or field == "note"
    assert items(instance, opened) == {}
    (item_id,) = keep(instance, opened, Item(term="pd:Name", value="Robin"))
    robin.get(f"/items/{item_id}/edit")
    assert robin.post(f"/items/{item_id}/edit", {**typed, **change}).status_code == 422
    assert items(instance, opened)[item_id].value == "Robin"


def test_a_changed_value_goes_into_the_history(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """The old value is kept with the moment until which it held; a changed note alone makes no history."""
    (item_id,) = keep(instance, opened, Item(term="pd:EmailAddress", value="old@mail.example"))
    robin.get(f"/items/{item_id}/edit")
    robin.post(f"/items/{item_id}/edit", {"term": "pd:EmailAddress", "value": "new@mail.example"})
    robin.post(f"/items/{item_id}/edit", {"term": "pd:EmailAddress", "value": "new@mail.example", "note": "for shops"})
    item = items(instance, opened)[item_id]
    assert (item.value, item.note, [past.value for past in item.previous]) == ("new@mail.example", "for shops", ["old@mail.example"])
    page = robin.get(f"/items/{item_id}").text
    assert "What it was before" in page
    assert "old@mail.example" in page


def test_the_history_has_an_end(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A record holds 200 earlier values; the oldest makes room."""
    past = tuple(PastValue(value=str(number), until=clock.now()) for number in range(200))
    (item_id,) = keep(instance, opened, Item(term="pd:EmailAddress", value="last", previous=past))
    robin.get(f"/items/{item_id}/edit")
    robin.post(f"/items/{item_id}/edit", {"term": "pd:EmailAddress", "value": "newest"})
    previous = items(instance, opened)[item_id].previous
    assert (len(previous), previous[0].value, previous[-1].value) == (200, "1", "last")


def test_who_may_read_it(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A live permission that names the kind of data is listed with it, under the owner's name for the company."""
    grant_id = grant(instance, opened, reading="pd:PhysicalAddress", pause=True)
    home, mail = keep(
        instance, opened, Item(term="pd:PhysicalAddress", value="1 Hill Street"), Item(term="pd:EmailAddress", value="a@b.example")
    )
    keep(instance, opened, Vendor(name="Corner Shop", client_ids=(CLIENT,)))
    assert "1 permission" in robin.get("/items").text
    page = robin.get(f"/items/{home}").text
    assert f'href="/grants/{grant_id}"' in page
    assert "Corner Shop" in page
    assert "no longer may" not in page
    assert "Nobody: no live permission names it." in robin.get(f"/items/{mail}").text
    assert "what a company has fetched already stays with it" in robin.get(f"/items/{home}/remove").text


def test_who_could_read_it(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """A permission that has ended is told apart: from when until when, and how it ended."""
    grant_id = grant(instance, opened, reading="pd:PhysicalAddress")
    (home,) = keep(instance, opened, Item(term="pd:PhysicalAddress", value="1 Hill Street"))
    with instance.stores.main.writing() as db:
        row = db.get_one(Grant, (opened[0].account_id, grant_id))
        row.status, row.changed_at = "withdrawn", clock.now()
        db.add(row)
    page = robin.get(f"/items/{home}").text
    _live, ended = page.split("Nobody: no live permission names it.")
    assert f'href="/grants/{grant_id}"' in ended
    assert "withdrawn" in ended
    assert " until " in ended
    assert "permission</span>" not in robin.get("/items").text


def test_removed_for_good(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """Asked first, then gone with its history; a second time it is not found."""
    (item_id,) = keep(
        instance, opened, Item(term="pd:Name", label="official", value="Robin", previous=(PastValue(value="Rob", until=clock.now()),))
    )
    assert "The 1 earlier value goes with it." in robin.get(f"/items/{item_id}/remove").text
    assert "Item removed for good." in robin.post(f"/items/{item_id}/remove", follow=True).text
    assert items(instance, opened) == {}
    assert robin.post(f"/items/{item_id}/remove").status_code == 404
    assert robin.get(f"/items/{item_id}/edit").status_code == 404
    assert robin.get(f"/items/{item_id}").status_code == 404


def test_another_owners_item_is_not_there(instance: Instance, opened: Opened, robin: Browsing, new_browser: Callable[[], Browsing]) -> None:
    (item_id,) = keep(instance, opened, Item(term="pd:Name", value="Robin"))
    make_account(instance.stores, "sam")
    sam = new_browser().unlock("sam")
    assert sam.get(f"/items/{item_id}/edit").status_code == 404
    assert sam.post(f"/items/{item_id}/edit", {"term": "pd:Name", "value": "Sam"}).status_code == 404
    assert sam.post(f"/items/{item_id}/remove").status_code == 404
