"""What the vendor's door takes and gives beside messages: what a client holds on an owner, letters, answers to them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.api.schemas import Given, Id, Instant, Taken

FIELDS, SEGMENTS, SCORES = 500, 100, 100
LONGEST_VALUE = 4000

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Line = Annotated[str, StringConstraints(max_length=1000)]


def _plain(value: str | bool | float) -> str:
    """A value as the owner reads it: text as it is, a number or a truth value as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise PydanticCustomError("value", "a finite number")
    return value if isinstance(value, str) else repr(value)


Value = Annotated[
    Annotated[str, StringConstraints(max_length=LONGEST_VALUE)] | bool | int | float,
    AfterValidator(_plain),
]


class CrmField(Taken):
    """One thing that you hold on this customer."""

    name: Name = Field(examples=["Postal address"])
    value: Value = Field(description=f"Text of at most {LONGEST_VALUE} characters, a number, true or false.")
    source: Line = Field(default="", description="Where you have it from, in your words.", examples=["the order of 3 May 2026"])
    basis: Literal["stated", "observed", "inferred", "bought"] = Field(
        description="`stated` by the customer, `observed` by you, `inferred` from something else, `bought` or received from a third party."
    )
    collected_at: Instant | None = Field(default=None, description="When you came by it.")


class CrmScore(Taken):
    """A figure that you have worked out about this customer."""

    name: Name
    value: Value
    meaning: Line = Field(default="", description="What it says, and on which scale.")


class CrmRecord(Taken):
    """All that you hold on this customer; it replaces what you said before, which the owner keeps as a version."""

    fields: list[CrmField] = Field(max_length=FIELDS)
    segments: list[Name] = Field(default=[], max_length=SEGMENTS, description="Groups that you put this customer into.")
    scores: list[CrmScore] = Field(default=[], max_length=SCORES)

    def said(self) -> dict[str, Any]:
        """The members of the owner's record."""
        return self.model_dump(mode="json")


class LetterShown(Given):
    """A letter of the customer's, sealed to your `use: enc` key."""

    id: Id
    sent_at: datetime
    jwe: str = Field(
        description="Compact JWE (ECDH-ES, A256GCM). Inside, as JSON: `id`, `grant_id`, `client_reference`, `kind` (`question`, `claim`, "
        "`rights`, `answer` or `other`), `subject`, `body` (plain text), `sent_at`, and for an answer the `message_id` that it answers."
    )


class LetterList(Given):
    """One page of letters in the order in which they were sent; `next` goes into `?after=`."""

    items: list[LetterShown]
    next: str | None = None


class LetterAnswer(Taken):
    """An answer to a letter."""

    title: str = Field(default="", max_length=200)
    body: Annotated[str, StringConstraints(min_length=1, max_length=65536, pattern=r"\S")]
    format: Literal["text", "markdown", "html"] = Field(
        default="text", description="How `body` is written. Scripts and everything that loads remotely are stripped."
    )


class AnswerTaken(Given):
    """The answer is in; the owner finds it under the letter when the vault is next unlocked."""

    id: Id
    letter_id: Id
