"""Private zones: places where no offer reaches the owner."""

from vault.records.fields import Fields, Kind, Name, Text


class Zone(Fields):
    """A private zone in the owner's words. `area` is GeoJSON text, a Polygon, a MultiPolygon, or a Point with `radius_m`."""

    KIND = Kind.ZONE
    LISTED = frozenset({"name"})

    name: Name
    area: Text
