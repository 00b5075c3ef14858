"""The scorecard: kept rate with its range, time to remedy, money claimed and received; each time counted by itself."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import scorecard
from app.relationships.ranges import Range
from app.relationships.scorecard import OUTCOMES
from tests.app.relationships.test_commitments import NOW, REFUND, event, promise
from tests.app.relationships.test_deadlines import DAY, MONTHLY, scheduled, step
from vault.records import Commitment, Following


@pytest.mark.parametrize(
    ("kept", "decided", "low", "high"),
    [  # computed by hand from the formula, to four places
        (0, 1, 0.0, 0.7935),
        (1, 1, 0.2065, 1.0),
        (1, 2, 0.0945, 0.9055),
        (9, 10, 0.5958, 0.9821),
        (0, 10, 0.0, 0.2775),
        (15, 30, 0.3315, 0.6685),
    ],
)
def test_the_range_of_few_is_wide(kept: int, decided: int, low: float, high: float) -> None:
    """Wilson's interval, its ends exactly 0 and 1 where none, or all, were kept."""
    found = scorecard.wilson(kept, decided)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=0, max_value=300))
def test_the_range_holds_the_share_and_narrows(kept: int, broken: int) -> None:
    """The share kept lies within; the same share of more promises is known better; of none nothing is known."""
    decided = kept + broken
    found = scorecard.wilson(kept, decided)
    if not decided:
        assert found == Range(0.0, 1.0)
        return
    assert 0 <= found.low <= kept / decided <= found.high <= 1
    assert scorecard.wilson(4 * kept, 4 * decided).width < found.width


def test_a_card_adds_up() -> None:
    """Made good counts as broken in the rate; nothing said, open and let go do not; what was only offered is none of it."""
    late = NOW - 9 * DAY
    mended = promise("accepted", remedy=REFUND, due_at=late).model_copy(
        update={
            "events": (event("accepted", at=late), event("broken", at=late), event("claimed", at=late), event("remedied", at=NOW - 3 * DAY))
        }
    )
    found = {
        "kept": promise("accepted", "kept"),
        "mended": mended,
        "broken": promise("accepted", "broken", "claimed", remedy=REFUND.model_copy(update={"currency": "USD"})),
        "disputed": promise("accepted", "disputed"),
        "late": promise("accepted", due_at=late),
        "open": promise("accepted"),
        "gone": promise("accepted", "waived"),
        "offered": promise("offered"),
    }
    card = scorecard.card(found.items(), now=NOW)
    assert [card.count(outcome) for outcome in OUTCOMES] == [1] * 7
    assert (card.promises, card.backed, card.decided, card.rate) == (7, 2, 3, 1 / 3)
    assert card.range == scorecard.wilson(1, 3)
    assert (card.days, card.middle_days) == ((6,), 6)
    assert (card.claimed, card.received) == ({"EUR": Decimal("20.00"), "USD": Decimal("20.00")}, {"EUR": Decimal("20.00")})


def test_what_the_law_asks_is_neither_backed_nor_just_words() -> None:
    """It is counted by itself; whether it was done counts as with any other."""
    found = {"words": promise("accepted"), "law": promise("accepted", "broken", source="law"), "backed": promise("accepted", remedy=REFUND)}
    card = scorecard.card(found.items(), now=NOW)
    assert (card.promises, card.backed, card.lawful, card.count("broken")) == (2, 1, 1, 1)


def test_days_to_a_remedy_are_those_of_the_calendar() -> None:
    """From one evening to the morning after the next are two days."""
    late, early = (datetime(2026, 11, day, hour, tzinfo=UTC) for day, hour in ((3, 22), (5, 7)))
    made = promise("accepted").model_copy(
        update={"events": (event("accepted", at=late), event("broken", at=late), event("remedied", at=early))}
    )
    assert scorecard.card([("id", made)], now=NOW).days == (2,)


def test_nothing_is_not_a_rate() -> None:
    """Without a promise that turned out there is no share, no days, no money."""
    card = scorecard.card([("id", promise("accepted"))], now=NOW)
    assert (card.rate, card.range, card.middle_days, card.claimed, card.received) == (None, Range(0.0, 1.0), None, {}, {})


def test_each_time_is_counted() -> None:
    """Those spoken of, in rows too, and those that passed without a word; not those that lie ahead."""
    first = date(2026, 11, 30)
    made = scheduled(MONTHLY, step("kept", first, through=date(2027, 1, 30)), step("broken", date(2027, 3, 30)))
    later = NOW + 150 * DAY
    assert [(one.occurrence, one.outcome) for one in scorecard.judge("id", made, now=later)] == [
        (first, "kept"),
        (date(2026, 12, 30), "kept"),
        (date(2027, 1, 30), "kept"),
        (date(2027, 2, 28), "overdue"),
        (date(2027, 3, 30), "broken"),
    ]
    fresh = scorecard.judge("id", scheduled(MONTHLY), now=NOW)
    assert fresh == []
    started = scheduled(Following(event="claim", within="P14D"), step("started", NOW.date()))
    assert [one.outcome for one in scorecard.judge("id", started, now=NOW)] == ["open"]


def test_money_is_what_the_step_says() -> None:
    """The sum that was claimed or came, where it was said; a remedy that was taken back again came to nothing."""
    paid = REFUND.model_copy(update={"amount": None, "currency": None})
    said = step("claimed", NOW.date(), amount="7.50", currency="EUR").model_copy(update={"occurrence": None})
    made = promise("accepted", "broken", remedy=paid).model_copy(update={"events": (event("accepted"), event("broken"), said)})
    assert scorecard.card([("id", made)], now=NOW).claimed == {"EUR": Decimal("7.50")}
    undone = promise("accepted", "broken", "remedied", "broken", remedy=REFUND)
    assert scorecard.card([("id", undone)], now=NOW).received == {}
    silent = promise("accepted", "broken", "claimed", remedy=paid)
    assert scorecard.card([("id", silent)], now=NOW).claimed == {}
    noted_late: Commitment = promise("accepted", "broken", "remedied").model_copy(
        update={"events": (event("broken", at=NOW), event("remedied", at=NOW - timedelta(days=2)))}
    )
    assert scorecard.card([("id", noted_late)], now=NOW).days == ()
