"""Which of the owner's items a company may fetch, and what it could fetch when."""

from typing import Annotated

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.records.fields import Fields, Id, Instant, Kind, Part

Term = Annotated[str, StringConstraints(pattern=r"^pd:[A-Za-z0-9_-]{1,80}$")]


class Revealed(Part):
    """One item inside a release: which, as what, and since when its value was what it was then. The value is the item's to
    keep: an item that is removed for good leaves no copy behind here."""

    item_id: Id
    term: Term
    since: Instant


class ReleaseVersion(Part):
    """One sealing of a release; its ETag leads to who fetched it."""

    etag: Id
    sealed_at: Instant
    contents: Annotated[tuple[Revealed, ...], Limit(max_length=500)]


class ReleaseRecord(Fields):
    """The items chosen for one permission, and every version that was fetched or could still be."""

    KIND = Kind.RELEASE
    LISTED = frozenset({"grant_id", "client_id", "item_ids"})

    grant_id: Id
    client_id: Id
    item_ids: Annotated[tuple[Id, ...], Limit(max_length=500)] = ()
    versions: Annotated[tuple[ReleaseVersion, ...], Limit(max_length=1000)] = ()
