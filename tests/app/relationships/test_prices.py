"""What I pay beside what a new customer pays."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.relationships.prices import UNKNOWN, Difference, difference
from vault.records import Price, Prices

LINE = Price(amount="45", currency="EUR", per="P1M")


def prices(mine: Price | None, new: Price | None) -> Prices:
    """A pair of one day."""
    return Prices(
        vendor_id="0" * 32, what="Line", mine=mine, new=new, seen_on=date(2026, 5, 1), recorded_at=datetime(2026, 5, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("mine", "new", "found"),
    [
        (LINE, Price(amount="29.90", currency="EUR", per="P1M"), Difference("more", Decimal("181.20"), "EUR")),
        (LINE, Price(amount="600", currency="EUR", per="P1Y"), Difference("less", Decimal(60), "EUR")),
        (LINE, Price(amount="135.00", currency="EUR", per="P3M"), Difference("same", Decimal(0), "EUR")),
        (
            Price(amount="10", currency="EUR", per="P1W"),
            Price(amount="260", currency="EUR", per="P6M"),
            Difference("same", Decimal(0), "EUR"),
        ),
        (Price(amount="79", currency="EUR"), Price(amount="49", currency="EUR"), Difference("more", Decimal(30), "EUR", yearly=False)),
        (LINE, Price(amount="29.90", currency="GBP", per="P1M"), UNKNOWN),
        (LINE, Price(amount="29.90", currency="EUR"), UNKNOWN),
        (LINE, None, UNKNOWN),
        (None, LINE, UNKNOWN),
    ],
)
def test_difference(mine: Price | None, new: Price | None, found: Difference) -> None:
    """Money a year where both recur, money where neither does, nothing where they cannot be subtracted."""
    assert difference(prices(mine, new)) == found
