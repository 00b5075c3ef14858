"""What follows from the numbers, and only from them."""

from dataclasses import replace
from datetime import date

from app.relationships.advice import Advice, advise, foresee, nurture, warnings
from app.relationships.balance import Measure
from app.relationships.evidence import Asking, Consent, Evidence, Holding, Moment, spending
from app.relationships.factors import Ref
from tests.app.relationships.weighed import (
    EXAMPLE,
    NOW,
    VENDOR,
    ago,
    alternative,
    correcting,
    happening,
    ident,
    promise,
    weighed,
    when,
    work,
)
from vault.records import Hired, Looked, Signpost, Weighed

HERE = Moment(NOW, NOW)


def codes(evidence: Evidence) -> list[str]:
    return [one.code for one in advise(weighed(evidence), evidence, Measure())]


def test_with_nothing_known_the_first_thing_is_to_find_out() -> None:
    """Of the factors that are open, the one that leaves most open; one more who would do is never wrong to look for."""
    found = advise(weighed(Evidence(VENDOR)), Evidence(VENDOR), Measure())
    assert [one.code for one in found] == ["find_out", "second_source", "ask_commitment"]
    assert found[0].factor == "remedies"


def test_a_settled_balance_asks_for_nothing() -> None:
    """Who leans on me, with all of it known, leads to no advice."""
    level = ("importance", "spend", "data", "substitutes", "switching", "lock_in")
    said = [correcting(factor, low="0.1", high="0.1", number=at) for at, factor in enumerate(level)]
    said += [
        correcting(factor, low="0.9", high="0.9", number=50 + at)
        for at, factor in enumerate(("revenue", "remedies", "kept", "exit", "terms"))
    ]
    assert codes(Evidence(VENDOR, corrections=tuple(said))) == []


def test_a_second_source_comes_with_the_owners_own_steps() -> None:
    """The easiest first; a note that is the company itself is none."""
    steps = (
        Weighed(ordinary="all", **when(9)),
        Hired(vendor_id=VENDOR, bound="until", bound_until=date(2029, 1, 1), **when(9)),
        alternative(1, effort="much", ways=("ring",), days=8),
        alternative(2, effort="little", days=8),
        alternative(3, effort="none", vendor_id=VENDOR, days=8),
        Looked(**when(7)),
    )
    evidence = Evidence(VENDOR, jobs=(work(*steps),), corrections=(correcting("substitutes", low="0.6", high="0.6"),))
    (source,) = [one for one in advise(weighed(evidence), evidence, Measure()) if one.code == "second_source"]
    assert [one.name for one in source.alternatives] == ["Other 2", "Other 1"]


def test_leaving_takes_broken_promises_and_a_way_out() -> None:
    """Two broken, more than kept, and not bound for long; each broken one is named."""
    broken = tuple(promise(at, ("accepted", 30), ("broken", 10)) for at in (1, 2))
    assert "leave" in codes(Evidence(VENDOR, promises=broken))
    assert "leave" not in codes(Evidence(VENDOR, promises=broken[:1]))
    kept = tuple(promise(at, ("accepted", 30), ("kept", 10)) for at in (3, 4))
    assert "leave" not in codes(Evidence(VENDOR, promises=(*broken, *kept)))
    bound = correcting("lock_in", low="0.9", high="1")
    assert "leave" not in codes(Evidence(VENDOR, promises=broken, corrections=(bound,)))


def test_just_words_are_named_when_asking_for_a_commitment() -> None:
    """Backed ones, and those that no longer stand, are not."""
    promises = (
        promise(1, ("accepted", 9), remedy=None),
        promise(2, ("accepted", 9)),
        promise(3, ("accepted", 9), ("waived", 2), remedy=None),
    )
    evidence = Evidence(VENDOR, promises=promises)
    (asking,) = [one for one in advise(weighed(evidence), evidence, Measure()) if one.code == "ask_commitment"]
    assert [ref.record_id for ref in asking.refs] == [ident(1)]


def test_narrowing_needs_a_reason_and_something_to_narrow() -> None:
    """A permission that reads or sends, while something is to beware of; one that ended is none."""
    passing = Consent(ident(1), ago(9), None, sells=("Northern Data Brokers",), sends=True)
    assert "narrow" in codes(Evidence(VENDOR, consents=(passing,)))
    assert "narrow" not in codes(Evidence(VENDOR, consents=(replace(passing, sells=()),)))
    assert "narrow" not in codes(Evidence(VENDOR, consents=(replace(passing, ended_at=ago(1)),)))


def test_a_rising_share_of_problems_is_warned_of() -> None:
    """Three lately, and a larger share than in the half year before."""
    lately = tuple(happening(at, 5 + at, kind="problem") for at in range(3))
    before = tuple(happening(10 + at, 200 + at, kind="problem") for at in range(3))
    (found,) = warnings(Evidence(VENDOR, happenings=lately), HERE)
    assert (found.code, found.figures) == ("problems", {"n": 3, "of": 3, "before": 0, "of_before": 0})
    assert warnings(Evidence(VENDOR, happenings=lately[:2]), HERE) == ()
    assert warnings(Evidence(VENDOR, happenings=(*lately, *before)), HERE) == ()
    assert warnings(Evidence(VENDOR, happenings=lately), Moment(ago(100), ago(100))) == ()


def test_whoever_sells_or_competes_is_warned_of() -> None:
    """By the terms, by what they hold, by the owner's own last word."""
    consent = Consent(ident(1), ago(9), None, sells=("A", "A", "B"))
    held = (Holding(ident(2), ident(9), ago(9), 5, bought=2), Holding(ident(3), ident(9), ago(5), 5, bought=1))
    old = Asking(ident(5), Signpost(vendor_id=VENDOR, competes="yes", sells="yes", **when(20)))
    new = Asking(ident(4), Signpost(vendor_id=VENDOR, competes="no", sells="yes", **when(2)))
    found = warnings(Evidence(VENDOR, consents=(consent,), holdings=held, signposts=(new, old)), HERE)
    assert [(one.code, one.names) for one in found] == [("sells_by_terms", ("A", "B")), ("bought", ()), ("sells", ())]
    assert found[1].figures == {"n": 1}
    assert [one.code for one in warnings(Evidence(VENDOR, signposts=(new, old)), Moment(ago(10), ago(10)))] == ["competes", "sells"]


def test_who_has_cared_is_counted_by_side() -> None:
    """Initiatives, problems named, what was made good, and promises kept, within half a year, each with its evidence."""
    evidence = Evidence(
        VENDOR,
        happenings=(happening(1, 5), happening(2, 6, initiative="them"), happening(3, 7, kind="problem"), happening(4, 400)),
        promises=(
            promise(5, ("accepted", 90), ("broken", 50), ("remedied", 20)),
            promise(6, ("accepted", 90), ("kept", 50), by="me"),
            promise(7, ("accepted", 290), ("kept", 250)),
        ),
    )
    found = nurture(evidence, HERE)
    counted = [(len(mine), len(theirs)) for mine, theirs in (found.started, found.problems, found.solved, found.kept)]
    assert counted == [(1, 1), (1, 0), (0, 1), (1, 0)]
    assert found.done == (2, 2)
    assert found.solved[1] == (Ref("commitment", ident(5)),) and found.started[0] == (Ref("interaction", ident(1)),)


def test_an_outlook_says_what_an_advice_would_move() -> None:
    """One more who would do lowers mine, a backed promise raises theirs, a permission taken back lowers mine; else there is none."""
    consent = Consent(ident(20), ago(90), None, datatypes=frozenset({"pd:Name", "pd:Age"}), sells=("A",))
    loose = promise(12, ("accepted", 80), remedy=None)
    evidence = replace(EXAMPLE, consents=(consent,), holdings=(), promises=(loose,))
    weighing = weighed(evidence)
    asked = {one.code: foresee(one, weighing, evidence, spending((), HERE)) for one in advise(weighing, evidence, Measure())}
    second, backed, less = asked["second_source"], asked["ask_commitment"], asked["narrow"]
    assert second is not None and second.side == "mine" and second.then.high < second.now.high
    assert backed is not None and backed.side == "theirs" and backed.then.low > backed.now.low
    assert less is not None and less.side == "mine" and less.then.low < less.now.low
    none = replace(evidence, promises=())
    fresh = foresee(Advice("ask_commitment", "remedies"), weighed(none), none, spending((), HERE))
    assert fresh is not None and fresh.then.low > fresh.now.low
    for idle in (Advice("leave", "kept"), Advice("find_out", "exit"), Advice("narrow", "data")):
        assert foresee(idle, weighing, evidence, spending((), HERE)) is None
    assert foresee(Advice("second_source", "substitutes"), weighed(Evidence(VENDOR)), Evidence(VENDOR), spending((), HERE)) is None
