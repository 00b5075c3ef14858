"""The form in which an owner takes less than was asked, line by line.

Nothing in it is ticked when it opens. A line is granted when its `keep` box is ticked; within a line, a tick leaves a
part out. What comes back is checked again by `consent.terms.narrow`, whatever the page offered.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.auth.form import Form
from app.i18n import _
from app.relationships.commitments import end_of_day
from app.ui import dates, wording
from app.ui.forms import FormErrors
from app.ui.requests import terms_in_words as words
from app.ui.view import view
from consent import terms as consent_terms
from consent.terms import Frequency, Hours, LineChoice, Purpose, Terms, TermsError, duration

SPANS = ("P1D", "P1W", "P2W", "P1M", "P3M", "P6M", "P1Y", "P2Y", "P5Y", "P10Y")
FIELD_OF = {"frequency": "count", "location": "radius", "hours": "from"}

Option = tuple[str, str]


@view
class Part:
    """A list within a line, each member of which can be left out: `name` is the field, `options` (value, words)."""

    name: str
    legend: str
    options: tuple[Option, ...]
    left_out: frozenset[str]
    error: str


@view
class LineForm:
    """One line: what was asked, in words, and the fields as they stand."""

    number: int
    purpose: str
    facts: tuple[words.Fact, ...]
    keep: bool
    keep_error: str
    parts: tuple[Part, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]
    pers: tuple[Option, ...]
    retentions: tuple[Option, ...]
    zone: str
    most: int
    narrowed: bool


@view
class Choice:
    """What the owner chose: the granted terms, or what is wrong with the form."""

    granted: Terms | None
    errors: FormErrors


def lines(asked: Terms, form: Form, errors: Mapping[str, str], *, zone: str, all_kept: bool = False) -> tuple[LineForm, ...]:
    """The form as it stands. `zone` is the owner's, for hours where none were asked."""
    return tuple(_line(number, line, form, errors, zone=zone, all_kept=all_kept) for number, line in enumerate(asked.purposes))


def choose(asked: Terms, form: Form, *, zone: str, now: datetime) -> Choice:
    """Read the form. Every line that is kept is checked on its own, so that all faults are told at once."""
    errors = FormErrors()
    choices: dict[int, LineChoice] = {}
    for number, line in enumerate(asked.purposes):
        if not form.checked(f"keep-{number}"):
            continue
        choices[number] = _choice(number, line, form, errors, zone=zone)
        if not any(name.endswith(f"-{number}") for name in errors):
            _check(asked, {number: choices[number]}, errors)
    if not choices:
        errors.add("keep-0", _("No line is kept. Tick what you want to grant, or decline."))
    expires = _expires(asked, form, errors, zone=zone, now=now)
    return Choice(granted=None if errors else _check(asked, choices, errors, expires=expires), errors=errors)


def _check(asked: Terms, choices: Mapping[int, LineChoice], errors: FormErrors, *, expires: datetime | None = None) -> Terms | None:
    try:
        return consent_terms.narrow(asked, choices, expires=expires)
    except TermsError as wrong:
        errors.add(field_of(wrong.pointer), str(wording.TERMS_ERRORS.get(wrong.code, wrong.detail)))
        return None


def field_of(pointer: str) -> str:
    """The form field that a pointer into the array speaks of: "/2/frequency/per" is "per-1"."""
    steps = pointer.split("/")[1:]
    if len(steps) < 2:
        return "keep-0" if not steps else f"keep-{int(steps[0]) - 1}"
    if steps[0] == "0":
        return "expires"
    if steps[1:3] == ["frequency", "per"]:
        return f"per-{int(steps[0]) - 1}"
    return f"{FIELD_OF.get(steps[1], steps[1])}-{int(steps[0]) - 1}"


def _line(number: int, line: Purpose, form: Form, errors: Mapping[str, str], *, zone: str, all_kept: bool) -> LineForm:
    names = ("count", "per", "from", "to", "radius", "retention")
    asked = _as_asked(line)
    typed = {name: form.get(f"{name}-{number}", asked[name]) for name in names}
    parts = tuple(_part(number, part, form, errors) for part in _parts(line) if len(part[2]) > (part[0] != "recipients"))
    frequency = line.frequency
    return LineForm(
        number=number,
        purpose=words.purpose(line.purpose),
        facts=words.line_in_words(number, line).facts,
        keep=all_kept or form.checked(f"keep-{number}"),
        keep_error=errors.get(f"keep-{number}", ""),
        parts=parts,
        values=typed,
        errors={name: errors.get(f"{name}-{number}", "") for name in names},
        pers=tuple((per, words.per(per)) for per in _spans(frequency.per if frequency else "", shorter=False)),
        retentions=tuple((span, words.duration(span)) for span in _spans(line.retention, shorter=True)),
        zone=line.hours.time_zone if line.hours else zone,
        most=frequency.count if frequency else 0,
        narrowed=typed != asked or any(part.left_out for part in parts) or _faulty(number, errors),
    )


def _faulty(number: int, errors: Mapping[str, str]) -> bool:
    return any(name.endswith(f"-{number}") and not name.startswith("keep") for name in errors)


def _as_asked(line: Purpose) -> dict[str, str]:
    return {
        "count": str(line.frequency.count) if line.frequency else "",
        "per": line.frequency.per if line.frequency else "",
        "from": f"{line.hours.start:%H:%M}" if line.hours else "",
        "to": f"{line.hours.end:%H:%M}" if line.hours else "",
        "radius": str(line.max_radius_m) if line.max_radius_m else "",
        "retention": line.retention,
    }


def _parts(line: Purpose) -> Iterable[tuple[str, str, tuple[Option, ...]]]:
    yield "actions", _("Do not let them"), tuple((name, words.action(name)) for name in line.actions)
    yield "channels", _("Not in this way"), tuple((name, words.channel(name)) for name in line.channels)
    yield "datatypes", _("Keep this to yourself"), tuple((term, words.data(term)) for term in line.datatypes)
    recipients = ((str(index), words.recipient(one.name, one.country)) for index, one in enumerate(line.recipients))
    yield "recipients", _("Not to them"), tuple(recipients)


def _part(number: int, part: tuple[str, str, tuple[Option, ...]], form: Form, errors: Mapping[str, str]) -> Part:
    name, legend, options = part
    field = f"{name}-{number}"
    return Part(name=field, legend=legend, options=options, left_out=frozenset(form.getlist(field)), error=errors.get(field, ""))


def _choice(number: int, line: Purpose, form: Form, errors: FormErrors, *, zone: str) -> LineChoice:
    def left(name: str, asked: tuple[str, ...]) -> tuple[str, ...]:
        out = set(form.getlist(f"{name}-{number}"))
        return tuple(value for value in asked if value not in out)

    out = set(form.getlist(f"recipients-{number}"))
    return LineChoice(
        keep=True,
        actions=left("actions", line.actions),
        channels=left("channels", line.channels),
        frequency=_frequency(number, line, form, errors),
        hours=_hours(number, line, form, errors, zone=zone),
        datatypes=left("datatypes", line.datatypes),
        retention=_span(form.get(f"retention-{number}", line.retention), f"retention-{number}", errors) or line.retention,
        max_radius_m=_whole(form.get(f"radius-{number}", str(line.max_radius_m)), f"radius-{number}", errors)
        if line.max_radius_m
        else None,
        recipients=tuple(one for index, one in enumerate(line.recipients) if str(index) not in out),
    )


def _frequency(number: int, line: Purpose, form: Form, errors: FormErrors) -> Frequency | None:
    if line.frequency is None:
        return None
    count = _whole(form.get(f"count-{number}", str(line.frequency.count)), f"count-{number}", errors)
    per = _span(form.get(f"per-{number}", line.frequency.per), f"per-{number}", errors)
    return Frequency(count, per) if count is not None and per is not None else None


def _hours(number: int, line: Purpose, form: Form, errors: FormErrors, *, zone: str) -> Hours | None:
    start, end = form.get(f"from-{number}"), form.get(f"to-{number}")
    if not line.sends or not (start or end):
        return None
    try:
        return Hours(time.fromisoformat(start), time.fromisoformat(end), line.hours.time_zone if line.hours else zone)
    except ValueError:
        errors.add(f"from-{number}", _("Give both times, such as 09:00 and 18:30, or neither."))
        return None


def _whole(typed: str, field: str, errors: FormErrors) -> int | None:
    if typed.isascii() and typed.isdigit() and int(typed[:9]) > 0:
        return int(typed[:9])
    errors.add(field, _("A whole number of at least 1, please."))
    return None


def _span(typed: str, field: str, errors: FormErrors) -> str | None:
    try:
        duration(typed)
    except ValueError:
        errors.add(field, _("Choose one of the times in the list."))
        return None
    return typed


def _expires(asked: Terms, form: Form, errors: FormErrors, *, zone: str, now: datetime) -> datetime | None:
    """The end of the chosen local day, or as asked where that day is the one on which the asked consent ends anyway."""
    typed = form.get("expires")
    if not typed or typed == last_day(asked, zone):
        if asked.expires <= now:
            errors.add("expires", _("What they asked for is over by now. Decline; they can ask again."))
        return None
    day = dates.read("expires", typed, errors)
    if day is None:
        return None
    chosen = end_of_day(day, ZoneInfo(zone))
    if chosen <= now:
        errors.add("expires", _("This day is over. Choose a later one, or decline."))
    elif chosen > asked.expires:
        errors.add("expires", wording.TERMS_ERRORS["wider"])
    return chosen


def last_day(asked: Terms, zone: str) -> str:
    """The last local day on which the asked consent would hold."""
    return (asked.expires - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date().isoformat()


def _spans(asked: str, *, shorter: bool) -> tuple[str, ...]:
    if not asked:
        return ()
    wide = duration(asked)
    fits = [span for span in SPANS if span != asked and (duration(span).at_most(wide) if shorter else wide.at_most(duration(span)))]
    return (*fits, asked) if shorter else (asked, *fits)
