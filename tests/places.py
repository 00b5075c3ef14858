"""Places for tests: an offer around a point in Dublin, the consent that lets it in, and positions inside and outside."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from app import clock
from tests.factories import make_details

DUBLIN = [-6.2603, 53.3498]
INSIDE = (53.3499, -6.2604)
OUTSIDE = (53.2, -6.1)
# Canaries: digits that stand nowhere else.
HOME = (53.3419217, -6.2587341)
SEEN = (53.35172931847, -6.26044187352)


def circle(*, radius_m: float = 400, at: list[float] | None = None) -> dict[str, Any]:
    """A circle as a client writes it."""
    return {"type": "Point", "coordinates": at or DUBLIN, "radius_m": radius_m}


def offer(**changes: Any) -> dict[str, Any]:
    """A location offer that `offered_details` lets in."""
    return {
        "kind": "location_offer",
        "purpose": "dpv:DirectMarketing",
        "channel": "inbox",
        "title": "Bread while it is warm",
        "body": "Around the corner until noon.",
        "valid_until": (clock.now() + timedelta(days=2)).isoformat(),
        "area": circle(),
        **changes,
    }


def offered_details(*, count: int = 1000, **changes: Any) -> list[dict[str, Any]]:
    """A consent to offers tied to a place."""
    purpose = {
        "actions": ["send_message", "send_location_offer"],
        "location": {"max_radius_m": 2000},
        "frequency": {"count": count, "per": "P1D"},
    }
    return make_details(now=clock.now(), **{**purpose, **changes})


def position(at: tuple[float, float], *, age: float = 0, **changes: Any) -> dict[str, Any]:
    """What OwnTracks sends from a latitude and longitude, `age` seconds ago."""
    latitude, longitude = at
    tst = int(clock.now().timestamp() - age)
    return {"_type": "location", "lat": latitude, "lon": longitude, "acc": 12, "tst": tst, "tid": "ph", "batt": 71, **changes}


def basic(token: str) -> dict[str, str]:
    """HTTP Basic as the app sends it."""
    return {"Authorization": "Basic " + b64encode(f"bothways:{token}".encode()).decode()}
