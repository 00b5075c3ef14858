"""The owner's terms first: the IEEE 7012 roster, the owner's own limits, and what of a request lies beyond them. Pure.

The permission table is that of the DPV extension "ieee-7012" 2.3 (section 3.2), written out by hand: its machine-readable form
refers to terms that it never defines. Where the table prints a tick and the definitions say "permits", this says may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from consent.terms.durations import duration
from consent.terms.narrowing import LineChoice
from consent.terms.shapes import Frequency, Hours, Purpose, Terms
from consent.vocabulary import ancestors

Rule: TypeAlias = Literal["must", "may", "not"]

PRACTICES = ("service", "analytics", "tracking", "profiling", "sharing", "portability")
"""The columns of the table. `sharing` is sharing anonymised data with others; `selling`, and sharing anything else, has no column."""

WHOLE_REASONS = ("agreement", "portability", "expiry")
LINE_REASONS = (
    "analytics",
    "tracking",
    "profiling",
    "sharing",
    "selling",
    "recipients",
    "other-purpose",
    "frequency",
    "hours",
    "retention",
)
FORBIDDEN = frozenset({"analytics", "tracking", "profiling", "sharing", "selling", "recipients"})
"""What an agreement rules out by name. `other-purpose` it only does not speak of: an owner may grant that beside it."""


@dataclass(frozen=True)
class Agreement:
    """One agreement of the roster: what the company must, may and must not do."""

    code: str
    rules: Mapping[str, Rule]
    good_for: tuple[str, ...] = ()
    """Purposes, with all below them, for which the person contributes data under it."""

    def permits(self, practice: str) -> bool:
        """Whether a company may do this under it. What the table does not name is not permitted."""
        return self.rules.get(practice, "not") != "not"


def _agreement(code: str, permits: Iterable[str] = (), *, portable: bool = False, good_for: tuple[str, ...] = ()) -> Agreement:
    rules: dict[str, Rule] = dict.fromkeys(PRACTICES, "not")
    rules |= dict.fromkeys(permits, "may")
    rules |= {"service": "must", "portability": "must" if portable else "may"}
    return Agreement(code, MappingProxyType(rules), good_for)


_STEPS = (
    ("SD-BASE", ()),
    ("SD-BASE-A", ("analytics",)),
    ("SD-BASE-AT", ("analytics", "tracking")),
    ("SD-BASE-ATP", ("analytics", "tracking", "profiling")),
    ("SD-BASE-ATP-S3P", ("analytics", "tracking", "profiling", "sharing")),
)
_GOOD = ("dpv:PublicBenefit", "dpv:NonCommercialResearch", "dpv:ScientificResearch", "dpv:AcademicResearch")

ROSTER: Mapping[str, Agreement] = MappingProxyType(
    {
        made.code: made
        for made in (
            *(_agreement(code + ending, permits, portable=bool(ending)) for code, permits in _STEPS for ending in ("", "-DP")),
            _agreement("PDC-INTENT", portable=True),
            _agreement("PDC-AI", portable=True),
            _agreement("PDC-GOOD", portable=True, good_for=_GOOD),
        )
    }
)

# Purpose to practice, for everything at or below it. A purpose can be several: a targeted advertisement tracks and profiles.
_PRACTICE_OF: Mapping[str, str] = {
    "dpv:ServiceMonitoring": "analytics",
    "dpv:ServiceOptimisation": "analytics",
    "dpv:ResearchAndDevelopment": "analytics",
    "dpv:TargetedAdvertising": "tracking",
    "dpv:Personalisation": "profiling",
    "dpv:CustomerSolvencyMonitoring": "profiling",
    "dpv:SellDataToThirdParties": "selling",
    "dpv:SellInsightsFromData": "sharing",
}
_SERVICE = frozenset(
    {
        "dpv:ServiceManagement", "dpv:ServiceProvision", "dpv:CustomerCare", "dpv:CustomerClaimsManagement",
        "dpv:CustomerOrderManagement", "dpv:AccountManagement", "dpv:CommunicationManagement", "dpv:DisputeManagement",
        "dpv:EnforceSecurity", "dpv:EstablishContractualAgreement", "dpv:FulfilmentOfObligation", "dpv:RightsFulfilment",
    }
)  # fmt: skip
# Below one of the above in the vocabulary, and yet nothing that delivers a service.
_NO_SERVICE = frozenset({"dpv:Marketing", "dpv:CommercialPurpose"})


def practices(purpose: str) -> frozenset[str]:
    """What a company does when it pursues a DPV purpose: columns of the table, or "other-purpose" where it has none for it."""
    line = ancestors(purpose) | {purpose}
    found = frozenset(practice for root, practice in _PRACTICE_OF.items() if root in line)
    if line & _NO_SERVICE:
        return found | {"other-purpose"}
    return found or (frozenset({"service"}) if line & _SERVICE else frozenset({"other-purpose"}))


@dataclass(frozen=True)
class MyTerms:
    """The owner's standing terms: agreements, the one liked best first, and limits. What is empty is not limited.

    `frequency`, `hours` and `retention` (a duration) hold for each line; `life` is the longest time a consent may run.
    """

    agreements: tuple[str, ...] = ()
    frequency: Frequency | None = None
    hours: Hours | None = None
    retention: str | None = None
    life: str | None = None


@dataclass(frozen=True)
class Beyond:
    """What lies beyond the owner's terms, as stable codes: of the whole (`WHOLE_REASONS`) and of each line (`LINE_REASONS`).

    `agreement` is the owner's agreement that the request was held against: the one that it fits best.
    """

    agreement: str | None
    whole: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.whole) or any(self.lines)


def beyond(terms: Terms, mine: MyTerms, *, now: datetime) -> Beyond:
    """Hold terms against the owner's own. `now` is when they were asked: from there `mine.life` runs."""
    codes = [code for code in mine.agreements if code in ROSTER]
    held = [_against(terms, ROSTER[code]) for code in codes] or [Beyond(None, (), ((),) * len(terms.purposes))]
    best = min(held, key=lambda found: len(found.whole) + sum(map(len, found.lines)))  # the first of the best: the one liked best
    whole = (*best.whole, *(("expiry",) if _too_long(terms, mine, now) else ()))
    lines = ((*reasons, *_over(line, mine)) for reasons, line in zip(best.lines, terms.purposes, strict=True))
    return replace(best, whole=whole, lines=tuple(lines))


def forbidden(terms: Terms, code: str) -> tuple[tuple[str, ...], ...]:
    """Line by line, what the agreement of that code rules out by name. Raises KeyError for a code that is not on the roster."""
    return tuple(tuple(code for code in reasons if code in FORBIDDEN) for reasons in _against(terms, ROSTER[code]).lines)


def _against(terms: Terms, mine: Agreement) -> Beyond:
    named = ROSTER.get(terms.agreement or "")
    wider = named is not None and any(named.permits(practice) and not mine.permits(practice) for practice in PRACTICES)
    portable = named is not None and named.rules["portability"] == "must"
    whole = (*(("agreement",) if wider else ()), *(("portability",) if mine.rules["portability"] == "must" and not portable else ()))
    return Beyond(mine.code, whole, tuple(_reasons(line, mine) for line in terms.purposes))


def _reasons(line: Purpose, mine: Agreement) -> tuple[str, ...]:
    contributed = (ancestors(line.purpose) | {line.purpose}) & set(mine.good_for)
    found = set() if contributed else {practice for practice in practices(line.purpose) if not mine.permits(practice)}
    # Others get at most what is anonymous, and a line that reads the owner's data hands over what is not.
    if line.recipients and (not mine.permits("sharing") or "read_data" in line.actions):
        found.add("recipients")
    return tuple(code for code in LINE_REASONS if code in found)


def _over(line: Purpose, mine: MyTerms) -> tuple[str, ...]:
    found = (
        ("frequency", mine.frequency is not None and line.frequency is not None and not line.frequency.within(mine.frequency)),
        ("hours", mine.hours is not None and line.sends and not (line.hours is not None and line.hours.within(mine.hours))),
        ("retention", mine.retention is not None and not duration(line.retention).at_most(duration(mine.retention))),
    )
    return tuple(code for code, over in found if over)


def _too_long(terms: Terms, mine: MyTerms, now: datetime) -> bool:
    return mine.life is not None and terms.expires > duration(mine.life).after(now)


@dataclass(frozen=True)
class Offer:
    """What would bring terms within the owner's limits: a choice for each line, and an end. It says nothing of what to keep."""

    choices: Mapping[int, LineChoice]
    expires: datetime


def within(terms: Terms, mine: MyTerms, *, now: datetime) -> Offer:
    """The widest choices that lie both within what is asked and within the owner's limits, for `consent.terms.narrow`.

    Where the two cannot be compared (hours of different zones, P12M beside P365D) the part stays as asked, and stays beyond.
    """
    choices = {
        index: LineChoice(
            keep=True,
            frequency=_less(line.frequency, mine.frequency) if line.frequency else None,
            hours=_overlap(line.hours, mine.hours) if line.sends else None,
            retention=_shorter(line.retention, mine.retention),
        )
        for index, line in enumerate(terms.purposes)
    }
    return Offer(
        choices, duration(mine.life).after(now).replace(microsecond=0) if mine.life and _too_long(terms, mine, now) else terms.expires
    )


def _less(asked: Frequency, mine: Frequency | None) -> Frequency:
    if mine is None or asked.within(mine):
        return asked
    longer = mine.per if asked.window.at_most(mine.window) else asked.per
    both = Frequency(min(asked.count, mine.count), longer)
    return both if both.within(asked) else asked


def _shorter(asked: str, mine: str | None) -> str:
    return mine if mine is not None and not duration(asked).at_most(duration(mine)) and duration(mine).at_most(duration(asked)) else asked


def _overlap(asked: Hours | None, mine: Hours | None) -> Hours | None:
    if asked is None or mine is None or asked.within(mine) or mine.within(asked):
        return mine if mine is not None and (asked is None or mine.within(asked)) and not (asked and asked.within(mine)) else asked
    if asked.time_zone != mine.time_zone:
        return asked
    for start, end in ((asked.start, mine.end), (mine.start, asked.end)):
        both = Hours(start, end, asked.time_zone) if start != end else None
        if both is not None and both.within(asked) and both.within(mine):
            return both
    return asked
