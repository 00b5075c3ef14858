"""When a promise counts, as its form asks it: once, again and again, after an event, for a term, until a day, in layers."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.auth.form import Form
from app.i18n import Lazy, _, lazy
from app.ui import amounts, dates
from app.ui.forms import FormErrors
from vault.records import Cycle, Following, Layer, PriceHeld, Schedule, Term, Warranty

WHEN: Mapping[str, Lazy] = {
    "once": lazy("Once, or without a date"),
    "cycle": lazy("Again and again"),
    "following": lazy("Within a time of something that I do"),
    "term": lazy("A contract that runs, and goes on unless notice is given"),
    "price": lazy("A price that holds until a day"),
    "warranty": lazy("A warranty"),
}
UNITS: Mapping[str, Lazy] = {"day": lazy("days"), "week": lazy("weeks"), "month": lazy("months"), "year": lazy("years")}
EVENTS: Mapping[str, Lazy] = {
    "claim": lazy("my claim"),
    "return": lazy("my sending it back"),
    "notice": lazy("my notice"),
    "order": lazy("my order"),
    "other": lazy("something else, as the promise says"),
}
LAYERS: Mapping[str, Lazy] = {"statutory": lazy("by law"), "maker": lazy("the maker"), "seller": lazy("the seller")}
SPANS = ("P1D", "P3D", "P1W", "P2W", "P30D", "P1M", "P2M", "P3M", "P6M", "P1Y", "P2Y")
FIELDS = (
    "when", "due_date", "due_time", "every", "unit", "first", "cycle_time", "until", "event", "counted", "ends", "notice", "renews",
    "price_until", "price_amount", "price_currency",
    *(f"{by}_{part}" for by in LAYERS for part in ("starts", "until", "what")),
)  # fmt: skip

Read = Callable[[Form, FormErrors], Schedule | None]


def read(form: Form, errors: FormErrors, zone: str) -> tuple[date | None, datetime | None, Schedule | None]:
    """The day or the instant of a promise that counts once, or the schedule of one that does not."""
    when = form.get("when", "once")
    if when == "once":
        return (*_once(form, errors, zone), None)
    if when not in _READ:
        errors.add("when", _("Choose one of the list."))
        return None, None, None
    try:
        return None, None, _READ[when](form, errors)
    except ValidationError as wrong:
        for fault in wrong.errors(include_input=False):
            _explain(str(fault["loc"][-1]) if fault["loc"] else "", errors)
        return None, None, None


def _once(form: Form, errors: FormErrors, zone: str) -> tuple[date | None, datetime | None]:
    """A day, or a moment of a day; neither when nothing was typed."""
    clock = form.get("due_time")
    if clock and not form.get("due_date"):
        errors.add("due_date", _("A time needs its day."))
    due_date = dates.read("due_date", form.get("due_date"), errors)
    if not clock or due_date is None:
        return due_date, None
    try:
        return None, datetime.combine(due_date, time.fromisoformat(clock), tzinfo=ZoneInfo(zone))
    except ValueError:
        errors.add("due_time", _("A time such as 18:30, please."))
        return None, None


def _day(form: Form, errors: FormErrors, name: str) -> date | None:
    """A day that its schedule cannot do without."""
    return dates.read(name, errors.require(name, form.get(name), _("A day, please.")), errors)


def _cycle(form: Form, errors: FormErrors) -> Schedule | None:
    first, until = _day(form, errors, "first"), dates.read("until", form.get("until"), errors)
    if first is None or "until" in errors:
        return None
    if until is not None and until < first:
        errors.add("until", _("The last day comes after the first."))
        return None
    said = {"every": form.get("every", "1") or "1", "unit": form.get("unit"), "first": first, "until": until}
    return Cycle.model_validate({**said, "at": form.get("cycle_time") or None})


def _following(form: Form, errors: FormErrors) -> Schedule | None:
    return Following.model_validate({"event": form.get("event"), "within": form.get("counted")})


def _term(form: Form, errors: FormErrors) -> Schedule | None:
    ends = _day(form, errors, "ends")
    if ends is None:
        return None
    return Term.model_validate({"ends": ends, "notice": form.get("notice") or None, "renews": form.get("renews") or None})


def _price(form: Form, errors: FormErrors) -> Schedule | None:
    until = _day(form, errors, "price_until")
    typed, code = form.get("price_amount"), form.get("price_currency")
    if bool(typed) != bool(code):
        errors.add("price_currency" if typed else "price_amount", _("An amount and its currency come together."))
    amount, currency = amounts.read(typed, code, errors, fields=("price_amount", "price_currency"))
    return PriceHeld(until=until, amount=amount, currency=currency) if until and not errors else None


def _warranty(form: Form, errors: FormErrors) -> Schedule | None:
    layers = []
    for by in LAYERS:
        starts, until = (dates.read(name, form.get(name), errors) for name in (f"{by}_starts", f"{by}_until"))
        if starts and until and until >= starts:
            errors.limit(f"{by}_what", form.get(f"{by}_what"), 1000)
            layers.append((by, starts, until, form.get(f"{by}_what")))
        elif starts or until or form.get(f"{by}_what"):
            errors.add(f"{by}_until", _("Each layer needs its first day and, not before it, its last."))
    if not layers and not errors:
        errors.add("statutory_until", _("A warranty has at least one layer: who answers, and until when."))
    if errors:
        return None
    made = tuple(Layer.model_validate({"by": by, "starts": first, "until": last, "what": what}) for by, first, last, what in layers)
    return Warranty(layers=made)


_READ: Mapping[str, Read] = {"cycle": _cycle, "following": _following, "term": _term, "price": _price, "warranty": _warranty}


def _explain(field: str, errors: FormErrors) -> None:
    said = {
        "every": ("every", _("A whole number from 1 to 1000, please.")),
        "unit": ("unit", _("Choose days, weeks, months or years.")),
        "at": ("cycle_time", _("A time such as 18:30, please.")),
        "event": ("event", _("Choose what its time runs from.")),
        "within": ("counted", _("Choose one of the times in the list.")),
        "notice": ("notice", _("Choose one of the times in the list.")),
        "renews": ("renews", _("Choose one of the times in the list.")),
    }
    errors.add(*said.get(field, ("when", _("This does not fit together. Look at it once more."))))
