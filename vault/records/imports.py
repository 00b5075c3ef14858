"""What is remembered of imports: how the owner read a table, and what must be known to undo one."""

from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.envelope import JSON
from vault.records.fields import Fields, Id, Kind, Part, Short
from vault.records.vendors import Vendor

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class CsvColumns(Fields):
    """What the owner took the columns of a file for, found again by their names. `of` is what the file tells of: companies, or
    what a company holds on the owner.

    `fingerprint` is the SHA-256 of those names; `meanings` has one entry for each column, empty for one that is left out.
    """

    KIND = Kind.CSV_COLUMNS
    LISTED = frozenset({"fingerprint", "of"})

    fingerprint: Fingerprint
    of: Literal["companies", "answer"] = "companies"
    names: Annotated[tuple[Short, ...], Limit(max_length=200)]
    meanings: Annotated[tuple[Short, ...], Limit(max_length=200)]


class Made(Part):
    """A record that an import made, and the SHA-256 of what it said then."""

    kind: Literal["vendor", "item", "interaction", "commitment"]
    record_id: Id
    was: Fingerprint


class Merged(Part):
    """A company that an import added to: as it was before, and the SHA-256 of what it said after."""

    record_id: Id
    before: Vendor
    after: Fingerprint


class Undo(Fields):
    """A part of what an applied import did, so that it can be taken back."""

    KIND = Kind.UNDO
    LISTED = frozenset({"import_id"})

    import_id: Id
    made: Annotated[tuple[Made, ...], Limit(max_length=1000)] = ()
    merged: Annotated[tuple[Merged, ...], Limit(max_length=50)] = ()

    def _more(self) -> dict[str, JSON]:
        return {"merged": [one.record_id for one in self.merged]}
