"""What every record is made of: its kind, its parts, its limits, and the digest, which is what lists and search need of it.

Limits are counted in characters. A field that breaks one raises pydantic's ValidationError with the field's name; the
error's text leaves out what was typed, so that no log keeps it.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

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
    MY_TERMS = "my_terms"
    RELEASE = "release"
    LETTER = "letter"
    HELD = "held"
    ZONE = "zone"
    JOB = "job"
    CORRECTION = "correction"
    SIGNPOST = "signpost"
    YARDSTICK = "yardstick"
    CSV_COLUMNS = "csv_columns"
    UNDO = "undo"
    ELSEWHERE = "elsewhere"
    INCIDENT = "incident"
    PRICES = "prices"
    POLICY = "policy"


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
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Instant = Annotated[AwareDatetime, AfterValidator(_utc)]


class Part(BaseModel):
    """A value inside a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


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
