"""How close a company keeps to me, by what it sends and who begins: beside how close I want it. Pure.

Counted are the first steps that the company took within a year: each offer, visit or call of its own accord counts 1, each
notice about its service a quarter, since that is its job; what answers me or what I bought counts nothing. Mails that were
seen but not read may be either, so they count from a quarter to 1 each, spread evenly over the days between the first and the last.

A year below `FEW` steps is *just service*, up to `MANY` *arm's length*, above it *close*. Where less than a year is known, no
fewer than what was seen may have come, and no more than as fast as seen goes on; of what was hardly seen, up to three in the
same time are still likely (the rule of three: Hanley & Lippman-Hand 1983). Nothing seen at all is unknown, not far.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Literal, cast

from app.relationships.timeline import Mark
from vault.records import MailSeen

YEAR = timedelta(days=365)
FEW, MANY = 4.0, 12.0
"""First steps a year: one a season, one a month."""
LIKELY = 3.0
"""How many of something are still likely in a time in which none was seen."""

What = Literal["offer", "location_offer", "service", "contact", "visit", "praise", "problem", "purchase", "letter"]
Verdict = Literal["unknown", "undecided", "as_wanted", "closer", "further", "open"]

WEIGHT: Mapping[What, float] = MappingProxyType(
    {
        "offer": 1.0,
        "location_offer": 1.0,
        "contact": 1.0,
        "visit": 1.0,
        "praise": 1.0,
        "service": 0.25,
        "problem": 0.25,
        "purchase": 0.0,
        "letter": 0.0,
    }
)
"""What one first step of the company counts. A problem that it tells of is a notice; a purchase and a letter are an answer to me."""

OF_MAIL = (0.25, 1.0)
"""What a mail counts that nobody looked into: a notice or an offer."""


class Level(IntEnum):
    """From far to near, in the words of `Vendor.closeness`."""

    SERVICE = 0
    ARMS_LENGTH = 1
    CLOSE = 2

    @property
    def code(self) -> str:
        """`service`, `arms_length` or `close`."""
        return self.name.lower()


@dataclass(frozen=True)
class Sign:
    """One thing that passed: what, who began, when, and where it stands (`source` and `record_id`)."""

    at: datetime
    what: What
    by: Literal["me", "them"]
    source: Literal["interaction", "message", "letter"]
    record_id: str


@dataclass(frozen=True)
class Reason:
    """Signs of one sort, newest first: how many, and what they count together at the least and at the most.

    `mail` has no signs of its own; its number is what the mailbox showed for these days.
    """

    what: What | Literal["mail"]
    number: float
    low: float
    high: float
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True)
class Shown:
    """How close the company keeps. `low` and `high` are first steps a year; None when nothing is known.

    `days` is how long is known, a year at most; `theirs` and `mine` count who took the first step, purchases aside.
    """

    low: float | None
    high: float | None
    days: int
    reasons: tuple[Reason, ...]
    theirs: int
    mine: int

    @property
    def levels(self) -> tuple[Level, Level] | None:
        """The nearest that it is for certain, and the nearest that it may be."""
        return None if self.low is None or self.high is None else (level(self.low), level(self.high))


def level(steps: float) -> Level:
    """The name for so many first steps a year."""
    return Level.SERVICE if steps < FEW else Level.ARMS_LENGTH if steps <= MANY else Level.CLOSE


def of_mark(mark: Mark) -> Sign:
    """The sign in an interaction or message, by its mark in the timeline."""
    what, source = cast("What", mark.what), cast("Literal['interaction', 'message']", mark.source)
    return Sign(mark.at, what, "me" if mark.side == "mine" else "them", source, mark.record_id)


def shown(signs: Iterable[Sign], mail: MailSeen | None, *, known_since: datetime, now: datetime) -> Shown:
    """What the signs of the last year come to. `known_since` is when the owner began to keep this company's record."""
    given = list(signs)
    first = min([known_since, *(one.at for one in given), *_first_mail(mail, now)])
    counted = [one for one in given if now - YEAR < one.at <= now]
    reasons = (*_reasons(counted), *_mails(mail, now))
    days = min(YEAR.days, max(1, (now - first).days))
    theirs = sum(one.by == "them" and one.what != "purchase" for one in counted)
    mine = sum(one.by == "me" and one.what != "purchase" for one in counted)
    if not given and not reasons:
        return Shown(None, None, days, (), 0, 0)
    low, high = sum(one.low for one in reasons), sum(one.high for one in reasons)
    if days < YEAR.days:
        high = max(high, LIKELY) * YEAR.days / days
    return Shown(low, high, days, reasons, theirs, mine)


def verdict(wanted: str, found: Shown) -> Verdict:
    """Closeness shown against closeness wanted (`Vendor.closeness`). `open` when what is known allows for more than one answer."""
    levels = found.levels
    if levels is None:
        return "unknown"
    if wanted == "unsaid":
        return "undecided"
    mine = Level[wanted.upper()]
    if levels[0] > mine:
        return "closer"
    if levels[1] < mine:
        return "further"
    return "as_wanted" if levels == (mine, mine) else "open"


def _reasons(signs: Iterable[Sign]) -> Iterable[Reason]:
    groups: dict[What, list[Sign]] = {}
    for one in signs:
        if one.by == "them":
            groups.setdefault(one.what, []).append(one)
    for what in WEIGHT:
        if found := groups.get(what):
            points = WEIGHT[what] * len(found)
            newest = sorted(found, key=lambda one: (one.at, one.record_id), reverse=True)
            yield Reason(what, len(found), points, points, tuple(newest))


def _mails(mail: MailSeen | None, now: datetime) -> tuple[Reason, ...]:
    """The mails of the last year, if they came evenly."""
    if mail is None or mail.first is None or mail.last is None or not mail.count:
        return ()
    start, today = (now - YEAR).date(), now.date()
    whole = (mail.last - mail.first).days + 1
    within = (min(mail.last, today) - max(mail.first, start + timedelta(days=1))).days + 1
    number = mail.count * max(0, within) / max(1, whole)
    low, high = (number * weight for weight in OF_MAIL)
    return (Reason("mail", number, low, high),) if number else ()


def _first_mail(mail: MailSeen | None, now: datetime) -> tuple[datetime, ...]:
    day: date | None = mail.first if mail else None
    return () if day is None else (datetime(day.year, day.month, day.day, tzinfo=now.tzinfo),)
