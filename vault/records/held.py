"""What a company holds on the owner, version by version: said by its system, or found in its answer to a letter."""

from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.records.fields import Fields, Id, Instant, Kind, Line, Name, Part, Short, Text


class HeldField(Part):
    """One thing that they hold: what it is, what it says, where they have it from and how they came to it.

    `term` is what the owner says that it is, empty where its name has to tell.
    """

    name: Name
    value: Text
    source: Line = ""
    basis: Literal["stated", "observed", "inferred", "bought", "unsaid"]
    collected_at: Instant | None = None
    term: Annotated[str, StringConstraints(pattern=r"^(pd:[A-Za-z0-9_-]{1,80})?$")] = ""


class HeldScore(Part):
    """A figure that they have worked out about the owner, and what they say it means."""

    name: Name
    value: Text
    meaning: Line = ""


class Sheet(Part):
    """A company's answer as its file has it: the names of the columns, the rows, and what the owner takes each column for."""

    file_name: Short = ""
    names: Annotated[tuple[Short, ...], Limit(max_length=200)]
    rows: Annotated[tuple[tuple[Text, ...], ...], Limit(max_length=2000)]
    meanings: Annotated[tuple[Short, ...], Limit(max_length=200)] = ()


class Held(Fields):
    """One version of what a company holds. Evidence: kept as it came.

    By API it has `grant_id` and `client_id`. From an answer that the owner brought in it has `vendor_id` and its `sheet`; while
    `waiting` the owner has not yet said what the columns are, and nothing of it counts.
    """

    KIND = Kind.HELD
    LISTED = frozenset({"grant_id", "client_id", "vendor_id", "version", "received_at", "waiting"})

    grant_id: Id | None = None
    client_id: Id | None = None
    vendor_id: Id | None = None
    version: Annotated[int, Limit(ge=1)]
    received_at: Instant
    sheet: Sheet | None = None
    waiting: bool = False
    fields: Annotated[tuple[HeldField, ...], Limit(max_length=2000)] = ()
    segments: Annotated[tuple[Name, ...], Limit(max_length=100)] = ()
    scores: Annotated[tuple[HeldScore, ...], Limit(max_length=100)] = ()
