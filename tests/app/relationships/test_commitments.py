"""Promises: the fold over their events, the clock through summer time, and what may follow."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import commitments
from app.relationships.commitments import EVENT_OF, FOLLOWS, IllegalAct, State
from vault.records import Commitment, CommitmentEvent, Remedy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VENDOR = "0" * 32
TYPES = ("offered", "accepted", "kept", "broken", "claimed", "remedied", "waived", "disputed", "ended")
# Zones in which midnight is skipped, comes twice, is undone a minute later, or a whole day is missing.
ZONES = (
    "UTC",
    "Europe/Dublin",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Asia/Kathmandu",
)


def event(kind: str, *, at: datetime = NOW, recorded_at: datetime | None = None) -> CommitmentEvent:
    return CommitmentEvent.model_validate({"type": kind, "happened_at": at, "recorded_at": recorded_at or at})


def promise(*kinds: str, **fields: Any) -> Commitment:
    return Commitment.model_validate(
        {"vendor_id": VENDOR, "promise": "Delivery by Friday", "events": [event(kind) for kind in kinds], **fields}
    )


REFUND = Remedy(kind="refund", amount="20.00", currency="EUR", within="P14D")


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((), "active"),
        (("offered",), "offered"),
        (("offered", "accepted"), "active"),
        (("accepted",), "active"),
        (("accepted", "kept"), "kept"),
        (("accepted", "broken"), "broken"),
        (("accepted", "broken", "claimed"), "broken"),
        (("accepted", "broken", "claimed", "remedied"), "remedied"),
        (("accepted", "broken", "waived"), "waived"),
        (("accepted", "kept", "broken"), "broken"),
        (("accepted", "remedied"), "active"),
        (("accepted", "ended", "kept"), "ended"),
        (("offered", "kept"), "offered"),
    ],
)
def test_state_follows_the_events(kinds: tuple[str, ...], state: State) -> None:
    """Each event moves the promise where it may; one that does not follow changes nothing."""
    assert commitments.state(promise(*kinds).events) == state


@given(st.lists(st.sampled_from(TYPES), max_size=12))
def test_any_history_has_a_state(kinds: list[str]) -> None:
    """The fold is total, and each step is one of the table or none at all."""
    states = [commitments.state(promise(*kinds[:length]).events) for length in range(1, len(kinds) + 1)]
    assert set(states) <= set(get_args(State))
    for (before, after), kind in zip(pairwise(states), kinds[1:], strict=True):
        assert after == FOLLOWS[before].get(kind, before) or before == "active"


def test_a_past_state_can_be_shown_again() -> None:
    """What was known at an instant decides, not what was found out later about an earlier day."""
    kept = event("kept", at=NOW)
    found_out = event("broken", at=NOW - timedelta(days=9), recorded_at=NOW + timedelta(days=3))
    events = (event("accepted", at=NOW - timedelta(days=30)), kept, found_out)
    assert commitments.state(events, known_at=NOW + timedelta(days=1)) == "kept"
    assert commitments.state(events, known_at=NOW - timedelta(days=1)) == "active"
    assert commitments.state(events) == "broken"


@given(st.dates(min_value=date(1975, 1, 1), max_value=date(2060, 12, 31)), st.sampled_from(ZONES))
def test_a_day_ends_where_its_zone_says(day: date, name: str) -> None:
    """Just before the end it is still that day there (or, where the day is missing, an earlier one), from the end on it never is again."""
    zone = ZoneInfo(name)
    end = commitments.end_of_day(day, zone)
    assert (end - timedelta(microseconds=1)).astimezone(zone).date() <= day
    later = (end + timedelta(minutes=step) for step in range(0, 180))
    assert all(moment.astimezone(zone).date() > day for moment in later)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 11, 21), "UTC", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2026, 7, 1), "Europe/Dublin", datetime(2026, 7, 1, 23, tzinfo=UTC)),
        (date(2018, 11, 3), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # midnight skipped: 00:00 is 01:00
        (date(2018, 2, 17), "America/Sao_Paulo", datetime(2018, 2, 18, 3, tzinfo=UTC)),  # 23:00 comes twice
        (date(2026, 10, 31), "America/Havana", datetime(2026, 11, 1, 4, tzinfo=UTC)),  # 00:00 comes twice, the first ends the day
        (date(2010, 11, 6), "America/St_Johns", datetime(2010, 11, 7, 3, 30, tzinfo=UTC)),  # 00:01 back to 23:01: the second ends it
        (date(2011, 12, 29), "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the 30th is missing
    ],
)
def test_the_end_of_a_day_when_clocks_change(day: date, zone: str, end: datetime) -> None:
    """Known jumps, written out."""
    assert commitments.end_of_day(day, ZoneInfo(zone)) == end


def test_overdue_begins_at_the_due_instant() -> None:
    """Not before, and exactly from then on."""
    dated = promise("accepted", due_date=date(2026, 7, 1), time_zone="Europe/Dublin")
    end = datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert commitments.due(dated) == end
    assert not commitments.overdue(dated, now=end - timedelta(microseconds=1))
    assert commitments.overdue(dated, now=end)
    timed = promise("accepted", due_at=NOW)
    assert commitments.overdue(timed, now=NOW)
    assert not commitments.overdue(promise("accepted"), now=NOW)
    assert not commitments.overdue(promise("accepted", "kept", due_at=NOW), now=NOW)


def test_the_clock_waits_for_the_remedy_once_it_is_claimed() -> None:
    """A broken promise has no date until the owner claims; then the remedy's period runs from the claim."""
    assert commitments.next_due(promise("accepted", "broken", remedy=REFUND)) is None
    claimed = promise("accepted", "broken", "claimed", remedy=REFUND)
    assert commitments.deadline(claimed) == commitments.Deadline("remedy", NOW + timedelta(days=14))
    assert commitments.next_due(claimed) == NOW + timedelta(days=14)
    assert commitments.next_due(promise("accepted", due_at=NOW)) == NOW
    assert commitments.deadline(promise("accepted", "broken", "claimed", remedy=Remedy(kind="credit"))) is None


def test_remedy_seconds_are_the_longest_that_the_period_can_be() -> None:
    """A clock that is late is fair, one that is early is not."""
    assert commitments.remedy_seconds(promise(remedy=REFUND)) == 14 * 86_400
    assert commitments.remedy_seconds(promise(remedy=Remedy(kind="credit", within="P1M"))) == 31 * 86_400
    assert commitments.remedy_seconds(promise(remedy=Remedy(kind="credit"))) is None
    assert commitments.remedy_seconds(promise()) is None


@pytest.mark.parametrize(
    ("fields", "backed", "reason"),
    [
        ({"remedy": REFUND}, True, "remedy"),
        ({"remedy": Remedy(kind="free_exit"), "due_at": NOW}, True, "remedy"),
        ({"remedy": Remedy(kind="free_exit")}, False, "no_time"),
        ({"due_at": NOW}, False, "no_remedy"),
        ({"by": "me", "remedy": REFUND}, False, "own"),
        ({"source": "law", "remedy": REFUND}, False, "law"),
    ],
)
def test_backed_or_just_words(fields: dict[str, Any], backed: bool, reason: str) -> None:
    """Backed is a remedy that can fall due; everything else says what is missing. What they did not promise is neither."""
    stands = commitments.backing(promise(**fields))
    assert stands == commitments.Backing(backed=backed, reason=reason)
    assert (stands.promised, stands.just_words) == (reason not in {"own", "law"}, reason in {"no_time", "no_remedy"})


@pytest.mark.parametrize(
    ("made", "acts"),
    [
        (promise("accepted"), ("keep", "break", "waive")),
        (promise("accepted", remedy=REFUND), ("keep", "break", "claim", "waive")),
        (promise("accepted", "broken", remedy=REFUND), ("keep", "claim", "remedy", "waive")),
        (promise("accepted", "broken", "claimed", remedy=REFUND), ("keep", "remedy", "refuse", "waive")),
        (promise("accepted", "broken", "claimed", "refused", remedy=REFUND), ("keep", "remedy", "refuse", "waive", "dispute")),
        (promise("accepted", "kept"), ("break",)),
        (promise("accepted", "ended"), ()),
        (promise("accepted", by="me", remedy=REFUND), ("keep", "break", "waive")),
    ],
)
def test_what_may_follow(made: Commitment, acts: tuple[str, ...]) -> None:
    """Only acts that change something or are owed; a claim needs a remedy and is made once."""
    assert commitments.acts(made) == acts


@given(st.lists(st.sampled_from(TYPES), max_size=8), st.sampled_from(sorted(EVENT_OF)))
def test_an_act_is_appended_or_refused(kinds: list[str], act: Any) -> None:
    """What is allowed leaves one more event with both times; what is not leaves nothing."""
    before = promise(*kinds, remedy=REFUND)
    if act not in commitments.acts(before):
        with pytest.raises(IllegalAct):
            commitments.act_on(before, act, happened_at=NOW, now=NOW)
        return
    earlier = NOW - timedelta(days=2)
    after = commitments.act_on(before, act, happened_at=earlier, now=NOW, note="by phone")
    assert after.events[:-1] == before.events
    assert after.events[-1] == CommitmentEvent.model_validate(
        {"type": EVENT_OF[act], "happened_at": earlier, "recorded_at": NOW, "note": "by phone"}
    )


def test_a_full_history_takes_no_more() -> None:
    """The record's limit is the act's limit."""
    full = promise(*(["accepted"] + ["kept", "broken"] * 249 + ["kept"]))
    assert len(full.events) == commitments.MOST_EVENTS
    assert commitments.acts(full) == ()


def test_the_list_begins_with_what_is_longest_overdue() -> None:
    """Overdue, then due, then open without a date, then closed by how recently."""
    week, day = timedelta(days=7), timedelta(days=1)
    made = {
        "closed": promise("accepted", "kept"),
        "undated": promise("accepted"),
        "soon": promise("accepted", due_at=NOW + day),
        "later": promise("accepted", due_at=NOW + week),
        "late": promise("accepted", due_at=NOW - day),
        "latest": promise("accepted", due_at=NOW - week),
        "waived": promise(),
    }
    made["waived"] = made["waived"].model_copy(update={"events": (event("accepted"), event("waived", at=NOW + day))})
    names = sorted(made, key=lambda name: commitments.order(made[name], now=NOW))
    assert names == ["latest", "late", "soon", "later", "undated", "waived", "closed"]
    assert commitments.order(promise("ended", "kept"), now=NOW) == (2, 0.0)


def test_a_digest_is_enough_for_a_list() -> None:
    """State, deadline and backing come out of the digest as they come out of the record."""
    made = promise("accepted", "broken", "claimed", remedy=REFUND, due_date=date(2026, 7, 1), time_zone="Europe/Dublin")
    read = commitments.from_digest(made.digest())
    for of in (lambda one: commitments.state(one.events), commitments.deadline, commitments.backing, commitments.due, commitments.acts):
        assert of(read) == of(made)
