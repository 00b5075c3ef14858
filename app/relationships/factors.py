"""The rules by which evidence becomes factors, each a range from 0 to 1. What nobody has said stays open. Pure.

Every rule has two readings. In the open one what is written down is a part of what there is; in the whole one (the owner
has said "this is all") it is everything. BALANCE.md tells each rule with its reason.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from app.relationships import commitments, jobs
from app.relationships.evidence import YEAR, Consent, Evidence, Moment, Promise, Source, Spending, counted, purchase, rate
from app.relationships.jobs import Standing
from app.relationships.ranges import UNKNOWN, Range, at_least, least, point
from vault.records import Alternative, Factor, Importance

Day = Literal["ordinary", "need"]

SCALE: Mapping[Importance, Range] = MappingProxyType(
    {"unsaid": UNKNOWN, "none": point(0), "little": point(0.25), "some": point(0.5), "much": point(0.75), "all": point(1)}
)
LONGEST_TIE = 730
"""Days of being bound that count as a full tie: two years, the longest first term of a consumer contract for electronic
communications in the EU (Directive (EU) 2018/1972, article 105)."""

HALF_OF_DATA = 3
"""So many things held count as half of everything."""

_STANDING = frozenset({"active", "broken", "disputed"})
_DONE = frozenset({"kept", "remedied"})
_WORTH: Mapping[tuple[str, bool], Range] = MappingProxyType(
    {
        ("kept", True): point(1),
        ("kept", False): point(0.25),
        ("remedied", True): point(0.75),
        ("remedied", False): point(0.125),
        ("broken", True): point(0),
        ("broken", False): point(0),
        ("active", True): UNKNOWN,
        ("active", False): Range(0, 0.25),
        ("disputed", True): UNKNOWN,
        ("disputed", False): Range(0, 0.25),
    }
)
"""What a promise of theirs says of their hands, by where it stands and whether it is backed. Sums of these are exact in binary."""


@dataclass(frozen=True)
class Ref:
    """A piece of evidence that a factor rests on."""

    source: Source
    record_id: str


@dataclass(frozen=True)
class Found:
    """What a rule found: the range, why (a code), the figures that the reason names, and the evidence."""

    range: Range
    why: str
    figures: Mapping[str, int | str] = field(default_factory=dict)
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What a rule looks at. `work` is the job that is weighed, as (record id, standing)."""

    evidence: Evidence
    spending: Spending
    moment: Moment
    day: Day
    standings: Mapping[str, Standing]
    job_id: str | None = None

    @property
    def standing(self) -> Standing | None:
        """The job that is weighed, as it stood."""
        return None if self.job_id is None else self.standings[self.job_id]


Rule = Callable[[Setting, bool], Found]


def importance(setting: Setting, whole: bool) -> Found:
    """What hangs on the job. On the day that it is needed no less than on an ordinary one, unless the owner said how much."""
    standing, refs = setting.standing, _job(setting)
    if standing is None:
        return Found(UNKNOWN, "no-job")
    if standing.weighed is None:
        return Found(UNKNOWN, "not-weighed", refs=refs)
    ordinary, need = SCALE[standing.weighed.ordinary], SCALE[standing.weighed.need]
    if setting.day == "ordinary":
        return Found(ordinary, "weighed", {"said": standing.weighed.ordinary}, refs)
    if standing.weighed.need == "unsaid":
        return Found(at_least(ordinary), "need-not-said", {"said": standing.weighed.ordinary}, refs)
    return Found(need, "weighed", {"said": standing.weighed.need}, refs)


def spend(setting: Setting, whole: bool) -> Found:
    """Their share of what was paid within a year, by purchases and by prices that were noted. Over several currencies it lies between
    the smallest and the largest share: whatever the rates are, the whole share is a mean of the shares, weighted by what each
    currency is worth."""
    paid, everybody = setting.spending.by(setting.evidence.vendor_id), setting.spending.everybody
    refs = _purchases(setting)
    shares = [float(paid.get(currency, 0) / total) for currency, total in everybody.items() if total > 0]
    mine = sum(amount > 0 for amount in paid.values())
    others = any(total > paid.get(currency, 0) for currency, total in everybody.items())
    if not whole and not (mine and others):
        return Found(UNKNOWN, "no-spending" if not mine else "only-theirs", refs=refs)
    bought = sum(one.source == "interaction" for one in refs)
    return Found(Range(min(shares), max(shares)) if shares else point(0), "share" if bought or not mine else "priced", {"n": bought}, refs)


def data(setting: Setting, whole: bool) -> Found:
    """How much of mine they hold. Their own statement counts as all of it; what I let them have is the least that they hold."""
    stated: dict[str, tuple[datetime, str, int]] = {}
    for one in setting.evidence.holdings:
        if setting.moment.sees(one.received_at, one.received_at):
            stated[one.client_id] = max(stated.get(one.client_id, (one.received_at, "", 0)), (one.received_at, one.record_id, one.things))
    living = [one for one in live(setting) if one.datatypes]
    granted = len(frozenset[str]().union(*(one.datatypes for one in living)))
    things = max(granted, sum(count for _at, _record_id, count in stated.values()))
    refs = (
        *(Ref("held", record_id) for _at, record_id, _count in sorted(stated.values())),
        *(Ref("grant", one.grant_id) for one in sorted(living, key=lambda one: one.grant_id)),
    )
    held = point(things / (things + HALF_OF_DATA))
    if stated or whole:
        return Found(held, "held" if stated else "granted", {"n": things}, refs)
    return Found(at_least(held), "granted", {"n": things}, refs) if granted else Found(UNKNOWN, "no-data")


def substitutes(setting: Setting, whole: bool) -> Found:
    """One in as many as would do, they included. Until the owner has looked around there may be any number more."""
    standing = setting.standing
    if standing is None:
        return Found(UNKNOWN, "no-job")
    sure, perhaps = others(setting)
    looked = whole or standing.looked is not None
    most = 1 / (1 + len(sure))
    fewest = 1 / (1 + len(sure) + len(perhaps)) if looked else 0.0
    why = "looked" if looked else "not-looked"
    return Found(Range(fewest, most), why, {"n": len(sure), "perhaps": len(perhaps)}, _job(setting))


def switching(setting: Setting, whole: bool) -> Found:
    """The work of the easiest change. With nowhere to change to it cannot be done; with a second source at work it is done."""
    standing = setting.standing
    if standing is None:
        return Found(UNKNOWN, "no-job")
    sure, perhaps = others(setting)
    looked = whole or standing.looked is not None
    certain = least((point(1), *(_effort(one) for one in sure)))
    low = least((certain, *(_effort(one) for one in perhaps))).low if looked else 0.0
    return Found(Range(low, certain.high), "effort" if sure or perhaps else "nowhere", {"n": len(sure) + len(perhaps)}, _job(setting))


def lock_in(setting: Setting, whole: bool) -> Found:
    """The longest time that I am still bound, over two years: by what I agreed to when hiring, and by promises of mine."""
    today = setting.moment.at.date()
    hires = {
        job_id: one.hired[setting.evidence.vendor_id]
        for job_id, one in setting.standings.items()
        if setting.evidence.vendor_id in one.hired
    }
    said = {job_id: hired for job_id, hired in hires.items() if hired.bound != "unsaid"}
    ends = [until for hired in said.values() if (until := jobs.bound_until(hired))]
    mine = [one for one in setting.evidence.promises if one.commitment.by == "me" and setting.moment.promise(one) == "active"]
    dated = {one.record_id: end.date() for one in mine if (end := commitments.due(one.commitment))}
    days = max((max(0, (end - today).days) for end in (*ends, *dated.values())), default=0)
    refs = (*(Ref("job", job_id) for job_id in sorted(said)), *(Ref("commitment", record_id) for record_id in sorted(dated)))
    tie = point(days / LONGEST_TIE)
    if whole or said:
        return Found(tie, "bound" if days else "free", {"n": days}, refs)
    return Found(at_least(tie), "bound", {"n": days}, refs) if dated else Found(UNKNOWN, "no-term")


def revenue(setting: Setting, whole: bool) -> Found:
    """What they would lose in me. Nothing that I can write down says it: how much they live on others is theirs to know."""
    return Found(UNKNOWN, "revenue", refs=_purchases(setting))


def remedies(setting: Setting, whole: bool) -> Found:
    """What they have put at stake: backed promises that stand, each halving what was left. I may not know of all."""
    backed = [one for one in setting.evidence.promises if _tied(setting, one)]
    stake = point(1 - 0.5 ** len(backed))
    found = Found(stake, "backed", {"n": len(backed)}, _promises(backed))
    return found if whole else Found(at_least(stake), "backed" if backed else "no-backed", found.figures, found.refs)


def kept(setting: Setting, whole: bool) -> Found:
    """The mean worth of their promises: backed and kept is all, kept words a quarter, broken nothing, open ones as they may turn out.

    What a law asks of them is no promise, and says nothing of how far they tie their own hands.
    """
    judged: list[tuple[Promise, Range]] = []
    for one in setting.evidence.promises:
        state = setting.moment.promise(one)
        stands = commitments.backing(one.commitment)
        worth = _WORTH.get((state or "", stands.backed))
        if stands.promised and worth is not None:
            judged.append((one, worth))
    if not judged:
        return Found(point(0) if whole else UNKNOWN, "no-promise")
    low, high = (sum(getattr(worth, end) for _one, worth in judged) / len(judged) for end in ("low", "high"))
    return Found(Range(low, high), "promises", {"n": len(judged)}, _promises(one for one, _worth in judged))


def exit_(setting: Setting, whole: bool) -> Found:
    """Whether they let me go free when they break their word: a backed promise that stands and says so."""
    free = [
        one
        for one in setting.evidence.promises
        if _tied(setting, one) and one.commitment.remedy and one.commitment.remedy.kind == "free_exit"
    ]
    if free:
        return Found(point(1), "free-exit", {"n": len(free)}, _promises(free))
    return Found(point(0) if whole else UNKNOWN, "no-exit")


def terms(setting: Setting, whole: bool) -> Found:
    """The share of live permissions that stand on terms of mine."""
    living = live(setting)
    if not living:
        return Found(point(0) if whole else UNKNOWN, "no-grant")
    mine = [one for one in living if one.mine]
    refs = tuple(Ref("grant", one.grant_id) for one in sorted(living, key=lambda one: one.grant_id))
    return Found(point(len(mine) / len(living)), "on-my-terms", {"n": len(mine), "of": len(living)}, refs)


RULES: Mapping[Factor, Rule] = MappingProxyType(
    {
        "importance": importance,
        "spend": spend,
        "data": data,
        "substitutes": substitutes,
        "switching": switching,
        "lock_in": lock_in,
        "revenue": revenue,
        "remedies": remedies,
        "kept": kept,
        "exit": exit_,
        "terms": terms,
    }
)
OF_THE_JOB: frozenset[Factor] = frozenset({"importance", "substitutes", "switching"})
"""Factors that differ from job to job."""

COUNTED: frozenset[Factor] = frozenset(RULES) - {"importance", "revenue"}
"""Factors of which the owner can say that what is written down is all."""


def live(setting: Setting) -> list[Consent]:
    """The permissions that lived at the moment."""
    return [one for one in setting.evidence.consents if setting.moment.lives(one)]


def others(setting: Setting) -> tuple[list[Alternative | None], list[Alternative]]:
    """Who else would do: for certain, and perhaps. None stands for a vendor that is hired for the job already.

    On the day that I need them only that counts which is at hand on such a day.
    """
    standing = setting.standing or Standing()
    own = setting.evidence.vendor_id
    hired = frozenset(standing.hired) - {own}
    noted = [one for one in standing.alternatives.values() if one.vendor_id not in {own, *hired}]
    if setting.day == "ordinary":
        return [*(None for _vendor in hired), *noted], []
    at_hand = [one for one in noted if one.on_the_day == "yes"]
    return [*(None for _vendor in hired), *at_hand], [one for one in noted if one.on_the_day == "unsaid"]


def _effort(one: Alternative | None) -> Range:
    return point(0) if one is None else SCALE[one.effort]


def _tied(setting: Setting, promise: Promise) -> bool:
    """Whether a promise binds them: backed, and it stands; or it was kept or made good within the year before."""
    if promise.commitment.by != "them" or not commitments.backing(promise.commitment).backed:
        return False
    state = setting.moment.promise(promise)
    if state in _DONE:
        done = commitments.last(setting.moment.steps(promise), state)
        return done is not None and done.happened_at > setting.moment.at - YEAR
    return state in _STANDING


def _promises(promises: Iterable[Promise]) -> tuple[Ref, ...]:
    return tuple(Ref("commitment", record_id) for record_id in sorted(one.record_id for one in promises))


def _job(setting: Setting) -> tuple[Ref, ...]:
    return () if setting.job_id is None else (Ref("job", setting.job_id),)


def _purchases(setting: Setting) -> tuple[Ref, ...]:
    """What counts as spending, payments before prices, the newest first. What is paid once by a price noted is no spending in a year."""
    found = [(purchase(one.interaction), Ref("interaction", one.record_id)) for one in setting.evidence.happenings]
    found += [(rate(one.prices), Ref("price", one.record_id)) for one in setting.evidence.prices]
    counting = set(counted((seen for seen, _ref in found if seen), setting.moment))
    refs = [(seen.happened_at, ref) for seen, ref in found if seen in counting and (seen.amount or not seen.rate_of)]
    newest = sorted(refs, key=lambda one: (one[0], one[1].record_id), reverse=True)
    return tuple(sorted((ref for _at, ref in newest), key=lambda ref: ref.source))
