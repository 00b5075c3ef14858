"""What the owner knows of a company: what was in the news, what others pay, and dated copies of its policies."""

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from vault.records.fields import Body, Currency, Fields, Id, Instant, Kind, Line, Money, Name, Part, Text, Url


class Incident(Fields):
    """Something that a company did or that befell it. Evidence: kept as it was, with when it was written down.

    `source` is where the owner read or heard of it, in words or as an address of the web.
    """

    KIND = Kind.INCIDENT
    LISTED = frozenset({"vendor_id", "kind", "title", "note", "source", "happened_on", "recorded_at"})

    vendor_id: Id
    kind: Literal["breach", "price_rise", "policy_change", "problem", "other"]
    title: Name
    note: Text = ""
    source: Line = ""
    happened_on: date
    recorded_at: Instant


class Price(Part):
    """An amount of money, and for how long it pays; `per` None is paid once."""

    amount: Money
    currency: Currency
    per: Literal["P1W", "P1M", "P3M", "P6M", "P1Y"] | None = None


class Prices(Fields):
    """What the owner pays for a thing, beside what a company asks of a new customer for the same, on one day. Evidence."""

    KIND = Kind.PRICES
    LISTED = frozenset({"vendor_id", "what", "mine", "new", "seen_on", "source", "recorded_at"})

    vendor_id: Id
    what: Name
    mine: Price | None = None
    new: Price | None = None
    seen_on: date
    source: Line = ""
    recorded_at: Instant


class Policy(Fields):
    """A copy of what a company laid down, as it read on a day: its terms, its privacy notice, its prices.

    The text alone is kept; of a web page its words, paragraph by paragraph. `agreed_on` is the day on which the owner agreed
    to this very text, where that was so.
    """

    KIND = Kind.POLICY
    LISTED = frozenset({"vendor_id", "kind", "title", "url", "seen_on", "agreed_on", "recorded_at"})

    vendor_id: Id
    kind: Literal["terms", "privacy", "prices", "other"]
    title: Name
    url: Url = ""
    seen_on: date
    agreed_on: date | None = None
    text: Annotated[Body, StringConstraints(min_length=1, pattern=r"\S")]
    recorded_at: Instant
