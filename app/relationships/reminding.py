"""What is due, as a calendar and a reminder need it: each thing with its day or instant, and the mornings on which to say so. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.relationships import commitments
from app.relationships.commitments import Occurrence, State
from vault.records import Commitment

What = Literal["promise", "mine", "remedy", "notice", "end", "permission"]

MORNING: Final = time(8)
"""When a reminder comes, by the owner's own clock."""

HORIZON: Final = timedelta(days=400)
"""How far ahead reminders are set; each form that an owner sends moves it on."""

MISSED: Final = timedelta(days=30)
"""How long a calendar keeps what was missed and is still open. Today shows it for as long as it is."""

WAITING: Final[Mapping[str, frozenset[State]]] = MappingProxyType(
    {
        "promise": frozenset({"offered", "active"}),
        "remedy": frozenset({"broken", "disputed"}),
        "notice": commitments.OPEN,
        "end": commitments.OPEN,
    }
)
"""The states in which a date of a promise is still waited for."""

MOST: Final = 500
"""Things that one calendar shows: those nearest to now."""


@dataclass(frozen=True)
class Due:
    """One thing with a date. `on` is a whole local day, else `at` is the instant (UTC); `zone` is the IANA zone it is told in.

    `key` stays the same however often the thing is changed.
    """

    key: str
    what: What
    company: str
    words: str
    on: date | None
    at: datetime | None
    zone: str

    @property
    def instant(self) -> datetime:
        """The instant to sort by: of a day its end, for until then it can be kept."""
        return self.at or commitments.end_of_day(self.on or date.min, zone_of(self.zone))


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def of_commitment(commitment_id: str, commitment: Commitment, company: str, *, now: datetime) -> list[Due]:
    """What a promise waits for, from `MISSED` ago to the horizon: its times that are still open, what is owed since it was
    broken, last days for notice, ends."""
    dates = commitments.occurrences(commitment, (now - MISSED, now + HORIZON))
    return [_due(commitment_id, commitment, company, one) for one in dates if one.state in WAITING[one.of]]


def _due(commitment_id: str, commitment: Commitment, company: str, one: Occurrence) -> Due:
    # What comes once keeps its key when its date is moved; of several each is told apart by its day.
    which = one.occurrence or (None if commitment.schedule is None else one.day)
    mine = one.of == "promise" and commitment.by == "me"
    return Due(
        key=f"{one.of}:{commitment_id}" + (f":{which}" if which else ""),
        what="mine" if mine else one.of,
        company=company,
        words=commitment.promise,
        on=one.day if one.whole_day else None,
        at=None if one.whole_day else one.at,
        zone=commitment.time_zone,
    )


def of_permission(grant_id: str, expires_at: datetime, company: str, zone: str) -> Due:
    """The end of a permission."""
    return Due(f"permission:{grant_id}", "permission", company, "", None, expires_at, zone)


def nearest(things: Iterable[Due], *, now: datetime) -> list[Due]:
    """At most `MOST` of them, those nearest to now, in the order of their time."""
    chosen = sorted(things, key=lambda one: (abs(one.instant - now), one.key))[:MOST]
    return sorted(chosen, key=lambda one: (one.instant, one.key))


def mornings(things: Iterable[Due], zone: str, *, now: datetime) -> list[datetime]:
    """When to say that something is due: on the morning of its day by the owner's clock, once a day however much is due.

    What is due before that morning is over is said on the morning before. The instants are coarsened to the hour (UTC), lie
    ahead of `now` and within `HORIZON`, and are in order.
    """
    place = zone_of(zone)
    found = {_hour(_morning(one, place)) for one in things}
    return sorted(at for at in found if now < at <= now + HORIZON)


def left(times: Sequence[datetime], *, now: datetime) -> list[datetime]:
    """Those of the times that are still to come."""
    return [at for at in times if at > now]


def _morning(thing: Due, place: ZoneInfo) -> datetime:
    # Far enough apart, the day of the thing is over where it counts before the owner's morning of the same date.
    day = thing.on or thing.instant.astimezone(place).date()
    morning = _at(day, place)
    return morning if morning < thing.instant else _at(day - timedelta(days=1), place)


def _at(day: date, place: ZoneInfo) -> datetime:
    # PEP 495: a morning that comes twice is the first one; one that is skipped is read with the offset before the gap.
    return datetime.combine(day, MORNING, tzinfo=place).astimezone(UTC)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
