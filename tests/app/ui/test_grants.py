"""Permissions in the browser: what was granted, what came of it, and one press to end it."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from app import clock
from app.exchange import marks
from app.state import Withdrawal
from consent import receipts
from consent.store import Grant, LedgerHead, Receipt, RelationshipKey
from tests.app.api.loop import message
from tests.app.ui.visits import BACKED, DELIVERY, Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_account, make_details
from tests.instances import Instance


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def status(robin: Visit) -> str:
    """Where the only permission stands."""
    (grant,) = robin.rows(select(Grant))
    return str(grant.status)


def test_an_empty_list_says_what_to_do(robin: Visit) -> None:
    """No dead end."""
    page = robin.browser.get("/grants")
    assert page.status_code == 200
    assert 'href="/requests"' in page.text


def test_withdrawing_from_the_list_is_one_press(robin: Visit) -> None:
    """The vendor is shut out at its next request, and the journal that no backup holds knows it before the answer."""
    shop = robin.granted()
    assert shop.post("/messages", message()).status_code == 202
    robin.browser.get("/grants")
    answer = robin.browser.submit(f"/grants/{shop.grant_id}/withdraw")
    assert answer.headers["location"] == f"/grants/{shop.grant_id}?done=withdrawn"
    refused = shop.post("/messages", message())
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/consent-withdrawn")
    account_id = robin.owner.account_id
    with robin.instance.stores.state.reading() as state:
        assert state.get(Withdrawal, (account_id, shop.grant_id)) is not None
    (head,) = robin.rows(select(LedgerHead))
    assert (marks.mark_of(robin.instance.stores.state, account_id) or (0, b""))[0] >= head.size - 1
    assert "For good" not in words(robin.browser.get("/grants").text)
    assert status(robin) == "withdrawn"


def test_the_show_page_has_the_same_press(robin: Visit) -> None:
    """As easy from here; afterwards there is nothing left to press."""
    shop = robin.granted()
    page = robin.browser.get(f"/grants/{shop.grant_id}")
    assert {form.action for form in robin.browser.forms} >= {f"/grants/{shop.grant_id}/{verb}" for verb in ("pause", "withdraw")}
    assert "withdrawal is not recall" in words(page.text)
    done = robin.browser.submit(f"/grants/{shop.grant_id}/withdraw", follow=True)
    assert "Withdrawn. From this moment everything of theirs is refused." in words(done.text)
    assert f"/grants/{shop.grant_id}/withdraw" not in done.text


def test_pausing_and_resuming(robin: Visit) -> None:
    """Refused while paused, let in again after."""
    shop = robin.granted()
    robin.browser.get(f"/grants/{shop.grant_id}")
    robin.browser.submit(f"/grants/{shop.grant_id}/pause", follow=True)
    assert shop.post("/messages", message()).json()["type"].endswith("/consent-paused")
    robin.browser.submit(f"/grants/{shop.grant_id}/resume", follow=True)
    assert shop.post("/messages", message()).status_code == 202


def test_a_verb_that_does_not_follow_changes_nothing(robin: Visit) -> None:
    """It says that nothing was changed and shows where the permission stands."""
    shop = robin.granted()
    robin.browser.get("/grants")
    assert robin.browser.post(f"/grants/{shop.grant_id}/resume").headers["location"].endswith("?done=already")
    robin.browser.post(f"/grants/{shop.grant_id}/withdraw")
    for verb in ("pause", "resume", "withdraw"):
        assert robin.browser.post(f"/grants/{shop.grant_id}/{verb}").headers["location"].endswith("?done=already")
    assert status(robin) == "withdrawn"
    assert len(robin.rows(select(Receipt))) == 2


def test_the_page_says_what_was_granted_and_what_came(robin: Visit) -> None:
    """Terms in words, counts of what was let in, promises, the history of this permission alone."""
    asked = make_details(now=clock.now())
    asked[0]["in_return"] = [BACKED]
    shop = robin.granted([*asked, DELIVERY])
    robin.granted()
    shop.post("/messages", message())
    shop.post("/messages", message(purpose="dpv:DeliveryOfGoods"))
    said = words(robin.browser.get(f"/grants/{shop.grant_id}").text)
    for text in (
        "Direct Marketing", "at most twice a week", "An Post (Ireland)", "in your inbox here 1 time", "Refund the difference",
        "You gave permission", "A message of theirs was let in", "A message of theirs was refused",
        "Why: you have not allowed them to do this",
    ):  # fmt: skip
        assert text in said, text
    assert said.count("You gave permission") == 1


def test_receipts_are_files_that_verify(robin: Visit) -> None:
    """Giving and withdrawing leave one each; the relationship's public key proves them."""
    shop = robin.granted()
    robin.browser.get("/grants")
    robin.browser.post(f"/grants/{shop.grant_id}/withdraw")
    page = robin.browser.get(f"/grants/{shop.grant_id}").text
    (key,) = robin.rows(select(RelationshipKey))
    kept = robin.rows(select(Receipt))
    assert len(kept) == 2
    for receipt in kept:
        assert f"/grants/{shop.grant_id}/receipts/{receipt.receipt_id}" in page
        answer = robin.browser.get(f"/grants/{shop.grant_id}/receipts/{receipt.receipt_id}")
        assert answer.headers["content-type"] == "application/jose"
        assert answer.headers["content-disposition"].startswith('attachment; filename="bothways-receipt-')
        assert receipts.verify(answer.text, receipts.jwk(key.public))
    assert robin.browser.get(f"/grants/{'0' * 32}/receipts/{kept[0].receipt_id}").status_code == 404


def test_a_strangers_permission_is_not_there(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Another owner gets the 404 of what does not exist, and changes nothing."""
    shop = robin.granted()
    (receipt,) = robin.rows(select(Receipt))
    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    assert other.get(f"/grants/{shop.grant_id}").status_code == 404
    assert other.get(f"/grants/{shop.grant_id}/receipts/{receipt.receipt_id}").status_code == 404
    for verb in ("pause", "resume", "withdraw"):
        assert other.post(f"/grants/{shop.grant_id}/{verb}").status_code == 404
    assert status(robin) == "given"
