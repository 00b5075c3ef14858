"""History in the browser: read by the owner alone, and any tampering found."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, delete, select

from app import clock
from app.exchange import marks
from app.state import LedgerMark
from app.ui import wording
from app.ui.ledger import handlers as ledger
from app.ui.ledger import history
from consent import ledger as rules
from consent.store import LedgerEntry, LedgerHead
from tests.app.api.loop import message
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def test_an_empty_history_says_what_to_do(robin: Visit) -> None:
    """No dead end; an empty chain holds."""
    assert "Nothing has happened yet" in words(robin.browser.get("/ledger").text)
    assert "0 entries, and every one holds" in words(robin.browser.get("/ledger/verify").text)


def test_each_line_says_who_did_what(robin: Visit) -> None:
    """Newest first, in words, the owner's and the company's acts in their own colours."""
    shop = robin.granted()
    shop.post("/messages", message())
    shop.post("/messages", message(purpose="dpv:DeliveryOfGoods"))
    page = robin.browser.get("/ledger").text
    said = words(page)
    assert said.index("A message of theirs was refused") < said.index("A message of theirs was let in") < said.index("You gave permission")
    assert "Why: you have not allowed this purpose" in said
    assert "by Corner Shop" in said
    assert "by you" in said
    assert '<li class="theirs">' in page
    assert '<li class="mine">' in page
    assert f'href="/grants/{shop.grant_id}"' in page


def test_pages_by_key(robin: Visit) -> None:
    """Fifty a page, none twice, none missing; a number that is none is not there."""
    with robin.instance.stores.main.writing() as db:
        for _n in range(120):
            rules.append(db, robin.owner.act(), "export.made", {})
    seen: list[int] = []
    path: str | None = "/ledger"
    for _page in range(3):
        assert path is not None
        page = robin.browser.get(path).text
        seen += [int(part.split("<", 1)[0]) for part in page.split('<span class="num">')[1:]]
        older = [part.split('"', 1)[0] for part in page.split('href="/ledger?before=')[1:]]
        path = f"/ledger?before={older[0]}" if older else None
    assert path is None
    assert seen == list(range(120, 0, -1))
    assert len(seen) > 2 * history.PAGE
    assert robin.browser.get("/ledger?before=x").status_code == 404


def test_every_type_has_words() -> None:
    """Whatever the engine writes down, the page can say, and nothing else."""
    assert set(wording.LEDGER) == rules.TYPES


def test_a_sound_history_holds(robin: Visit) -> None:
    """Verified by the same walk as the command line's, and compared with what state remembers."""
    robin.granted()
    robin.browser.get("/grants")
    robin.browser.post("/addresses")
    said = words(robin.browser.get("/ledger/verify").text)
    (head,) = robin.rows(select(LedgerHead))
    assert f"{head.size} entries, and every one holds" in said
    assert f"what this service remembers apart from the database: {head.size} entries" in said
    assert head.head.hex() in said


def tamper(robin: Visit, statement: str, **values: Any) -> None:
    """Change the main database behind the program's back."""
    with robin.instance.stores.main.writing() as db:
        db.execute(text(statement), values)


@pytest.mark.parametrize(
    ("statement", "entry", "fault"),
    [
        ("UPDATE ledger_entry SET type = 'grant.paused' WHERE seq = 3", 3, "changed"),
        ("UPDATE ledger_entry SET actor = 'instance' WHERE seq = 1", 1, "changed"),
        ("UPDATE ledger_entry SET sealed = (SELECT sealed FROM ledger_entry WHERE seq = 2) WHERE seq = 3", 3, "details"),
        ("DELETE FROM ledger_entry WHERE seq = 2", 2, "missing"),
        ("UPDATE ledger_entry SET previous = hash WHERE seq = 3", 3, "chain"),
    ],
)
def test_tampering_is_found_and_placed(robin: Visit, statement: str, entry: int, fault: str) -> None:
    """Edit, swap, deletion: the entry to blame is named, with what is wrong."""
    robin.granted()
    robin.browser.post("/addresses")
    tamper(robin, statement)
    said = words(robin.browser.get("/ledger/verify").text)
    assert f"The history does not hold from entry {entry} on" in said
    assert str(ledger.FAULTS[fault]) in said
    assert robin.browser.get("/ledger").status_code == 200


def test_a_shortened_history_is_found(robin: Visit) -> None:
    """Truncated and made to look whole: what state remembers gives it away."""
    robin.granted()
    robin.browser.post("/addresses")
    with robin.instance.stores.main.writing() as db:
        head = db.exec(select(LedgerHead)).one()
        db.exec(delete(LedgerEntry).where(col(LedgerEntry.seq) > 1))
        head.size, head.head = 1, db.exec(select(LedgerEntry.hash)).one()
        db.add(head)
    said = words(robin.browser.get("/ledger/verify").text)
    assert "The history does not hold" in said
    assert str(ledger.FAULTS["truncated"]) in said


def test_without_a_memory_the_page_says_so(robin: Visit) -> None:
    """A lost state store is not a sound history."""
    robin.browser.get("/addresses")
    robin.browser.post("/addresses")
    with robin.instance.stores.state.writing() as db:
        db.exec(delete(LedgerMark))
    assert "no memory of its own" in words(robin.browser.get("/ledger/verify").text)
    marks.raise_mark(robin.instance.stores.state, robin.owner.account_id, size=1, head=bytes(32), now=clock.now())
    assert "written anew" in words(robin.browser.get("/ledger/verify").text)


def test_details_that_do_not_open_are_marked(robin: Visit) -> None:
    """The list stays readable around them."""
    robin.browser.get("/addresses")
    robin.browser.post("/addresses")
    tamper(robin, "UPDATE ledger_entry SET sealed = :junk", junk=b"junk")
    assert "its details do not open" in words(robin.browser.get("/ledger").text)
