"""Days as people type them."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from app.auth.owner import Owner
from app.i18n import _
from app.ui.forms import FormErrors

EARLIEST = date(1900, 1, 1)
"""Nobody living dealt with anybody before; and far past dates leave the calendar in some time zones."""
LATEST = date(8999, 12, 31)
"""What is counted on from a typed day stays in the calendar, which ends with the year 9999."""
NOON = time(12)
"""Stands for "some time that day": no time zone turns it into another date for a reader nearby."""


def today(owner: Owner, zone: str = "") -> date:
    """The day where the owner is, or in another time zone."""
    return owner.now.astimezone(ZoneInfo(zone or owner.profile.time_zone)).date()


def read(name: str, typed: str, errors: FormErrors, *, latest: date | None = None) -> date | None:
    """A day; None where none was typed or it does not fit, which `errors` tell. None comes after `latest`."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        errors.add(name, _("Write the date as year-month-day, for example 2026-04-30."))
        return None
    if day < EARLIEST:
        errors.add(name, _("This date lies before %(year)d. Check the year.") % {"year": EARLIEST.year})
    elif latest is not None and day > latest:
        errors.add(name, _("This day has not come yet."))
    elif day > LATEST:
        errors.add(name, _("This date lies after %(year)d. Check the year.") % {"year": LATEST.year})
    else:
        return day
    return None


def moment(owner: Owner, day: date | None, zone: str = "") -> datetime:
    """When something of that day happened: now for today, or where no day was told, else noon of it, where the owner is or in
    another time zone."""
    if day is None or day == today(owner, zone):
        return owner.now
    return datetime.combine(day, NOON, tzinfo=ZoneInfo(zone or owner.profile.time_zone))
