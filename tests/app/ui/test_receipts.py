"""Receipts in the browser: anybody checks the one they hold, the owner sees where in the history it stands."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from sqlmodel import col, select, update

from consent import receipts
from consent.store import LedgerEntry, Receipt
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_signer
from tests.instances import Instance


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


@pytest.fixture
def receipt(robin: Visit) -> Receipt:
    """The receipt of a permission given a moment ago."""
    robin.granted()
    found: Receipt = robin.rows(select(Receipt))[0]
    return found


@pytest.fixture
def anybody(new_browser: Callable[[], Browsing]) -> Browsing:
    """Somebody who is not signed in, before the form."""
    browser = new_browser()
    assert browser.get("/receipts/check").status_code == 200
    return browser


def test_anybody_checks_a_receipt_of_this_service(receipt: Receipt, anybody: Browsing) -> None:
    """No key is needed: it is found by the pairwise subject that the receipt itself names."""
    page = anybody.post("/receipts/check", {"receipt": f"\n {receipt.jws}\n", "keys": ""})
    said = words(page.text)
    assert page.status_code == 200
    assert "This receipt holds" in said
    assert "Permission was given" in said
    assert "A key of this service." in said
    assert "with a key that exists for this company alone" in said


def test_anybody_checks_a_receipt_with_a_pasted_key(robin: Visit, anybody: Browsing) -> None:
    """The set that a company gets with its permission will do as it is."""
    shop = robin.granted()
    shown = shop.get("/grant").json()
    page = anybody.post("/receipts/check", {"receipt": shown["receipt"], "keys": json.dumps(shown["jwks"])})
    assert "This receipt holds" in words(page.text)


def test_what_the_instance_signed_holds_too(robin: Visit, anybody: Browsing) -> None:
    """A consent handed back while the owner was away is signed by the instance."""
    shop = robin.granted()
    shop.oauth("revoke", token=shop.grant_token)
    newest: Receipt = robin.rows(select(Receipt).order_by(col(Receipt.created_at).desc()))[0]
    said = words(anybody.post("/receipts/check", {"receipt": newest.jws}).text)
    assert "This receipt holds" in said
    assert "The company handed the permission back" in said
    assert "because the person was away" in said


@pytest.mark.parametrize(
    ("change", "keys", "why"),
    [
        (lambda jws: jws[:-40] + jws[-40:-20].swapcase() + jws[-20:], "", "it was changed, or it was signed with another key"),
        (lambda jws: "not a receipt", "", "three parts joined by dots"),
        (lambda jws: "a.b." + "c" * 85 + "A", "", "it was changed, or it was signed with another key"),
        (lambda jws: jws, '{"kty": "oct"}', "there is no key to check it with"),
    ],
)
def test_what_does_not_hold_says_why(receipt: Receipt, anybody: Browsing, change: Callable[[str], str], keys: str, why: str) -> None:
    page = anybody.post("/receipts/check", {"receipt": change(receipt.jws), "keys": keys})
    assert page.status_code == 422
    assert "This receipt does not hold" in words(page.text)
    assert why in words(page.text)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("receipt", " ", "Paste the text"), ("keys", "{", "not a key"), ("keys", "[]", "not a key"), ("keys", "[" * 5000, "not a key")],
)
def test_a_form_that_cannot_be_read_keeps_what_was_typed(receipt: Receipt, anybody: Browsing, field: str, value: str, why: str) -> None:
    page = anybody.post("/receipts/check", {"receipt": receipt.jws, "keys": "", field: value})
    assert page.status_code == 422
    assert why in words(page.text)
    assert field == "receipt" or receipt.jws in page.text


def told(payload: str, header: bytes = b"{}") -> str:
    """The text of a receipt that nobody signed."""
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, payload.encode(), bytes(64)))


@pytest.mark.parametrize(
    "text",
    [
        told("[" * 5000),
        told("{}", b"[" * 5000),
        *(
            told(json.dumps({"dpv:hasRecordOfActivity": {"dpv:hasDataSubject": {"dpv:hasIdentifier": hostile}}}))
            for hostile in ("\ud800", "\0")
        ),
    ],
)
@pytest.mark.parametrize("keys", ["", '{"kty": "OKP", "crv": "Ed25519", "x": "\\ud800"}'])
def test_what_no_program_of_ours_writes_holds_no_more_than_the_rest(anybody: Browsing, text: str, keys: str) -> None:
    """Nested without end, a lone surrogate, NUL."""
    page = anybody.post("/receipts/check", {"receipt": text, "keys": keys})
    assert page.status_code == 422 and "This receipt does not hold" in words(page.text)


@pytest.mark.parametrize("said", [{}, {"dpv:hasRecordOfActivity": []}, {"more": "\ud800"}])
def test_a_receipt_that_says_nothing_does_not_hold(anybody: Browsing, said: dict[str, object]) -> None:
    """With a key of their own, anybody can sign anything."""
    signer = make_signer(bytes(32))
    terms = {"@type": "dpv:ConsentReceipt", "bw:terms": {}, "bw:termsSha256": sha256(b"{}").hexdigest()}
    header = json.dumps({"alg": "Ed25519", "typ": receipts.TYPE, "kid": "x"}).encode()
    signed = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, json.dumps(terms | said).encode()))
    text = f"{signed}.{urlsafe_b64encode(signer.sign(signed.encode())).rstrip(b'=').decode()}"
    page = anybody.post("/receipts/check", {"receipt": text, "keys": json.dumps(receipts.jwk(signer.public))})
    assert page.status_code == 422 and "not a receipt whose terms match" in words(page.text)


def test_the_owner_sees_where_in_the_history_it_stands(robin: Visit, receipt: Receipt) -> None:
    page = robin.browser.get(f"/grants/{receipt.grant_id}/receipts/{receipt.receipt_id}/check")
    entry = robin.rows(select(LedgerEntry.seq).where(LedgerEntry.type == "grant.given"))[0]
    assert f"It was written into your history as entry {entry}," in words(page.text)
    assert f'href="/grants/{receipt.grant_id}/receipts/{receipt.receipt_id}/check"' in robin.browser.get(f"/grants/{receipt.grant_id}").text


def test_a_rewritten_history_shows(robin: Visit, receipt: Receipt) -> None:
    """The receipt still holds by its signature, and says that the history is another one."""
    with robin.instance.stores.main.writing() as db:
        db.exec(update(LedgerEntry).where(col(LedgerEntry.type) == "grant.given").values(hash=bytes(32)))
    said = words(robin.browser.get(f"/grants/{receipt.grant_id}/receipts/{receipt.receipt_id}/check").text)
    assert "This receipt holds" in said
    assert "is not the beginning of today" in said


def test_a_receipt_with_its_opening_gone_and_one_that_was_changed(robin: Visit, receipt: Receipt) -> None:
    path = f"/grants/{receipt.grant_id}/receipts/{receipt.receipt_id}/check"
    with robin.instance.stores.main.writing() as db:
        db.exec(update(Receipt).values(opening=b"gone"))
    assert "is not the beginning of today" in words(robin.browser.get(path).text)
    with robin.instance.stores.main.writing() as db:
        db.exec(update(Receipt).values(jws=receipt.jws[:-20] + receipt.jws[-20:].swapcase()))
    assert "This receipt does not hold" in words(robin.browser.get(path).text)


def test_another_receipt_is_not_there(robin: Visit, receipt: Receipt) -> None:
    assert robin.browser.get(f"/grants/{receipt.grant_id}/receipts/none/check").status_code == 404
    assert robin.browser.get(f"/grants/{'0' * 32}/receipts/{receipt.receipt_id}/check").status_code == 404
