"""A comparison as its page shows it: what changed stands open, what stayed is folded away between."""

from itertools import groupby

from app.relationships.policies import Comparison, Row
from app.ui.view import view

SHOWN = 2
"""So many sentences that stayed are shown as they are; more are folded away."""


@view
class Part:
    """Rows that stand together: changes, or a stretch of what stayed. `folded` when it is worth hiding."""

    rows: tuple[Row, ...]
    same: bool
    folded: bool


def parts(found: Comparison) -> tuple[Part, ...]:
    """The rows in stretches of what stayed and what did not, in the order of the text."""
    stretches = [(same, tuple(rows)) for same, rows in groupby(found.rows, key=lambda row: row.kind == "same")]
    return tuple(Part(rows, same, folded=same and len(rows) > SHOWN) for same, rows in stretches)
