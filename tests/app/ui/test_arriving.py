"""What opening a page lets in: under the same law as a form, for a session that is still there, with the ledger's mark raised."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from sqlmodel import select

from app import clock
from app.auth import sessions
from app.exchange import letters, marks
from consent import ledger
from consent.store import LedgerEntry, LedgerHead
from tests.app.ui.visits import visit
from tests.browsing import Browsing
from tests.instances import Instance
from tests.reading_shop import Scene

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_page_that_waits_while_its_session_ends_lets_nothing_in(instance: Instance, owner_browser: Browsing) -> None:
    """Whoever ends sessions holds the lock that the page waits for."""
    scene = Scene(instance, owner_browser, "1 Harbour Street").grant()
    scene.robin.get(f"/letters/new?to={scene.vendor_id}")
    letter = scene.robin.submit("/letters/new", {"subject": "Bread", "body": "Where is it?"}).headers["location"].split("?")[0]
    said = {"title": "Here", "body": "Where it always is."}
    assert scene.shop.http.post(f"/api/v1{letter}/answers", json=said, headers=scene.shop.bearer).status_code == 201
    answers: list[Response] = []
    page = threading.Thread(target=lambda: answers.append(scene.robin.get("/letters", follow=False)))
    account_id, stores = scene.account.account_id, instance.stores
    with stores.main.writing() as db:
        ledger.lock(db, account_id)
        page.start()
        page.join(1)
        assert page.is_alive(), "the page did not wait for the lock"
        sessions.end_others(stores.state, account_id, keep=None)
    page.join()
    assert (answers[0].status_code, answers[0].headers["location"]) == (303, "/unlock?next=/letters")
    with stores.main.reading() as db:
        assert letters.waiting(db, account_id)
    assert "Where it always is." in scene.robin.unlock().get(letter).text


def test_what_a_page_writes_down_is_remembered_outside_the_database(
    instance: Instance, new_browser: Callable[[], Browsing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year of times that a promise missed, noticed by a page after the unlock."""
    instance.app.state.worker.stop()
    monkeypatch.setattr(clock, "now", lambda: START)
    robin = visit(instance, new_browser)
    vendor_id = robin.vendor()
    robin.browser.get("/commitments/new")
    typed = {"vendor": vendor_id, "by": "them", "promise": "The bill comes", "when": "cycle", "every": "1", "unit": "month"}
    assert robin.browser.submit("/commitments", {**typed, "first": "2026-11-30"}).status_code == 303
    back = START + timedelta(days=365)
    monkeypatch.setattr(clock, "now", lambda: back)
    robin.browser.unlock()
    instance.app.state.worker.tick(back)
    due = select(LedgerEntry.seq).where(LedgerEntry.type == "commitment.due")
    assert len(robin.rows(due)) == 1
    robin.browser.get("/commitments")
    assert len(robin.rows(due)) == 12
    (head,) = robin.rows(select(LedgerHead))
    assert marks.mark_of(instance.stores.state, head.account_id) == (head.size, head.head)
