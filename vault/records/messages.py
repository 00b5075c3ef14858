"""What vendors sent, and the contact links by which they may ask."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Body, Fields, Id, Instant, Kind, Line, Short, Text, Url


class MessageRecord(Fields):
    """A vendor's message after the owner unlocked: the vendor's words, sealed like the owner's own.

    A location offer that reached the owner is a record with an id of its own, because the time of its making must not lead to
    the offer: `message_id` says here which one it was, `area` (GeoJSON text) where, and `code` is what redeems it.
    """

    KIND = Kind.MESSAGE
    LISTED = frozenset({"grant_id", "client_id", "sender", "kind", "purpose", "channel", "title", "thread", "vote", "message_id"}) | {
        "valid_from",
        "valid_until",
        "received_at",
        "read_at",
        "taken_back_at",
    }

    grant_id: Id
    client_id: Id
    sender: Short
    kind: Literal["service", "offer", "location_offer"]
    purpose: Short
    channel: Short
    title: Line
    body: Body = ""
    format: Literal["text", "markdown", "html"] = "text"
    url: Url | None = None
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    thread: Short | None = None
    received_at: Instant
    read_at: Instant | None = None
    vote: Literal["useful", "not_useful"] | None = None
    taken_back_at: Instant | None = None
    message_id: Id | None = None
    area: Text | None = None
    code: Short | None = None

    def _more(self) -> dict[str, JSON]:
        return {"text": self.body}


class AddressRecord(Fields):
    """A contact link in the owner's words: to whom it was given, and the handle, which stands nowhere in the clear."""

    KIND = Kind.ADDRESS
    LISTED = frozenset({"handle", "vendor_id", "label", "created_at", "expires_at"})

    handle: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    vendor_id: Id | None = None
    label: Short = ""
    created_at: Instant
    expires_at: Instant | None = None
