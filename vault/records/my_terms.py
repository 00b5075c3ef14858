"""The owner's own terms, which come before any company's: agreements, limits, and who may ask at all."""

from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.records.fields import Clock, Fields, Kind, Period

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,32}$")]
Share = Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")]


class MyTerms(Fields):
    """What the owner would agree to; there is one at most. What is None is not limited.

    `agreements` are codes of the IEEE 7012 roster, the one liked best first; `count` in any stretch of `per` the most messages of
    one purpose; the hours are those of the clock where the owner is; `life` is the longest that a permission runs;
    `usefulness_share` (0 to 1, as decimal text) is the share of useful messages below which a permission suspends itself.
    """

    KIND = Kind.MY_TERMS
    LISTED = frozenset({"agreements", "may_ask"})

    agreements: Annotated[tuple[Code, ...], Limit(max_length=20)] = ()
    may_ask: Literal["address", "known", "nobody"] = "address"
    count: Annotated[int, Limit(ge=1, le=1000)] | None = None
    per: Period | None = None
    hours_from: Clock | None = None
    hours_to: Clock | None = None
    retention: Period | None = None
    life: Period | None = None
    usefulness_share: Share | None = None
