"""Promises in the browser: recorded, overdue first, kept or broken, each step kept with when it happened."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app import clock
from app.tables import CommitmentClock
from consent.store import LedgerEntry
from tests.app.ui.visits import BACKED, Visit, visit, words
from tests.browsing import Browsing
from tests.factories import make_account, make_details
from tests.instances import Instance
from vault.records import Commitment, Vendor


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing]) -> Visit:
    """The owner at a browser."""
    return visit(instance, new_browser)


def record(robin: Visit, **changes: Any) -> Any:
    """Fill in the form and send it."""
    vendor_id = robin.vendor() if "vendor" not in changes or not robin.all(Vendor) else changes["vendor"]
    robin.browser.get("/commitments/new")
    typed = {"vendor": vendor_id, "by": "them", "promise": "Delivery by Friday"} | changes
    return robin.browser.submit("/commitments", typed)


def made(robin: Visit, **changes: Any) -> str:
    """A recorded promise; its path."""
    answer = record(robin, **changes)
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"].split("?")[0])


def act(robin: Visit, path: str, verb: str, **typed: str) -> Any:
    """One act on a promise's page."""
    robin.browser.get(path)
    return robin.browser.post(f"{path}/{verb}", typed)


def clock_of(robin: Visit) -> CommitmentClock:
    """The only clock row."""
    (row,) = robin.rows(select(CommitmentClock))
    return row  # type: ignore[no-any-return]  # rows of any query


def test_an_empty_list_says_what_to_do(robin: Visit) -> None:
    """No dead end, neither here nor where no company is recorded yet."""
    assert 'href="/commitments/new"' in robin.browser.get("/commitments").text
    assert 'href="/vendors/new"' in robin.browser.get("/commitments/new").text


def test_recording_a_promise(robin: Visit) -> None:
    """All of the form is kept; clock and history begin."""
    path = made(
        robin, source="phone", metric="the parcel is here", due_date="2031-07-01", remedy="refund", amount="1 012,50", currency="eur",
        within="P1W",
        remedy_note="or a voucher",
    )  # fmt: skip
    commitment = robin.read(Commitment, path.rsplit("/", 1)[1])
    assert (commitment.promise, commitment.by, commitment.source) == ("Delivery by Friday", "them", "phone")
    assert commitment.remedy.model_dump() == {
        "kind": "refund",
        "amount": "1012.50",
        "currency": "EUR",
        "within": "P1W",
        "note": "or a voucher",
    }
    assert clock_of(robin).next_due_at == datetime(2031, 7, 2, tzinfo=UTC)
    assert (clock_of(robin).state, clock_of(robin).remedy_seconds) == ("active", 7 * 86_400)
    assert len(robin.rows(select(LedgerEntry).where(LedgerEntry.type == "commitment.made"))) == 1
    said = words(robin.browser.get(path).text)
    for text in (
        "Delivery by Friday",
        "their promise",
        "backed",
        "a refund of €1,012.50, within 1 week",
        "on the phone",
        "the parcel is here",
        "or a voucher",
    ):
        assert text in said, text


def test_a_time_makes_a_moment(robin: Visit) -> None:
    """Day and time in the owner's zone are an instant."""
    path = made(robin, due_date="2031-07-01", due_time="18:30")
    commitment = robin.read(Commitment, path.rsplit("/", 1)[1])
    assert (commitment.due_at, commitment.due_date) == (datetime(2031, 7, 1, 18, 30, tzinfo=UTC), None)


def test_a_link_may_choose_the_company(robin: Visit) -> None:
    """From a company's page its name is chosen already; who promised is not."""
    vendor_id = robin.vendor()
    robin.browser.get(f"/commitments/new?vendor={vendor_id}")
    (form,) = [form for form in robin.browser.forms if form.action == "/commitments"]
    assert form.fields["vendor"] == [vendor_id]
    assert "by" not in form.fields


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"vendor": "f" * 32}, "vendor", "Choose the company"),
        ({"promise": ""}, "promise", "Say what was promised"),
        ({"promise": "x" * 1001}, "promise", "At most 1000"),
        ({"metric": "x" * 1001}, "metric", "At most 1000"),
        ({"by": "nobody"}, "by", "Say who promised"),
        ({"source": "dream"}, "source", "where it was said"),
        ({"due_date": "soon"}, "due_date", "year-month-day"),
        ({"due_date": "0001-01-01"}, "due_date", "before 1900"),
        ({"due_date": "9000-01-01"}, "due_date", "after 8999"),
        ({"due_time": "18:30"}, "due_date", "needs its day"),
        ({"due_date": "2031-07-01", "due_time": "late"}, "due_time", "A time such as"),
        ({"amount": "20.00", "currency": "EUR"}, "remedy", "Say what is owed"),
        ({"remedy": "gold"}, "remedy", "Choose one"),
        ({"remedy": "refund", "amount": "much", "currency": "EUR"}, "amount", "in figures"),
        ({"remedy": "refund", "amount": "20.00"}, "currency", "come together"),
        ({"remedy": "refund", "currency": "EUR"}, "amount", "come together"),
        ({"remedy": "refund", "amount": "20.00", "currency": "EURO"}, "currency", "three letters"),
        ({"remedy": "refund", "within": "soon"}, "within", "one of the times"),
        ({"remedy": "refund", "remedy_note": "x" * 1001}, "remedy_note", "At most 1000"),
    ],
)
def test_a_bad_form_says_what_is_wrong(robin: Visit, typed: dict[str, str], field: str, says: str) -> None:
    """422, beside the field and in the summary; what was typed is kept, nothing recorded."""
    answer = record(robin, **typed)
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}"' in answer.text
    assert robin.all(Commitment) == []
    (form,) = [form for form in robin.browser.forms if form.action == "/commitments"]
    assert form.fields["promise"] == [typed.get("promise", "Delivery by Friday")]


def test_overdue_is_on_top_and_said(robin: Visit) -> None:
    """Sorted by how long overdue; closed ones below."""
    vendor_id = robin.vendor()
    today = clock.now().date()
    days = {"Next month": 30, "Yesterday": -1, "Last week": -7}
    for name, off in days.items():
        made(robin, vendor=vendor_id, promise=name, due_date=(today + timedelta(days=off)).isoformat())
    kept = made(robin, vendor=vendor_id, promise="Kept one")
    act(robin, kept, "keep")
    said = words(robin.browser.get("/commitments").text)
    assert said.index("Last week") < said.index("Yesterday") < said.index("Next month") < said.index("Kept one")
    assert "2 are overdue" in said


def test_broken_claimed_and_made_good(robin: Visit) -> None:
    """Each act is appended with when it happened and when it was written down; the clock follows."""
    path = made(robin, due_date="2031-07-01", remedy="refund", amount="20.00", currency="EUR", within="P1W")
    yesterday = (clock.now() - timedelta(days=1)).date()
    act(robin, path, "break", happened_on=(yesterday - timedelta(days=3)).isoformat(), note="No parcel came")
    assert (clock_of(robin).state, clock_of(robin).next_due_at) == ("broken", None)
    act(robin, path, "claim", happened_on=yesterday.isoformat())
    noon = datetime(yesterday.year, yesterday.month, yesterday.day, 12, tzinfo=UTC)
    assert clock_of(robin).next_due_at == noon + timedelta(days=7)
    said = words(robin.browser.get(path).text)
    assert "No parcel came" in said
    assert "Remedy due" in said
    assert "written down" in said
    answer = act(robin, path, "remedy")
    assert answer.headers["location"] == f"{path}?done=noted"
    assert (clock_of(robin).state, clock_of(robin).next_due_at) == ("remedied", None)
    commitment = robin.read(Commitment, path.rsplit("/", 1)[1])
    assert [event.type for event in commitment.events] == ["accepted", "broken", "claimed", "remedied"]
    types = [entry.type for entry in robin.rows(select(LedgerEntry).order_by(col(LedgerEntry.seq)))]
    assert types == ["commitment.made", "commitment.broken", "commitment.claimed", "commitment.remedied"]


def test_letting_go_and_correcting(robin: Visit) -> None:
    """A slip is mended by another step; what does not follow is refused without a trace."""
    path = made(robin)
    act(robin, path, "waive")
    act(robin, path, "keep")
    act(robin, path, "break")
    assert act(robin, path, "claim").headers["location"].endswith("?done=already")
    commitment = robin.read(Commitment, path.rsplit("/", 1)[1])
    assert [event.type for event in commitment.events] == ["accepted", "waived", "kept", "broken"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"happened_on": "soon"}, "happened_on"), ({"happened_on": "2999-01-01"}, "happened_on"), ({"note": "x" * 20_001}, "note")],
)
def test_a_bad_step_is_not_taken(robin: Visit, typed: dict[str, str], field: str) -> None:
    """The field says why, the note is kept."""
    path = made(robin)
    answer = act(robin, path, "keep", **typed)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert len(robin.read(Commitment, path.rsplit("/", 1)[1]).events) == 1


def test_a_promise_that_runs_from_the_claim_gets_its_date_by_claiming(robin: Visit) -> None:
    """The terms said 14 days of asking for it: the claim starts them."""
    asked = make_details(now=clock.now())
    asked[0]["in_return"] = [BACKED]
    shop = robin.granted(asked)
    (row,) = robin.rows(select(CommitmentClock))
    assert (row.grant_id, row.next_due_at) == (shop.grant_id, None)
    path = f"/commitments/{row.commitment_id}"
    assert "within 14 days of your asking for it" in words(robin.browser.get(path).text)
    before = clock.now()
    act(robin, path, "claim")
    due = clock_of(robin).next_due_at
    assert due is not None
    assert timedelta(days=14) <= due - before < timedelta(days=14, minutes=1)
    assert f'href="/grants/{shop.grant_id}"' in robin.browser.get(path).text


def test_a_strangers_promise_is_not_there(robin: Visit, new_browser: Callable[[], Browsing]) -> None:
    """Another owner gets the 404 of what does not exist."""
    path = made(robin)
    make_account(robin.instance.stores, "sasha")
    other = new_browser().unlock("sasha")
    assert other.get(path).status_code == 404
    for verb in ("keep", "break", "claim", "remedy", "waive"):
        assert other.post(f"{path}/{verb}").status_code == 404
    assert len(robin.read(Commitment, path.rsplit("/", 1)[1]).events) == 1
