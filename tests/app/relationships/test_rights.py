"""By when a company must have answered: months, weekends, holidays, extensions, and each law's own."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from app.relationships.rights import (
    EEA,
    RULES,
    Calendar,
    Law,
    NoSuchRight,
    Right,
    UnknownCountry,
    clock,
    law_of,
    months_after,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 1, 1))


@given(DAYS, st.integers(0, 60))
def test_months_are_counted_as_everybody_counts_them(day: date, months: int) -> None:
    assert months_after(day, months) == day + relativedelta(months=months)


@pytest.mark.parametrize(
    ("received", "answer_by", "latest"),
    [
        (date(2026, 11, 10), date(2026, 12, 10), date(2027, 2, 10)),
        # 31 January has no counterpart; 28 February 2026 is a Saturday, so Monday. Three months on, 30 April is a Thursday.
        (date(2026, 1, 31), date(2026, 3, 2), date(2026, 4, 30)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 5, 2)),  # leap year; 30 April 2028 is a Sunday, 1 May a holiday
        (date(2026, 11, 25), date(2026, 12, 28), date(2027, 2, 25)),  # Christmas, St Stephen's Day, a weekend
    ],
)
def test_a_month_under_the_gdpr_in_ireland(received: date, answer_by: date, latest: date) -> None:
    found = clock(Law.GDPR, Right.ACCESS, received, country="IE")
    assert (found.answer_by, found.latest, found.acknowledge_by) == (answer_by, latest, None)
    assert clock(Law.GDPR, Right.ACCESS, received, country="IE", extended=True).answer_by == latest
    assert found.rule.source == "GDPR art. 15, GDPR art. 12(3)"


def test_what_must_stop_at_once_stops_at_once() -> None:
    """Withdrawal has no month; an objection to direct marketing works at once, the answer still has its month."""
    withdrawal = clock(Law.GDPR, Right.WITHDRAWAL, date(2026, 11, 10), country="DE")
    assert (withdrawal.rule.at_once, withdrawal.answer_by, withdrawal.latest) == (True, None, None)
    objection = clock(Law.GDPR, Right.OBJECTION, date(2026, 11, 10), country="DE")
    assert (objection.rule.at_once, objection.answer_by) == (True, date(2026, 12, 10))


def test_in_the_united_kingdom_the_clock_stops_while_they_wait_for_an_answer() -> None:
    received, asked = date(2026, 11, 10), (date(2026, 11, 12), date(2026, 11, 18))
    assert clock(Law.UK, Right.ACCESS, received, country="GB").answer_by == date(2026, 12, 10)
    assert clock(Law.UK, Right.ACCESS, received, country="GB", stopped=[asked]).answer_by == date(2026, 12, 17)
    assert clock(Law.GDPR, Right.ACCESS, received, country="IE", stopped=[asked]).answer_by == date(2026, 12, 10)


def test_california_counts_days_and_says_that_it_came() -> None:
    """45 days and no rolling, 90 at most; ten working days to say so: Veterans Day and Thanksgiving are none."""
    found = clock(Law.CALIFORNIA, Right.ERASURE, date(2026, 11, 10), country="US")
    assert (found.acknowledge_by, found.answer_by, found.latest) == (date(2026, 11, 25), date(2026, 12, 25), date(2027, 2, 8))
    assert clock(Law.CALIFORNIA, Right.OPT_OUT, date(2026, 6, 1), country="US").answer_by == date(2026, 6, 23)  # Juneteenth


@given(st.sampled_from([(law, right) for law, rights in RULES.items() for right in rights]), DAYS)
def test_no_clock_ends_before_it_began(ruled: tuple[Law, Right], received: date) -> None:
    law, right = ruled
    found = clock(law, right, received, country="FR")
    for end in (found.acknowledge_by, found.answer_by, found.latest):
        assert end is None or received < end <= received + timedelta(days=120)
    assert found.answer_by is None or found.latest is None or found.answer_by <= found.latest


def test_a_right_that_a_law_does_not_know() -> None:
    with pytest.raises(NoSuchRight):
        clock(Law.CALIFORNIA, Right.WITHDRAWAL, date(2026, 11, 10), country="US")


def test_a_country_without_a_calendar_is_said() -> None:
    with pytest.raises(UnknownCountry):
        clock(Law.GDPR, Right.ACCESS, date(2026, 11, 10), country="ZZ")
    assert all(Calendar(country).is_working(date(2026, 11, 10)) for country in EEA)


def test_which_law_a_company_answers_under() -> None:
    assert law_of("IE") == law_of("NO") == Law.GDPR
    assert law_of("GB") == Law.UK
    assert law_of("US", "CA") == Law.CALIFORNIA
    assert law_of("US") is law_of("BR") is None
