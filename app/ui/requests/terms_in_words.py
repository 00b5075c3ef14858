"""Terms of consent in plain words, line by line: what an owner reads before deciding and what the receipt hashes."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency

from app.i18n import _, lazy, ngettext
from app.ui.locale import locale
from app.ui.vendors.words import Link, external, plain
from app.ui.view import view
from consent import vocabulary
from consent.terms import Frequency, Hours, Promise, Purpose, Remedy, Terms

ACTIONS = {
    "send_message": lazy("send you messages"),
    "send_location_offer": lazy("send you offers tied to a place"),
    "read_data": lazy("read data of yours"),
}
CHANNELS = {
    "inbox": lazy("in your inbox here"),
    "email": lazy("by e-mail"),
    "sms": lazy("by text message"),
    "phone": lazy("by phone"),
    "post": lazy("by post"),
}
REMEDIES = {
    "refund": lazy("a refund"),
    "credit": lazy("a credit"),
    "free_exit": lazy("leaving at no cost"),
    "data_erasure": lazy("erasing your data"),
    "other": lazy("something else"),
}
PERIODS = {
    "P1D": lazy("a day"),
    "P1W": lazy("a week"),
    "P7D": lazy("a week"),
    "P1M": lazy("a month"),
    "P3M": lazy("a quarter"),
    "P1Y": lazy("a year"),
}

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@view
class Fact:
    """One answer of the terms: the question ("How often") and what they say to it. `key` names it for templates."""

    key: str
    label: str
    text: str


@view
class PromiseInWords:
    """What they promise in return, and whether it is backed; if not, why."""

    promise: str
    facts: tuple[Fact, ...]
    backed: bool
    reason: str


@view
class LineInWords:
    """One purpose. `number` counts from 0, as in `consent.terms.narrow`."""

    number: int
    purpose: str
    facts: tuple[Fact, ...]


@view
class TermsInWords:
    """A whole consent in words. `notice` is None when its address is not one that we would link to."""

    statement: str
    facts: tuple[Fact, ...]
    notice: Link | None
    notice_facts: tuple[Fact, ...]
    promises: tuple[PromiseInWords, ...]
    lines: tuple[LineInWords, ...]

    def text(self) -> str:
        """The same words as plain text, in the order of the page: what the receipt's hash of the text shown is over."""
        rows = [self.statement, *_rows(self.facts), *_rows(self.notice_facts)]
        for line in self.lines:
            rows += [line.purpose, *_rows(line.facts)]
        for promise in self.promises:
            rows += [promise.promise, promise.reason, *_rows(promise.facts)]
        return "\n".join(rows)


def in_words(terms: Terms) -> TermsInWords:
    """Say terms in the reader's language. What the vendor wrote is passed through `vendors.words.plain`, nothing is left out."""
    notice = external(terms.notice.url)
    return TermsInWords(
        statement=plain(terms.statement),
        facts=_known(
            ("expires", _("Until"), instant(terms.expires)),
            ("jurisdiction", _("Law of"), territory(terms.jurisdiction) if terms.jurisdiction else ""),
            ("storage", _("Kept in"), listed([territory(place) for place in terms.storage_locations or ()])),
            ("agreement", _("Standing terms (IEEE 7012)"), plain(terms.agreement or "")),
        ),
        notice=notice,
        notice_facts=_known(
            ("notice", _("Their privacy notice"), plain(terms.notice.url)),
            ("version", _("Version"), plain(terms.notice.version or "")),
            ("language", _("Language"), language_name(terms.notice.language) if terms.notice.language else ""),
            ("sha256", _("Fingerprint they gave"), terms.notice.sha256 or ""),
        ),
        promises=tuple(promise_in_words(promise) for promise in terms.in_return),
        lines=tuple(line_in_words(number, line) for number, line in enumerate(terms.purposes)),
    )


def line_in_words(number: int, line: Purpose) -> LineInWords:
    """One purpose: what they may do, how often, when, with which data, how long, who else."""
    return LineInWords(
        number=number,
        purpose=purpose(line.purpose),
        facts=_known(
            ("actions", _("They may"), listed([action(name) for name in line.actions])),
            ("channels", _("How"), listed([channel(name) for name in line.channels])),
            ("frequency", _("How often"), frequency(line.frequency) if line.frequency else ""),
            ("hours", _("When"), hours(line.hours) if line.hours else _("at any hour") if line.sends else ""),
            ("radius", _("Around places up to"), distance(line.max_radius_m) if line.max_radius_m else ""),
            ("datatypes", _("Your data"), listed([data(term) for term in line.datatypes]) or _("none")),
            ("retention", _("They keep it for"), duration(line.retention)),
            (
                "recipients",
                _("Who else gets it"),
                listed([recipient(one.name, one.country) for one in line.recipients]) or _("nobody else"),
            ),
        ),
    )


def promise_in_words(promise: Promise) -> PromiseInWords:
    """A promise in return: backed by a remedy with a date, or just words and why."""
    return PromiseInWords(
        promise=plain(promise.promise),
        facts=_known(
            ("within", _("When"), _promise_time(promise)),
            ("remedy", _("If they break it"), remedy(promise.remedy) if promise.remedy else ""),
        ),
        backed=promise.backed,
        reason=_why(promise),
    )


def _promise_time(promise: Promise) -> str:
    if not promise.within:
        return ""
    if promise.after == "claim":
        return _("within %(time)s of your asking for it") % {"time": duration(promise.within)}
    if promise.after:
        return _("within %(time)s, counted from: %(event)s") % {"time": duration(promise.within), "event": plain(promise.after)}
    return _("within %(time)s") % {"time": duration(promise.within)}


def _why(promise: Promise) -> str:
    if promise.backed:
        return _("Backed: it costs them something to break it.")
    if promise.remedy is None and not promise.within:
        return _("Just words: no date, and nothing follows if they break it.")
    if promise.remedy is None:
        return _("Just words: nothing follows if they break it.")
    return _("Just words: they name no time by which it is done.")


def remedy(given: Remedy) -> str:
    """What they owe for a broken promise: "a refund of €20.00, within 14 days"."""
    words = str(REMEDIES.get(given.kind, given.kind))
    if given.amount and given.currency:
        words = _("%(remedy)s of %(amount)s") % {"remedy": words, "amount": money(given.amount, given.currency)}
    return _("%(remedy)s, within %(time)s") % {"remedy": words, "time": duration(given.within)} if given.within else words


def data(term: str) -> str:
    """A kind of personal data by its DPV label; the term itself where the vocabulary has none."""
    return _(vocabulary.data_label(term)) if vocabulary.is_datatype(term) else term


def purpose(term: str) -> str:
    """A purpose by its DPV label; the term itself where the vocabulary has none."""
    return _(vocabulary.purpose_label(term)) if vocabulary.is_purpose(term) else term


def action(name: str) -> str:
    """What a client may do, after "They may"."""
    return str(ACTIONS.get(name, name))


def channel(name: str) -> str:
    """The way by which something comes."""
    return str(CHANNELS.get(name, name))


def frequency(given: Frequency) -> str:
    """ "at most twice a week" and its like."""
    times = {1: _("once"), 2: _("twice")}.get(given.count, ngettext("%(n)d time", "%(n)d times", given.count) % {"n": given.count})
    if given.per in PERIODS:
        return _("at most %(times)s %(period)s") % {"times": times, "period": PERIODS[given.per]}
    return _("at most %(times)s in %(period)s") % {"times": times, "period": duration(given.per)}


def per(span: str) -> str:
    """The stretch of a frequency, after "at most … times in": "a week", "2 weeks"."""
    return str(PERIODS[span]) if span in PERIODS else duration(span)


def hours(given: Hours) -> str:
    """The hours of day and the zone that they are frozen in."""
    start, end = (format_time(moment, "short", locale=locale()) for moment in (given.start, given.end))
    return _("from %(start)s to %(end)s (%(zone)s time)") % {"start": start, "end": end, "zone": given.time_zone.replace("_", " ")}


def duration(text: str) -> str:
    """An ISO 8601 duration in words: P6M is "6 months". What is not one is shown as it is."""
    match = _DURATION.fullmatch(text)
    numbers = [int(part) if part else 0 for part in match.groups()] if match else []
    if not any(numbers):
        return text
    years, months, weeks, days, hours_, minutes, seconds = numbers
    parts = [
        ngettext("%(n)d year", "%(n)d years", years) % {"n": years} if years else "",
        ngettext("%(n)d month", "%(n)d months", months) % {"n": months} if months else "",
        ngettext("%(n)d week", "%(n)d weeks", weeks) % {"n": weeks} if weeks else "",
        ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else "",
        ngettext("%(n)d hour", "%(n)d hours", hours_) % {"n": hours_} if hours_ else "",
        ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes} if minutes else "",
        ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds} if seconds else "",
    ]
    return listed([part for part in parts if part])


def distance(metres: float) -> str:
    """Metres below a kilometre, else kilometres with at most one decimal."""
    if metres < 1000:
        return _("%(n)d m") % {"n": metres}
    return _("%(n)s km") % {"n": f"{metres / 1000:.1f}".removesuffix(".0")}


def recipient(name: str, country: str | None) -> str:
    """Somebody else who gets it, and where they are."""
    return _("%(name)s (%(country)s)") % {"name": plain(name), "country": territory(country)} if country else plain(name)


def money(amount: str, currency: str) -> str:
    """An amount in the reader's way of writing it; as it stands when it is not a number."""
    try:
        return format_currency(Decimal(amount), currency, locale=locale())
    except InvalidOperation:
        return f"{amount} {currency}"


def territory(code: str) -> str:
    """A country by its ISO 3166 code, in words."""
    return str(locale().territories.get(code.upper(), plain(code)))


def language_name(tag: str) -> str:
    """A language by its BCP 47 tag, in words."""
    return str(locale().languages.get(tag.split("-", 1)[0].lower(), plain(tag)))


def instant(moment: datetime, zone: str = "UTC") -> str:
    """A date where the instant is a midnight of the zone, else date and time with the zone named."""
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return _("%(date)s, 00:00 %(zone)s") % {"date": format_date(local, "long", locale=locale()), "zone": zone}
    return f"{format_datetime(local, 'long', locale=locale(), tzinfo=ZoneInfo(zone))}"


def listed(parts: list[str]) -> str:
    """ "a, b and c"; nothing for nothing."""
    if len(parts) < 2:
        return "".join(parts)
    return _("%(most)s and %(last)s") % {"most": ", ".join(parts[:-1]), "last": parts[-1]}


def _known(*facts: tuple[str, str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(key, label, text) for key, label, text in facts if text)


def _rows(facts: tuple[Fact, ...]) -> list[str]:
    return [f"{fact.label}: {fact.text}" for fact in facts]
