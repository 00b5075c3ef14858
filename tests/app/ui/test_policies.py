"""Copies of policies: pasted or from a file, shown as text, held side by side word by word."""

import pytest

from app import clock
from app.ui.vendors import policy_words
from consent import ledger
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Policy, Vendor

OLD, NEW = (
    "You may cancel within 14 days.\n\nAsk us.",
    "<p>You may cancel within <i>7</i> days.</p><script>alert(1)</script><p>Ask us. &lt;b&gt;Now.</p>",
)
TODAY = clock.now().date().isoformat()


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    return keep(instance, opened, Vendor(name="Northwind"), Vendor(name="Another"))[0]


def test_two_copies_and_what_changed_since_i_agreed(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """The one agreed to is held against the newest; each is the vendor's words and never its markup."""
    here = f"/vendors/{vendor_id}/policies"
    assert "There are not two copies yet" in robin.get(f"{here}/compare").text
    robin.get(f"{here}/new?kind=privacy")
    first = robin.post(f"{here}/new", {"kind": "terms", "text": OLD, "seen_on": "2024-01-31", "agreed": "1"}).headers["location"]
    robin.get(f"{here}/new")
    led = robin.post(f"{here}/new", {"kind": "terms", "title": "Terms <now>"}, files={"file": ("t.html", NEW.encode(), "text/html")})
    page = robin.get(led.headers["location"]).text
    assert "Copy kept." in page and "Terms &lt;now&gt;" in page and "&lt;b&gt;Now." in page and "alert(1)" not in page
    compared = robin.get(f"{here}/compare").text
    assert "What changed since I agreed" in compared and "1 sentence changed" in compared
    for words in ("</span>14<span", "</span>7<span", "[gone:", "[new:"):
        assert words in compared, words
    listed = robin.get(f"/vendors/{vendor_id}/known").text
    ids = [one.rpartition("/")[2].partition("?")[0] for one in (first, led.headers["location"])]
    assert f"compare?from={ids[0]}&amp;to={ids[1]}" in listed and "I agreed to this" in listed
    backwards = robin.get(f"{here}/compare?from={ids[1]}&to={ids[0]}").text
    assert "</span>7<span" in backwards and "<h1>What changed</h1>" in backwards
    with instance.stores.main.reading() as db:
        kept = {one.record_id: one.fields for one in store.all_of(db, opened[1], Policy)}
    assert kept[ids[0]].agreed_on == kept[ids[0]].seen_on and kept[ids[1]].seen_on.isoformat() == TODAY
    assert kept[ids[1]].text == "You may cancel within 7 days.\n\nAsk us. <b>Now."


def test_agreeing_later_and_removing(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """The day is the owner's to say and to take back; removing needs a tick; of another company's there is none."""
    now = clock.now()
    made = Policy(
        vendor_id=vendor_id, kind="privacy", title="Notice", url="https://x.example/", seen_on=now.date(), text=OLD, recorded_at=now
    )
    policy_id, other_id = keep(instance, opened, made, made.model_copy(update={"kind": "prices"}))
    here = f"/vendors/{vendor_id}/policies/{policy_id}"
    robin.get(here)
    assert "not noted" in robin.get(here).text
    early = robin.post(f"{here}/agreed", {"agreed_on": "2999-01-01"})
    assert (early.status_code, 'value="2999-01-01"' in early.text) == (422, True)
    assert "yes, on 5 May 2026" in robin.post(f"{here}/agreed", {"agreed_on": "2026-05-05"}, follow=True).text
    assert "not noted" in robin.post(f"{here}/agreed", {"agreed_on": ""}, follow=True).text
    assert "of different things" in robin.get(f"/vendors/{vendor_id}/policies/compare?to={other_id}").text
    assert robin.get(f"/vendors/{vendor_id}/policies/compare?to={'f' * 32}").status_code == 404
    assert robin.get(f"/vendors/{'e' * 32}/policies/{policy_id}").status_code == 404
    untold = robin.post(f"{here}/remove")
    assert (untold.status_code, untold.text.count("Tick this first"), 'aria-describedby="e-sure"' in untold.text) == (422, 2, True)
    assert "Copy removed" in robin.post(f"{here}/remove", {"sure": "1"}, follow=True).text
    assert robin.get(here).status_code == 404


REFUSED: tuple[tuple[dict[str, str], bytes | None, str], ...] = (
    ({"text": " "}, None, "Paste the text"),
    ({"text": "x" * 200_001}, None, "At most 200000"),
    ({"kind": "poem"}, None, "Choose one of these."),
    ({"url": "javascript:alert(1)"}, None, "whole address"),
    ({"title": "x" * 201}, None, "At most 200"),
    ({"seen_on": "2999-01-01"}, None, "has not come yet"),
    ({}, b"<script>only</script>", "a file that has some"),
    ({}, b"x" * ((4 << 20) + 1), "at most 4 MB"),
    ({}, b"<p>" + b"x" * (1 << 20), "at most 1 MB here. Open this one, copy its words"),
)


def test_what_does_not_fit_goes_back(robin: Browsing, vendor_id: str) -> None:
    """422 with what was typed; nothing is kept."""
    here = f"/vendors/{vendor_id}/policies/new"
    robin.get(here)
    for change, file, said in REFUSED:
        files = {"file": ("t.html", file if file is not None else b"", "text/html")}
        answer = robin.post(here, {"kind": "terms", "text": OLD, "seen_on": TODAY, **change}, files=files)
        assert answer.status_code == 422 and said in answer.text, change
    assert "None. Keep a copy" in robin.get(f"/vendors/{vendor_id}/known").text


def test_a_page_is_read_while_somebody_else_writes(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Whatever a page costs, it is read before the only transaction that may write: here another holds it all the while."""
    here = f"/vendors/{vendor_id}/policies/new"
    robin.get(here)
    nested = b"<div>" * (policy_words.PAGE_LIMIT // 5)
    with instance.stores.main.writing() as db:
        ledger.lock(db, opened[0].account_id)
        for page, said in ((nested, "a file that has some"), (nested + b"<div>", "at most 1 MB")):
            answer = robin.post(here, {"kind": "terms", "seen_on": TODAY}, files={"file": ("t.html", page, "text/html")})
            assert answer.status_code == 422 and said in answer.text
    answer = robin.post(here, {"kind": "terms", "seen_on": TODAY}, files={"file": ("t.html", nested[:-4] + b">We", "text/html")})
    assert answer.status_code == 303
    robin.get(f"/vendors/{'e' * 32}/policies/new")
    assert robin.post(f"/vendors/{'e' * 32}/policies/new", {"kind": "terms", "text": OLD, "seen_on": TODAY}).status_code == 404
