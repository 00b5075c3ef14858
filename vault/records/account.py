"""What belongs to the account itself: its profile, its imports, the history it brought along."""

from typing import Annotated, Literal

from pydantic import Field as Limit
from pydantic import StringConstraints

from vault.records.fields import Clock, Fields, Id, Kind, Line, Name, Short, Zone


class Import(Fields):
    """What an import found and did, as its preview and its closing page say it. `stayed` names what undoing it left, and why."""

    KIND = Kind.IMPORT
    LISTED = frozenset({"import_id", "format", "file_name", "state", "summary"})

    import_id: Id
    format: Short
    file_name: Short = ""
    state: Literal["reading", "columns", "staged", "applied", "discarded", "undone"] = "staged"
    summary: dict[Name, int] = Limit(default_factory=dict)
    notes: Annotated[tuple[Line, ...], Limit(max_length=1000)] = ()
    stayed: Annotated[tuple[Line, ...], Limit(max_length=1000)] = ()


class Profile(Fields):
    """How the owner wants the pages to be. In the quiet hours, by the clock of `time_zone`, what comes is held until they end.

    `calendar_shows` is how much a calendar that follows the owner's link is told, `calendar_ahead` when it rings.
    """

    KIND = Kind.PROFILE

    time_zone: Zone = "UTC"
    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$")] = "en"
    idle_minutes: Annotated[int, Limit(ge=1, le=720)] = 30
    quiet_from: Clock | None = None
    quiet_to: Clock | None = None
    calendar_shows: Literal["something", "company", "words"] = "something"
    calendar_ahead: Literal["none", "day", "day_before", "week_before"] = "day_before"


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
