"""What the vendor's door takes and gives. Written for the contract; never derived from a table."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Kind = Literal["service", "offer", "location_offer"]
Channel = Literal["inbox", "email", "sms", "phone", "post"]

_http = TypeAdapter(HttpUrl)


def _only_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise PydanticCustomError("instant", "an instant is written as text, for example 2027-06-30T00:00:00Z")
    return value


def _of_this_age(value: datetime) -> datetime:
    """Far enough from both ends of the calendar to be counted on from, and shown in any time zone."""
    if not 1900 <= value.year < 3000:
        raise PydanticCustomError("instant", "an instant lies between the years 1900 and 2999")
    return value


def _web_address(value: Any) -> Any:
    if isinstance(value, str):
        _http.validate_python(value)
    return value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_only_text),
    AfterValidator(_of_this_age),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Url = Annotated[
    str,
    BeforeValidator(_web_address),
    StringConstraints(max_length=2048),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": 2048}),
]


class Taken(BaseModel):
    """Something that a client sends: unknown keys are refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Given(BaseModel):
    """Something that a client is given."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Decision(Taken):
    """A dry run: would this be let in now?"""

    kind: Kind = Field(description="What would be sent.")
    purpose: str = Field(
        min_length=1, max_length=64, examples=["dpv:DirectMarketing"], description="A DPV purpose, as in `authorization_details`."
    )
    channel: Channel = Field(description="How it would reach the owner.")


class Message(Taken):
    """A message. `inbox` is delivered here; for any other channel the vendor delivers, after the 202."""

    kind: Kind = Field(
        description="`service` belongs to what was bought, `offer` asks for something; "
        "`location_offer` is an offer that reaches the owner at its place."
    )
    purpose: str = Field(min_length=1, max_length=64, examples=["dpv:DirectMarketing"], description="A granted DPV purpose.")
    channel: Channel = Field(description="A granted channel.")
    delivered_by: Literal["client"] | None = Field(
        default=None, description="Required for every channel but `inbox`: you deliver it yourself, once this call was answered 202."
    )
    title: str = Field(min_length=1, max_length=200)
    body: str | None = Field(default=None, max_length=65536, description="Required for `inbox`.")
    format: Literal["text", "markdown", "html"] = Field(
        default="text", description="How `body` is written. Scripts and everything that loads remotely are stripped."
    )
    url: Url | None = Field(default=None, description="A page of yours; shown with its host.")
    valid_from: Instant | None = Field(default=None, description="Before it a location offer reaches nobody; absent, it holds at once.")
    valid_until: Instant | None = Field(
        default=None,
        description="After it the owner no longer sees the message as current. Required for `location_offer`, at most 90 days away.",
    )
    area: dict[str, Any] | None = Field(
        default=None,
        description="Where a `location_offer` holds, and required for it: a GeoJSON (RFC 7946) Polygon, MultiPolygon, or Point with "
        "`radius_m` in metres, as a geometry or a Feature; at most 500 positions. The smallest circle around it is at most `max_radius_m`.",
        examples=[{"type": "Point", "coordinates": [-6.2603, 53.3498], "radius_m": 400}],
    )
    thread: str | None = Field(default=None, min_length=1, max_length=64, description="Your own id of a conversation.")

    @model_validator(mode="after")
    def _fits_together(self) -> "Message":
        if (self.channel == "inbox") == (self.delivered_by == "client"):
            raise PydanticCustomError("delivered_by", "delivered_by must be `client` for every channel but `inbox`, and absent for `inbox`")
        if self.channel == "inbox" and not (self.body or "").strip():
            raise PydanticCustomError("body", "body is required for the channel `inbox`")
        if (self.area is not None) != (self.kind == "location_offer"):
            raise PydanticCustomError("area", "area is required for a location_offer, and belongs to no other kind")
        if self.kind == "location_offer" and (self.channel != "inbox" or self.valid_until is None):
            raise PydanticCustomError("location_offer", "a location_offer needs valid_until, and goes to the channel `inbox` only")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise PydanticCustomError("valid_until", "valid_until must lie after valid_from")
        return self


class MessageAccepted(Given):
    """The message is in; the owner finds it when the vault is next unlocked."""

    id: Id
    status: Literal["accepted"]


class MessageStatus(Given):
    """What a vendor may know of its message: never whether it was read, held or matched."""

    id: Id
    status: Literal["accepted", "expired", "taken_back"]
    redeemed_at: datetime | None = None


class Redemption(Taken):
    """A code that a customer shows."""

    code: str = Field(
        min_length=1,
        max_length=64,
        examples=["7K2M-XR4D-91QF"],
        description="In any case, with any spaces and dashes; O is 0, I and L are 1.",
    )


class Redeemed(Given):
    """The code was good, and is spent now."""

    id: Id = Field(description="The message that the code belongs to.")
    grant_id: Id
    client_reference: str | None = None
    redeemed_at: datetime


class Verdict(Given):
    """What the gate would say. `reason` is the slug of a problem."""

    allowed: bool
    reason: str | None = None


class RelationshipKey(Given):
    """A public key of this relationship (RFC 8037), and when it signs."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"] = "sig"
    alg: Literal["Ed25519"] = "Ed25519"
    valid_from: datetime
    valid_until: datetime | None = None
    succession: tuple[str, ...] = Field(
        default=(), description="Where it followed another key: one statement, as JWS by the key before and by this one."
    )


class KeySet(Given):
    """Every key that this relationship has had."""

    keys: list[RelationshipKey]


Status = Literal["given", "paused", "suspended", "withdrawn", "expired", "handed_back"]


class GrantSummary(Given):
    """One relationship of a client."""

    grant_id: Id
    subject: str = Field(description="Pairwise: this customer, for this client only.")
    client_reference: str | None = None
    status: Status
    authorization_details: list[dict[str, Any]]
    given_at: datetime
    expires: datetime


class GrantShown(Given):
    """The consent as it stands."""

    grant_id: Id
    client_reference: str | None = None
    status: Status
    authorization_details: list[dict[str, Any]] = Field(description="As granted, perhaps narrower than asked.")
    given_at: datetime
    expires: datetime
    receipt: str = Field(description="The latest receipt, a compact JWS (Ed25519).")
    jwks: KeySet


class GrantList(Given):
    """One page of relationships; `next` goes into `?after=`."""

    items: list[GrantSummary]
    next: str | None = None


class CounterOffer(Given):
    """What the owner offers instead: it is granted as soon as you accept it, and to nobody else."""

    authorization_details: list[dict[str, Any]]
    offered_at: datetime
    expires_at: datetime = Field(description="With the request.")
    jws: str = Field(description="The owner's signature over the SHA-256 of the canonical terms (JWS, Ed25519, `counter-offer+jwt`).")
    usefulness_share: str | None = Field(default=None, description="The share of useful messages that the owner makes a condition.")


class RequestShown(Given):
    """How a request stands."""

    request_id: Id
    state: Literal["pending", "countered", "granted", "refused", "expired"]
    client_reference: str | None = None
    created_at: datetime
    expires_at: datetime
    grant_id: Id | None = None
    counter_offer: CounterOffer | None = Field(default=None, description="The owner's one counter-offer, also once it is settled.")
    receipt: str | None = Field(
        default=None, description="The signed record (compact JWS, Ed25519) of the yes or the no, the same bytes on both sides."
    )
    jwks: KeySet | None = Field(default=None, description="The keys of this relationship, beside what they signed.")


class Nothing(Taken):
    """An empty object. The body may be left out altogether."""
