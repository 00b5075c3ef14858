"""The kinds of record and their typed models. Each gives a digest: what lists and search need of it, never all of it.

Limits are counted in characters. A field that breaks one raises pydantic's ValidationError with the field's name; the
error's text leaves out what was typed, so that no log keeps it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Limit

from vault.envelope import JSON

DIGEST_TEXT = 280


class Kind(StrEnum):
    """What a sealed record is. The value stands in the clear beside it."""

    VENDOR = "vendor"
    ITEM = "item"
    INTERACTION = "interaction"
    COMMITMENT = "commitment"
    MESSAGE = "message"
    ADDRESS = "address"
    IMPORT = "import"
    PROFILE = "profile"
    KIT = "kit"
    PAST = "past"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
Short = Annotated[str, StringConstraints(max_length=200)]
Line = Annotated[str, StringConstraints(max_length=1000)]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Body = Annotated[str, StringConstraints(max_length=200_000)]
Url = Annotated[str, StringConstraints(max_length=2000)]
Domain = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^\S+$")]
Money = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Period = Annotated[str, StringConstraints(max_length=40, pattern=r"^P(?:[0-9]+[YMWD])*(?:T(?:[0-9]+[HMS])+)?$", min_length=3)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+\-/]+$")]
Instant = Annotated[AwareDatetime, AfterValidator(_utc)]


class Part(BaseModel):
    """A value inside a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Fields(Part):
    """All fields of one record."""

    KIND: ClassVar[Kind]
    SCHEMA: ClassVar[int] = 1

    LISTED: ClassVar[frozenset[str]] = frozenset()

    def digest(self) -> dict[str, JSON]:
        """What lists and search need, as JSON: the LISTED fields and what `_more` adds, long texts clipped."""
        values = {**self.model_dump(mode="json", include=set(self.LISTED)), **self._more()}
        return {name: value[:DIGEST_TEXT] if isinstance(value, str) else value for name, value in values.items()}

    def _more(self) -> dict[str, JSON]:
        return {}


T = TypeVar("T", bound=Fields)


class Contact(Part):
    """A way to reach a vendor, or to sign in there."""

    label: Short = ""
    kind: Literal["email", "phone", "address", "url", "login", "other"]
    value: Line


class Field(Part):
    """A free field, as importers find them."""

    name: Short
    value: Text


class Vendor(Fields):
    """An organisation in the owner's own words."""

    KIND = Kind.VENDOR
    LISTED = frozenset({"name", "domains", "tags", "job", "closeness", "since", "client_ids", "sources"})

    name: Name
    domains: Annotated[tuple[Domain, ...], Limit(max_length=100)] = ()
    customer_numbers: Annotated[tuple[Name, ...], Limit(max_length=50)] = ()
    contacts: Annotated[tuple[Contact, ...], Limit(max_length=200)] = ()
    since: date | None = None
    job: Line = ""
    closeness: Literal["unsaid", "service", "arms_length", "close"] = "unsaid"
    notes: Text = ""
    tags: Annotated[tuple[Name, ...], Limit(max_length=50)] = ()
    client_ids: Annotated[tuple[Id, ...], Limit(max_length=50)] = ()
    fields: Annotated[tuple[Field, ...], Limit(max_length=200)] = ()
    sources: Annotated[tuple[Short, ...], Limit(max_length=200)] = ()

    def _more(self) -> dict[str, JSON]:
        return {"text": " ".join([*self.customer_numbers, *(contact.value for contact in self.contacts), self.notes])}


class PastValue(Part):
    """What an item was before."""

    value: Text
    until: Instant


class Item(Fields):
    """One piece of the owner's personal data, named with a W3C DPV term."""

    KIND = Kind.ITEM
    LISTED = frozenset({"term", "label", "value", "note"})

    term: Annotated[str, StringConstraints(pattern=r"^pd:[A-Za-z0-9_-]{1,80}$")]
    label: Short = ""
    value: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    note: Text = ""
    previous: Annotated[tuple[PastValue, ...], Limit(max_length=200)] = ()


class Interaction(Fields):
    """Something that happened with a vendor. Evidence: kept as it was, with when it happened and when it was written down."""

    KIND = Kind.INTERACTION
    LISTED = frozenset({"vendor_id", "kind", "title", "note", "initiative", "feeling", "amount", "currency", "happened_at", "recorded_at"})

    vendor_id: Id
    kind: Literal["purchase", "contact", "problem", "praise", "visit"]
    title: Name
    note: Text = ""
    initiative: Literal["me", "them"] = "me"
    feeling: Literal["good", "neutral", "bad", "unsaid"] = "unsaid"
    amount: Money | None = None
    currency: Currency | None = None
    happened_at: Instant
    recorded_at: Instant


class Remedy(Part):
    """What is owed when a promise is broken."""

    kind: Literal["refund", "credit", "free_exit", "data_erasure", "other"]
    amount: Money | None = None
    currency: Currency | None = None
    within: Period | None = None
    note: Line = ""


class CommitmentEvent(Part):
    """One step in a promise's life; steps are added, never changed."""

    type: Literal["offered", "accepted", "kept", "broken", "claimed", "remedied", "waived", "disputed", "ended"]
    happened_at: Instant
    recorded_at: Instant
    note: Text = ""


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
        return {"events": [event.model_dump(mode="json", include={"type", "happened_at"}) for event in self.events[-20:]]}


class MessageRecord(Fields):
    """A vendor's message after the owner unlocked: the vendor's words, sealed like the owner's own."""

    KIND = Kind.MESSAGE
    LISTED = frozenset({"grant_id", "client_id", "sender", "kind", "purpose", "channel", "title", "thread", "vote"}) | {
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


class Import(Fields):
    """What an import found and did, as its preview and its closing page say it."""

    KIND = Kind.IMPORT
    LISTED = frozenset({"import_id", "format", "file_name", "state", "summary"})

    import_id: Id
    format: Short
    file_name: Short = ""
    state: Literal["staged", "applied", "discarded"] = "staged"
    summary: dict[Name, int] = {}
    notes: Annotated[tuple[Line, ...], Limit(max_length=1000)] = ()


class Profile(Fields):
    """How the owner wants the pages to be."""

    KIND = Kind.PROFILE

    time_zone: Zone = "UTC"
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$")] = "en"
    idle_minutes: Annotated[int, Limit(ge=1, le=720)] = 30


class Kit(Fields):
    """The recovery code between sign-up and the moment the owner has shown that it is on paper; then it is removed."""

    KIND = Kind.KIT

    code: Short


class Past(Fields):
    """A piece of the history that an export brought from another host: kept to be read and handed on, never acted upon.

    Each row is one canonical JSON object of the file `history/<ledger id>/<part>.json`; pieces follow one another by number.
    """

    KIND = Kind.PAST
    LISTED = frozenset({"ledger_id", "part", "number"})

    ledger_id: Id
    part: Literal["ledger", "receipts", "grants", "requests", "relationships", "instance", "clients"]
    number: Annotated[int, Limit(ge=0)]
    rows: tuple[Annotated[str, StringConstraints(max_length=1_000_000)], ...]


MODELS: Mapping[Kind, type[Fields]] = {
    model.KIND: model for model in (Vendor, Item, Interaction, Commitment, MessageRecord, AddressRecord, Import, Profile, Kit, Past)
}
