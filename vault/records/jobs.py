"""What the owner is trying to get done, and whom they hire for it."""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field as Limit

from vault.records.fields import Fields, Id, Instant, Kind, Line, Name, Part, Text

Importance = Literal["unsaid", "none", "little", "some", "much", "all"]
"""How much hangs on a job, or how much work a change would be: from nothing to everything."""


class _Step(Part):
    """One step in a job's life; steps are added, never changed. `happened_at` is since when it was so."""

    happened_at: Instant
    recorded_at: Instant
    note: Text = ""


class Weighed(_Step):
    """How important the job is: on an ordinary day, and on the day that it is needed."""

    type: Literal["weighed"] = "weighed"
    ordinary: Importance
    need: Importance = "unsaid"


class Hired(_Step):
    """A vendor was hired for the job. `bound` says whether the owner may go at any time, or is held until a day."""

    type: Literal["hired"] = "hired"
    vendor_id: Id
    bound: Literal["unsaid", "free", "until"] = "unsaid"
    bound_until: date | None = None


class Fired(_Step):
    """A vendor was let go."""

    type: Literal["fired"] = "fired"
    vendor_id: Id


class Reviewed(_Step):
    """How it went with a vendor, and whether the owner would hire it again."""

    type: Literal["reviewed"] = "reviewed"
    vendor_id: Id
    went: Literal["good", "mixed", "bad"]
    again: Literal["unsure", "no", "yes"] = "unsure"


class Alternative(_Step):
    """Somebody or something else that would do, and how to get there. A later step with the same id replaces it."""

    type: Literal["alternative"] = "alternative"
    alternative_id: Id
    name: Name
    vendor_id: Id | None = None
    effort: Importance = "unsaid"
    on_the_day: Literal["unsaid", "no", "yes"] = "unsaid"
    ways: Annotated[tuple[Line, ...], Limit(max_length=30)] = ()


class Gone(_Step):
    """An alternative would not do any more."""

    type: Literal["gone"] = "gone"
    alternative_id: Id


class Looked(_Step):
    """The owner has looked around: the alternatives noted are all that there are."""

    type: Literal["looked"] = "looked"


class Closed(_Step):
    """The job does not have to be done any more."""

    type: Literal["closed"] = "closed"


JobStep: TypeAlias = Annotated[
    Weighed | Hired | Fired | Reviewed | Alternative | Gone | Looked | Closed,
    Limit(discriminator="type"),
]


class Job(Fields):
    """A job in the owner's words: what is to be got done, and by what they will tell that it is."""

    KIND = Kind.JOB
    LISTED = frozenset({"title"})

    title: Name
    outcomes: Annotated[tuple[Line, ...], Limit(max_length=30)] = ()
    note: Text = ""
    steps: Annotated[tuple[JobStep, ...], Limit(max_length=500)] = ()
