"""Coordinates as a form has them: typed by hand, or put there by the browser."""

from app.auth.form import Form
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.view import view
from consent.places import MAX_CIRCLE_M, Area, Fix, parse

DEFAULT_RADIUS_M = 300
"""Metres around a new private zone, before the owner chooses."""


@view
class Typed:
    """What stands in the fields, to be shown again."""

    latitude: str = ""
    longitude: str = ""
    accuracy: str = ""
    radius: str = str(DEFAULT_RADIUS_M)
    name: str = ""

    @classmethod
    def of(cls, form: Form) -> "Typed":
        """From a form that was sent."""
        return cls(*(form.get(name).strip() for name in ("latitude", "longitude", "accuracy", "radius", "name")))


def fix(typed: Typed, errors: FormErrors) -> Fix | None:
    """Where somebody says they are; None with what is wrong noted."""
    latitude = _number(typed.latitude, "latitude", 90, _("Latitude: a number from -90 to 90, for example 53.3498."), errors)
    longitude = _number(typed.longitude, "longitude", 180, _("Longitude: a number from -180 to 180, for example -6.2603."), errors)
    accuracy = _number(typed.accuracy or "0", "accuracy", 1e6, _("A number of metres."), errors)
    if latitude is None or longitude is None or accuracy is None:
        return None
    return Fix.at(longitude, latitude, abs(accuracy))


def circle(typed: Typed, errors: FormErrors) -> Area | None:
    """A circle around coordinates; None with what is wrong noted."""
    around, words = fix(typed, errors), _("A number of metres from 10 to %(most)d.") % {"most": MAX_CIRCLE_M}
    radius = _number(typed.radius, "radius", MAX_CIRCLE_M, words, errors)
    if radius is not None and radius < 10:
        errors.add("radius", words)
    if errors or around is None or radius is None:
        return None
    longitude, latitude = (part / 1e7 for part in around.point)
    return parse({"type": "Point", "coordinates": [longitude, latitude], "radius_m": radius})


def _number(text: str, name: str, limit: float, words: str, errors: FormErrors) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = float("nan")
    # Written so that NaN, which compares false with everything, does not pass.
    if not -limit <= number <= limit:
        errors.add(name, words)
        return None
    return number
