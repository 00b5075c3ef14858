"""Bitwarden's identities as items of My data, each under the DPV term that says what it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.exchange.importers.reading import clean, one_line
from vault.records import Item

SINGLE = (
    ("email", "pd:EmailAddress", ""),
    ("phone", "pd:TelephoneNumber", ""),
    ("username", "pd:Username", ""),
    ("ssn", "pd:OfficialID", "SSN"),
    ("passportNumber", "pd:Passport", ""),
    ("licenseNumber", "pd:OfficialID", "Licence"),
    ("company", "pd:CurrentEmployment", ""),
)
"""Keys of an identity that stand alone: key, term, and what the term does not say."""

NAME = ("title", "firstName", "middleName", "lastName")
STREET = ("address1", "address2", "address3")
OTHER = "pd:PersonalDocuments"
"""The term of a free field: DPV has no term for "something about me", and this is the nearest that claims nothing."""


def items_of(identity: Mapping[str, Any], *, label: str, note: str, fields: Sequence[tuple[str, str]]) -> list[Item]:
    """Items of one identity. The note goes with the first; free fields become items of their own."""
    found = [("pd:Name", _joined(identity, NAME, " "), ""), ("pd:PhysicalAddress", _address(identity), "")]
    found += [(term, one_line(identity.get(key)), more) for key, term, more in SINGLE]
    items = [Item(term=term, label=": ".join(part for part in (label, more) if part), value=value) for term, value, more in found if value]
    items += [Item(term=OTHER, label=one_line(f"{label}: {name}" if label else name)[:200], value=value) for name, value in fields]
    if note and items:
        items[0] = items[0].model_copy(update={"note": note})
    elif note:
        items.append(Item(term=OTHER, label=label, value=note))
    return items


def _address(identity: Mapping[str, Any]) -> str:
    city = _joined(identity, ("postalCode", "city"), " ")
    lines = [*(one_line(identity.get(key)) for key in STREET), city, one_line(identity.get("state")), one_line(identity.get("country"))]
    return "\n".join(line for line in lines if line)


def _joined(identity: Mapping[str, Any], keys: Sequence[str], between: str) -> str:
    return between.join(part for key in keys if (part := one_line(clean(identity.get(key)))))
