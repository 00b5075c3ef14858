"""What the owner writes to companies, and what they answer."""

from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Body, Fields, Id, Instant, Kind, Line, Part, Short


class Reply(Part):
    """A company's answer to a letter, in its own words."""

    answer_id: Id
    sender: Short
    title: Line = ""
    body: Body
    format: Literal["text", "markdown", "html"] = "text"
    received_at: Instant
    read_at: Instant | None = None


class LetterRecord(Fields):
    """A letter of the owner's with its thread.

    `way` is how it goes: through the client's system, by the owner's own e-mail, on paper. What goes by itself has its
    `sent_at` at once; of the others the owner says when. `about` is the record or message that it speaks of.

    A letter that asks for a right names it with its `law` and `where` (ISO 3166) the company is; `commitment_id` is the promise
    that tracks the answer, which every further `step` of the same matter has too.
    """

    KIND = Kind.LETTER
    LISTED = frozenset(
        {"vendor_id", "grant_id", "client_id", "to", "kind", "way", "subject", "about", "written_at", "sent_at"}
        | {"right", "law", "step", "commitment_id"}
    )

    vendor_id: Id | None = None
    grant_id: Id | None = None
    client_id: Id | None = None
    to: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
    kind: Literal["question", "claim", "rights", "answer", "other"] = "question"
    way: Literal["api", "email", "post", "other"]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
    body: Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S")]
    about: Id | None = None
    right: Literal["", "access", "rectification", "erasure", "portability", "objection", "withdrawal", "opt_out"] = ""
    law: Literal["", "gdpr", "uk_gdpr", "california"] = ""
    where: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")] = ""
    step: Literal["", "request", "reminder", "complaint"] = ""
    commitment_id: Id | None = None
    written_at: Instant
    sent_at: Instant | None = None
    replies: Annotated[tuple[Reply, ...], Limit(max_length=100)] = ()

    def _more(self) -> dict[str, JSON]:
        unread = sum(reply.read_at is None for reply in self.replies)
        last = self.replies[-1].received_at.isoformat() if self.replies else None
        return {"text": self.body, "replies": len(self.replies), "unread": unread, "replied_at": last}
