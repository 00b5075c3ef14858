"""Promises, theirs and mine."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Currency, Fields, Id, Instant, Kind, Line, Money, Part, Period, Text, Zone
from vault.records.schedules import Schedule


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
    who said it: the owner, the one who promised, or the clock. Of a promise that counts more than once `occurrence` says which
    time is meant, by its local day, `through` that all times up to that day are. `amount` is what was claimed, or received.
    Of a promise to answer a rights letter `step` says what came of it; `noted` is a step that changes nothing else.
    """

    type: Literal[
        "offered", "accepted", "kept", "broken", "claimed", "remedied", "waived", "disputed", "ended", "evidence", "made_good",
        "refused", "started", "cancelled", "noted",
    ]  # fmt: skip
    happened_at: Instant
    recorded_at: Instant
    note: Text = ""
    by: Literal["me", "them", "clock"] = "me"
    occurrence: date | None = None
    through: date | None = None
    amount: Money | None = None
    currency: Currency | None = None
    step: Literal["", "arrived", "reminded", "extended", "in_part", "in_full", "refused", "complained"] = ""


class Proof(Part):
    """A document that shows something about a promise: `record_id` is what it hangs on, the promise itself or its company."""

    record_id: Id
    document_id: Id
    shows: Line = ""
    added_at: Instant


class Commitment(Fields):
    """A promise, theirs or mine. `due_at` or `due_date` where it counts once, else `schedule`; `said_in` is the message it was made in.

    `source` `law`: a law asks it of them, whether they promised it or not. `said_on` is the day on which it was said, where
    somebody told it.
    """

    KIND = Kind.COMMITMENT
    CUT_OFF: ClassVar[int] = 20
    """As many steps as a digest tells at most, the last ones: of a promise with so many the record says more."""
    LISTED = frozenset({"vendor_id", "promise", "by", "source", "due_at", "due_date", "time_zone", "remedy", "grant_id"})

    vendor_id: Id
    promise: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
    by: Literal["them", "me"] = "them"
    source: Literal["message", "contract", "phone", "website", "api", "mail", "law", "other"] = "other"
    metric: Line = ""
    due_at: Instant | None = None
    due_date: date | None = None
    time_zone: Zone = "UTC"
    schedule: Schedule | None = None
    remedy: Remedy | None = None
    grant_id: Id | None = None
    said_in: Id | None = None
    said_on: date | None = None
    proofs: Annotated[tuple[Proof, ...], Limit(max_length=100)] = ()
    events: Annotated[tuple[CommitmentEvent, ...], Limit(max_length=500)] = ()

    def _more(self) -> dict[str, JSON]:
        # The whole story is in the record. Most steps have none of the last four.
        told = {"type", "happened_at", "recorded_at", "by", "occurrence", "through", "amount", "currency"}
        steps: list[JSON] = [event.model_dump(mode="json", include=told, exclude_none=True) for event in self.events[-self.CUT_OFF :]]
        # When it counts, without what each layer of a warranty is for.
        when = self.schedule.model_dump(mode="json", exclude={"layers": {"__all__": {"what"}}}) if self.schedule else None
        return {"events": steps, "schedule": when}
