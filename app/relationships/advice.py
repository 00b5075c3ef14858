"""What follows from the numbers: what to find out, what to do, what to beware of, and who has cared lately. Pure.

Nothing here decides. Each advice names the numbers that it follows from, and the evidence; the page leads to the act.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, TypeAlias

from app.relationships import commitments, jobs
from app.relationships.balance import Balance, Measure, names, weigh
from app.relationships.evidence import Asking, Evidence, Happening, Holding, Moment, Promise, Spending, Work
from app.relationships.factors import Ref
from app.relationships.jobs import Standing
from app.relationships.ranges import Range
from vault.records import Alternative, Commitment, CommitmentEvent, Factor, Remedy

Code = Literal["find_out", "second_source", "ask_commitment", "narrow", "leave"]
Warned = Literal["problems", "competes", "sells", "sells_by_terms", "bought"]

HALF_YEAR = timedelta(days=182)
FEWEST_PROBLEMS = 3
"""So many problems lately before their share says anything."""

HALF = 0.5
ANOTHER = "f" * 32
"""The id of what an outlook adds: never stored."""


@dataclass(frozen=True)
class Advice:
    """One thing to do. `factor` is the number that it follows from first; `alternatives` are the owner's own, the easiest first."""

    code: Code
    factor: Factor
    alternatives: tuple[Alternative, ...] = ()
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class Beware:
    """One thing to beware of, with figures and evidence; `names` are those to whom data goes on, as the terms name them."""

    code: Warned
    figures: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = ()


Sides: TypeAlias = tuple[tuple[Ref, ...], tuple[Ref, ...]]
"""Evidence by me, and by them."""


@dataclass(frozen=True)
class Nurture:
    """Who has done what for the relationship within half a year, each with its evidence."""

    started: Sides
    problems: Sides
    solved: Sides
    kept: Sides

    @property
    def done(self) -> tuple[int, int]:
        """How much of what keeps it alive each side did: initiatives, amends, promises kept. Naming a problem is not counted."""
        mine, theirs = (sum(len(sides[side]) for sides in (self.started, self.solved, self.kept)) for side in (0, 1))
        return mine, theirs


@dataclass(frozen=True)
class Outlook:
    """What an advice would do, all else as it is: whose dependence moves, from where and to where."""

    side: Literal["mine", "theirs"]
    now: Range
    then: Range


def advise(balance: Balance, evidence: Evidence, measure: Measure) -> tuple[Advice, ...]:
    """What to do, the most telling first. Nothing where nothing follows."""
    return tuple(_advice(balance, evidence, measure))


def warnings(evidence: Evidence, moment: Moment) -> tuple[Beware, ...]:
    """What to beware of, as of a moment."""
    return (*_problems(evidence, moment), *_sells(evidence, moment), *_said(evidence, moment))


def nurture(evidence: Evidence, moment: Moment) -> Nurture:
    """Half a year: who took the initiative, who named and who solved problems, who kept promises."""
    recent = list(_recent(evidence, moment, back=1))
    started = [one for one in recent if one.interaction.kind != "problem"]
    troubles = [one for one in recent if one.interaction.kind == "problem"]
    return Nurture(_by_side(started), _by_side(troubles), _stepped(evidence, moment, "remedied"), _stepped(evidence, moment, "kept"))


def foresee(one: Advice, balance: Balance, evidence: Evidence, spending: Spending) -> Outlook | None:
    """What would change if the owner followed an advice today; None where nothing would, or nobody can say.

    One more who would do, at hand on the day and with the work of the easiest that is noted; the promises that are just words
    backed by letting me go when they are broken, or one such promise where there is none; the permissions taken back.
    """
    moment, day = balance.moment, balance.day
    match one.code:
        case "second_source" if balance.job_id is not None:
            changed = replace(evidence, jobs=tuple(_with_another(work, one, balance) for work in evidence.jobs))
        case "ask_commitment":
            changed = replace(evidence, promises=_backed(one, balance, evidence))
        case "narrow":
            asked = {ref.record_id for ref in one.refs}
            changed = replace(evidence, consents=tuple(consent for consent in evidence.consents if consent.grant_id not in asked))
        case _:
            return None
    side: Literal["mine", "theirs"] = "theirs" if one.code == "ask_commitment" else "mine"
    now, then = getattr(balance, side), getattr(weigh(changed, spending, moment, day=day), side)
    return None if now == then else Outlook(side, now, then)


def _advice(balance: Balance, evidence: Evidence, measure: Measure) -> Iterator[Advice]:
    called = names(balance, measure)
    leaning = called == ("you_depend",)
    options = _alternatives(balance, evidence)
    if len(called) > 1 and (open_factor := _widest(balance)) is not None:
        yield Advice("find_out", open_factor)
    if (leaning or "you_depend" in called) and balance.mine.high >= HALF and balance.factors["substitutes"].range.high >= HALF:
        yield Advice("second_source", "substitutes", options)
    if "you_depend" in called and balance.parts["their_ties"].low < HALF:
        loose = sorted(one.record_id for one in evidence.promises if _loose(one, balance.moment))
        yield Advice("ask_commitment", "remedies", refs=tuple(Ref("commitment", record_id) for record_id in loose))
    wide = [one.grant_id for one in evidence.consents if balance.moment.lives(one) and (one.datatypes or one.sends)]
    if wide and (leaning or warnings(evidence, balance.moment)):
        yield Advice("narrow", "data", refs=tuple(Ref("grant", grant_id) for grant_id in sorted(wide)))
    if _disappoints(balance, evidence) and balance.factors["lock_in"].range.low < HALF:
        yield Advice("leave", "kept", options, balance.factors["kept"].found.refs)


def _widest(balance: Balance) -> Factor | None:
    """The factor whose being open leaves the most open; of two alike the first by name. What the evidence cannot say comes last."""
    opened = [
        (one.weight * one.range.width, one.factor != "revenue", one.factor) for one in balance.factors.values() if one.range.width > 0
    ]
    return max(opened)[2] if opened else None


def _alternatives(balance: Balance, evidence: Evidence) -> tuple[Alternative, ...]:
    standing = _standing(balance, evidence)
    order = ("none", "little", "some", "unsaid", "much", "all")
    noted = [one for one in standing.alternatives.values() if one.vendor_id != balance.vendor_id]
    return tuple(sorted(noted, key=lambda one: (order.index(one.effort), one.name.casefold(), one.alternative_id)))


def _standing(balance: Balance, evidence: Evidence) -> Standing:
    found = [one.job for one in evidence.jobs if one.record_id == balance.job_id]
    return jobs.standing(found[0], at=balance.moment.at, known_at=balance.moment.known_at) if found else Standing()


def _loose(promise: Promise, moment: Moment) -> bool:
    """Whether a promise of theirs stands and is just words."""
    return moment.promise(promise) == "active" and commitments.backing(promise.commitment).just_words


def _disappoints(balance: Balance, evidence: Evidence) -> bool:
    """Two promises broken at least, and more broken than kept."""
    theirs = [one for one in evidence.promises if commitments.backing(one.commitment).promised]
    states = [balance.moment.promise(one) for one in theirs]
    return states.count("broken") > 1 and states.count("broken") > states.count("kept")


def _with_another(work: Work, one: Advice, balance: Balance) -> Work:
    """The job with one more who would do, if it is the one that weighs."""
    if work.record_id != balance.job_id:
        return work
    effort = next((other.effort for other in one.alternatives if other.effort != "unsaid"), "unsaid")
    another = Alternative(
        alternative_id=ANOTHER,
        name="?",
        effort=effort,
        on_the_day="yes",
        happened_at=balance.moment.at,
        recorded_at=balance.moment.known_at,
    )
    return replace(work, job=jobs.with_step(work.job, another))


def _backed(one: Advice, balance: Balance, evidence: Evidence) -> tuple[Promise, ...]:
    """The promises with those backed that are just words; where there is none of these, with one more that is backed."""
    loose = {ref.record_id for ref in one.refs}
    tied = Remedy(kind="free_exit", within="P14D")
    if loose:
        return tuple(
            replace(promise, commitment=promise.commitment.model_copy(update={"remedy": tied})) if promise.record_id in loose else promise
            for promise in evidence.promises
        )
    at = balance.moment.at
    begun = CommitmentEvent(type="accepted", happened_at=at, recorded_at=at)
    fresh = Commitment(vendor_id=balance.vendor_id, promise="?", remedy=tied, events=(begun,))
    return (*evidence.promises, Promise(ANOTHER, fresh, begun.recorded_at))


def _recent(evidence: Evidence, moment: Moment, *, back: int) -> Iterator[Happening]:
    """The interactions of the last half year, or of the one `back` before it."""
    start, end = moment.at - back * HALF_YEAR, moment.at - (back - 1) * HALF_YEAR
    for one in evidence.happenings:
        if start < one.interaction.happened_at <= end and moment.sees(one.interaction.happened_at, one.interaction.recorded_at):
            yield one


def _by_side(found: Iterable[Happening]) -> Sides:
    rows = sorted(((one.interaction.happened_at, one.record_id, one.interaction.initiative) for one in found), reverse=True)
    mine, theirs = (tuple(Ref("interaction", record_id) for _at, record_id, by in rows if by == side) for side in ("me", "them"))
    return mine, theirs


def _stepped(evidence: Evidence, moment: Moment, kind: str) -> Sides:
    """Promises that took a step of a kind within half a year, by whose promise it is: once for each time."""
    rows = sorted(
        (step.happened_at, promise.record_id, promise.commitment.by)
        for promise in evidence.promises
        if promise.created_at <= moment.known_at
        for step in moment.steps(promise)
        if step.type == kind and step.happened_at > moment.at - HALF_YEAR
    )
    mine, theirs = (tuple(Ref("commitment", record_id) for _at, record_id, by in rows if by == side) for side in ("me", "them"))
    return mine, theirs


def _problems(evidence: Evidence, moment: Moment) -> Iterator[Beware]:
    """Problems make up a larger share of what happened in this half year than in the one before."""
    now, before = (list(_recent(evidence, moment, back=back)) for back in (1, 2))
    new, old = ([one for one in found if one.interaction.kind == "problem"] for found in (now, before))
    if len(new) >= FEWEST_PROBLEMS and len(new) * max(1, len(before)) > len(old) * len(now):
        refs = tuple(Ref("interaction", record_id) for record_id in sorted(one.record_id for one in new))
        yield Beware("problems", {"n": len(new), "of": len(now), "before": len(old), "of_before": len(before)}, refs=refs)


def _sells(evidence: Evidence, moment: Moment) -> Iterator[Beware]:
    passing = [one for one in evidence.consents if one.sells and moment.lives(one)]
    if passing:
        named = tuple(dict.fromkeys(name for one in passing for name in one.sells))
        yield Beware("sells_by_terms", {"n": len(named)}, named, tuple(Ref("grant", one.grant_id) for one in passing))
    latest: dict[str, Holding] = {}
    for one in evidence.holdings:
        if moment.sees(one.received_at, one.received_at):
            latest[one.client_id] = max(latest.get(one.client_id, one), one, key=lambda held: (held.received_at, held.record_id))
    bought = [one for one in latest.values() if one.bought]
    if bought:
        yield Beware("bought", {"n": sum(one.bought for one in bought)}, refs=tuple(Ref("held", one.record_id) for one in bought))


def _said(evidence: Evidence, moment: Moment) -> Iterator[Beware]:
    last = latest_signpost(evidence.signposts, moment)
    if last is not None:
        if last.signpost.competes == "yes":
            yield Beware("competes")
        if last.signpost.sells == "yes":
            yield Beware("sells")


def latest_signpost(asked: Iterable[Asking], moment: Moment) -> Asking | None:
    """The signposts asked last, as of a moment."""
    seen = [one for one in asked if moment.sees(one.signpost.happened_at, one.signpost.recorded_at)]
    return max(seen, key=lambda one: (one.signpost.happened_at, one.signpost.recorded_at, one.record_id), default=None)
