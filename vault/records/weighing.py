"""What the owner says about the balance with a vendor: corrections, signposts, and the measure that they hold it against.

All of it is evidence: kept as it was said, with when it was so and when it was written down.
"""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from vault.records.fields import Fields, Id, Instant, Kind, Line, Part, Text

Share = Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,4})?|1(\.0{1,4})?)$")]
Factor = Literal[
    "importance", "spend", "data", "substitutes", "switching", "lock_in", "revenue", "remedies", "kept", "exit", "terms",
]  # fmt: skip
Answer = Literal["unsaid", "no", "partly", "yes"]


class Correction(Fields):
    """A factor of the balance as the owner knows it better, and why.

    `says` is `range` (it lies between `low` and `high`), `all_known` (what is written down is all that there is), or
    `taken_back` (from here on the evidence counts alone again). `day` is the day that it speaks of.
    """

    KIND = Kind.CORRECTION
    LISTED = frozenset({"vendor_id", "factor", "says", "low", "high", "day", "why", "happened_at", "recorded_at"})

    vendor_id: Id
    factor: Factor
    says: Literal["all_known", "taken_back", "range"]
    low: Share | None = None
    high: Share | None = None
    day: Literal["ordinary", "need", "both"] = "both"
    why: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
    happened_at: Instant
    recorded_at: Instant

    @model_validator(mode="after")
    def _a_range_has_ends(self) -> Self:
        if self.says == "range" and (self.low is None or self.high is None or float(self.low) > float(self.high)):
            raise ValueError("a range needs its ends, the lower first")
        return self


class Asked(Part):
    """One question of the signposts, asked both ways: what holds of them, and what of me."""

    them: Answer = "unsaid"
    me: Answer = "unsaid"


class Signpost(Fields):
    """The signposts of one day: the four questions both ways, whether each would give something up, and what to beware of."""

    KIND = Kind.SIGNPOST
    LISTED = frozenset(
        {"vendor_id", "care", "long_term", "proactive", "trust", "give_up", "competes", "sells", "happened_at", "recorded_at"}
    )

    vendor_id: Id
    care: Asked = Asked()
    long_term: Asked = Asked()
    proactive: Asked = Asked()
    trust: Asked = Asked()
    give_up: Asked = Asked()
    competes: Literal["unsaid", "no", "yes"] = "unsaid"
    sells: Literal["unsaid", "no", "yes"] = "unsaid"
    note: Text = ""
    happened_at: Instant
    recorded_at: Instant


class Yardstick(Fields):
    """From when on the owner calls a balance lopsided (`lopsided`) and a relationship close (`close`). The last one said holds.

    With `vendor_id` it is of that vendor alone and goes before the one for all, unless `as_for_all` takes it back.
    """

    KIND = Kind.YARDSTICK
    LISTED = frozenset({"vendor_id", "as_for_all", "lopsided", "close", "happened_at", "recorded_at"})

    vendor_id: Id | None = None
    as_for_all: bool = False
    lopsided: Share
    close: Share
    why: Line = ""
    happened_at: Instant
    recorded_at: Instant
