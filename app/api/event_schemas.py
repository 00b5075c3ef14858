"""Events as a client gets them, by webhook or by asking; and what became of sending them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas import Given, Id

Outcome = Literal["delivered", "answered", "gone", "unreachable", "tls", "timeout", "broken"]


class EventData(BaseModel):
    """What an event is about: ids, your own reference, the pairwise subject. Nothing of the owner's words; ask for the rest."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    grant_id: Id | None = None
    client_reference: str | None = Field(default=None, description="Your own id of this customer.")
    subject: str | None = Field(default=None, description="Pairwise: this customer, for this client only.")
    request_id: Id | None = None
    reason: str | None = Field(default=None, description="A stable code, where there is one.")


class WebhookPayload(BaseModel):
    """The body of a webhook (Standard Webhooks 1.0). Its id is the header `webhook-id`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    type: str = Field(examples=["consent.withdrawn"])
    timestamp: datetime = Field(description="When it happened; `webhook-timestamp` is when it was sent.")
    data: EventData


class EventShown(Given):
    """An event, as its webhook tells it too. `id` is the webhook's `webhook-id`."""

    id: Id
    type: str
    timestamp: datetime
    data: dict[str, Any]


class EventList(Given):
    """One page of events, oldest first. The id of the last event that you have goes into `?after=`."""

    items: list[EventShown]
    next: str | None = None


class DeliveryShown(Given):
    """One try to deliver an event to your webhook."""

    id: Id
    event_id: Id
    type: str
    attempt: int
    at: datetime
    outcome: Outcome = Field(
        description="`delivered` (2xx), `answered` (another status), `gone` (410); or nothing came back: `unreachable`, `tls`, `timeout`, "
        "`broken`."
    )
    status: int | None = Field(default=None, description="HTTP status of your answer; its body is never kept.")
    milliseconds: int | None = None
    next_at: datetime | None = Field(default=None, description="When it is tried again; absent when it is not.")


class DeliveryList(Given):
    """One page of tries, newest first."""

    items: list[DeliveryShown]
    next: str | None = None


class TestEvent(Given):
    """The test event is on its way; or it only stands in the list of events, where no webhook is open."""

    id: Id
    webhook: Literal["open", "disabled", "none"] = Field(
        description="`disabled`: it had answered 410. `none`: no `webhook_uri` is registered."
    )


class WebhookSecret(Given):
    """A new secret, told once."""

    webhook_secret: str = Field(description="Standard Webhooks, `whsec_…`.")
    previous_valid_until: datetime = Field(
        description="Until then every webhook carries two signatures, by the new secret and by the one before."
    )
