"""The inbox: what passed the gate, shown so that nothing runs or loads; read, rated, taken back."""

import threading
from collections.abc import Callable

import pytest
from httpx2 import Response
from sqlmodel import select

from app.auth import sessions
from app.tables import Message
from consent import ledger
from consent.store import LedgerEntry
from tests.app.api.loop import Shop, message
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance
from vault.records import MessageRecord


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def send(shop: Shop, **changes: object) -> str:
    """A message that gets in; its id."""
    answer = shop.post("/messages", message(**changes))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_an_empty_inbox_says_what_to_do(robin: Visit) -> None:
    """No dead end."""
    page = robin.browser.get("/inbox")
    assert page.status_code == 200
    assert "Nothing has come" in words(page.text)


def test_what_came_is_there_and_opening_it_reads_it(robin: Visit) -> None:
    """It waits sealed, is collected when the list opens, and is read when it is opened."""
    shop = robin.granted()
    message_id = send(shop, title="New bread", body="From **eight**.", format="markdown", url="https://shop.example/bread")
    assert robin.rows(select(Message))[0].sealed is not None
    listed = robin.browser.get("/inbox").text
    assert robin.rows(select(Message))[0].sealed is None
    assert f'href="/inbox/{message_id}"' in listed
    assert "1 unread" in words(listed)
    assert robin.read(MessageRecord, message_id).read_at is None
    page = robin.browser.get(f"/inbox/{message_id}").text
    assert "<strong>eight</strong>" in page
    assert '<a href="https://shop.example/bread" rel="noopener noreferrer nofollow">shop.example</a>' in page
    assert f'href="/grants/{shop.grant_id}"' in page
    assert robin.read(MessageRecord, message_id).read_at is not None
    assert "unread" not in words(robin.browser.get("/inbox").text)


def test_a_message_opens_before_the_list_did(robin: Visit) -> None:
    """A link to it collects it."""
    message_id = send(robin.granted())
    assert robin.browser.get(f"/inbox/{message_id}").status_code == 200


def test_a_message_is_not_read_by_a_session_that_ends_meanwhile(instance: Instance, robin: Visit) -> None:
    """The page waits for the lock that whoever ends sessions holds; then it writes nothing, and asks for the passphrase."""
    message_id = send(robin.granted())
    account_id, stores = robin.owner.account_id, instance.stores
    robin.browser.get("/inbox")
    answers: list[Response] = []
    page = threading.Thread(target=lambda: answers.append(robin.browser.get(f"/inbox/{message_id}", follow=False)))
    with stores.main.writing() as db:
        ledger.lock(db, account_id)
        page.start()
        page.join(1)
        assert page.is_alive(), "the page did not wait for the lock"
        sessions.end_others(stores.state, account_id, keep=None)
    page.join()
    assert (answers[0].status_code, answers[0].headers["location"]) == (303, f"/unlock?next=/inbox/{message_id}")
    robin.browser.unlock()
    assert robin.read(MessageRecord, message_id).read_at is None


def test_another_site_cannot_mark_it_read(robin: Visit) -> None:
    """A link from elsewhere shows the message and changes nothing."""
    message_id = send(robin.granted())
    answer = robin.browser.client.get(f"/inbox/{message_id}", headers={"accept": "text/html", "sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert robin.read(MessageRecord, message_id).read_at is None


def test_a_hostile_message_is_harmless(robin: Visit) -> None:
    """No script, image, style or form of the vendor's reaches the page; links say their host."""
    hostile = (
        "<script>alert(1)</script><img src='https://t.example/p.gif' alt='a shop'><p style='background:url(https://t.example/b)'>Hi</p>"
        "<form action='https://t.example'><input name='passphrase'></form><a href='https://evil.example'>https://bank.example</a>"
    )
    message_id = send(robin.granted(), title="<b>Sale</b>\u202e", body=hostile, format="html", url="https://evil.example/x")
    page = robin.browser.get(f"/inbox/{message_id}").text
    letter = page.split('<div class="letter', 1)[1].split("</div>", 1)[0]
    assert "t.example" not in page
    assert "alert(1)" not in page
    assert "<b>Sale" not in page
    assert "\u202e" not in page
    assert "<input" not in letter
    assert "[image: a shop]" in letter
    assert "(evil.example)" in letter


def test_rating(robin: Visit) -> None:
    """A vote is kept and written down once; a changed mind is another line; anything else is no vote."""
    message_id = send(robin.granted())
    robin.browser.get(f"/inbox/{message_id}")
    for vote in ("useful", "useful", "not_useful"):
        answer = robin.browser.post(f"/inbox/{message_id}/vote", {"vote": vote})
        assert answer.headers["location"] == f"/inbox/{message_id}?done=voted"
    assert robin.read(MessageRecord, message_id).vote == "not_useful"
    assert len(robin.rows(select(LedgerEntry).where(LedgerEntry.type == "message.voted"))) == 2
    assert robin.browser.post(f"/inbox/{message_id}/vote", {"vote": "spam"}).status_code == 404
    assert "You said: not useful" in words(robin.browser.get(f"/inbox/{message_id}").text)


def test_taken_back(robin: Visit) -> None:
    """An opened message stays, marked; one that was never opened goes."""
    shop = robin.granted()
    opened, unopened = send(shop), send(shop)
    robin.browser.get(f"/inbox/{opened}")
    for message_id in (opened, unopened):
        assert shop.delete(f"/messages/{message_id}").status_code == 204
    assert "They took this back" in words(robin.browser.get(f"/inbox/{opened}").text)
    assert robin.browser.get(f"/inbox/{unopened}").status_code == 404
    listed = robin.browser.get("/inbox").text
    assert "taken back" in words(listed)
    assert unopened not in listed


def test_grouped_by_company_with_the_unread_first(robin: Visit) -> None:
    """Two companies; the one with something unread is on top, its unread message first."""
    first, second = robin.granted(), robin.granted()
    read, unread = send(first, title="First read"), send(second, title="Second unread")
    robin.browser.get(f"/inbox/{read}")
    robin.browser.get(f"/inbox/{send(second, title='Second read')}")
    listed = words(robin.browser.get("/inbox").text)
    assert listed.index("Second unread") < listed.index("Second read") < listed.index("First read")
    assert robin.read(MessageRecord, unread).read_at is None


def test_a_strangers_message_is_not_there(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Another owner gets the 404 of what does not exist."""
    message_id = send(robin.granted())
    robin.browser.get("/inbox")
    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    assert other.get(f"/inbox/{message_id}").status_code == 404
    assert other.post(f"/inbox/{message_id}/vote", {"vote": "useful"}).status_code == 404
    assert robin.read(MessageRecord, message_id).vote is None
