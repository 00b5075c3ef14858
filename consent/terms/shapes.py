"""What terms are made of, and their canonical bytes. Values only; how they are read and narrowed stands beside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TypeAlias
from zoneinfo import ZoneInfo

from consent.canonical import JSON, dumps
from consent.terms.durations import Duration, duration

TERMS_TYPE = "https://bothways.example/terms/v1"
PURPOSE_TYPE = "https://bothways.example/purpose/v1"

SENDING = ("send_message", "send_location_offer")
ACTIONS = (*SENDING, "read_data")
CHANNELS = ("inbox", "email", "sms", "phone", "post")
REMEDIES = ("refund", "credit", "free_exit", "data_erasure", "other")

Details: TypeAlias = dict[str, JSON]

zone = lru_cache(maxsize=1024)(ZoneInfo)


@dataclass(frozen=True)
class Frequency:
    """At most `count` in any stretch of `per` (an ISO 8601 duration)."""

    count: int
    per: str

    @cached_property
    def window(self) -> Duration:
        """`per`, read."""
        return duration(self.per)

    def within(self, wide: "Frequency") -> bool:
        """Whether this never lets more through than `wide`, wherever their stretches begin.

        At most n in any stretch of p implies at most m in any stretch of q when n <= m and q is never longer than p:
        every stretch of q lies within one of p.
        """
        return self.count <= wide.count and wide.window.at_most(self.window)


@dataclass(frozen=True)
class Hours:
    """From `start` up to, not including, `end`, by the clock of an IANA zone; over midnight when `end` is earlier."""

    start: time
    end: time
    time_zone: str

    def contains(self, now: datetime) -> bool:
        """Whether this instant lies within the hours."""
        local = now.astimezone(self._zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def within(self, wide: "Hours") -> bool:
        """Whether every instant of these hours is one of `wide`. Other zones are not compared: their rules change apart."""
        offset = (_minutes(self.start) - _minutes(wide.start)) % 1440
        return self.time_zone == wide.time_zone and offset + self._length <= wide._length

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone(self.time_zone)

    @property
    def _length(self) -> int:
        return (_minutes(self.end) - _minutes(self.start)) % 1440


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


@dataclass(frozen=True)
class Remedy:
    """What the company owes when it breaks a promise: a kind of `REMEDIES`, perhaps an amount (decimal text, ISO 4217), a time to do it."""

    kind: str
    amount: str | None = None
    currency: str | None = None
    within: str | None = None


@dataclass(frozen=True)
class Promise:
    """What the company gives in return. `within` (a duration) runs from the event that `after` names."""

    promise: str
    after: str | None = None
    within: str | None = None
    remedy: Remedy | None = None

    @property
    def backed(self) -> bool:
        """Whether the company tied its hands (a time and a remedy), or it is just words (Schelling)."""
        return self.within is not None and self.remedy is not None


@dataclass(frozen=True)
class Recipient:
    """Somebody else who gets the data: a name and an ISO 3166-1 country."""

    name: str
    country: str


@dataclass(frozen=True)
class Purpose:
    """One line of the terms: what for, by which actions, and every limit on them."""

    purpose: str
    actions: tuple[str, ...]
    retention: str
    channels: tuple[str, ...] = ()
    frequency: Frequency | None = None
    hours: Hours | None = None
    max_radius_m: int | None = None
    datatypes: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()

    @property
    def sends(self) -> bool:
        """Whether the line lets anything be sent."""
        return any(action in SENDING for action in self.actions)


@dataclass(frozen=True)
class Notice:
    """The company's own privacy notice, with the version and SHA-256 (hex) that it says it had."""

    url: str
    version: str | None = None
    sha256: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Terms:
    """Everything asked or granted at once. `expires` is an aware UTC instant of whole seconds."""

    statement: str
    expires: datetime
    notice: Notice
    purposes: tuple[Purpose, ...]
    jurisdiction: str | None = None
    storage_locations: tuple[str, ...] = ()
    agreement: str | None = None
    in_return: tuple[Promise, ...] = ()

    @cached_property
    def lines(self) -> Mapping[str, tuple[int, Purpose]]:
        """Purpose term to its index and line; made once, since every decision looks here."""
        return MappingProxyType({line.purpose: (index, line) for index, line in enumerate(self.purposes)})


def canonical(terms: Terms) -> bytes:
    """The exact bytes of terms: RFC 8785 JSON of `as_details`. These are what a receipt hashes."""
    return dumps(as_details(terms))


def as_details(terms: Terms) -> list[Details]:
    """The `authorization_details` array (RFC 9396): the terms object, then one object for each purpose, in order."""
    head: Details = {"type": TERMS_TYPE, "statement": terms.statement, "expires": instant(terms.expires)}
    notice = terms.notice
    head["notice"] = _present(url=notice.url, version=notice.version, sha256=notice.sha256, language=notice.language)
    head |= _present(jurisdiction=terms.jurisdiction, agreement=terms.agreement)
    if terms.storage_locations:
        head["storage"] = {"locations": list(terms.storage_locations)}
    if terms.in_return:
        head["in_return"] = [_promise(promise) for promise in terms.in_return]
    return [head, *(line_details(line) for line in terms.purposes)]


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def line_details(line: Purpose) -> Details:
    """One purpose object. What the line does not say is left out, but for the two lists that a reader looks for."""
    details: Details = {"type": PURPOSE_TYPE, "purpose": line.purpose, "actions": list(line.actions), "retention": line.retention}
    if line.channels:
        details["channels"] = list(line.channels)
    if line.frequency:
        details["frequency"] = {"count": line.frequency.count, "per": line.frequency.per}
    if line.hours:
        details["hours"] = hours_details(line.hours)
    if line.max_radius_m is not None:
        details["location"] = {"max_radius_m": line.max_radius_m}
    details["datatypes"] = list(line.datatypes)
    details["recipients"] = [{"name": recipient.name, "country": recipient.country} for recipient in line.recipients]
    return details


def hours_details(hours: Hours) -> Details:
    """The `hours` object."""
    return {"from": hours.start.strftime("%H:%M"), "to": hours.end.strftime("%H:%M"), "time_zone": hours.time_zone}


def _promise(promise: Promise) -> Details:
    details = _present(promise=promise.promise, after=promise.after, within=promise.within)
    if promise.remedy:
        remedy = promise.remedy
        details["remedy"] = _present(kind=remedy.kind, amount=remedy.amount, currency=remedy.currency, within=remedy.within)
    return details


def _present(**values: str | None) -> Details:
    return {key: value for key, value in values.items() if value is not None}
