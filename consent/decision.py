"""May this happen? One pure function; every rule is numbered here and explained in RULES.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from types import MappingProxyType
from typing import Literal, TypeAlias

from consent.terms.shapes import Frequency, Purpose, Terms

RULES_VERSION = "1"

# Rule to problem slug, in the order in which the rules are asked.
RULES: Mapping[str, str] = MappingProxyType(
    {
        "R1": "consent-withdrawn",
        "R2": "consent-expired",
        "R3": "consent-suspended",
        "R4": "consent-paused",
        "R5": "purpose-not-granted",
        "R6": "action-not-granted",
        "R7": "channel-not-granted",
        "R8": "area-too-large",
        "R9": "outside-hours",
        "R10": "over-frequency",
    }
)

Kind: TypeAlias = Literal["service", "offer", "location_offer", "read_data"]

ACTION_OF: Mapping[str, str] = MappingProxyType(
    {"service": "send_message", "offer": "send_message", "location_offer": "send_location_offer", "read_data": "read_data"}
)


@dataclass(frozen=True)
class Ask:
    """What a client wants to do.

    `purpose` and `channel` may be None when reading; `area_radius_m` is in metres, None where no area is stated (a dry run).
    """

    kind: Kind
    purpose: str | None
    channel: str | None
    area_radius_m: float | None = None


@dataclass(frozen=True)
class Standing:
    """What a decision needs to know of a grant."""

    status: str
    expires_at: datetime
    terms: Terms


@dataclass(frozen=True)
class Usage:
    """When messages of this purpose were accepted, at least as far back as the frequency of its line reaches.

    The newest `skipped` of them, fewer than the cap, need not be among them.
    """

    recent: Sequence[datetime] = ()
    skipped: int = 0

    def newest(self, number: int) -> datetime | None:
        """When the `number`th newest was accepted, counted from 1; None when there were fewer. Raises ValueError for a skipped one."""
        index = number - 1 - self.skipped
        if index < 0:
            raise ValueError(f"only what follows the newest {self.skipped} is known")
        return sorted(self.recent, reverse=True)[index] if index < len(self.recent) else None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, under this line of the terms (`line` is its index among the purposes)."""

    purpose: Purpose
    line: int


@dataclass(frozen=True, slots=True)
class Refused:
    """No: the problem slug, the rule that says so, and for R10 the seconds after which that rule would let one in."""

    reason: str
    rule: str
    retry_after: int | None = None


_STATUS_RULES: Mapping[str, str] = MappingProxyType({"expired": "R2", "suspended": "R3", "paused": "R4"})


def decide(ask: Ask, standing: Standing, usage: Usage, now: datetime) -> Allowed | Refused:
    """Apply the rules of RULES.md in order; the first that objects answers. `now` is an aware UTC instant."""
    stopped = _stopped(standing, now)
    if stopped is not None:
        return _refused(stopped)
    action = ACTION_OF.get(ask.kind)
    if action == "read_data" and ask.purpose is None:
        return _read_anything(standing.terms)
    found = standing.terms.lines.get(ask.purpose or "")
    if found is None:
        return _refused("R5")
    index, line = found
    if action not in line.actions:
        return _refused("R6")
    if action == "read_data":
        return Allowed(line, index)
    return _limited(ask, line, usage, now) or Allowed(line, index)


_REFUSED: Mapping[str, Refused] = {rule: Refused(reason, rule) for rule, reason in RULES.items()}


def _refused(rule: str) -> Refused:
    return _REFUSED[rule]


def _stopped(standing: Standing, now: datetime) -> str | None:
    rule = None
    if standing.status != "given":
        # A status that this version does not know is treated as an end: the gate fails shut.
        rule = _STATUS_RULES.get(standing.status, "R1")
        if rule == "R1":
            return rule
    # The clock counts, whatever the row still says and whatever the caller copied beside the terms.
    if now >= standing.expires_at or now >= standing.terms.expires:
        return "R2"
    return rule


def _read_anything(terms: Terms) -> Allowed | Refused:
    """Reading without naming a purpose: the first line that releases data answers for the call."""
    for index, line in terms.lines.values():
        if "read_data" in line.actions:
            return Allowed(line, index)
    return _refused("R6")


def _limited(ask: Ask, line: Purpose, usage: Usage, now: datetime) -> Refused | None:
    if ask.channel not in line.channels:
        return _refused("R7")
    if ask.kind == "location_offer" and ask.area_radius_m is not None and not _area_fits(ask.area_radius_m, line):
        return _refused("R8")
    if line.hours is not None and not line.hours.contains(now):
        return _refused("R9")
    # Terms that were read always have a frequency here; without one nothing may be sent, rather than anything.
    if line.frequency is None:
        return _refused("R10")
    return _too_often(line.frequency, usage, now)


def _area_fits(radius_m: float, line: Purpose) -> bool:
    # Written so that NaN, which compares false with everything, does not fit.
    return line.max_radius_m is not None and 0 <= radius_m <= line.max_radius_m


def _too_often(frequency: Frequency, usage: Usage, now: datetime) -> Refused | None:
    # One more fits when the oldest of the last `count` has left the window.
    oldest = usage.newest(frequency.count)
    if oldest is None or oldest <= frequency.window.before(now):
        return None
    opens = frequency.window.clears(oldest)
    return Refused(RULES["R10"], "R10", max(1, ceil((opens - now).total_seconds())))
