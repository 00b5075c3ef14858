"""The owner's own record of vendors and of what happened with them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Limit

from vault.envelope import JSON
from vault.records.fields import Currency, Domain, Fields, Id, Instant, Kind, Line, Money, Name, Part, Short, Text, Url


class Contact(Part):
    """A way to reach a vendor, or to sign in there."""

    label: Short = ""
    kind: Literal["email", "phone", "address", "url", "login", "other"]
    value: Line


class Field(Part):
    """A free field, as importers find them."""

    name: Short
    value: Text


class MailSeen(Part):
    """What their mails say without being read: from when to when, how many at least, and how to be left alone.

    `unsubscribe` are the links of the newest mail that had some (RFC 2369), of the web first; `one_click` when it said
    that they work without a further page (RFC 8058).
    """

    first: date | None = None
    last: date | None = None
    count: Annotated[int, Limit(ge=0)] = 0
    unsubscribe: Annotated[tuple[Url, ...], Limit(max_length=3)] = ()
    one_click: bool = False


class PrivacyContact(Part):
    """Whom to write to about personal data: the data protection officer, or whoever they name."""

    name: Short = ""
    email: Short = ""
    address: Line = ""
    url: Url = ""


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
    mail: MailSeen | None = None
    owned_by: Line = ""
    privacy: PrivacyContact | None = None
    substitutes: Annotated[tuple[Name, ...], Limit(max_length=50)] = ()

    def _more(self) -> dict[str, JSON]:
        known = [self.owned_by, *self.substitutes]
        said = [*self.customer_numbers, *(contact.value for contact in self.contacts), *filter(None, known), self.notes]
        return {"text": " ".join(said)}


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
