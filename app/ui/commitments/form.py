"""The form for a promise: from what was typed to a record, or to what is wrong with it."""

from collections.abc import Container
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.auth.form import Form
from app.i18n import _
from app.ui import amounts, dates, wording
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
    here = now.astimezone(ZoneInfo(zone))
    said_on = dates.read("said_on", form.get("said_on"), errors, latest=here.date())
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
        said_on=said_on,
        events=(CommitmentEvent(type="accepted", happened_at=_since(said_on, here), recorded_at=now),),
    )
    return made, errors


def _since(said_on: date | None, now: datetime) -> datetime:
    """Since when it stands: noon of the day on which it was said, if that is told and over, else now."""
    return min(now, datetime.combine(said_on, dates.NOON, tzinfo=now.tzinfo)) if said_on else now


def _remedy(form: Form, errors: FormErrors) -> Remedy | None:
    kind, typed, code = form.get("remedy"), form.get("amount"), form.get("currency")
    if not kind:
        if typed or form.get("remedy_note"):
            errors.add("remedy", _("Say what is owed, or leave amount and note empty."))
        return None
    if bool(typed) != bool(code):
        errors.add("currency" if typed else "amount", _("An amount and its currency come together."))
    amount, currency = amounts.read(typed, code, errors)
    try:
        return Remedy.model_validate(
            {
                "kind": kind,
                "amount": amount,
                "currency": currency,
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
        "within": ("within", _("Choose one of the times in the list.")),
        "note": ("remedy_note", _("At most 1000 characters, please.")),
    }
    # What is wrong with the money is told already.
    if field in said:
        errors.add(*said[field])


def remedy_words(remedy: Remedy) -> str:
    """What is owed, in words."""
    return terms_in_words.remedy(terms.Remedy(remedy.kind, remedy.amount, remedy.currency, remedy.within))
