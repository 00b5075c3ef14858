"""What the vendor's door takes and gives about promises."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.api.schemas import Given, Id, Instant, Taken, Url

State = Literal["offered", "active", "kept", "broken", "remedied", "waived", "disputed", "ended"]
Span = Annotated[str, StringConstraints(min_length=3, max_length=40)]
Amount = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$")]


class CommitmentRemedy(Taken):
    """What you owe when you break it."""

    kind: Literal["refund", "credit", "free_exit", "data_erasure", "other"]
    amount: Amount | None = Field(default=None, examples=["20.00"])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(default=None, examples=["EUR"])
    within: Span | None = Field(default=None, examples=["P14D"], description="How soon after the breach (an ISO 8601 duration).")


class Commitment(Taken):
    """A promise that you bind yourself by. With a time and a remedy it is backed; without them it is shown as just words."""

    promise: str = Field(min_length=1, max_length=280, examples=["Free repair for two years"])
    after: str | None = Field(
        default=None, min_length=1, max_length=80, description="What `within` runs from, such as `claim`; else it runs from now."
    )
    within: Span | None = Field(default=None, examples=["P14D"], description="How long you take (an ISO 8601 duration).")
    due: Instant | None = Field(default=None, description="The moment by which it is done, instead of `within`.")
    remedy: CommitmentRemedy | None = None

    @model_validator(mode="after")
    def _one_time(self) -> "Commitment":
        if self.due is not None and (self.within is not None or self.after is not None):
            raise PydanticCustomError("due", "give `due`, or `within` with or without `after`, not both")
        return self


class CommitmentReport(Taken):
    """Evidence that a promise was kept, or word of its remedy. The owner decides; until then its clock stands still."""

    text: str = Field(min_length=1, max_length=4000, pattern=r"\S", description="What happened, and what shows it.")
    url: Url | None = Field(default=None, description="A page of yours that shows it; shown with its host.")


class CommitmentShown(Given):
    """A promise as you may know it: never whether the owner has read it."""

    id: Id
    state: State
    in_return: int | None = Field(default=None, description="Its place among `in_return` of the terms, counted from 0.")
    made_at: datetime | None = Field(default=None, description="When you made it by this API, or accepted the terms that hold it.")
    due: datetime | None = Field(default=None, description="By when it is to be kept.")
    broken_at: datetime | None = None
    remedy_due: datetime | None = Field(default=None, description="By when a broken one is to be made good.")
    reported_at: datetime | None = Field(default=None, description="Since when your report waits for the owner: the clock stands still.")
    suspends: bool = Field(description="Whether the consent suspends itself when this is broken and not made good in time.")


class CommitmentList(Given):
    """One page of promises; `next` goes into `?after=`."""

    items: list[CommitmentShown]
    next: str | None = None
