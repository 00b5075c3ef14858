"""The copies of a company's policies in lines, newest first, for the pages that list them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from app.auth.owner import Owner
from app.i18n import Lazy, lazy
from app.ui.view import view
from vault.records import Policy

KIND: Mapping[str, Lazy] = {
    "terms": lazy("Terms"),
    "privacy": lazy("Privacy notice"),
    "prices": lazy("Price list"),
    "other": lazy("Something else"),
}


@view
class Copy:
    """A copy in a line. `earlier` is the id of the one that it is best held against: what was agreed to, or the one before."""

    policy_id: str
    kind: str
    words: str
    title: str
    seen_on: date
    agreed_on: date | None
    earlier: str = ""


def copies(owner: Owner, vendor_id: str) -> tuple[Copy, ...]:
    """Every copy of one company's."""
    found = sorted(
        (one for one in owner.digests(Policy) if one.values["vendor_id"] == vendor_id),
        key=lambda one: (str(one.values["seen_on"]), str(one.values["recorded_at"]), one.record_id),
        reverse=True,
    )
    made = [_copy(one.record_id, one.values) for one in found]
    return tuple(_held_against(one, made[n + 1 :]) for n, one in enumerate(made))


def _copy(policy_id: str, values: Mapping[str, Any]) -> Copy:
    agreed_on = values["agreed_on"]
    return Copy(
        policy_id=policy_id,
        kind=values["kind"],
        words=str(KIND[values["kind"]]),
        title=values["title"],
        seen_on=date.fromisoformat(values["seen_on"]),
        agreed_on=date.fromisoformat(agreed_on) if agreed_on else None,
    )


def _held_against(copy: Copy, older: list[Copy]) -> Copy:
    same = [one for one in older if one.kind == copy.kind]
    against = next((one for one in same if one.agreed_on), same[0] if same else None)
    return replace(copy, earlier=against.policy_id if against else "")
