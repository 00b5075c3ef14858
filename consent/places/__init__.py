"""Places: areas of offers, fixes, private zones. Pure.

What is in and what is out is decided exactly, on a grid of 1e-7 degrees; metres are measured on a sphere (see `globe`).
"""

from consent.errors import AreaError
from consent.places.areas import Area, Bounds, Circle, Fix, Polygon, Zone
from consent.places.reading import MAX_CIRCLE_M, MAX_POLYGONS, MAX_POSITIONS, geometry, load, parse, text_of
from consent.places.rings import DEGREE

__all__ = [
    "DEGREE", "MAX_CIRCLE_M", "MAX_POLYGONS", "MAX_POSITIONS", "Area", "AreaError", "Bounds", "Circle", "Fix", "Polygon", "Zone",
    "geometry", "load", "parse", "text_of",
]  # fmt: skip
