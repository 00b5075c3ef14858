"""Permissions given elsewhere: noted, told apart from those that Bothways can stop, and led out by letter."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from app import clock
from consent.store import LedgerEntry
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Elsewhere, LetterRecord, Reply, Vendor

FORM = {
    "what": "News <by> e-mail",
    "purpose": "dpv:DirectMarketing",
    "data": "e-mail address",
    "place": "the form for the line",
    "channel": "website",
    "given_on": "2021-03-01",
    "expires_on": "",
    "wording": "Keep me posted.",
    "note": "",
}


@pytest.fixture
def vendor_id(instance: Instance, opened: Opened) -> str:
    return keep(instance, opened, Vendor(name="Northwind"))[0]


def noted(robin: Browsing, vendor_id: str, **changes: str) -> str:
    """Note one; its path."""
    robin.get(f"/elsewhere/new?vendor={vendor_id}")
    answer = robin.post("/elsewhere/new", {**FORM, "vendor": vendor_id, **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


def test_noted_and_led_out(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Given, sent, acknowledged, ended, each dated and in the history; shown with the company and with the permissions."""
    assert "First write down the company" not in robin.get("/elsewhere").text
    here = noted(robin, vendor_id)
    letter = f"/letters/new?to={vendor_id}&amp;right=withdrawal&amp;consent={here.rpartition('/')[2]}"
    for path in (here, "/elsewhere", "/grants", f"/vendors/{vendor_id}"):
        page = robin.get(path).text
        assert "News &lt;by&gt; e-mail" in page and letter in page and "the law can" in page, path
    assert (
        "Advertising that comes to me" in robin.get(here).text
        and "dpv:" not in robin.get(here).text
        and "Keep me posted." in robin.get(here).text
    )
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    robin.get(here)
    assert "withdrawal sent" in robin.post(f"{here}/step", {"step": "sent", "on": yesterday, "note": "At the till"}, follow=True).text
    assert robin.post(f"{here}/step", {"step": "sent"}).headers["location"].endswith("done=already")
    early = robin.post(f"{here}/step", {"step": "ended", "on": "2999-01-01", "note": "They rang"})
    assert (early.status_code, 'value="2999-01-01"' in early.text, 'value="They rang"' in early.text) == (422, True, True)
    for step, said in (("acknowledged", "acknowledged"), ("ended", "It is over")):
        assert said in robin.post(f"{here}/step", {"step": step, "on": ""}, follow=True).text
    assert letter not in robin.get("/elsewhere").text and "News &lt;by&gt;" not in robin.get("/grants").text
    with instance.stores.main.reading() as db:
        (kept,) = [one.fields for one in store.all_of(db, opened[1], Elsewhere)]
        types = [one.type for one in db.exec(select(LedgerEntry).order_by(LedgerEntry.seq))]  # type: ignore[arg-type]  # a column
    assert [one.type for one in kept.steps] == ["sent", "acknowledged", "ended"] and kept.steps[0].happened_at < kept.steps[0].recorded_at
    assert types[-4:] == ["elsewhere.noted", "elsewhere.changed", "elsewhere.changed", "elsewhere.changed"]


def test_a_letter_moves_it_by_itself(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    """Once it has gone, the consent stands as withdrawn; an answer is told, for the owner to judge."""
    here = noted(robin, vendor_id)
    now = clock.now()
    letter = LetterRecord(
        vendor_id=vendor_id, to="Northwind", way="post", subject="s", body="b", about=here.rpartition("/")[2], written_at=now
    )
    keep(instance, opened, letter)
    assert "withdrawal sent" not in robin.get(here).text
    reply = Reply(answer_id="a" * 32, sender="Northwind", body="Done.", received_at=now)
    (letter_id,) = keep(instance, opened, letter.model_copy(update={"sent_at": now, "replies": (reply,)}))
    page = robin.get(here).text
    assert "withdrawal sent" in page and "They answered your letter" in page and f"/letters/{letter_id}" in page
    assert "They answered your letter. Read it" in robin.get("/elsewhere").text


def test_words_change_steps_stay_and_removing_needs_a_tick(instance: Instance, opened: Opened, robin: Browsing, vendor_id: str) -> None:
    here = noted(robin, vendor_id, expires_on="2021-03-02", purpose="")
    assert "ran out" in robin.get(here).text
    robin.get(f"{here}/edit")
    changed = robin.submit(f"{here}/edit", {"what": "Post, by mail", "expires_on": "", "channel": "mail"}, follow=True).text
    assert "Changes kept." in changed and "Post, by mail" in changed and "ran out" not in changed
    assert robin.post(f"{here}/edit", {**FORM, "vendor": vendor_id, "what": ""}).status_code == 422
    robin.get(f"/vendors/{vendor_id}/remove")
    assert "1 note of a permission given elsewhere" in robin.get(f"/vendors/{vendor_id}/remove").text
    robin.get(here)
    untold = robin.post(f"{here}/remove")
    assert (untold.status_code, untold.text.count("Tick this first"), 'aria-describedby="e-sure"' in untold.text) == (422, 2, True)
    assert "still stands" in robin.post(f"{here}/remove", {"sure": "1"}, follow=True).text
    assert robin.get(here).status_code == 404
    here = noted(robin, vendor_id)
    robin.get(f"/vendors/{vendor_id}/remove")
    assert robin.post(f"/vendors/{vendor_id}/remove").status_code == 303
    assert robin.get(here).status_code == 404


def test_what_is_changed_and_what_is_removed_is_in_the_history(instance: Instance, robin: Browsing, vendor_id: str) -> None:
    """A day that is moved ends a permission as a step does, and what is gone was there."""
    here = noted(robin, vendor_id)
    robin.get(f"{here}/edit")
    assert robin.submit(f"{here}/edit", {"expires_on": "2021-03-02"}).status_code == 303
    robin.get(here)
    robin.post(f"{here}/remove", {"sure": "1"})
    with instance.stores.main.reading() as db:
        types = [one.type for one in db.exec(select(LedgerEntry).order_by(LedgerEntry.seq))]  # type: ignore[arg-type]  # a column
    assert types[-3:] == ["elsewhere.noted", "elsewhere.changed", "elsewhere.changed"]
    assert robin.get("/ledger").text.count("You changed your note of a permission given elsewhere") == 2


def test_the_usual_purposes_come_first_in_plain_words(robin: Browsing, vendor_id: str) -> None:
    """Five of them; what W3C has words for stands below under a name of its own, and is shown by its label."""
    page = robin.get("/elsewhere/new").text
    usual, more = page[page.index('id="f-purpose"') : page.index("</select>", page.index('id="f-purpose"'))].split("<optgroup")
    assert usual.count("<option") == 6 and "Passing my data on to others" in usual and "Counterterrorism" not in usual
    assert "Counterterrorism" in more and "dpv:DirectMarketing" not in more
    here = noted(robin, vendor_id, purpose="dpv:Counterterrorism")
    assert "Counterterrorism" in robin.get(here).text and "dpv:" not in robin.get(here).text
    assert re.search(r'value="dpv:Counterterrorism" selected', robin.get(f"{here}/edit").text)


REFUSED: tuple[tuple[dict[str, str], str], ...] = (
    ({"vendor": ""}, "Choose one of your companies."),
    ({"what": ""}, "what you allowed"),
    ({"what": "x" * 1001}, "At most 1000"),
    ({"purpose": "dpv:Everything"}, "Choose one of these."),
    ({"channel": "pigeon"}, "Choose one of these."),
    ({"given_on": "2999-01-01"}, "has not come yet"),
    ({"expires_on": "2020-01-01"}, "cannot end before"),
)


def test_what_does_not_fit_goes_back(robin: Browsing, vendor_id: str) -> None:
    """422 with what was typed."""
    robin.get("/elsewhere/new")
    for change, said in REFUSED:
        answer = robin.post("/elsewhere/new", {**FORM, "vendor": vendor_id, **change})
        assert answer.status_code == 422 and said in answer.text and "the form for the line" in answer.text, change
