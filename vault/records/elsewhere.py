"""Consent that the owner gave outside of here, and what became of it."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Fields, Id, Instant, Kind, Line, Part, Short, Text


class ElsewhereStep(Part):
    """One step on the way out; steps are added, never changed.

    `sent` is the owner's withdrawal, `acknowledged` the company saying that it has it, `ended` the owner saying that it is
    over, for whatever reason. `letter_id` is the letter that a step went by, where it was one of the owner's here.
    """

    type: Literal["sent", "acknowledged", "ended"]
    happened_at: Instant
    recorded_at: Instant
    letter_id: Id | None = None
    note: Text = ""


class Elsewhere(Fields):
    """Consent that a company has by a form, a card or a call, in the owner's words.

    `purpose` is a DPV purpose where the owner found one that fits, else empty; `data` says what may be used; `place` where it
    was given; `wording` is a copy of what was agreed to.
    """

    KIND = Kind.ELSEWHERE
    LISTED = frozenset({"vendor_id", "purpose", "place", "channel", "given_on", "expires_on", "recorded_at"})

    vendor_id: Id
    what: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"\S")]
    purpose: Short = ""
    data: Line = ""
    place: Line = ""
    channel: Literal["website", "app", "shop", "paper", "phone", "mail", "other"] = "other"
    given_on: date | None = None
    expires_on: date | None = None
    wording: Text = ""
    note: Text = ""
    recorded_at: Instant
    steps: Annotated[tuple[ElsewhereStep, ...], Limit(max_length=100)] = ()

    def _more(self) -> dict[str, JSON]:
        told = {"type", "happened_at", "recorded_at", "letter_id"}
        return {"what": self.what, "text": self.note, "steps": [one.model_dump(mode="json", include=told) for one in self.steps[-20:]]}
