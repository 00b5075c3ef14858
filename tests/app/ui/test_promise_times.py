"""Promises that count more than once, in the browser: recorded, missed while nobody looked, decided time by time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app import clock
from app.auth.form import Form
from app.exchange import reminders
from app.tables import CommitmentClock
from app.ui.commitments import schedule_form
from app.ui.forms import FormErrors
from app.worker import Worker
from consent.store import LedgerEntry
from tests.app.ui.visits import Visit, visit, words
from tests.browsing import Browsing
from tests.instances import Instance
from vault.records import Commitment, Cycle, Following, Layer, PriceHeld, Profile, Schedule, Term, Warranty

DAY = timedelta(days=1)
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def robin(instance: Instance, new_browser: Callable[[], Browsing], monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The owner at a browser, on a day that is known."""
    instance.app.state.worker.stop()
    monkeypatch.setattr(clock, "now", lambda: START)
    return visit(instance, new_browser)


def record(robin: Visit, **typed: str) -> Any:
    """Fill in the form and send it."""
    vendor_id = robin.vendor()
    robin.browser.get("/commitments/new")
    return robin.browser.submit("/commitments", {"vendor": vendor_id, "by": "them", "promise": "The bill comes", **typed})


def made(robin: Visit, **typed: str) -> str:
    """A recorded promise; its path."""
    answer = record(robin, **typed)
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"].split("?")[0])


def read(robin: Visit, path: str) -> Commitment:
    """A promise as it is kept."""
    found: Commitment = robin.read(Commitment, path.rsplit("/", 1)[1])
    return found


def test_a_year_without_a_look_is_noticed_once_and_in_order(robin: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock notices the first time; the next unlock all that followed, each once; then they are decided in one go, and one by one."""
    path = made(robin, when="cycle", every="1", unit="month", first="2026-11-30")
    back = START + 365 * DAY
    monkeypatch.setattr(clock, "now", lambda: back)
    worker: Worker = robin.instance.app.state.worker
    worker.tick(back)
    robin.browser.unlock()
    robin.browser.get("/commitments")
    said = words(robin.browser.get(path).text)
    due = select(LedgerEntry.seq).where(LedgerEntry.type == "commitment.due").order_by(col(LedgerEntry.seq))
    assert len(robin.rows(due)) == 12
    (row,) = robin.rows(select(CommitmentClock))
    assert (row.noticed_at, row.next_due_at, row.ahead_at) == (datetime(2027, 10, 31, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC), None)
    for text in ("every month", "What happened with the one of 30 Nov 2026?", "All 12 that wait were kept", "overdue"):
        assert text in said, text
    (form,) = [form for form in robin.browser.forms if form.action == f"{path}/keep"]
    typed = {**form.fields, "through": "2027-09-30"}
    assert robin.browser.post(f"{path}/keep", typed).headers["location"] == f"{path}?done=noted"
    robin.browser.get(f"{path}?time=2027-10-30")
    robin.browser.post(f"{path}/break", {"occurrence": "2027-10-30", "note": "none came"})
    steps = [(step.type, str(step.occurrence), str(step.through)) for step in read(robin, path).events[1:]]
    assert steps == [("kept", "2026-11-30", "2027-09-30"), ("broken", "2027-10-30", "None")]
    said = words(robin.browser.get(path).text)
    assert "all from 30 Nov 2026 to 30 Sept 2027" in said
    assert "What happened with the one of 30 Oct 2027?" in said
    worker.tick(back)
    assert len(robin.rows(due)) == 12
    robin.browser.get(f"{path}?time=2027-10-30")
    assert robin.browser.post(f"{path}/keep", {"occurrence": "2027-11-30", "through": "2027-10-30"}).status_code == 404
    assert robin.browser.post(f"{path}/keep", {"occurrence": "soon"}).status_code == 404
    assert robin.browser.get(f"{path}?time=soon").status_code == 404
    assert robin.browser.post(f"{path}/befriend").status_code == 404


TIMES: tuple[tuple[dict[str, str], Schedule, str], ...] = (
    (
        {"when": "cycle", "every": "2", "unit": "week", "first": "2026-12-01", "cycle_time": "18:30", "until": "2027-12-01"},
        Cycle(every=2, unit="week", first="2026-12-01", at="18:30", until="2027-12-01"),
        "every 2 weeks From when from 1 Dec 2026 to 1 Dec 2027, at 18:30",
    ),
    (
        {"when": "following", "event": "return", "counted": "P2W"},
        Following(event="return", within="P2W"),
        "within 2 weeks of my sending",
    ),
    (
        {"when": "term", "ends": "2027-06-30", "notice": "P3M", "renews": "P1Y"},
        Term(ends="2027-06-30", notice="P3M", renews="P1Y"),
        "3 months before the end; the first time by 30 Mar 2027",
    ),
    ({"when": "term", "ends": "2027-06-30", "renews": "P1Y"}, Term(ends="2027-06-30", renews="P1Y"), "up to the last day"),
    ({"when": "term", "ends": "2027-06-30"}, Term(ends="2027-06-30"), "Then it is over"),
    (
        {"when": "price", "price_until": "2027-01-31", "price_amount": "1 012,50", "price_currency": "eur"},
        PriceHeld(until="2027-01-31", amount="1012.50", currency="EUR"),
        "€1,012.50 Holds to the end of 31 Jan 2027",
    ),
    (
        {"when": "warranty", "maker_starts": "2026-11-01", "maker_until": "2028-10-31", "maker_what": "the motor"},
        Warranty(layers=(Layer(by="maker", starts="2026-11-01", until="2028-10-31", what="the motor"),)),
        "Warranty: the maker from 1 Nov 2026 to the end of 31 Oct 2028: the motor",
    ),
)


def test_each_kind_of_time_is_recorded_and_said(robin: Visit) -> None:
    """From the form to the record, and back into words; the list says what is next."""
    for typed, schedule, says in TIMES:
        path = made(robin, **typed)
        assert read(robin, path).schedule == schedule
        assert says in words(robin.browser.get(path).text)
    said = words(robin.browser.get("/commitments").text)
    for text in ("due 1 Dec 2026, 18:30", "last day for notice 30 Mar 2027", "ends 31 Jan 2027", "What lies ahead", "In the year ahead"):
        assert text in said, text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"when": "never"}, "when"),
        ({"when": "cycle"}, "first"),
        ({"when": "cycle", "first": "2027-01-02", "until": "2027-01-01"}, "until"),
        ({"when": "cycle", "first": "2027-01-02", "until": "9999-01-01"}, "until"),
        ({"when": "cycle", "first": "2027-01-02", "every": "0", "unit": "day"}, "every"),
        ({"when": "cycle", "first": "2027-01-02", "unit": "blue moon"}, "unit"),
        ({"when": "cycle", "first": "2027-01-02", "cycle_time": "noon"}, "cycle_time"),
        ({"when": "following", "event": "rain", "counted": "P2W"}, "event"),
        ({"when": "following", "event": "claim", "counted": "soon"}, "counted"),
        ({"when": "term"}, "ends"),
        ({"when": "term", "ends": "2027-06-30", "notice": "early"}, "notice"),
        ({"when": "price", "price_until": "2027-06-30", "price_amount": "20"}, "price_currency"),
        ({"when": "price", "price_until": "2027-06-30", "price_amount": "much", "price_currency": "EUR"}, "price_amount"),
        ({"when": "warranty"}, "statutory_until"),
        ({"when": "warranty", "seller_starts": "2027-01-02", "seller_until": "2027-01-01"}, "seller_until"),
    ],
)
def test_a_time_that_cannot_be_is_told(typed: dict[str, str], field: str) -> None:
    """The field says why, nothing is made of it."""
    errors = FormErrors()
    schedule_form.read(Form({"unit": ["month"]} | {name: [value] for name, value in typed.items()}), errors, "UTC")
    assert list(errors) == [field]


def test_the_clock_begins_when_i_say_so(robin: Visit) -> None:
    """Within two weeks of a return: nothing waits until there is one; two on different days run side by side."""
    path = made(robin, when="following", event="return", counted="P2W", remedy="refund", amount="9.00", currency="EUR")
    assert "Its time begins to run" in words(robin.browser.get(path).text)
    for day in ("2026-11-01", "2026-11-20", "2026-11-20"):
        robin.browser.get(path)
        robin.browser.post(f"{path}/start", {"happened_on": day})
    said = words(robin.browser.get(path).text)
    assert "due 15 Nov 2026 overdue" in said
    assert "due 4 Dec 2026" in said
    robin.browser.post(f"{path}/break", {"occurrence": "2026-11-01"})
    robin.browser.post(f"{path}/claim", {"occurrence": "2026-11-01", "amount": "1 012,50", "currency": "eur"})
    assert (read(robin, path).events[-1].amount, read(robin, path).events[-1].currency) == ("1012.50", "EUR")
    for typed, field in (
        ({"amount": "x", "currency": "EUR"}, "amount"),
        ({"amount": "1"}, "currency"),
        ({"amount": "1", "currency": "E"}, "currency"),
        ({"currency": "EUR"}, "amount"),
        ({"amount": "-1", "currency": "EUR"}, "amount"),
        ({"happened_on": "0001-01-01"}, "happened_on"),
    ):
        answer = robin.browser.post(f"{path}/remedy", {"occurrence": "2026-11-01", **typed})
        assert (answer.status_code, f'href="#f-{field}"' in answer.text) == (422, True)
    robin.browser.post(f"{path}/refuse", {"occurrence": "2026-11-01", "note": "It was worn"})
    assert "I dispute it" in words(robin.browser.get(path).text)
    assert "€1,012.50" in words(robin.browser.get(path).text)


def test_notice_is_given_and_the_contract_ends(robin: Visit) -> None:
    """Before the last day it ends with this term; the clock waits for that end."""
    path = made(robin, when="term", ends="2027-06-30", notice="P3M", renews="P1Y", by="me", remedy="other")
    assert "If you break it, you owe them" in words(robin.browser.get(path).text)
    robin.browser.post(f"{path}/cancel")
    (row,) = robin.rows(select(CommitmentClock))
    assert row.next_due_at == datetime(2027, 7, 1, tzinfo=UTC)
    said = words(robin.browser.get(path).text)
    assert "Ends 30 Jun 2027" in said
    assert "Notice given" in said
    robin.browser.post(f"{path}/end")
    assert "What happened?" not in words(robin.browser.get(path).text)


def test_a_week_missed_long_ago_is_late_everywhere(robin: Visit) -> None:
    """Thirty steps are more than a digest tells: Today, the company's page and the calendar read them all."""
    vendor_id, weeks = robin.vendor(), [START.date() - 7 * DAY * number for number in range(30, 0, -1)]
    missed, written = weeks.pop(-2), START - 30 * 7 * DAY
    steps = [{"type": "accepted", "happened_at": written, "recorded_at": written}]
    steps += [{"type": "kept", "happened_at": START, "recorded_at": START, "occurrence": day} for day in weeks]
    weekly = {"kind": "cycle", "unit": "week", "first": weeks[0]}
    robin.keep(Commitment.model_validate({"vendor_id": vendor_id, "promise": "The bins go out", "schedule": weekly, "events": steps}))
    assert "Say how it went" in words(robin.browser.get("/today").text)
    assert "overdue" in words(robin.browser.get(f"/vendors/{vendor_id}").text)
    with robin.instance.stores.main.reading() as db:
        days = {one.on for one in reminders.due(db, robin.owner.keyring, Profile(), now=START)}
    assert missed in days and not days.intersection(weeks)


def test_a_warranty_is_filled_in_layer_by_layer(robin: Visit) -> None:
    """The first layer is open, the others one press away; a layer with something in it, or wrong with it, is open again."""
    vendor_id = robin.vendor()
    page = robin.browser.get("/commitments/new").text
    layers = page.partition('class="when-part when-warranty"')[2]
    assert (layers.count("<details open>"), layers.count("<details>")) == (1, 2)
    typed = {"vendor": vendor_id, "by": "them", "promise": "p", "when": "warranty", "seller_until": "x"}
    answer = robin.browser.submit("/commitments", typed)
    layers = answer.text.partition('class="when-part when-warranty"')[2]
    assert answer.status_code == 422 and layers.count("<details open>") == 2
