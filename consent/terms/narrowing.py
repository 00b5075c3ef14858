"""Granting less than was asked, and proving that it is less."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from consent.errors import TermsError
from consent.terms.durations import duration
from consent.terms.reading import read_line
from consent.terms.shapes import SENDING, Details, Frequency, Hours, Purpose, Recipient, Terms, line_details
from consent.terms.values import at


@dataclass(frozen=True)
class LineChoice:
    """What the owner makes of one line. None leaves a part as it was asked; what an action no longer needs goes with it."""

    keep: bool
    actions: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    frequency: Frequency | None = None
    hours: Hours | None = None
    datatypes: tuple[str, ...] | None = None
    retention: str | None = None
    max_radius_m: int | None = None
    recipients: tuple[Recipient, ...] | None = None


def narrow(terms: Terms, choices: Mapping[int, LineChoice], *, expires: datetime | None = None) -> Terms:
    """The terms that remain after the owner's choices, keyed by the index of the line in `terms.purposes`.

    A line without a choice is dropped: consent is what somebody chose. Raises TermsError, its pointer into the array as
    asked (line i is "/i+1"), where a choice is wider than what was asked or cannot stand, and when no line is left.
    """
    unknown = [index for index in choices if not 0 <= index < len(terms.purposes)]
    if unknown:
        raise TermsError(at("", unknown[0] + 1), "unknown-key", "there is no such line")
    kept = tuple(
        _narrow_line(line, choices[index], at("", index + 1))
        for index, line in enumerate(terms.purposes)
        if index in choices and choices[index].keep
    )
    if not kept:
        raise TermsError("", "nothing-left", "no purpose is left; decline instead")
    until = terms.expires if expires is None else expires.astimezone(UTC).replace(microsecond=0)
    if until > terms.expires:
        raise TermsError("/0/expires", "wider", "this is later than what was asked")
    return replace(terms, purposes=kept, expires=until)


def _narrow_line(asked: Purpose, choice: LineChoice, pointer: str) -> Purpose:
    actions = asked.actions if choice.actions is None else choice.actions
    sends = any(action in SENDING for action in actions)
    offers, reads = "send_location_offer" in actions, "read_data" in actions
    chosen = Purpose(
        purpose=asked.purpose,
        actions=actions,
        retention=asked.retention if choice.retention is None else choice.retention,
        channels=(asked.channels if choice.channels is None else choice.channels) if sends else (),
        frequency=(asked.frequency if choice.frequency is None else choice.frequency) if sends else None,
        hours=(asked.hours if choice.hours is None else choice.hours) if sends else None,
        max_radius_m=(asked.max_radius_m if choice.max_radius_m is None else choice.max_radius_m) if offers else None,
        datatypes=(asked.datatypes if choice.datatypes is None else choice.datatypes) if reads else (),
        recipients=asked.recipients if choice.recipients is None else choice.recipients,
    )
    details: Details = line_details(chosen)
    line = read_line(details, pointer)  # the same strictness for a choice as for a request
    for key, fits in PARTS.items():
        if not fits(line, asked):
            raise TermsError(at(pointer, key), "wider", "this is more than what was asked")
    return line


def is_subset(narrow: Terms, wide: Terms) -> bool:
    """Whether `narrow` allows nothing that `wide` does not, and promises the owner exactly as much.

    What describes the offer (statement, notice, jurisdiction, agreement, promises in return) must be the same; it ends no
    later, is stored in no other place, and each of its lines lies within the line of the same purpose.
    """
    same = ("statement", "notice", "jurisdiction", "agreement", "in_return")
    return (
        all(getattr(narrow, name) == getattr(wide, name) for name in same)
        and narrow.expires <= wide.expires
        and _stored_within(narrow, wide)
        and bool(narrow.purposes)
        and all(line.purpose in wide.lines and line_is_subset(line, wide.lines[line.purpose][1]) for line in narrow.purposes)
    )


def line_is_subset(line: Purpose, wide: Purpose) -> bool:
    """Whether one line allows nothing that the other, of the same purpose, does not."""
    return line.purpose == wide.purpose and all(fits(line, wide) for fits in PARTS.values())


def _stored_within(narrow: Terms, wide: Terms) -> bool:
    if not wide.storage_locations:
        return True
    return bool(narrow.storage_locations) and set(narrow.storage_locations) <= set(wide.storage_locations)


def _frequency_fits(line: Purpose, wide: Purpose) -> bool:
    if wide.frequency is None or line.frequency is None:
        return not line.sends or wide.frequency is None
    return line.frequency.within(wide.frequency)


def _hours_fit(line: Purpose, wide: Purpose) -> bool:
    if wide.hours is None or not line.sends:
        return True
    return line.hours is not None and line.hours.within(wide.hours)


def _radius_fits(line: Purpose, wide: Purpose) -> bool:
    if wide.max_radius_m is None or line.max_radius_m is None:
        return "send_location_offer" not in line.actions or wide.max_radius_m is None
    return line.max_radius_m <= wide.max_radius_m


PARTS: Mapping[str, Callable[[Purpose, Purpose], bool]] = {
    "actions": lambda line, wide: set(line.actions) <= set(wide.actions),
    "channels": lambda line, wide: set(line.channels) <= set(wide.channels),
    "frequency": _frequency_fits,
    "hours": _hours_fit,
    "location": _radius_fits,
    "datatypes": lambda line, wide: set(line.datatypes) <= set(wide.datatypes),
    "retention": lambda line, wide: duration(line.retention).at_most(duration(wide.retention)),
    "recipients": lambda line, wide: set(line.recipients) <= set(wide.recipients),
}
