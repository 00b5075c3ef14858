"""The form of a consent given elsewhere: what was typed, and the record it makes."""

from collections.abc import Mapping
from typing import Any

from app.auth.form import Form
from app.auth.owner import Owner
from app.i18n import _
from app.ui import dates
from app.ui.elsewhere.parts import CHANNEL
from app.ui.forms import FormErrors, made
from consent import vocabulary
from vault.records import Elsewhere, ElsewhereStep

NAMES = ("vendor", "what", "purpose", "data", "place", "channel", "given_on", "expires_on", "wording", "note")
LINE, TEXT = 1000, 20_000


def typed(form: Form) -> dict[str, str]:
    """What was sent."""
    return {name: form.get(name) for name in NAMES}


def of_record(consent: Elsewhere) -> dict[str, str]:
    """A consent as the form shows it."""
    return {
        "vendor": consent.vendor_id,
        "what": consent.what,
        "purpose": consent.purpose,
        "data": consent.data,
        "place": consent.place,
        "channel": consent.channel,
        "given_on": consent.given_on.isoformat() if consent.given_on else "",
        "expires_on": consent.expires_on.isoformat() if consent.expires_on else "",
        "wording": consent.wording,
        "note": consent.note,
    }


def parse(
    owner: Owner, sent: Mapping[str, str], vendors: Mapping[str, object], *, known: Elsewhere | None
) -> tuple[Elsewhere | None, FormErrors]:
    """The record, or what is wrong. Steps, and when it was written down, stay as `known` has them."""
    errors = FormErrors()
    if sent["vendor"] not in vendors:
        errors.add("vendor", _("Choose one of your companies."))
    errors.require("what", sent["what"], _("Say in your words what you allowed."))
    for name, most in (("what", LINE), ("data", LINE), ("place", LINE), ("wording", TEXT), ("note", TEXT)):
        errors.limit(name, sent[name], most)
    if sent["purpose"] and not vocabulary.is_purpose(sent["purpose"]):
        errors.add("purpose", _("Choose one of these."))
    if sent["channel"] not in CHANNEL:
        errors.add("channel", _("Choose one of these."))
    given_on = dates.read("given_on", sent["given_on"], errors, latest=dates.today(owner))
    expires_on = dates.read("expires_on", sent["expires_on"], errors)
    if given_on and expires_on and expires_on < given_on:
        errors.add("expires_on", _("It cannot end before it was given."))
    values: dict[str, Any] = {name: sent[name] for name in ("what", "purpose", "data", "place", "channel", "wording", "note")}
    values |= {"vendor_id": sent["vendor"], "given_on": given_on, "expires_on": expires_on}
    values |= {"steps": known.steps if known else (), "recorded_at": known.recorded_at if known else owner.now}
    return made(Elsewhere, values, errors), errors


def read_step(owner: Owner, kind: str, errors: FormErrors) -> ElsewhereStep | None:
    """One step, on the day typed or today."""
    at = dates.moment(owner, dates.read("on", owner.form.get("on"), errors, latest=dates.today(owner)))
    note = errors.limit("note", owner.form.get("note"), TEXT)
    return made(ElsewhereStep, {"type": kind, "happened_at": at, "recorded_at": owner.now, "note": note}, errors)
