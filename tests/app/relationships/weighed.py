"""Evidence for the balance: short makers of records, the worked example, and what hypothesis draws from."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.relationships.balance import Balance, weigh
from app.relationships.evidence import Asking, Consent, Correcting, Evidence, Happening, Holding, Moment, Promise, Purchase, Work, spending
from app.relationships.factors import Day
from vault.records import (
    Alternative,
    Commitment,
    CommitmentEvent,
    Correction,
    Gone,
    Hired,
    Interaction,
    Job,
    JobStep,
    Looked,
    Remedy,
    Signpost,
    Weighed,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
VENDOR, OTHER, THIRD = "a" * 32, "b" * 32, "c" * 32
EFFORTS = ("unsaid", "none", "little", "some", "much", "all")


def ident(number: int) -> str:
    """A record id."""
    return f"{number:032x}"


def ago(days: float) -> datetime:
    """So many days before NOW."""
    return NOW - timedelta(days=days)


def when(days: float, recorded: float | None = None) -> dict[str, Any]:
    """Happened so many days ago, and written down then, or `recorded` days ago."""
    return {"happened_at": ago(days), "recorded_at": ago(days if recorded is None else recorded)}


def work(*steps: JobStep, number: int = 900) -> Work:
    """A job."""
    return Work(ident(number), Job(title="A line that does not drop", steps=steps))


def alternative(number: int, *, days: float = 100, **fields: Any) -> Alternative:
    """Somebody else who would do."""
    return Alternative(alternative_id=ident(number), name=f"Other {number}", **{**when(days), **fields})


def promise(
    number: int, *events: tuple[str, float], by: str = "them", remedy: str | None = "refund", due: date | None = None, created: float = 300
) -> Promise:
    """A promise with its steps, as (type, days ago)."""
    steps = tuple(CommitmentEvent.model_validate({"type": kind, **when(days)}) for kind, days in events)
    tied = Remedy.model_validate({"kind": remedy, "within": "P14D"}) if remedy else None
    made = Commitment.model_validate({"vendor_id": VENDOR, "promise": "p", "by": by, "remedy": tied, "due_date": due, "events": steps})
    return Promise(ident(number), made, ago(created))


def correcting(
    factor: str, says: str = "range", low: str | None = None, high: str | None = None, *, number: int = 800, **more: Any
) -> Correcting:
    """A correction."""
    fields = {"vendor_id": VENDOR, "factor": factor, "says": says, "low": low, "high": high, "why": "I asked", **when(50), **more}
    return Correcting(ident(number), Correction.model_validate(fields))


def happening(number: int, days: float, **fields: Any) -> Happening:
    """Something that happened."""
    values = {"vendor_id": VENDOR, "kind": "contact", "title": "t", **when(days), **fields}
    return Happening(ident(number), Interaction.model_validate(values))


def purchase(
    days: float, amount: str, *, vendor: str = VENDOR, currency: str = "EUR", recorded: float | None = None, rate_of: str = ""
) -> Purchase:
    """An amount paid, or what a price comes to in a year."""
    at = when(days, recorded)
    return Purchase(vendor, Decimal(amount), currency, at["happened_at"], at["recorded_at"], rate_of)


def weighed(evidence: Evidence, *paid: Purchase, at: datetime = NOW, known_at: datetime | None = None, day: Day = "ordinary") -> Balance:
    """The balance, with the spending added up."""
    moment = Moment(at, known_at or at)
    return weigh(evidence, spending(paid, moment), moment, day=day)


EXAMPLE_PAID = (purchase(30, "200"), purchase(200, "160"), purchase(10, "3240", vendor=OTHER))
EXAMPLE = Evidence(
    vendor_id=VENDOR,
    happenings=(happening(1, 30, kind="purchase", amount="200", currency="EUR"),),
    promises=(
        promise(10, ("accepted", 200), ("kept", 140)),
        promise(11, ("accepted", 90), remedy="free_exit"),
        promise(12, ("accepted", 80), ("broken", 60), remedy=None),
    ),
    consents=(Consent(ident(20), ago(90), None, mine=frozenset({"agreement"})),),
    holdings=(Holding(ident(30), ident(31), ago(40), 9),),
    jobs=(
        work(
            Weighed(ordinary="much", need="all", **when(300)),
            Hired(vendor_id=VENDOR, bound="until", bound_until=date(2027, 11, 1), **when(299)),
            alternative(40, effort="much", on_the_day="no"),
            Looked(**when(99)),
        ),
    ),
    corrections=(correcting("revenue", low="0", high="0.05"),),
)
"""The worked example of BALANCE.md."""

days = st.integers(min_value=0, max_value=900)
efforts = st.sampled_from(EFFORTS)
vendors = st.sampled_from((VENDOR, OTHER, THIRD))
whens = st.builds(lambda happened, late: when(happened, max(0, happened - late)), days, st.integers(min_value=0, max_value=300))


def _steps() -> st.SearchStrategy[JobStep]:
    return st.one_of(
        st.builds(lambda at, one, two: Weighed(ordinary=one, need=two, **at), whens, efforts, efforts),
        st.builds(lambda at, who: Hired(vendor_id=who, **at), whens, vendors),
        st.builds(
            lambda at, until: Hired(vendor_id=VENDOR, bound="until" if until else "free", bound_until=until, **at),
            whens,
            st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
        ),
        alternatives(),
        st.builds(lambda at, number: Gone(alternative_id=ident(number), **at), whens, st.integers(0, 4)),
        st.builds(lambda at: Looked(**at), whens),
    )


def alternatives() -> st.SearchStrategy[Alternative]:
    """Any alternative."""
    return st.builds(
        lambda number, at, effort, at_hand, vendor: alternative(number, **at, effort=effort, on_the_day=at_hand, vendor_id=vendor),
        st.integers(0, 4),
        whens,
        efforts,
        st.sampled_from(("unsaid", "no", "yes")),
        st.none() | vendors,
    )


def _promises() -> st.SearchStrategy[Promise]:
    events = st.lists(
        st.tuples(st.sampled_from(("accepted", "kept", "broken", "remedied", "waived", "disputed", "ended")), st.integers(0, 400)),
        max_size=3,
    )
    return st.builds(
        lambda number, steps, by, remedy, due: promise(number, *sorted(steps, key=lambda one: -one[1]), by=by, remedy=remedy, due=due),
        st.integers(100, 999),
        events,
        st.sampled_from(("them", "me")),
        st.sampled_from((None, "refund", "free_exit")),
        st.none() | st.dates(date(2026, 1, 1), date(2029, 1, 1)),
    )


def _corrections() -> st.SearchStrategy[Correcting]:
    ends = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)
    return st.builds(
        lambda number, factor, says, pair, day, at: correcting(
            factor, says, f"{pair[0] / 100:.2f}", f"{pair[1] / 100:.2f}", number=number, day=day, **at
        ),
        st.integers(2000, 2999),
        st.sampled_from(("importance", "data", "substitutes", "switching", "lock_in", "revenue", "remedies", "kept", "exit", "terms")),
        st.sampled_from(("range", "all_known", "taken_back")),
        ends,
        st.sampled_from(("both", "ordinary", "need")),
        whens,
    )


def _consents() -> st.SearchStrategy[Consent]:
    return st.builds(
        lambda number, given, ended, types, mine: Consent(
            ident(number), ago(given), ended and ago(ended), frozenset(types), frozenset(mine)
        ),
        st.integers(3000, 3999),
        days,
        st.none() | st.integers(1, 200),
        st.sets(st.sampled_from(("pd:Name", "pd:EmailAddress", "pd:Age"))),
        st.sets(st.just("agreement")),
    )


def _signposts() -> st.SearchStrategy[Asking]:
    answers = st.sampled_from(("unsaid", "no", "partly", "yes"))
    said = st.fixed_dictionaries({"them": answers, "me": answers})
    return st.builds(
        lambda number, at, care, trust, competes: Asking(
            ident(number), Signpost.model_validate({"vendor_id": VENDOR, "care": care, "trust": trust, "competes": competes, **at})
        ),
        st.integers(6000, 6999),
        whens,
        said,
        said,
        st.sampled_from(("unsaid", "no", "yes")),
    )


def evidences() -> st.SearchStrategy[Evidence]:
    """Evidence of all kinds, in any state."""
    return st.builds(
        Evidence,
        vendor_id=st.just(VENDOR),
        happenings=st.lists(st.builds(happening, st.integers(4000, 4999), days), max_size=3).map(tuple),
        promises=st.lists(_promises(), max_size=4, unique_by=lambda one: one.record_id).map(tuple),
        consents=st.lists(_consents(), max_size=3, unique_by=lambda one: one.grant_id).map(tuple),
        holdings=st.lists(
            st.builds(
                lambda number, at, things: Holding(ident(number), ident(number % 2), ago(at), things),
                st.integers(5000, 5999),
                days,
                st.integers(0, 9),
            ),
            max_size=2,
            unique_by=lambda one: one.record_id,
        ).map(tuple),
        jobs=st.lists(
            st.builds(lambda number, steps: work(*steps, number=number), st.integers(900, 903), st.lists(_steps(), max_size=8)),
            max_size=2,
            unique_by=lambda one: one.record_id,
        ).map(tuple),
        corrections=st.lists(_corrections(), max_size=2, unique_by=lambda one: one.record_id).map(tuple),
        signposts=st.lists(_signposts(), max_size=3, unique_by=lambda one: one.record_id).map(tuple),
    )


def purchases() -> st.SearchStrategy[list[Purchase]]:
    """Amounts paid and given back, and prices noted, in two currencies."""
    return st.lists(
        st.builds(
            lambda at, cents, vendor, currency, thing: purchase(at, f"{cents / 100:.2f}", vendor=vendor, currency=currency, rate_of=thing),
            days,
            st.integers(-5000, 50000),
            vendors,
            st.sampled_from(("EUR", "GBP")),
            st.sampled_from(("", "", "line")),
        ),
        max_size=6,
    )
