"""Terms of consent: what is asked for, what is granted, and whether the second lies within the first. Pure."""

from consent.errors import TermsError
from consent.terms.difference import Change, difference
from consent.terms.durations import Duration, duration
from consent.terms.narrowing import LineChoice, is_subset, narrow
from consent.terms.reading import parse, read_promise
from consent.terms.shapes import (
    ACTIONS,
    CHANNELS,
    PURPOSE_TYPE,
    REMEDIES,
    TERMS_TYPE,
    Frequency,
    Hours,
    Notice,
    Promise,
    Purpose,
    Recipient,
    Remedy,
    Terms,
    as_details,
    canonical,
)

__all__ = [
    "ACTIONS",
    "CHANNELS",
    "PURPOSE_TYPE",
    "REMEDIES",
    "TERMS_TYPE",
    "Change",
    "Duration",
    "Frequency",
    "Hours",
    "LineChoice",
    "Notice",
    "Promise",
    "Purpose",
    "Recipient",
    "Remedy",
    "Terms",
    "TermsError",
    "as_details",
    "canonical",
    "difference",
    "duration",
    "is_subset",
    "narrow",
    "parse",
    "read_promise",
]
