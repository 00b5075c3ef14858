"""Which balances are worth a word today: those past the owner's measure, and those in which the owner's lean has grown. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from app.relationships import commitments
from app.relationships.balance import Balance, Measure, names
from app.relationships.evidence import Evidence
from app.relationships.factors import OF_THE_JOB
from app.relationships.ranges import Range

Reason = Literal["lopsided", "grew"]

LATELY = timedelta(days=90)
"""A lean is compared with that of so long ago, as it was known then."""

GREW = 0.1
"""By so much both ends of the asymmetry must have risen before it is said to have grown."""


@dataclass(frozen=True)
class Leaning:
    """A company on which the owner leans: why it is said, by how much, and by how much `LATELY` before."""

    vendor_id: str
    reason: Reason
    asymmetry: Range
    before: Range


def leaning(now: Balance, before: Balance, measure: Measure) -> Leaning | None:
    """What to say of one company; None while nothing is certain.

    Lopsided is what has no other name than that the owner depends. It grew when the owner leans for certain, and both ends
    lie higher than before: the least by `GREW`, so that knowing more of the same lean is not taken for a stronger one.
    """
    lean, was = now.asymmetry, before.asymmetry
    if names(now, measure) == ("you_depend",):
        return Leaning(now.vendor_id, "lopsided", lean, was)
    if lean.low > 0 and lean.low >= was.low + GREW and lean.high >= was.high + GREW:
        return Leaning(now.vendor_id, "grew", lean, was)
    return None


def order(found: Iterable[Leaning]) -> list[Leaning]:
    """The most lopsided for certain first."""
    return sorted(found, key=lambda one: (-one.asymmetry.low, one.vendor_id))


def may_lean(evidence: Evidence) -> bool:
    """Whether anything written down could make it certain that the owner depends.

    A dependence is above nothing only with stakes and ties above nothing. Ties are above nothing by a job that names the
    vendor, by a promise of the owner's own, or by a correction; without one of these there is no need to weigh.
    """
    return bool(
        evidence.jobs
        or any(one.commitment.by == "me" and commitments.due(one.commitment) for one in evidence.promises)
        or any(one.correction.factor in OF_THE_JOB or one.correction.factor == "lock_in" for one in evidence.corrections)
    )
