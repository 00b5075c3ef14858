"""The owner's quiet hours: what comes while they last is held until they end, by the clock of the owner's own zone. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from consent.terms import Hours


@dataclass(frozen=True)
class Quiet:
    """From `start` up to, not including, `end`, every day, by the clock of an IANA zone; over midnight when `end` is earlier."""

    start: time
    end: time
    time_zone: str

    @classmethod
    def of(cls, start: str | None, end: str | None, time_zone: str) -> "Quiet | None":
        """From the texts of a profile ("22:00"); None where there are no quiet hours."""
        return cls(time.fromisoformat(start), time.fromisoformat(end), time_zone) if start and end and start != end else None

    def contains(self, at: datetime) -> bool:
        """Whether this instant is a quiet one."""
        return Hours(self.start, self.end, self.time_zone).contains(at)

    def ends(self, at: datetime) -> datetime | None:
        """The first instant from `at` on that is not quiet; None when `at` itself is not.

        On the nights on which clocks change that is when the clock first shows `end` or later, jump included: hours that are
        skipped end where the clock jumps, hours that come twice end the first time round.
        """
        if not self.contains(at):
            return None
        zone = ZoneInfo(self.time_zone)
        ends = at + _until(at.astimezone(zone), self.end)
        if ends.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
            return ends
        jump = _jump(at, ends, zone)
        return jump + _until(jump.astimezone(zone), self.end) if self.contains(jump) else jump

    def holds(self, came: datetime, *, now: datetime) -> bool:
        """Whether what came then is still held now."""
        ends = self.ends(came)
        return ends is not None and now < ends


def _until(local: datetime, end: time) -> timedelta:
    """How long the clock runs from this local time to `end`; a whole day when it shows `end` now."""
    away = timedelta(hours=end.hour, minutes=end.minute) - timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    return away if away > timedelta() else away + timedelta(days=1)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant between two, to the second, at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    low, high = before.replace(microsecond=0), after
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        middle = middle if middle > low else low + timedelta(seconds=1)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high
