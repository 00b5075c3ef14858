"""Amounts of money as people type them."""

import re

from app.i18n import _
from app.ui.forms import FormErrors

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FIELDS = ("amount", "currency")


def read(typed: str, currency: str, errors: FormErrors, *, fields: tuple[str, str] = _FIELDS) -> tuple[str | None, str | None]:
    """`1 012,50` and `eur` as ("1012.50", "EUR"); (None, None) where no amount was typed. Complaints go to `fields`."""
    if not typed:
        return None, None
    amount = typed.replace(" ", "")
    if amount.count(",") == 1 and "." not in amount:
        amount = amount.replace(",", ".")
    code = currency.upper()
    if not _AMOUNT.fullmatch(amount):
        errors.add(fields[0], _("Write the amount in figures, for example 12.50."))
    if not _CURRENCY.fullmatch(code):
        errors.add(fields[1], _("Write the currency as three letters, for example EUR."))
    return amount, code
