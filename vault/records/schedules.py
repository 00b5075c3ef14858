"""When a promise counts, where one date does not say it: again and again, from an event on, for a term, until a day, in layers."""

from datetime import date
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field as Limit
from pydantic import model_validator

from vault.records.fields import Clock, Currency, Line, Money, Part, Period


class Cycle(Part):
    """Again and again: every so many days, weeks, months or years from `first` on, in the promise's own time zone.

    A month or year that lacks the day of `first` has its last day instead. At `at`, or else to the end of the day; the last one
    is not after `until`.
    """

    kind: Literal["cycle"] = "cycle"
    every: Annotated[int, Limit(ge=1, le=1000)] = 1
    unit: Literal["day", "week", "month", "year"]
    first: date
    at: Clock | None = None
    until: date | None = None


class Following(Part):
    """Within a time of an event that may come any number of times. The event is a step of its history (`started`)."""

    kind: Literal["following"] = "following"
    event: Literal["claim", "return", "notice", "order", "other"]
    within: Period


class Term(Part):
    """A contract that runs to `ends`, and on by `renews`, again and again, unless notice is given `notice` before the end."""

    kind: Literal["term"] = "term"
    ends: date
    notice: Period | None = None
    renews: Period | None = None


class PriceHeld(Part):
    """A price that holds to the end of a day."""

    kind: Literal["price"] = "price"
    until: date
    amount: Money | None = None
    currency: Currency | None = None


class Layer(Part):
    """One layer of a warranty: who answers, from when, until the end of which day, for what."""

    by: Literal["statutory", "maker", "seller"]
    starts: date
    until: date
    what: Line = ""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.until < self.starts:
            raise ValueError("a layer ends after it begins")
        return self


class Warranty(Part):
    """What a thing's faults are answered for: by the law, the maker, the seller, each for its own time."""

    kind: Literal["warranty"] = "warranty"
    layers: Annotated[tuple[Layer, ...], Limit(min_length=1, max_length=10)]


Schedule: TypeAlias = Annotated[Warranty | Cycle | Following | Term | PriceHeld, Limit(discriminator="kind")]
