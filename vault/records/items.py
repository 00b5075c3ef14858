"""The owner's personal data."""

from typing import Annotated

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.records.fields import Fields, Instant, Kind, Part, Short, Text


class PastValue(Part):
    """What an item was before."""

    value: Text
    until: Instant


class Item(Fields):
    """One piece of the owner's personal data, named with a W3C DPV term."""

    KIND = Kind.ITEM
    LISTED = frozenset({"term", "label", "value", "note"})

    term: Annotated[str, StringConstraints(pattern=r"^pd:[A-Za-z0-9_-]{1,80}$")]
    label: Short = ""
    value: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    note: Text = ""
    previous: Annotated[tuple[PastValue, ...], Limit(max_length=200)] = ()
