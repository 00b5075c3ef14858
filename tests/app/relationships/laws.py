"""The laws of the balance, each with what it is tried on: the quick test and the full proof try the same."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.relationships import advice, balance, leaning, signposts
from app.relationships.balance import Measure, names
from app.relationships.evidence import Evidence, Moment, Promise, Purchase, spending
from app.relationships.factors import Day
from app.relationships.jobs import with_step
from tests.app.relationships import weighed as made
from tests.app.relationships.weighed import NOW, ago, ident, weighed, when
from vault.records import Alternative, Hired

day_kinds = st.sampled_from(("ordinary", "need"))


def everything_stays_within_its_bounds(evidence: Evidence, paid: list[Purchase], day: Day) -> None:
    """Factors, parts, dependences and magnitude lie within 0 and 1, asymmetry within -1 and 1; some name always fits."""
    found = weighed(evidence, *paid, day=day)
    ranges = [*(one.range for one in found.factors.values()), *found.parts.values(), found.mine, found.theirs, found.magnitude]
    assert all(0 <= one.low <= one.high <= 1 for one in ranges)
    assert -1 <= found.asymmetry.low <= found.asymmetry.high <= 1
    assert names(found, Measure())


def the_order_of_evidence_does_not_matter(evidence: Evidence, paid: list[Purchase], day: Day, dice: random.Random) -> None:
    """Shuffled in every part, jobs' steps included, it weighs the same to the last bit."""
    jobs = tuple(replace(one, job=one.job.model_copy(update={"steps": _shuffled(one.job.steps, dice)})) for one in evidence.jobs)
    parts = ("happenings", "promises", "consents", "holdings", "corrections")
    shuffled: dict[str, Any] = {name: _shuffled(getattr(evidence, name), dice) for name in parts}
    mixed = replace(evidence, jobs=_shuffled(jobs, dice), **shuffled)
    assert _outcome(weighed(mixed, *_shuffled(tuple(paid), dice), day=day)) == _outcome(weighed(evidence, *paid, day=day))


def more_substitutes_never_raise_my_dependence(evidence: Evidence, paid: list[Purchase], another: Alternative, day: Day) -> None:
    """One more who would do, noted or hired, moves neither end of my dependence up."""
    fresh = another.model_copy(update={"alternative_id": ident(77), "recorded_at": NOW})
    hired = Hired(vendor_id="d" * 32, **when(1))
    before = weighed(evidence, *paid, day=day).mine
    for step in (fresh, hired):
        more = replace(evidence, jobs=tuple(replace(one, job=with_step(one.job, step)) for one in evidence.jobs))
        after = weighed(more, *paid, day=day).mine
        assert after.low <= before.low + 1e-12 and after.high <= before.high + 1e-12


def a_credible_kept_commitment_never_lowers_theirs(evidence: Evidence, days: int, remedy: str) -> None:
    """One more promise that is backed and kept moves neither end of their dependence down; nor does keeping one that stood."""
    before = weighed(evidence).theirs
    more = replace(
        evidence, promises=(*evidence.promises, made.promise(1, ("accepted", days + 10), ("kept", days), remedy=remedy, created=days + 10))
    )
    after = weighed(more).theirs
    assert after.low >= before.low - 1e-12 and after.high >= before.high - 1e-12
    standing = replace(evidence, promises=(*evidence.promises, made.promise(1, ("accepted", 20), remedy=remedy, created=20)))
    done = replace(evidence, promises=(*evidence.promises, made.promise(1, ("accepted", 20), ("kept", 2), remedy=remedy, created=20)))
    assert weighed(done).theirs.low >= weighed(standing).theirs.low - 1e-12
    assert weighed(done).theirs.high >= weighed(standing).theirs.high - 1e-12


def replay_shows_what_was_shown_then(evidence: Evidence, paid: list[Purchase], day: Day, back: int) -> None:
    """A past day from all that is written down now is the day from what was written down then."""
    at = ago(back)
    then = _known(evidence, at)
    known = [one for one in paid if one.recorded_at <= at]
    assert _outcome(weighed(evidence, *paid, at=at, day=day)) == _outcome(weighed(then, *known, at=at, day=day))


def _known(evidence: Evidence, at: datetime) -> Evidence:
    """What had been written down at a moment."""
    return replace(
        evidence,
        happenings=tuple(one for one in evidence.happenings if one.interaction.recorded_at <= at),
        promises=tuple(_then(one, at) for one in evidence.promises if one.created_at <= at),
        consents=tuple(replace(one, ended_at=_past(one.ended_at, at)) for one in evidence.consents if one.given_at <= at),
        holdings=tuple(one for one in evidence.holdings if one.received_at <= at),
        jobs=tuple(
            replace(one, job=one.job.model_copy(update={"steps": tuple(step for step in one.job.steps if step.recorded_at <= at)}))
            for one in evidence.jobs
        ),
        corrections=tuple(one for one in evidence.corrections if one.correction.recorded_at <= at),
        signposts=tuple(one for one in evidence.signposts if one.signpost.recorded_at <= at),
    )


def _followed(evidence: Evidence, paid: list[Purchase], moment: Moment) -> object:
    spent = spending(paid, moment)
    found = balance.weigh(evidence, spent, moment)
    advised = [
        (one.code, one.factor, one.alternatives, sorted(one.refs, key=repr), advice.foresee(one, found, evidence, spent))
        for one in advice.advise(found, evidence, Measure())
    ]
    beware = [(one.code, one.figures, sorted(one.names), sorted(one.refs, key=repr)) for one in advice.warnings(evidence, moment)]
    return advised, beware, advice.nurture(evidence, moment), signposts.course(evidence.signposts, moment)


def what_follows_replays_and_knows_no_order(evidence: Evidence, paid: list[Purchase], back: int, dice: random.Random) -> None:
    """Warnings, advice and who cared are those of the day, whatever was written down later and in whatever order it stands."""
    at = ago(back)
    moment = Moment(at, at)
    parts = ("happenings", "promises", "consents", "holdings", "corrections", "signposts")
    shuffled: dict[str, Any] = {name: _shuffled(getattr(evidence, name), dice) for name in parts}
    mixed = _known(replace(evidence, **shuffled), at)
    in_part: dict[str, Any] = {name: tuple(getattr(mixed, name)) for name in parts}
    then = replace(_known(evidence, at), **in_part)
    assert _followed(evidence, paid, moment) == _followed(then, [one for one in paid if one.recorded_at <= at], moment)


def one_who_may_not_lean_is_never_told(evidence: Evidence, paid: list[Purchase], back: int) -> None:
    """What Today leaves out before weighing could not have been certain; and what is certain without purchases is so with them."""
    now, then = weighed(evidence, *paid), weighed(evidence, *paid, at=ago(back))
    said = leaning.leaning(now, then, Measure())
    assert said is None or leaning.may_lean(evidence)
    if names(weighed(evidence), Measure()) == ("you_depend",):
        assert names(now, Measure()) == ("you_depend",)
    again = leaning.leaning(now, now, Measure())
    assert again is None or again.reason == "lopsided"


LAWS: tuple[tuple[Callable[..., None], tuple[st.SearchStrategy[object], ...]], ...] = (
    (
        everything_stays_within_its_bounds,
        (
            made.evidences(),
            made.purchases(),
            day_kinds,
        ),
    ),
    (
        the_order_of_evidence_does_not_matter,
        (
            made.evidences(),
            made.purchases(),
            day_kinds,
            st.randoms(use_true_random=False),
        ),
    ),
    (
        more_substitutes_never_raise_my_dependence,
        (
            made.evidences(),
            made.purchases(),
            made.alternatives(),
            day_kinds,
        ),
    ),
    (
        a_credible_kept_commitment_never_lowers_theirs,
        (
            made.evidences(),
            st.integers(0, 800),
            st.sampled_from(("refund", "free_exit")),
        ),
    ),
    (
        replay_shows_what_was_shown_then,
        (
            made.evidences(),
            made.purchases(),
            day_kinds,
            st.integers(0, 900),
        ),
    ),
    (
        what_follows_replays_and_knows_no_order,
        (
            made.evidences(),
            made.purchases(),
            st.integers(0, 900),
            st.randoms(use_true_random=False),
        ),
    ),
    (
        one_who_may_not_lean_is_never_told,
        (
            made.evidences(),
            made.purchases(),
            st.integers(0, 900),
        ),
    ),
)


def _outcome(found: balance.Balance) -> object:
    return found.job_id, found.mine, found.theirs, found.parts, {factor: (one.range, one.found) for factor, one in found.factors.items()}


def _shuffled(things: tuple, dice: random.Random) -> tuple:  # type: ignore[type-arg]  # of anything
    return tuple(dice.sample(things, len(things)))


def _then(promise: Promise, at: datetime) -> Promise:
    known = tuple(step for step in promise.commitment.events if step.recorded_at <= at)
    return replace(promise, commitment=promise.commitment.model_copy(update={"events": known}))


def _past(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment is not None and moment <= at else None


def hold(law: int, cases: int) -> None:
    """Try a law on so many drawn cases. Raises AssertionError with the smallest case that breaks it."""
    holds, tried_on = LAWS[law]
    checks = settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    checks(given(*tried_on)(holds))()
