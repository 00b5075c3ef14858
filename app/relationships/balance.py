"""Who leans on whom: dependence each way, its magnitude and asymmetry, from dated evidence. Pure; BALANCE.md has the formula.

Dependence grows with what is at stake and with how hard that is to get elsewhere (Emerson 1962). Its sum and its difference
are told apart (Kumar, Scheer and Steenkamp 1995). Their side counts only as far as their hands are tied (Schelling 1960).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from app.relationships import evidence as given
from app.relationships import factors, jobs
from app.relationships.evidence import Correcting, Evidence, Moment, Purchase, Spending
from app.relationships.factors import Day, Found, Setting
from app.relationships.jobs import Standing
from app.relationships.ranges import Range, greatest, mean, root_of_product
from vault.records import Correction, Factor, Yardstick

Name = Literal["you_depend", "they_depend", "mutual", "transactional"]
Side = Literal["mine", "theirs"]

WEIGHTS: Mapping[str, Mapping[Factor, float]] = MappingProxyType(
    {
        "my_stakes": MappingProxyType({"importance": 0.6, "spend": 0.2, "data": 0.2}),
        "my_ties": MappingProxyType({"substitutes": 0.5, "switching": 0.3, "lock_in": 0.2}),
        "their_stakes": MappingProxyType({"remedies": 0.6, "revenue": 0.4}),
        "their_ties": MappingProxyType({"kept": 0.5, "exit": 0.25, "terms": 0.25}),
    }
)
MINE: tuple[Factor, ...] = (*WEIGHTS["my_stakes"], *WEIGHTS["my_ties"])
THEIRS: tuple[Factor, ...] = (*WEIGHTS["their_stakes"], *WEIGHTS["their_ties"])
LOPSIDED, CLOSE = 0.2, 0.35
"""The yardstick until the owner says another: from which asymmetry on it is lopsided, from which magnitude on close."""


@dataclass(frozen=True)
class Factored:
    """One factor: what counts, what the evidence alone would say, and the correction that stands between them."""

    factor: Factor
    part: str
    weight: float
    range: Range
    found: Found
    correcting: Correcting | None = None


@dataclass(frozen=True)
class Balance:
    """The balance with one vendor on one day. `asymmetry` runs from -1 (they depend) to 1 (I depend); all else from 0 to 1.

    `job_id` is the job by which I depend most, None without a job; `jobs` has my dependence by each.
    """

    vendor_id: str
    moment: Moment
    day: Day
    factors: Mapping[Factor, Factored]
    parts: Mapping[str, Range]
    mine: Range
    theirs: Range
    job_id: str | None
    jobs: Mapping[str, Range]

    @property
    def magnitude(self) -> Range:
        """How much there is between us: the mean of both dependences."""
        return mean(((0.5, self.mine), (0.5, self.theirs)))

    @property
    def asymmetry(self) -> Range:
        """Who leans more: mine less theirs."""
        return self.mine.minus(self.theirs)


@dataclass(frozen=True)
class Measure:
    """The owner's yardstick as numbers; `own` when it is of one vendor alone."""

    lopsided: float = LOPSIDED
    close: float = CLOSE
    own: bool = False


def weigh(evidence: Evidence, spending: Spending, moment: Moment, *, day: Day = "ordinary") -> Balance:
    """The balance as of a moment. With several jobs the one by which I depend most counts: a second use takes nothing from the first."""
    standings = _standings(evidence, moment)
    setting = Setting(evidence, spending, moment, day, standings)
    working = [job_id for job_id, one in sorted(standings.items()) if evidence.vendor_id in one.hired and one.closed is None]
    tried = {job_id: _of_job(replace(setting, job_id=job_id)) for job_id in working}
    by_job = {job_id: _dependence(found, "my_stakes", "my_ties") for job_id, found in tried.items()}
    leading = max(working, key=lambda job_id: (by_job[job_id].high, by_job[job_id].low, job_id), default=None)
    mine = tried[leading] if leading else _of_job(setting)
    theirs = _factored(setting, THEIRS)
    found = {**mine, **theirs}
    return Balance(
        vendor_id=evidence.vendor_id,
        moment=moment,
        day=day,
        factors=found,
        parts={part: _part(found, part) for part in WEIGHTS},
        mine=greatest(by_job.values()) if by_job else _dependence(mine, "my_stakes", "my_ties"),
        theirs=_dependence(theirs, "their_stakes", "their_ties"),
        job_id=leading,
        jobs=by_job,
    )


def names(balance: Balance, measure: Measure) -> tuple[Name, ...]:
    """Every name that fits, given what is open; one when it is certain.

    Mine and theirs range over a rectangle. Where it meets the band |mine - theirs| <= lopsided, the sum is largest and smallest
    at the corners that both ends allow, so each name is tried exactly.
    """
    mine, theirs, wide = balance.mine, balance.theirs, measure.lopsided
    found: list[Name] = []
    if mine.high - theirs.low > wide:
        found.append("you_depend")
    if theirs.high - mine.low > wide:
        found.append("they_depend")
    if mine.low - theirs.high <= wide and theirs.low - mine.high <= wide:
        most = min(mine.high, theirs.high + wide) + min(theirs.high, mine.high + wide)
        fewest = max(mine.low, theirs.low - wide) + max(theirs.low, mine.low - wide)
        if most >= 2 * measure.close:
            found.append("mutual")
        if fewest < 2 * measure.close:
            found.append("transactional")
    return tuple(found)


def measure(yardsticks: Iterable[Yardstick], moment: Moment, *, vendor_id: str | None = None) -> Measure:
    """The yardstick that held at the moment: the last one said of the vendor, unless it was taken back; else the last one for all."""
    seen = [one for one in yardsticks if moment.sees(one.happened_at, one.recorded_at)]
    own = _last(one for one in seen if vendor_id is not None and one.vendor_id == vendor_id)
    last = own if own is not None and not own.as_for_all else _last(one for one in seen if one.vendor_id is None)
    return Measure() if last is None else Measure(float(last.lopsided), float(last.close), own=last.vendor_id is not None)


def _last(said: Iterable[Yardstick]) -> Yardstick | None:
    return max(said, key=lambda one: (one.recorded_at, one.happened_at, one.model_dump_json()), default=None)


def series(
    evidence: Evidence, purchases: Sequence[Purchase], days: Iterable[datetime], *, known_at: datetime | None = None, day: Day = "ordinary"
) -> list[Balance]:
    """The balance on each day as it was known then; with `known_at`, as it is known now about then."""
    weighed = []
    for at in days:
        moment = Moment(at, known_at or at)
        weighed.append(weigh(evidence, given.spending(purchases, moment), moment, day=day))
    return weighed


def months(now: datetime, count: int) -> list[datetime]:
    """`count` moments of about a month apart, the last of them `now`."""
    return [now - timedelta(days=30.4375 * back) for back in reversed(range(count))]


def correcting(evidence: Evidence, factor: Factor, moment: Moment, day: Day) -> Correcting | None:
    """The owner's correction that holds for a factor: the last one written down, unless it takes back what was said."""
    said = [
        one
        for one in evidence.corrections
        if one.correction.factor == factor
        and one.correction.day in {day, "both"}
        and moment.sees(one.correction.happened_at, one.correction.recorded_at)
    ]
    if not said:
        return None
    last = max(said, key=lambda one: (one.correction.recorded_at, one.correction.happened_at, one.record_id))
    return None if last.correction.says == "taken_back" else last


def said(correction: Correction) -> Range:
    """The range that a correction names."""
    return Range(float(correction.low or "0"), float(correction.high or "1"))


def _standings(evidence: Evidence, moment: Moment) -> dict[str, Standing]:
    return {one.record_id: jobs.standing(one.job, at=moment.at, known_at=moment.known_at) for one in evidence.jobs}


def _of_job(setting: Setting) -> dict[Factor, Factored]:
    return _factored(setting, MINE)


def _factored(setting: Setting, wanted: Iterable[Factor]) -> dict[Factor, Factored]:
    return {factor: _factor(setting, factor) for factor in wanted}


def _factor(setting: Setting, factor: Factor) -> Factored:
    (part, weight), *_none = [(part, weights[factor]) for part, weights in WEIGHTS.items() if factor in weights]
    over = correcting(setting.evidence, factor, setting.moment, setting.day)
    whole = over is not None and over.correction.says == "all_known"
    found = factors.RULES[factor](setting, whole)
    stands = said(over.correction) if over and over.correction.says == "range" else found.range
    return Factored(factor, part, weight, stands, found, over)


def _part(found: Mapping[Factor, Factored], part: str) -> Range:
    return mean((weight, found[factor].range) for factor, weight in WEIGHTS[part].items())


def _dependence(found: Mapping[Factor, Factored], stakes: str, ties: str) -> Range:
    return root_of_product(_part(found, stakes), _part(found, ties))
