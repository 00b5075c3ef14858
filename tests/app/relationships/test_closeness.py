"""Closeness shown: counted from what the company began, a range where it is not settled, unknown where nothing is known."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships import closeness
from app.relationships.closeness import Level, Sign, level, shown, verdict
from app.relationships.timeline import Mark
from vault.records import MailSeen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=800)
signs = st.lists(
    st.builds(
        Sign,
        at=st.integers(0, 500).map(lambda days: NOW - timedelta(days=days)),
        what=st.sampled_from(sorted(closeness.WEIGHT)),
        by=st.sampled_from(["me", "them"]),
        source=st.just("interaction"),
        record_id=st.text("ab", min_size=1, max_size=2),
    ),
    max_size=30,
)


def sign(what: str = "offer", *, days: int = 10, by: str = "them", name: str = "a") -> Sign:
    """One sign some days ago."""
    return Sign(NOW - timedelta(days=days), what, by, "message", name)  # type: ignore[arg-type]  # codes as the tests write them


def test_nothing_known_is_unknown() -> None:
    found = shown([], None, known_since=NOW, now=NOW)
    assert (found.low, found.levels, found.reasons, verdict("close", found)) == (None, None, (), "unknown")
    assert shown([], MailSeen(count=3), known_since=NOW, now=NOW).levels is None


@pytest.mark.parametrize(
    ("offers", "services", "expected"),
    [
        (0, 1, Level.SERVICE),
        (3, 0, Level.SERVICE),
        (4, 0, Level.ARMS_LENGTH),
        (3, 4, Level.ARMS_LENGTH),
        (12, 0, Level.ARMS_LENGTH),
        (13, 0, Level.CLOSE),
    ],
)
def test_a_whole_year_is_counted(offers: int, services: int, expected: Level) -> None:
    """An offer counts one, a notice about the service a quarter; what I began and what I bought counts nothing."""
    given = [*(sign() for _ in range(offers)), *(sign("service") for _ in range(services)), sign("purchase"), sign("contact", by="me")]
    found = shown(given, None, known_since=LONG_AGO, now=NOW)
    assert found.low == found.high == offers + services / 4
    assert found.levels == (expected, expected) and found.days == 365
    assert (found.theirs, found.mine) == (offers + services, 1)


def test_a_short_time_leaves_more_open() -> None:
    """No fewer than seen; no more than as fast as seen, and three are still likely where less was seen."""
    found = shown([sign(), sign("letter", by="me")], None, known_since=NOW - timedelta(days=90), now=NOW)
    assert found.low == 1.0 and found.high == pytest.approx(3 * 365 / 90)
    assert found.levels == (Level.SERVICE, Level.CLOSE) and verdict("arms_length", found) == "open"
    fast = shown([sign(days=n) for n in range(1, 31)], None, known_since=NOW - timedelta(days=30), now=NOW)
    assert fast.levels == (Level.CLOSE, Level.CLOSE) and fast.high == pytest.approx(365)


def test_mails_seen_from_outside_are_a_range() -> None:
    """Notices or offers, nobody looked; those of the year, if they came evenly."""
    mail = MailSeen(first=date(2024, 11, 22), last=date(2026, 11, 21), count=73)
    found = shown([], mail, known_since=NOW, now=NOW)
    (reason,) = found.reasons
    assert reason.what == "mail" and reason.signs == () and reason.number == pytest.approx(36.5)
    assert found.low == pytest.approx(9.125) and found.high == pytest.approx(36.5) and found.days == 365
    old = MailSeen(first=date(2020, 1, 1), last=date(2020, 2, 1), count=9)
    assert shown([sign("purchase", days=400)], old, known_since=NOW, now=NOW).levels == (Level.SERVICE, Level.SERVICE)


def test_each_reason_opens_to_its_signs_newest_first() -> None:
    found = shown([sign(days=9, name="old"), sign("visit"), sign(days=1, name="new"), sign(days=366)], None, known_since=LONG_AGO, now=NOW)
    assert [(one.what, one.number, [s.record_id for s in one.signs]) for one in found.reasons] == [
        ("offer", 2, ["new", "old"]),
        ("visit", 1, ["a"]),
    ]


@pytest.mark.parametrize(
    ("wanted", "offers", "said"),
    [
        ("unsaid", 1, "undecided"),
        ("service", 1, "as_wanted"),
        ("service", 20, "closer"),
        ("arms_length", 13, "closer"),
        ("close", 1, "further"),
        ("close", 20, "as_wanted"),
    ],
)
def test_verdict(wanted: str, offers: int, said: str) -> None:
    """Beside what the owner wants."""
    assert verdict(wanted, shown([sign() for _ in range(offers)], None, known_since=LONG_AGO, now=NOW)) == said


@given(signs=signs, more=signs, known=st.integers(1, 900))
def test_more_of_theirs_is_never_further_and_order_says_nothing(signs: list[Sign], more: list[Sign], known: int) -> None:
    """Bounded below by nothing, low before high, monotone in what they send, the same in any order."""
    since = NOW - timedelta(days=known)
    one = shown(signs, None, known_since=since, now=NOW)
    assert one == shown(signs[::-1], None, known_since=since, now=NOW)
    whole = shown([*signs, *more], None, known_since=min([since, *(s.at for s in more)]), now=NOW)
    if one.low is not None and one.high is not None:
        assert 0 <= one.low <= one.high and one.levels and one.levels[0] <= one.levels[1]
        assert whole.low is not None and whole.low >= one.low
    assert level(0.0) is Level.SERVICE


def test_an_interaction_is_a_sign_of_who_began() -> None:
    happened = Mark(NOW, NOW, "a" * 32, -1, "0" * 32, "interaction", "contact", "theirs", "visit")
    assert closeness.of_mark(happened) == Sign(NOW, "visit", "them", "interaction", "a" * 32)
    assert closeness.of_mark(happened._replace(side="mine")).by == "me"
    assert Level.ARMS_LENGTH.code == "arms_length"
