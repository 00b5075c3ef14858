"""What I pay beside what a new customer pays, as money a year. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from vault.records import Price, Prices

A_YEAR: Mapping[str, int] = MappingProxyType({"P1W": 52, "P1M": 12, "P3M": 4, "P6M": 2, "P1Y": 1})
"""How often a period is paid for in a year."""

Verdict = Literal["more", "less", "same", "unknown"]


@dataclass(frozen=True)
class Difference:
    """How much more the owner pays: `amount` is never negative, of `currency`, `yearly` or once.

    `verdict` is the owner's side of it; with `unknown` there is nothing to subtract: one price is not known, or they are of
    two currencies, or one recurs and the other does not.
    """

    verdict: Verdict
    amount: Decimal = Decimal()
    currency: str = ""
    yearly: bool = True


UNKNOWN = Difference("unknown")


def per_year(price: Price) -> Decimal | None:
    """What a price comes to in a year; None for one that is paid once."""
    return Decimal(price.amount) * A_YEAR[price.per] if price.per else None


def difference(prices: Prices) -> Difference:
    """What the owner pays more or less than a new customer would."""
    mine, new = prices.mine, prices.new
    if mine is None or new is None or mine.currency != new.currency or (mine.per is None) != (new.per is None):
        return UNKNOWN
    yearly = mine.per is not None
    gap = (per_year(mine) or Decimal(mine.amount)) - (per_year(new) or Decimal(new.amount))
    verdict: Verdict = "more" if gap > 0 else "less" if gap < 0 else "same"
    return Difference(verdict, abs(gap), mine.currency, yearly)
