"""Promises, theirs and mine."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Currency, Fields, Id, Instant, Kind, Line, Money, Part, Period, Text, Zone


class Remedy(Part):
    """What is owed when a promise is broken."""

    kind: Literal["refund", "credit", "free_exit", "data_erasure", "other"]
    amount: Money | None = None
    currency: Currency | None = None
    within: Period | None = None
    note: Line = ""


class CommitmentEvent(Part):
    """One step in a promise's life; steps are added, never changed.

    `evidence` and `made_good` are what the one who promised reports; they stop the clock until the owner decides. `by` says
    who said it: the owner, the one who promised, or the clock.
    """

    type: Literal["offered", "accepted", "kept", "broken", "claimed", "remedied", "waived", "disputed", "ended", "evidence", "made_good"]
    happened_at: Instant
    recorded_at: Instant
    note: Text = ""
    by: Literal["me", "them", "clock"] = "me"


class Commitment(Fields):
    """A promise, theirs or mine."""

    KIND = Kind.COMMITMENT
    LISTED = frozenset({"vendor_id", "promise", "by", "source", "due_at", "due_date", "time_zone", "remedy", "grant_id"})

    vendor_id: Id
    promise: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
    by: Literal["them", "me"] = "them"
    source: Literal["message", "contract", "phone", "website", "api", "other"] = "other"
    metric: Line = ""
    due_at: Instant | None = None
    due_date: date | None = None
    time_zone: Zone = "UTC"
    remedy: Remedy | None = None
    grant_id: Id | None = None
    events: Annotated[tuple[CommitmentEvent, ...], Limit(max_length=500)] = ()

    def _more(self) -> dict[str, JSON]:
        # Twenty steps say where a promise stands; the whole story is in the record.
        told = {"type", "happened_at", "recorded_at", "by"}
        return {"events": [event.model_dump(mode="json", include=told) for event in self.events[-20:]]}
