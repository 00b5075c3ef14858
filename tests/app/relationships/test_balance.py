"""The balance: its laws, its worked example, and its replay."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.relationships import balance
from app.relationships.balance import Measure, names
from app.relationships.evidence import Consent, Evidence, Holding, Moment, Noted, Purchase, rate
from app.relationships.factors import RULES, Ref
from app.relationships.ranges import UNKNOWN, Range
from tests.app.relationships import weighed as made
from tests.app.relationships.laws import LAWS, hold
from tests.app.relationships.weighed import EXAMPLE, EXAMPLE_PAID, NOW, VENDOR, ago, ident, weighed, when
from vault.records import Hired, Looked, Prices, Weighed, Yardstick

DOCUMENT = Path(balance.__file__).with_name("BALANCE.md").read_text(encoding="utf-8")


def test_what_nobody_has_said_is_open() -> None:
    """Without evidence every factor is the whole range, and so is all that follows; every name fits."""
    bare = weighed(Evidence(VENDOR))
    assert {one.range for one in bare.factors.values()} == {UNKNOWN}
    assert (bare.mine, bare.theirs, bare.magnitude, bare.asymmetry) == (UNKNOWN, UNKNOWN, UNKNOWN, Range(-1, 1))
    assert names(bare, Measure()) == ("you_depend", "they_depend", "mutual", "transactional")


def test_the_worked_example_is_reproduced() -> None:
    """Every figure in the example's table of BALANCE.md comes out of the program."""
    told = {
        row[0]: row[1:]
        for row in re.findall(r"^\| ([\w ]+) \| ([^|]+) \| ([^|]+) \|$", DOCUMENT.split("## A worked example")[1], re.MULTILINE)
    }
    shown = {day: _figures(weighed(EXAMPLE, *EXAMPLE_PAID, day=day)) for day in ("ordinary", "need")}
    assert told == {row: (shown["ordinary"][row], shown["need"][row]) for row in shown["ordinary"]}


def test_the_weights_are_those_of_the_document() -> None:
    """Each part's weights stand in BALANCE.md and add up to one, and every rule has a weight."""
    for part, weights in balance.WEIGHTS.items():
        assert sum(weights.values()) == pytest.approx(1)
        (line,) = re.findall(rf"^\| {part.replace('_', ' ')} \| mean \| (.+) \|$", DOCUMENT, re.MULTILINE)
        assert [float(number) for number in re.findall(r"\d\.\d+", line)] == list(weights.values())
    assert {*balance.MINE, *balance.THEIRS} == set(RULES)


@pytest.mark.parametrize("law", range(len(LAWS)), ids=[law.__name__ for law, _tried_on in LAWS])
def test_the_laws_hold(law: int) -> None:
    """Each law of the balance on a few dozen drawn cases; the proof in full tries a thousand."""
    hold(law, 30)


def test_hindsight_knows_more_than_was_known() -> None:
    """What was written down late counts for its day only when one looks back with what is known now."""
    late = Evidence(VENDOR, corrections=(made.correcting("revenue", low="0.2", high="0.3", **when(100, 10)),))
    at = ago(50)
    assert weighed(late, at=at).factors["revenue"].range == UNKNOWN
    assert weighed(late, at=at, known_at=NOW).factors["revenue"].range == Range(0.2, 0.3)
    then, now = balance.series(late, (), [at, NOW])
    assert (then.factors["revenue"].range, now.factors["revenue"].range) == (UNKNOWN, Range(0.2, 0.3))
    assert balance.series(late, (), [at], known_at=NOW)[0].factors["revenue"].range == Range(0.2, 0.3)


def test_corrections_stand_until_they_are_taken_back() -> None:
    """The last one written down holds for the day that it speaks of; the rule's own number stays beside it."""
    first = made.correcting("exit", low="0.5", high="0.5", number=1, **when(40))
    need = made.correcting("exit", low="0", high="0", number=2, day="need", **when(30))
    back = made.correcting("exit", "taken_back", number=3, **when(20))
    both = Evidence(VENDOR, corrections=(need, first))
    assert weighed(both).factors["exit"].range == Range(0.5, 0.5)
    assert weighed(both, day="need").factors["exit"].range == Range(0, 0)
    assert weighed(both).factors["exit"].found.range == UNKNOWN
    assert weighed(replace(both, corrections=(back, need, first))).factors["exit"].correcting is None
    whole = Evidence(VENDOR, corrections=tuple(made.correcting(factor, "all_known", number=at) for at, factor in enumerate(RULES)))
    shown = {factor: one.range for factor, one in weighed(whole).factors.items()}
    assert {factor for factor, one in shown.items() if one == Range(0, 0)} == {
        "spend",
        "data",
        "lock_in",
        "remedies",
        "kept",
        "exit",
        "terms",
    }


def test_who_is_hired_for_two_jobs_counts_by_the_heavier() -> None:
    """The job by which I depend most leads; one that is closed, or that they were let go from, counts no more."""
    light = made.work(Weighed(ordinary="none", **when(9)), Hired(vendor_id=VENDOR, **when(9)), number=1)
    heavy = made.work(Weighed(ordinary="all", **when(9)), Hired(vendor_id=VENDOR, **when(9)), Looked(**when(8)), number=2)
    both = weighed(Evidence(VENDOR, jobs=(light, heavy)))
    assert (both.job_id, set(both.jobs)) == (ident(2), {ident(1), ident(2)})
    assert both.mine == both.jobs[ident(2)]


def test_spend_over_currencies_lies_between_the_shares() -> None:
    """Whatever the rates are: a fifth of the euro and half of the pounds is between a fifth and a half."""
    paid = (
        made.purchase(10, "20"), made.purchase(10, "80", vendor=made.OTHER),
        made.purchase(10, "5", currency="GBP"), made.purchase(9, "5", vendor=made.OTHER, currency="GBP"),
        made.purchase(400, "9999"), made.purchase(5, "100", currency="SEK"), made.purchase(4, "-120", currency="SEK"),
    )  # fmt: skip
    assert weighed(Evidence(VENDOR), *paid).factors["spend"].range == Range(0.2, 0.5)
    alone = weighed(Evidence(VENDOR), made.purchase(10, "20")).factors["spend"]
    assert (alone.range, alone.found.why) == (UNKNOWN, "only-theirs")
    assert weighed(Evidence(VENDOR), made.purchase(1, "9", vendor=made.OTHER)).factors["spend"].found.why == "no-spending"


def test_a_price_noted_last_is_what_is_paid_in_a_year() -> None:
    """The newest of one thing, for a year; beside bills the larger sum, so that nothing is counted twice; paid once is no rate."""
    others = made.purchase(10, "540", vendor=made.OTHER)
    rates = (made.purchase(300, "9000", rate_of="line"), made.purchase(20, "540", rate_of="line"), made.purchase(20, "60", rate_of="box"))

    def share(*paid: Purchase) -> Range:
        return weighed(Evidence(VENDOR), *paid, others).factors["spend"].range

    assert share(*rates[:2]) == Range(0.5, 0.5) == share(*rates[:2], made.purchase(5, "45"))
    assert share(*rates) == Range(600 / 1140, 600 / 1140)
    assert share(made.purchase(400, "540", rate_of="line")) == UNKNOWN
    noted = {"vendor_id": VENDOR, "what": "Line", "seen_on": NOW.date(), "recorded_at": NOW - timedelta(hours=3)}
    euro = {"amount": "45", "currency": "EUR"}
    found = rate(Prices.model_validate({**noted, "mine": {**euro, "per": "P1M"}}))
    assert found == Purchase(VENDOR, Decimal(540), "EUR", NOW - timedelta(hours=3), NOW - timedelta(hours=3), "line")
    once, unsaid = (rate(Prices.model_validate({**noted, "mine": mine})) for mine in (euro, None))
    assert once is not None and once.amount == 0 and unsaid is None


def test_only_prices_that_count_are_evidence() -> None:
    """Of one thing the price noted last; none of what is paid once. Payments come first, the newest on top."""

    def noted(number: int, what: str, days: float, per: str | None = "P1M") -> Noted:
        mine = {"amount": "45", "currency": "EUR", "per": per}
        fields = {"vendor_id": VENDOR, "what": what, "mine": mine, "seen_on": ago(days).date(), "recorded_at": ago(days)}
        return Noted(ident(number), Prices.model_validate(fields))

    prices = (noted(1, "Line", 60), noted(2, "line", 20), noted(3, "Box", 40), noted(4, "Key", 10, None), noted(5, "Old", 400))
    happenings = tuple(made.happening(number, days, kind="purchase", amount="9", currency="EUR") for number, days in ((6, 50), (7, 5)))
    found = weighed(Evidence(VENDOR, happenings=happenings, prices=prices)).factors["spend"].found.refs
    payments = tuple(Ref("interaction", ident(number)) for number in (7, 6))
    assert found == (*payments, Ref("price", ident(2)), Ref("price", ident(3)))


def test_what_the_law_asks_is_no_promise_of_theirs() -> None:
    """Answered or not, it says nothing of how far they tie their own hands."""
    asked = made.promise(1, ("accepted", 90), ("broken", 3), remedy=None)
    lawful = replace(asked, commitment=asked.commitment.model_copy(update={"source": "law"}))
    assert weighed(Evidence(VENDOR, promises=(asked,))).factors["kept"].range == Range(0, 0)
    assert weighed(Evidence(VENDOR, promises=(lawful,))).factors["kept"].found.why == "no-promise"


def test_data_and_terms_come_from_what_lives() -> None:
    """A permission that ended counts no more; their own statement is all, a permission the least; the newest statement counts."""
    live = Consent(ident(1), ago(30), None, frozenset({"pd:Name", "pd:Age", "pd:Email"}))
    ended = Consent(ident(2), ago(30), ago(10), frozenset({"pd:Weight"}), frozenset({"counter"}))
    evidence = Evidence(VENDOR, consents=(live, ended))
    assert weighed(evidence).factors["data"].range == Range(0.5, 1)
    assert weighed(evidence).factors["terms"].range == Range(0, 0)
    assert weighed(evidence, at=ago(20)).factors["terms"].range == Range(0.5, 0.5)
    held = (Holding(ident(5), ident(9), ago(9), 1), Holding(ident(6), ident(9), ago(5), 9))
    assert weighed(replace(evidence, holdings=held)).factors["data"].range == Range(0.75, 0.75)


def test_being_bound() -> None:
    """Free to go is nothing, a year left is half, my own dated promise the least; an end that has passed binds nobody."""
    free = Evidence(VENDOR, jobs=(made.work(Hired(vendor_id=VENDOR, bound="free", **when(9))),))
    assert weighed(free).factors["lock_in"].range == Range(0, 0)
    over = Evidence(VENDOR, jobs=(made.work(Hired(vendor_id=VENDOR, bound="until", bound_until=date(2026, 1, 1), **when(9))),))
    assert weighed(over).factors["lock_in"].range == Range(0, 0)
    mine = Evidence(VENDOR, promises=(made.promise(1, ("accepted", 9), by="me", remedy=None, due=date(2027, 11, 1)),))
    assert weighed(mine).factors["lock_in"].range == Range(0.5 + 1 / 730, 1)


def test_the_owners_measure_names() -> None:
    """The last yardstick said holds; a range over a border has several names."""
    moment = Moment(NOW, NOW)
    early, late = (Yardstick(lopsided=low, close="0.9", **when(days)) for low, days in (("0.5", 20), ("0.05", 10)))
    assert balance.measure((), moment) == Measure(0.2, 0.35)
    assert balance.measure((late, early), moment) == Measure(0.05, 0.9)
    assert balance.measure((late, early), Moment(ago(15), ago(15))) == Measure(0.5, 0.9)
    example = weighed(EXAMPLE, *EXAMPLE_PAID)
    assert names(example, Measure()) == ("mutual",)
    assert names(example, Measure(close=0.9)) == ("transactional",)
    assert names(example, Measure(lopsided=0.1)) == ("they_depend", "mutual")
    assert len(balance.months(NOW, 24)) == 24 and balance.months(NOW, 24)[-1] == NOW


def _figures(found: balance.Balance) -> dict[str, str]:
    rows = {str(factor): _text(one.range) for factor, one in found.factors.items()}
    rows |= {part.replace("_", " "): _text(one) for part, one in found.parts.items()}
    rows |= {name: _text(getattr(found, name)) for name in ("mine", "theirs", "magnitude", "asymmetry")}
    return rows | {"name": ", ".join(name.replace("_", " ") for name in names(found, Measure()))}


def _text(one: Range) -> str:
    low, high = f"{one.low:.3f}", f"{one.high:.3f}"
    return low if low == high else f"{low} to {high}"
