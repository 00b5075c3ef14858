"""Rights that a law gives the owner, and by when a company must have answered. Pure but for the calendar of public holidays.

Sources: GDPR (EU) 2016/679 art. 7(3), 12(3), 15 to 17, 20, 21; Regulation (EEC, Euratom) 1182/71 art. 3 on counting;
UK GDPR art. 12A and Data Protection Act 2018 s. 54; California 11 CCR § 7021 and § 7026(f). A table, so that a law is a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Right(StrEnum):
    """What the owner asks for."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    OPT_OUT = "opt_out"


class Law(StrEnum):
    """Under which law it is asked."""

    GDPR = "gdpr"
    UK = "uk_gdpr"
    CALIFORNIA = "california"


Unit = Literal["month", "day", "working_day"]


@dataclass(frozen=True)
class Span:
    """So many calendar months, calendar days or working days after the day on which the letter arrived."""

    count: int
    unit: Unit


@dataclass(frozen=True)
class Rule:
    """What one law says of one right.

    `answer` is the time for the answer (None where the law gives no time because the company must stop at once), `extension`
    what it may add by saying so in time, `acknowledge` by when it must say that the letter came. `at_once`: the act itself may
    not wait for the answer. `rolls`: a last day without work moves to the next working day. `source` names the provision.
    """

    answer: Span | None
    extension: Span | None
    acknowledge: Span | None
    at_once: bool
    rolls: bool
    source: str


@dataclass(frozen=True)
class Clock:
    """The days that count for one letter. `latest` is the last day with every extension that the law allows."""

    rule: Rule
    received: date
    acknowledge_by: date | None
    answer_by: date | None
    latest: date | None


class NoSuchRight(Exception):
    """This law does not know this right."""


class UnknownCountry(Exception):
    """There is no calendar of public holidays for this country or part of a country; weekends alone would be a guess."""


_MONTH, _TWO_MONTHS = Span(1, "month"), Span(2, "month")
_GDPR = "GDPR art. 12(3)"
_UK = "UK GDPR art. 12A"
_CALIFORNIA = "11 CCR § 7021"


def _european(article: str, general: str) -> Rule:
    return Rule(_MONTH, _TWO_MONTHS, None, at_once=False, rolls=True, source=f"{article}, {general}")


def _californian() -> Rule:
    return Rule(Span(45, "day"), Span(45, "day"), Span(10, "working_day"), at_once=False, rolls=False, source=_CALIFORNIA)


RULES: Mapping[Law, Mapping[Right, Rule]] = MappingProxyType(
    {
        Law.GDPR: MappingProxyType(
            {
                Right.ACCESS: _european("GDPR art. 15", _GDPR),
                Right.RECTIFICATION: _european("GDPR art. 16", _GDPR),
                Right.ERASURE: _european("GDPR art. 17", _GDPR),
                Right.PORTABILITY: _european("GDPR art. 20", _GDPR),
                Right.OBJECTION: Rule(_MONTH, _TWO_MONTHS, None, at_once=True, rolls=True, source=f"GDPR art. 21(2) and (3), {_GDPR}"),
                Right.WITHDRAWAL: Rule(None, None, None, at_once=True, rolls=False, source="GDPR art. 7(3)"),
            }
        ),
        Law.UK: MappingProxyType(
            {
                Right.ACCESS: _european("UK GDPR art. 15", _UK),
                Right.RECTIFICATION: _european("UK GDPR art. 16", _UK),
                Right.ERASURE: _european("UK GDPR art. 17", _UK),
                Right.PORTABILITY: _european("UK GDPR art. 20", _UK),
                Right.OBJECTION: Rule(_MONTH, _TWO_MONTHS, None, at_once=True, rolls=True, source=f"UK GDPR art. 21(2) and (3), {_UK}"),
                Right.WITHDRAWAL: Rule(None, None, None, at_once=True, rolls=False, source="UK GDPR art. 7(3)"),
            }
        ),
        Law.CALIFORNIA: MappingProxyType(
            {
                Right.ACCESS: _californian(),
                Right.RECTIFICATION: _californian(),
                Right.ERASURE: _californian(),
                Right.PORTABILITY: _californian(),
                Right.OPT_OUT: Rule(Span(15, "working_day"), None, None, at_once=True, rolls=False, source="11 CCR § 7026(f)"),
            }
        ),
    }
)

# A letter takes its country from the company. California's working days are those of the state.
_CALENDAR: Mapping[Law, tuple[str, str | None]] = MappingProxyType({Law.UK: ("GB", None), Law.CALIFORNIA: ("US", "CA")})


def law_of(country: str, subdivision: str | None = None) -> Law | None:
    """The law under which a company there answers, as far as this table goes; ISO 3166-1 and 3166-2. None is none that we know."""
    if country == "GB":
        return Law.UK
    if country == "US" and subdivision == "CA":
        return Law.CALIFORNIA
    return Law.GDPR if country in EEA else None


def clock(
    law: Law, right: Right, received: date, *, country: str, stopped: Sequence[tuple[date, date]] = (), extended: bool = False
) -> Clock:
    """Count the days of a letter that arrived on `received`.

    `country` is where the company is (for the holidays under the GDPR); `stopped` holds the (first, last) days in which the
    company waited for what it had to ask back (UK GDPR art. 12A stops the clock then, no other law here does); `extended` that
    it said in time that it needs longer. Raises NoSuchRight, UnknownCountry.
    """
    rule = RULES[law].get(right)
    if rule is None:
        raise NoSuchRight(f"{law}: {right}")
    calendar = Calendar(*_CALENDAR.get(law, (country, None)))
    waited = sum((last - first).days + 1 for first, last in stopped) if law is Law.UK else 0

    def counted(*spans: Span | None) -> date | None:
        given = [span for span in spans if span is not None]
        if not given:
            return None
        end = calendar.after(received, given) + timedelta(days=waited)
        return calendar.working(end) if rule.rolls else end

    return Clock(
        rule=rule,
        received=received,
        acknowledge_by=counted(rule.acknowledge),
        answer_by=counted(rule.answer, rule.extension if extended else None),
        latest=counted(rule.answer, rule.extension),
    )


class Calendar:
    """Working days of a country, or of a part of it."""

    def __init__(self, country: str, subdivision: str | None = None) -> None:
        # Loaded here: it reads the calendars of the world, which only a letter of this kind needs.
        from holidays import country_holidays  # noqa: PLC0415 - as said

        try:
            self._holidays = country_holidays(country, subdiv=subdivision)
        except NotImplementedError:  # which `holidays` raises for a country, or a part of one, that it does not know
            raise UnknownCountry(country) from None

    def is_working(self, day: date) -> bool:
        """Neither Saturday nor Sunday nor a public holiday (Regulation 1182/71 art. 2)."""
        return day.weekday() < 5 and day not in self._holidays

    def working(self, day: date) -> date:
        """That day, or the next on which people work (Regulation 1182/71 art. 3(4))."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def after(self, start: date, spans: Sequence[Span]) -> date:
        """The last day of these spans, one after the other; the day of the event itself is not counted (art. 3(1))."""
        months = sum(span.count for span in spans if span.unit == "month")
        day = months_after(start, months) + timedelta(days=sum(span.count for span in spans if span.unit == "day"))
        for _step in range(sum(span.count for span in spans if span.unit == "working_day")):
            day = self.working(day + timedelta(days=1))
        return day


def months_after(day: date, months: int) -> date:
    """The same date so many months later; the month's last day where it has no such date (Regulation 1182/71 art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


EEA = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split())
"""Where the GDPR holds: the European Union with Iceland, Liechtenstein and Norway (EEA Joint Committee Decision 154/2018)."""
