"""What the balance is weighed from: opened records in the shape that its rules read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from app.relationships import commitments
from app.relationships.prices import per_year
from vault.records import Commitment, CommitmentEvent, Correction, Interaction, Job, Prices, Signpost

Source = Literal["interaction", "commitment", "grant", "held", "job", "price"]

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Happening:
    """An interaction with its record id."""

    record_id: str
    interaction: Interaction


@dataclass(frozen=True)
class Promise:
    """A promise with its record id and when the record was made."""

    record_id: str
    commitment: Commitment
    created_at: datetime


@dataclass(frozen=True)
class Consent:
    """A permission: when it began and ended, which data it lets them have, and by which of my terms it was given.

    `mine` holds `agreement` (an agreement of my roster), `counter` (they took my counter-offer), `proviso` (it ends when what they
    send is of no use), `in_return` (it rests on what they give). `sells` names recipients and purposes by which data goes on.
    """

    grant_id: str
    given_at: datetime
    ended_at: datetime | None
    datatypes: frozenset[str] = frozenset()
    mine: frozenset[str] = frozenset()
    sells: tuple[str, ...] = ()
    sends: bool = False


@dataclass(frozen=True)
class Holding:
    """One version of what they say that they hold: how many things, and how many of these they bought. `client_id` is the system
    that said it; of an answer that the owner brought in it is the vendor itself."""

    record_id: str
    client_id: str
    received_at: datetime
    things: int
    bought: int = 0


@dataclass(frozen=True)
class Work:
    """A job with its record id."""

    record_id: str
    job: Job


@dataclass(frozen=True)
class Correcting:
    """A correction with its record id."""

    record_id: str
    correction: Correction


@dataclass(frozen=True)
class Asking:
    """The signposts of one day with their record id."""

    record_id: str
    signpost: Signpost


@dataclass(frozen=True)
class Noted:
    """Prices that the owner noted, with their record id."""

    record_id: str
    prices: Prices


@dataclass(frozen=True)
class Evidence:
    """Everything written down that concerns one vendor. The order inside says nothing."""

    vendor_id: str
    happenings: tuple[Happening, ...] = ()
    promises: tuple[Promise, ...] = ()
    consents: tuple[Consent, ...] = ()
    holdings: tuple[Holding, ...] = ()
    jobs: tuple[Work, ...] = ()
    corrections: tuple[Correcting, ...] = ()
    prices: tuple[Noted, ...] = ()
    signposts: tuple[Asking, ...] = ()


@dataclass(frozen=True)
class Moment:
    """Which day is looked at, and what had been written down by when. Evidence counts when it had happened and was known."""

    at: datetime
    known_at: datetime

    def sees(self, happened_at: datetime, recorded_at: datetime) -> bool:
        """Whether evidence counts."""
        return happened_at <= self.at and recorded_at <= self.known_at

    def lives(self, consent: Consent) -> bool:
        """Whether a permission lived."""
        over = consent.ended_at is not None and self.sees(consent.ended_at, consent.ended_at)
        return self.sees(consent.given_at, consent.given_at) and not over

    def steps(self, promise: Promise) -> tuple[CommitmentEvent, ...]:
        """The steps of a promise that count."""
        return tuple(step for step in promise.commitment.events if self.sees(step.happened_at, step.recorded_at))

    def promise(self, promise: Promise) -> commitments.State | None:
        """Where a promise stood; None when it had not been made yet, or was not written down."""
        steps = self.steps(promise)
        if promise.created_at > self.known_at or (not steps and promise.created_at > self.at):
            return None
        return commitments.state(steps)


@dataclass(frozen=True)
class Purchase:
    """An amount paid to a vendor; negative when it came back.

    `rate_of` names the thing where it is a price that was noted, and no payment: what it comes to in a year.
    """

    vendor_id: str
    amount: Decimal
    currency: str
    happened_at: datetime
    recorded_at: datetime
    rate_of: str = ""


@dataclass(frozen=True)
class Spending:
    """What was paid within a year, by currency: to everybody, and to each vendor. Amounts below nothing count as nothing."""

    everybody: Mapping[str, Decimal]
    vendors: Mapping[str, Mapping[str, Decimal]]

    def by(self, vendor_id: str) -> Mapping[str, Decimal]:
        """What was paid to one vendor, by currency."""
        return self.vendors.get(vendor_id, {})


def purchase(interaction: Interaction) -> Purchase | None:
    """The purchase in an interaction, if there is one."""
    if interaction.kind != "purchase" or interaction.amount is None or interaction.currency is None:
        return None
    amount = Decimal(interaction.amount)
    return Purchase(interaction.vendor_id, amount, interaction.currency, interaction.happened_at, interaction.recorded_at)


def rate(prices: Prices) -> Purchase | None:
    """What the owner pays by the prices noted, as money a year; nothing of a thing that is paid once, None where it is not said.

    It was so on its day, or when it was written down where that day is not over.
    """
    mine, day = prices.mine, datetime.combine(prices.seen_on, time(12), tzinfo=UTC)
    if mine is None:
        return None
    yearly, seen = per_year(mine) or Decimal(), min(day, prices.recorded_at)
    return Purchase(prices.vendor_id, yearly, mine.currency, seen, prices.recorded_at, rate_of=prices.what.casefold())


def counted(purchases: Iterable[Purchase], moment: Moment) -> list[Purchase]:
    """What counts as spending of the year before the moment: every payment, and of one thing the price noted last."""
    paid: list[Purchase] = []
    rates: dict[tuple[str, str], Purchase] = {}
    for one in purchases:
        if not moment.sees(one.happened_at, one.recorded_at) or one.happened_at <= moment.at - YEAR:
            continue
        if one.rate_of:
            rates[one.vendor_id, one.rate_of] = max(rates.get((one.vendor_id, one.rate_of), one), one, key=_latest)
        else:
            paid.append(one)
    return [*paid, *rates.values()]


def spending(purchases: Iterable[Purchase], moment: Moment) -> Spending:
    """Add up what counts. Of payments and prices the larger sum, since what is paid by a price may be written down as purchases, too."""
    paid: dict[tuple[str, str], Decimal] = {}
    rates: dict[tuple[str, str], Decimal] = {}
    for one in counted(purchases, moment):
        sums, key = rates if one.rate_of else paid, (one.vendor_id, one.currency)
        sums[key] = sums.get(key, Decimal()) + one.amount
    vendors: dict[str, dict[str, Decimal]] = {}
    everybody: dict[str, Decimal] = {}
    for key in paid | rates:
        vendor_id, currency = key
        amount = max(Decimal(), paid.get(key, Decimal()), rates.get(key, Decimal()))
        vendors.setdefault(vendor_id, {})[currency] = amount
        everybody[currency] = everybody.get(currency, Decimal()) + amount
    return Spending(everybody, vendors)


def _latest(one: Purchase) -> tuple[datetime, datetime, Decimal, str]:
    return one.happened_at, one.recorded_at, one.amount, one.currency
