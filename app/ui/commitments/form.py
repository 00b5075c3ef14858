"""The form for a promise: from what was typed to a record, or to what is wrong with it."""

from collections.abc import Container
from datetime import datetime, time
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.auth.form import Form
from app.i18n import _
from app.ui import dates, wording
from app.ui.commitments import schedule_form
from app.ui.forms import FormErrors
from app.ui.requests import terms_in_words
from consent import terms
from vault.records import Commitment, CommitmentEvent, Remedy

FIELDS = (
    "vendor", "promise", "by", "source", "metric", "remedy", "amount", "currency", "within", "remedy_note", "message",
    "said_on",
    *schedule_form.FIELDS,
)  # fmt: skip
SPANS = ("P1D", "P3D", "P1W", "P2W", "P1M", "P3M", "P6M", "P1Y")
LONGEST_PROMISE = 1000
LONGEST_NOTE = 20_000


def read(
    form: Form, *, vendors: Container[str], zone: str, now: datetime, said_in: str | None = None
) -> tuple[Commitment | None, FormErrors]:
    """The promise as typed, standing since it was said, or from now on; or None and the errors by field. `zone` is where a due day
    ends, `said_in` the message in which it was made."""
    errors = FormErrors()
    if form.get("vendor") not in vendors:
        errors.add("vendor", _("Choose the company that this is about."))
    errors.require("promise", form.get("promise"), _("Say what was promised."))
    errors.limit("promise", form.get("promise"), LONGEST_PROMISE)
    errors.limit("metric", form.get("metric"), LONGEST_PROMISE)
    if form.get("by") not in {"them", "me"}:
        errors.add("by", _("Say who promised it."))
    if form.get("source", "other") not in wording.SOURCE:
        errors.add("source", _("Choose where it was said."))
    said_at = _said_at(form, errors, now.astimezone(ZoneInfo(zone)))
    due_date, due_at, schedule = schedule_form.read(form, errors, zone)
    remedy = _remedy(form, errors)
    if errors:
        return None, errors
    made = Commitment(
        vendor_id=form.get("vendor"),
        promise=form.get("promise"),
        by="me" if form.get("by") == "me" else "them",
        source=form.get("source", "other"),
        metric=form.get("metric"),
        due_at=due_at,
        due_date=due_date,
        time_zone=zone,
        schedule=schedule,
        remedy=remedy,
        said_in=said_in,
        events=(CommitmentEvent(type="accepted", happened_at=said_at or now, recorded_at=now),),
    )
    return made, errors


def _said_at(form: Form, errors: FormErrors, now: datetime) -> datetime | None:
    """When it was said, if the day is told: about noon of it, and never the moment of writing, by which an untold day is known."""
    day = dates.read("said_on", form.get("said_on"), errors, latest=now.date())
    if day is None or errors:
        return None
    noon = datetime.combine(day, time(12), tzinfo=now.tzinfo)
    return noon if noon < now else datetime.combine(day, time(), tzinfo=now.tzinfo)


def _remedy(form: Form, errors: FormErrors) -> Remedy | None:
    kind, amount, currency = form.get("remedy"), form.get("amount").replace(",", "."), form.get("currency").upper()
    if not kind:
        if amount or form.get("remedy_note"):
            errors.add("remedy", _("Say what is owed, or leave amount and note empty."))
        return None
    if bool(amount) != bool(currency):
        errors.add("currency" if amount else "amount", _("An amount and its currency come together."))
    try:
        return Remedy.model_validate(
            {
                "kind": kind,
                "amount": amount or None,
                "currency": currency or None,
                "within": form.get("within") or None,
                "note": form.get("remedy_note"),
            }
        )
    except ValidationError as wrong:
        for fault in wrong.errors(include_input=False):
            _explain(str(fault["loc"][0]), errors)
        return None


def _explain(field: str, errors: FormErrors) -> None:
    said = {
        "kind": ("remedy", _("Choose one of the list.")),
        "amount": ("amount", _("An amount such as 20.00, please.")),
        "currency": ("currency", _("Three letters, such as EUR.")),
        "within": ("within", _("Choose one of the times in the list.")),
        "note": ("remedy_note", _("At most 1000 characters, please.")),
    }
    errors.add(*said[field])


def remedy_words(remedy: Remedy) -> str:
    """What is owed, in words."""
    return terms_in_words.remedy(terms.Remedy(remedy.kind, remedy.amount, remedy.currency, remedy.within))
