"""When a promise counts, in words; and what its clock waits for."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.i18n import Lazy, _, lazy, ngettext
from app.relationships import commitments, schedules
from app.ui.commitments.schedule_form import EVENTS, LAYERS
from app.ui.render import as_date, as_datetime
from app.ui.requests import terms_in_words
from app.ui.requests.terms_in_words import Fact
from app.ui.vendors.words import plain
from vault.records import Commitment, Cycle, Following, Layer, PriceHeld, Schedule, Term, Warranty

WAITS: Mapping[str, Lazy] = {
    "promise": lazy("due"),
    "remedy": lazy("remedy due"),
    "notice": lazy("last day for notice"),
    "end": lazy("ends"),
}
"""By `Deadline.of`."""

_EVERY: Mapping[str, Lazy] = {
    "day": lazy("every day"),
    "week": lazy("every week"),
    "month": lazy("every month"),
    "year": lazy("every year"),
}


def when(at: datetime, zone: str) -> str:
    """An instant at which something is due: the day that is then over where it is a midnight of the zone, else date and time."""
    local = at.astimezone(ZoneInfo(zone))
    return as_date(_day(local)) if local.time() == time() else as_datetime(at)


def day(at: datetime, zone: str) -> date:
    """The day on which something is due: the one that is then over where the instant is a midnight of the zone."""
    return _day(at.astimezone(ZoneInfo(zone)))


def _day(local: datetime) -> date:
    return local.date() - timedelta(days=1) if local.time() == time() else local.date()


def waits(commitment: Commitment, *, now: datetime) -> str:
    """What is due, and when: "remedy due 3 Feb 2027"; nothing where no clock runs."""
    pending = commitments.deadline(commitment, now=now)
    if pending is None:
        return ""
    return _("%(what)s %(when)s") % {"what": WAITS[pending.of], "when": when(pending.at, commitment.time_zone)}


def behind(commitment: Commitment) -> tuple[str, str]:
    """What stands behind a promise of theirs, in a word with its tone; nothing for a promise of the owner's."""
    stands = commitments.backing(commitment)
    if stands.reason == "law":
        return _("the law asks it"), "neutral"
    if stands.backed:
        return _("backed"), "good"
    return (_("just words"), "neutral") if stands.just_words else ("", "")


def facts(schedule: Schedule | None) -> tuple[Fact, ...]:
    """What the page says of a schedule, question by question."""
    match schedule:
        case Cycle():
            return _known(("cycle", _("How often"), _every(schedule)), ("cycle_from", _("From when"), _span(schedule)))
        case Following():
            words = {"time": terms_in_words.duration(schedule.within), "event": EVENTS[schedule.event]}
            return _known(("following", _("How long they have"), _("within %(time)s of %(event)s") % words))
        case Term():
            return _known(
                ("ends", _("Runs to"), as_date(schedule.ends)),
                ("renews", _("Then"), _renewal(schedule)),
                ("notice", _("Notice"), _notice(schedule)),
            )
        case PriceHeld():
            amount = terms_in_words.money(schedule.amount, schedule.currency or "") if schedule.amount else ""
            return _known(("price", _("Price"), amount), ("price_until", _("Holds to the end of"), as_date(schedule.until)))
        case Warranty():
            return tuple(Fact(f"layer-{number}", *_layer(layer)) for number, layer in enumerate(schedule.layers))
        case None:
            return ()


def _every(cycle: Cycle) -> str:
    if cycle.every == 1:
        return str(_EVERY[cycle.unit])
    one_of = {
        "day": ngettext("every %(n)d day", "every %(n)d days", cycle.every),
        "week": ngettext("every %(n)d week", "every %(n)d weeks", cycle.every),
        "month": ngettext("every %(n)d month", "every %(n)d months", cycle.every),
        "year": ngettext("every %(n)d year", "every %(n)d years", cycle.every),
    }
    return one_of[cycle.unit] % {"n": cycle.every}


def _span(cycle: Cycle) -> str:
    said = {"first": as_date(cycle.first), "last": as_date(cycle.until), "time": cycle.at}
    span = _("from %(first)s to %(last)s") % said if cycle.until else _("from %(first)s on") % said
    return _("%(span)s, at %(time)s") % {"span": span, "time": cycle.at} if cycle.at else span


def _renewal(term: Term) -> str:
    if term.renews is None:
        return _("it is over")
    return _("it goes on by itself, %(time)s each time") % {"time": terms_in_words.duration(term.renews)}


def _notice(term: Term) -> str:
    by = schedules.notice_by(term, term.ends)
    if term.notice is None or by is None:
        return _("up to the last day") if term.renews else ""
    said = {"time": terms_in_words.duration(term.notice), "day": as_date(by)}
    return _("%(time)s before the end; the first time by %(day)s") % said


def _layer(layer: Layer) -> tuple[str, str]:
    said = {"first": as_date(layer.starts), "last": as_date(layer.until), "what": plain(layer.what)}
    span = _("from %(first)s to the end of %(last)s") % said
    return _("Warranty: %(who)s") % {"who": LAYERS[layer.by]}, _("%(span)s: %(what)s") % {**said, "span": span} if layer.what else span


def _known(*found: tuple[str, str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(*one) for one in found if one[2])
