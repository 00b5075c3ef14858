"""What a no looks like."""

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas import CounterOffer, Given


class FieldError(Given):
    """One thing that is wrong in a request."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the body; empty for the whole.")
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457). `type` leads to a page about it."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None
    retry_after: int | None = Field(default=None, description="Seconds, as in the header `Retry-After`.")


class OAuthProblem(BaseModel):
    """An error of an OAuth endpoint (RFC 6749 section 5.2)."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    error: str
    error_description: str | None = None
    counter_offer: CounterOffer | None = Field(default=None, description="Beside `authorization_pending`, while one stands.")
