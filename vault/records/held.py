"""What a company says that it holds on the owner, version by version."""

from typing import Annotated, Literal

from pydantic import Field as Limit

from vault.records.fields import Fields, Id, Instant, Kind, Line, Name, Part, Text


class HeldField(Part):
    """One thing that they hold: what it is, what it says, where they have it from and how they came to it."""

    name: Name
    value: Text
    source: Line = ""
    basis: Literal["stated", "observed", "inferred", "bought"]
    collected_at: Instant | None = None


class HeldScore(Part):
    """A figure that they have worked out about the owner, and what they say it means."""

    name: Name
    value: Text
    meaning: Line = ""


class Held(Fields):
    """One version of a company's CRM record, as it sent it. Evidence: kept as it came."""

    KIND = Kind.HELD
    LISTED = frozenset({"grant_id", "client_id", "version", "received_at"})

    grant_id: Id
    client_id: Id
    version: Annotated[int, Limit(ge=1)]
    received_at: Instant
    fields: Annotated[tuple[HeldField, ...], Limit(max_length=500)] = ()
    segments: Annotated[tuple[Name, ...], Limit(max_length=100)] = ()
    scores: Annotated[tuple[HeldScore, ...], Limit(max_length=100)] = ()
