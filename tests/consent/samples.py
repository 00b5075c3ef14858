"""Terms for tests: every key of the contract once, and ways to change one thing."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consent.terms import PURPOSE_TYPE, TERMS_TYPE, Terms, parse

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VECTORS = Path(__file__).parent.parent / "vectors" / "consent"

DETAILS: list[dict[str, Any]] = [
    {
        "type": TERMS_TYPE,
        "statement": "We tell you about openings near you, twice a week at most.",
        "expires": "2027-06-30T00:00:00Z",
        "notice": {"url": "https://shop.example/privacy", "version": "2026-10", "sha256": "ab" * 32, "language": "en"},
        "jurisdiction": "IE",
        "storage": {"locations": ["IE", "FR"]},
        "agreement": "SD-BASE-DP",
        "in_return": [
            {
                "promise": "Refund the difference if the price falls within 30 days",
                "after": "claim",
                "within": "P14D",
                "remedy": {"kind": "refund", "amount": "20.00", "currency": "EUR", "within": "P14D"},
            },
            {"promise": "Answer within a day"},
        ],
    },
    {
        "type": PURPOSE_TYPE,
        "purpose": "dpv:DirectMarketing",
        "actions": ["send_message", "send_location_offer"],
        "channels": ["inbox", "email"],
        "frequency": {"count": 2, "per": "P1W"},
        "hours": {"from": "09:00", "to": "20:00", "time_zone": "Europe/Dublin"},
        "location": {"max_radius_m": 2000},
        "datatypes": [],
        "retention": "P6M",
        "recipients": [],
    },
    {
        "type": PURPOSE_TYPE,
        "purpose": "dpv:DeliveryOfGoods",
        "actions": ["read_data"],
        "datatypes": ["pd:PhysicalAddress", "pd:Name"],
        "retention": "P2Y",
        "recipients": [{"name": "An Post", "country": "IE"}],
    },
]


def details() -> list[dict[str, Any]]:
    """A copy to change."""
    return copy.deepcopy(DETAILS)


def terms() -> Terms:
    """The sample, read."""
    return parse(details(), now=NOW)


def patched(value: Any, changes: list[dict[str, Any]]) -> Any:
    """Apply JSON patches (RFC 6902, add, replace and remove only) to a copy."""
    value = copy.deepcopy(value)
    for change in changes:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in change["path"].split("/")[1:]]
        if not steps:
            value = change["value"]
            continue
        target = value
        for step in steps[:-1]:
            target = target[int(step) if isinstance(target, list) else step]
        key: Any = steps[-1]
        if isinstance(target, list):
            key = len(target) if key == "-" else int(key)
        if change["op"] == "remove":
            del target[key]
        elif isinstance(target, list) and change["op"] == "add":
            target.insert(key, change["value"])
        else:
            target[key] = change["value"]
    return value
