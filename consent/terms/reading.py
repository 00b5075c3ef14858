"""Reading `authorization_details`: strict, so that whatever is granted later means exactly what was shown."""

from datetime import datetime

from consent.errors import TermsError
from consent.terms.durations import LONGEST
from consent.terms.shapes import (
    ACTIONS,
    CHANNELS,
    PURPOSE_TYPE,
    REMEDIES,
    TERMS_TYPE,
    Frequency,
    Hours,
    Notice,
    Promise,
    Purpose,
    Recipient,
    Remedy,
    Terms,
)
from consent.terms.values import Object, array, at, clock, matching, moment, object_of, one_of, span, text, time_zone, url, whole
from consent.vocabulary import AGREEMENTS, DATATYPES, PURPOSES

MAX_PURPOSES = 8
MAX_RECIPIENTS = 16
MAX_DATATYPES = 32
MAX_IN_RETURN = 8
MAX_LOCATIONS = 16
MAX_STATEMENT = 280
MAX_COUNT = 1000
MAX_RADIUS_M = 100_000

_TERMS_KEYS = ("type", "statement", "expires", "notice", "jurisdiction", "storage", "agreement", "in_return")
_LINE_KEYS = ("type", "purpose", "actions", "channels", "frequency", "hours", "location", "datatypes", "retention", "recipients")

_country = matching(r"[A-Z]{2}", "an ISO 3166-1 country code of two capitals")
_place = matching(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", "an ISO 3166 code such as IE or US-CA")
_language = matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", "a language tag (BCP 47)")
_sha256 = matching(r"[0-9a-f]{64}", "a SHA-256 in 64 lower-case hex digits")
_amount = matching(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?", "an amount such as 20.00")
_currency = matching(r"[A-Z]{3}", "an ISO 4217 currency of three capitals")


def parse(details: object, *, now: datetime) -> Terms:
    """Read `authorization_details` (RFC 9396) as one terms object and 1 to 8 purpose objects.

    `now` is an aware UTC instant that `expires` must lie after, by ten years at most. Raises TermsError with a pointer to
    the first fault: unknown keys and terms, wrong types, contradictions, duplicates and unbounded values.
    """
    items = array(details, "")
    if not 1 <= len(items) <= MAX_PURPOSES + 1:
        raise TermsError("", "out-of-bounds", f"one terms object and 1 to {MAX_PURPOSES} purpose objects are needed")
    kinds = [_kind(item, at("", index)) for index, item in enumerate(items)]
    if kinds.count(TERMS_TYPE) != 1:
        raise TermsError("", "missing" if TERMS_TYPE not in kinds else "duplicate", f"exactly one object of type {TERMS_TYPE} is needed")
    lines: list[Purpose] = []
    for index, item in enumerate(items):
        if kinds[index] == PURPOSE_TYPE:
            lines.append(read_line(item, at("", index)))
            if lines[-1].purpose in [line.purpose for line in lines[:-1]]:
                raise TermsError(at(at("", index), "purpose"), "duplicate", "each purpose has one object")
    if not lines:
        raise TermsError("", "missing", f"at least one object of type {PURPOSE_TYPE} is needed")
    head = kinds.index(TERMS_TYPE)
    return _terms(items[head], at("", head), tuple(lines), now)


def _kind(item: object, pointer: str) -> str:
    if not isinstance(item, dict):
        raise TermsError(pointer, "type", "an object is needed here")
    return Object(item, pointer).read("type", one_of((TERMS_TYPE, PURPOSE_TYPE)))


def _terms(item: object, pointer: str, lines: tuple[Purpose, ...], now: datetime) -> Terms:
    head = object_of(*_TERMS_KEYS)(item, pointer)
    expires = head.read("expires", moment)
    if not now < expires <= LONGEST.after(now):
        raise TermsError(at(pointer, "expires"), "out-of-bounds", "this must lie in the future, by ten years at most")
    storage = head.maybe("storage", object_of("locations"))
    return Terms(
        statement=head.read("statement", text(MAX_STATEMENT)),
        expires=expires,
        notice=head.read("notice", _notice),
        purposes=lines,
        jurisdiction=head.maybe("jurisdiction", _place),
        storage_locations=storage.many("locations", _place, MAX_LOCATIONS, least=1) if storage else (),
        agreement=head.maybe("agreement", one_of(AGREEMENTS)),
        in_return=head.many("in_return", read_promise, MAX_IN_RETURN),
    )


def _notice(value: object, pointer: str) -> Notice:
    notice = object_of("url", "version", "sha256", "language")(value, pointer)
    return Notice(
        url=notice.read("url", url),
        version=notice.maybe("version", text(64)),
        sha256=notice.maybe("sha256", _sha256),
        language=notice.maybe("language", _language),
    )


def read_promise(value: object, pointer: str) -> Promise:
    """Read one promise of a company: in return for a consent, or made by itself. Raises TermsError."""
    promise = object_of("promise", "after", "within", "remedy")(value, pointer)
    return Promise(
        promise=promise.read("promise", text(280)),
        after=promise.maybe("after", text(80)),
        within=promise.maybe("within", span),
        remedy=promise.maybe("remedy", _remedy),
    )


def _remedy(value: object, pointer: str) -> Remedy:
    remedy = object_of("kind", "amount", "currency", "within")(value, pointer)
    if remedy.has("amount") != remedy.has("currency"):
        missing = "currency" if remedy.has("amount") else "amount"
        raise TermsError(at(pointer, missing), "contradiction", "an amount and its currency come together")
    return Remedy(
        kind=remedy.read("kind", one_of(REMEDIES)),
        amount=remedy.maybe("amount", _amount),
        currency=remedy.maybe("currency", _currency),
        within=remedy.maybe("within", span),
    )


def read_line(value: object, pointer: str) -> Purpose:
    """Read one purpose object. Raises TermsError."""
    raw = object_of(*_LINE_KEYS)(value, pointer)
    radius = raw.maybe("location", _radius)
    line = Purpose(
        purpose=raw.read("purpose", one_of(PURPOSES)),
        actions=raw.many("actions", one_of(ACTIONS), len(ACTIONS), least=1),
        retention=raw.read("retention", span),
        channels=raw.many("channels", one_of(CHANNELS), len(CHANNELS)),
        frequency=raw.maybe("frequency", _frequency),
        hours=raw.maybe("hours", _hours),
        max_radius_m=radius,
        datatypes=raw.many("datatypes", one_of(DATATYPES), MAX_DATATYPES),
        recipients=raw.many("recipients", _recipient, MAX_RECIPIENTS),
    )
    _agree(line, pointer)
    return line


def _agree(line: Purpose, pointer: str) -> None:
    """A limit without its action limits nothing, and an action without its limit is unbounded: both are contradictions."""
    pairs = (
        ("channels", bool(line.channels), line.sends, "sending"),
        ("frequency", line.frequency is not None, line.sends, "sending"),
        ("datatypes", bool(line.datatypes), "read_data" in line.actions, "read_data"),
        ("location", line.max_radius_m is not None, "send_location_offer" in line.actions, "send_location_offer"),
    )
    for key, given, needed, action in pairs:
        if needed and not given:
            raise TermsError(at(pointer, key), "missing", f"{key} is required with {action}")
        if given and not needed:
            raise TermsError(at(pointer, key), "contradiction", f"{key} has no meaning without {action}")
    if line.hours and not line.sends:
        raise TermsError(at(pointer, "hours"), "contradiction", "hours have no meaning without sending")


def _frequency(value: object, pointer: str) -> Frequency:
    frequency = object_of("count", "per")(value, pointer)
    return Frequency(count=frequency.read("count", whole(1, MAX_COUNT)), per=frequency.read("per", span))


def _hours(value: object, pointer: str) -> Hours:
    hours = object_of("from", "to", "time_zone")(value, pointer)
    found = Hours(start=hours.read("from", clock), end=hours.read("to", clock), time_zone=hours.read("time_zone", time_zone))
    if found.start == found.end:
        raise TermsError(at(pointer, "to"), "contradiction", "from and to are the same; leave hours out for the whole day")
    return found


def _radius(value: object, pointer: str) -> int:
    return object_of("max_radius_m")(value, pointer).read("max_radius_m", whole(1, MAX_RADIUS_M))


def _recipient(value: object, pointer: str) -> Recipient:
    recipient = object_of("name", "country")(value, pointer)
    return Recipient(name=recipient.read("name", text(120)), country=recipient.read("country", _country))
