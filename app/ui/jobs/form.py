"""What is typed on the pages of jobs, read into steps, or into what is wrong with it."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from app.auth.form import Form
from app.auth.owner import Owner
from app.i18n import Lazy, _, lazy
from app.ui.balance import words
from app.ui.balance.factors import happened
from app.ui.forms import FormErrors
from vault.records import Alternative, Closed, Fired, Gone, Hired, Job, JobStep, Looked, Reviewed, Weighed

BOUND: Mapping[str, Lazy] = {
    "unsaid": lazy("I do not know"),
    "free": lazy("I may go at any time"),
    "until": lazy("I am bound until the day below"),
}
WENT: Mapping[str, Lazy] = {"good": lazy("well"), "mixed": lazy("so-so"), "bad": lazy("badly")}
AGAIN: Mapping[str, Lazy] = {"unsure": lazy("not sure"), "no": lazy("no"), "yes": lazy("yes")}
ON_THE_DAY: Mapping[str, Lazy] = {"unsaid": lazy("not said"), "no": lazy("no"), "yes": lazy("yes")}
TITLE, LINE, NOTE, LINES = 200, 1000, 20_000, 30


def read_job(form: Form, known: Job | None, errors: FormErrors) -> Job | None:
    """Title, outcomes and note; the steps stay as they are."""
    errors.limit("title", errors.require("title", form.get("title"), _("Say what you want to get done.")), TITLE)
    outcomes = lines("outcomes", form.get("outcomes"), errors)
    errors.limit("note", form.get("note"), NOTE)
    if errors:
        return None
    values = {"title": form.get("title"), "outcomes": outcomes, "note": form.get("note")}
    try:
        return Job.model_validate({**values, "steps": [step.model_dump() for step in known.steps] if known else ()})
    except ValidationError:
        errors.add("title", _("This contains what cannot be kept. Type it again."))
        return None


def read_step(kind: type[JobStep], owner: Owner, vendors: Collection[str], errors: FormErrors) -> JobStep | None:
    """A step of a kind, from what was typed for it. `vendors` are those that can be named."""
    form = owner.form
    values = _READ[kind](form, vendors, errors)
    errors.limit("note", form.get("note"), NOTE)
    since = happened(form.get("since"), owner, errors, "since")
    if errors:
        return None
    try:
        step = kind.model_validate({**values, "note": form.get("note"), "happened_at": since, "recorded_at": owner.now})
    except ValidationError as bad:
        errors.add(str(bad.errors(include_input=False)[0]["loc"][-1]), _("This contains what cannot be kept. Type it again."))
        return None
    return step


def lines(name: str, typed: str, errors: FormErrors) -> tuple[str, ...]:
    """One entry a line, empty ones left out."""
    found = tuple(text for line in typed.splitlines() if (text := line.strip()))
    if len(found) > LINES:
        errors.add(name, _("At most %(n)d lines, please.") % {"n": LINES})
    for line in found:
        errors.limit(name, line, LINE)
    return found


def _weighed(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    return {name: _chosen(form, name, words.IMPORTANCE, errors) for name in ("ordinary", "need")}


def _hired(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    bound, typed = _chosen(form, "bound", BOUND, errors), form.get("bound_until")
    until: date | None = None
    if typed:
        try:
            until = date.fromisoformat(typed)
        except ValueError:
            errors.add("bound_until", _("A date such as 2027-06-30, please."))
    if bound == "until" and not typed:
        errors.add("bound_until", _("Until which day?"))
    return {"vendor_id": _vendor(form, vendors, errors), "bound": bound, "bound_until": until if bound == "until" else None}


def _fired(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    return {"vendor_id": _vendor(form, vendors, errors)}


def _reviewed(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    went, again = _chosen(form, "went", WENT, errors), _chosen(form, "again", AGAIN, errors)
    return {"vendor_id": _vendor(form, vendors, errors), "went": went, "again": again}


def _alternative(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    name = errors.limit("name", errors.require("name", form.get("name"), _("Who or what would do?")), TITLE)
    ways = lines("ways", form.get("ways"), errors)
    known = form.get("vendor")
    if known and known not in vendors:
        errors.add("vendor", _("Choose one of your companies."))
    return {
        "alternative_id": form.get("alternative") or secrets.token_hex(16),
        "name": name,
        "vendor_id": known or None,
        "effort": _chosen(form, "effort", words.EFFORT, errors),
        "on_the_day": _chosen(form, "on_the_day", ON_THE_DAY, errors),
        "ways": ways,
    }


def _gone(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    return {"alternative_id": form.get("alternative")}


def _nothing(form: Form, vendors: Collection[str], errors: FormErrors) -> dict[str, Any]:
    return {}


_READ: Mapping[Any, Any] = {
    Weighed: _weighed,
    Hired: _hired,
    Fired: _fired,
    Reviewed: _reviewed,
    Alternative: _alternative,
    Gone: _gone,
    Looked: _nothing,
    Closed: _nothing,
}


def _chosen(form: Form, name: str, offered: Iterable[str], errors: FormErrors) -> str:
    found = form.get(name)
    if found not in offered:
        errors.add(name, _("Choose one of these."))
    return found


def _vendor(form: Form, vendors: Collection[str], errors: FormErrors) -> str:
    found = form.get("vendor")
    if found not in vendors:
        errors.add("vendor", _("Choose one of your companies."))
    return found
