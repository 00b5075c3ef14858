"""Days as people type them."""

from datetime import date
from zoneinfo import ZoneInfo

from app.auth.owner import Owner
from app.i18n import _
from app.ui.forms import FormErrors

EARLIEST = date(1900, 1, 1)
"""Nobody living dealt with anybody before; and far past dates leave the calendar in some time zones."""


def today(owner: Owner) -> date:
    """The day where the owner is."""
    return owner.now.astimezone(ZoneInfo(owner.profile.time_zone)).date()


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
    return day
