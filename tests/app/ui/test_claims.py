"""Evidence, the claim letter, the scorecard, and promises made in a message: from a breach to a letter with the proof in it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from consent import receipts
from consent.store import LedgerEntry, Receipt
from tests.app.api.loop import message
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance
from vault.records import Commitment, CommitmentEvent, Item, LetterRecord, Remedy

REFUND = Remedy(kind="refund", amount="20.00", currency="EUR", within="P1W", note="as a voucher")


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def promise(robin: Visit, vendor_id: str, *kinds: str, **fields: Any) -> str:
    """A promise with a history; its path."""
    now = clock.now()
    events = tuple(
        CommitmentEvent.model_validate({"type": kind, "happened_at": now, "recorded_at": now, "note": f"{kind} it was"})
        for kind in ("accepted", *kinds)
    )
    return f"/commitments/{robin.keep(Commitment(vendor_id=vendor_id, promise='Two days are credited', events=events, **fields))}"


def attach(robin: Visit, holder: str, shows: str) -> str:
    """Attach a file; its id."""
    robin.browser.get(holder)
    answer = robin.browser.post(f"{holder}/documents", {"shows": shows}, files={"file": ("bill.txt", b"no credit", "text/plain")})
    assert answer.status_code == 303, answer.text
    return str(re.findall(rf"{holder}/documents/([0-9a-f]+)/remove", robin.browser.get(holder).text)[0])


def test_evidence_stands_with_what_it_shows(robin: Visit) -> None:
    """Attached to the promise, or chosen from the company's; let go again; a stranger's document is not taken."""
    vendor_id = robin.vendor()
    path, other = promise(robin, vendor_id), promise(robin, robin.vendor("Northwind Broadband"))
    mine, foreign = attach(robin, path, "what they wrote"), attach(robin, other, "nothing")
    company = attach(robin, f"/vendors/{vendor_id}", "")
    said = words(robin.browser.get(path).text)
    assert "shows: what they wrote" in said
    assert robin.browser.post(f"{path}/proofs", {"document": foreign}).status_code == 404
    assert robin.browser.post(f"{path}/proofs", {"document": company, "shows": "the price"}).status_code == 303
    assert "shows: the price" in words(robin.browser.get(path).text)
    assert [proof.document_id for proof in robin.read(Commitment, path.rsplit("/", 1)[1]).proofs] == [mine, company]
    robin.browser.post(f"{path}/proofs/{company}/remove")
    robin.browser.get(f"{path}/documents/{mine}/remove")
    robin.browser.post(f"{path}/documents/{mine}/remove")
    assert "shows:" not in words(robin.browser.get(path).text)
    assert f"/vendors/{vendor_id}/documents/{company}" in robin.browser.get(f"/vendors/{vendor_id}").text


def test_a_claim_letter_is_filled_changed_and_kept(robin: Visit) -> None:
    """Everything the record holds is in it; the owner's words are what is kept; the claim is noted where it is said."""
    robin.keep(Item(term="pd:Name", value="Robin"))
    path = promise(robin, robin.vendor(customer_numbers=("C-1",)), "broken", remedy=REFUND)
    attach(robin, path, "no credit on it")
    filled = robin.browser.get(f"{path}/claim-letter").text
    (form,) = [form for form in robin.browser.forms if form.action == f"{path}/claim-letter"]
    for part in (
        "Corner Shop",
        "Two days are credited",
        "broken it was",
        "bill.txt: no credit on it",
        "refund of €20.00",
        "as a voucher",
        "Robin",
    ):
        assert part in form.fields["body"][0], part
    assert "customer number C-1" in form.fields["subject"][0]
    assert "claim" not in form.fields and "I claim it today" in filled
    assert robin.browser.submit(f"{path}/claim-letter", {"body": "", "way": "owl"}).status_code == 422
    assert robin.browser.submit(f"{path}/claim-letter", {"body": "x\x07", "subject": "s", "way": "post"}).status_code in {303, 422}
    robin.browser.get(f"{path}/claim-letter")
    answer = robin.browser.submit(f"{path}/claim-letter", {"body": "In my own words.", "way": "post", "claim": "1"})
    letter_path = answer.headers["location"].split("?")[0]
    letter = robin.read(LetterRecord, letter_path.rsplit("/", 1)[1])
    assert (letter.kind, letter.body, letter.about, letter.way) == ("claim", "In my own words.", path.rsplit("/", 1)[1], "post")
    assert "In my own words." in robin.browser.get(f"{letter_path}/print").text
    assert f'href="{path}"' in robin.browser.get(letter_path).text
    assert robin.read(Commitment, path.rsplit("/", 1)[1]).events[-1].type == "claimed"
    assert len(robin.rows(select(LedgerEntry).where(LedgerEntry.type == "commitment.claimed"))) == 1
    again = robin.browser.get(path).text
    assert f'href="{letter_path}"' in again
    robin.browser.get(f"{path}/claim-letter")
    robin.browser.submit(f"{path}/claim-letter", {"way": "email", "claim": "1"})
    assert len(robin.rows(select(LedgerEntry).where(LedgerEntry.type == "commitment.claimed"))) == 1
    own = promise(robin, robin.vendor(), by="me")
    assert robin.browser.get(f"{own}/claim-letter").status_code == 404
    assert robin.browser.get(f"{path}/claim-letter?time=soon").status_code == 404
    assert robin.browser.get(f"{promise(robin, 'f' * 32)}/claim-letter").status_code == 404


def test_every_number_of_the_scorecard_opens(robin: Visit) -> None:
    """Each link leads to a list of as many promises as it says; one company can be looked at alone."""
    assert "Nothing to count yet" in words(robin.browser.get("/commitments/scorecard").text)
    shop, provider = robin.vendor(), robin.vendor("Northwind Broadband")
    for kinds in (("kept",), ("kept",), ("broken", "claimed", "remedied"), ("broken",)):
        promise(robin, shop, *kinds, remedy=REFUND)
    promise(robin, provider)
    promise(robin, provider, "kept", by="me")
    page = robin.browser.get("/commitments/scorecard").text
    said = words(page)
    for text in (
        "2 of 4 kept, 50%",
        "15% to 85%",
        "1 broken, made good",
        "4 backed (80%)",
        "€20.00 claimed",
        "€20.00 received",
        "1 just words",
    ):
        assert text in said, text
    links = re.findall(r'<a href="(/commitments\?[^"]*turned=[^"]*)">([^<]+)</a>', page)
    assert len(links) > 10
    for href, text in links:
        listed = robin.browser.get(href.replace("&amp;", "&")).text
        if text[0].isdigit():
            assert len(re.findall(r'<a class="break" href="/commitments/[0-9a-f]{32}"', listed)) == int(text.split()[0]), (href, text)
    alone = words(robin.browser.get(f"/commitments/scorecard?vendor={provider}").text)
    assert "You, towards them" in alone and "Corner Shop" not in alone
    assert robin.browser.get(f"/commitments/scorecard?vendor={'f' * 32}").status_code == 404
    assert "None of these" in words(robin.browser.get("/commitments?turned=waived").text)


def test_a_promise_is_recorded_from_a_message_and_taken_up_by_signature(robin: Visit) -> None:
    """The message leads to a form that is filled in and back; what a company binds itself to is countersigned when it is taken up."""
    shop = robin.granted()
    sent = shop.post("/messages", message(title="We refund the difference"))
    message_id = sent.json()["id"]
    assert f"/commitments/new?message={message_id}" in robin.browser.get(f"/inbox/{message_id}").text
    robin.browser.get(f"/commitments/new?message={message_id}")
    (form,) = [form for form in robin.browser.forms if form.action == "/commitments"]
    assert (form.fields["promise"], form.fields["source"], form.fields["by"]) == (["We refund the difference"], ["message"], ["them"])
    path = robin.browser.submit("/commitments").headers["location"].split("?")[0]
    assert f'href="/inbox/{message_id}"' in robin.browser.get(path).text
    assert robin.browser.get(f"/commitments/new?message={'f' * 32}").status_code == 404
    bound = {
        "promise": "Bread by nine",
        "due": "2031-01-01T09:00:00Z",
        "remedy": {"kind": "refund", "amount": "2.00", "currency": "EUR"},
    }
    made = shop.post("/commitments", bound)
    assert made.status_code == 201, made.text
    offered = f"/commitments/{made.json()['id']}"
    assert "I take them up on it" in words(robin.browser.get(offered).text)
    robin.browser.post(f"{offered}/accept")
    newest = robin.rows(select(Receipt).order_by(Receipt.created_at.desc()))[0]  # type: ignore[attr-defined]  # a column here
    said = receipts.unverified(newest.jws)
    (accepted,) = said["bw:acceptedPromises"]
    assert (accepted["bw:commitmentId"], accepted["bw:promise"]) == (made.json()["id"], "Bread by nine")
    assert accepted["bw:remedy"] == {"bw:kind": "refund", "bw:amount": "2.00", "bw:currency": "EUR"}
    assert len(robin.rows(select(LedgerEntry).where(LedgerEntry.type == "commitment.accepted"))) == 1
    robin.browser.get(f"{offered}/claim-letter")
    answer = robin.browser.submit(f"{offered}/claim-letter", {"way": "post"})
    assert answer.status_code == 303, words(answer.text)


@pytest.mark.parametrize(
    ("told", "begins"),
    [
        ({"said_on": "2026-03-02", "source": "phone"}, "On 2 Mar 2026, on the phone, you promised me:"),
        ({"said_on": "2026-03-02"}, "On 2 Mar 2026 you promised me:"),
        ({"source": "phone"}, "You promised me on the phone:"),
        ({}, "You promised me:"),
    ],
)
def test_a_letter_names_the_day_only_where_it_was_told(robin: Visit, told: dict[str, str], begins: str) -> None:
    """The day of writing down is not the day on which it was said."""
    path = recorded(robin, **told)
    robin.browser.get(f"{path}/claim-letter")
    (form,) = [form for form in robin.browser.forms if form.action == f"{path}/claim-letter"]
    assert begins in form.fields["body"][0].split("\n\n")


def test_when_it_was_said_is_a_day_that_has_come(robin: Visit) -> None:
    """Today counts as told, and is not ahead of the moment of writing; tomorrow goes back, with what was typed."""
    today = clock.now().date()
    made = robin.read(Commitment, recorded(robin, said_on=today.isoformat()).rsplit("/", 1)[1])
    first = made.events[0]
    assert made.said_on == first.happened_at.date() == today and first.happened_at <= first.recorded_at
    tomorrow = (today + timedelta(days=1)).isoformat()
    robin.browser.get("/commitments/new")
    typed = {"vendor": robin.vendor(), "by": "them", "promise": "p", "said_on": tomorrow}
    answer = robin.browser.submit("/commitments", typed)
    assert answer.status_code == 422 and "This day has not come yet." in answer.text and f'value="{tomorrow}"' in answer.text


def test_what_is_overdue_was_broken_on_the_day_after(robin: Visit) -> None:
    """Where no day is typed; with one it is that day. Then the letter comes first."""
    today = clock.now().date()
    path = promise(robin, robin.vendor(), due_date=today - timedelta(days=2), remedy=REFUND)
    page = robin.browser.get(path).text
    late = (today - timedelta(days=1)).isoformat()
    assert "the first day on which it was late" in page
    assert page.index("It was broken</button>") < page.index("Write a claim letter") and "button-primary" not in page.split("<main")[1]
    assert (
        "This day has not come yet." in robin.browser.submit(f"{path}/keep", {"happened_on": (today + timedelta(days=1)).isoformat()}).text
    )
    robin.browser.get(path)
    assert robin.browser.post(f"{path}/break").status_code == 303
    broken = robin.read(Commitment, path.rsplit("/", 1)[1]).events[-1]
    assert (broken.type, broken.happened_at.date().isoformat()) == ("broken", late)
    page = robin.browser.get(path).text
    letter = re.search(r'<a class="button button-primary" href="[^"]*/claim-letter">', page)
    assert letter and letter.start() < page.index('id="acts"')
    ahead = promise(robin, robin.vendor(), due_date=today)
    assert "the first day on which it was late" not in robin.browser.get(ahead).text


def recorded(robin: Visit, **typed: str) -> str:
    """A promise written down by the form; its path."""
    vendor_id = robin.vendor()
    robin.browser.get("/commitments/new")
    answer = robin.browser.submit("/commitments", {"vendor": vendor_id, "by": "them", "promise": "Two days are credited", **typed})
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"].split("?")[0])
