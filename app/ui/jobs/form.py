"""What is typed on the pages of jobs, read into steps, or into what is wrong with it."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.auth.form import Form
from app.auth.owner import Owner
from app.i18n import Lazy, _, lazy
from app.ui import dates
from app.ui.balance import words
from app.ui.forms import FormErrors, made
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
    values = {"title": form.get("title"), "outcomes": outcomes, "note": form.get("note")}
    return made(Job, {**values, "steps": [step.model_dump() for step in known.steps] if known else ()}, errors)


def read_step(kind: type[JobStep], owner: Owner, vendors: Collection[str], errors: FormErrors, *, note: str) -> JobStep | None:
    """A step of a kind, from what was typed for it, with its note. `vendors` are those that can be named."""
    form = owner.form
    values = _READ[kind](form, vendors, errors)
    errors.limit("note", note, NOTE)
    since = dates.moment(owner, dates.read("since", form.get("since"), errors, latest=dates.today(owner)))
    return made(kind, {**values, "note": note, "happened_at": since, "recorded_at": owner.now}, errors)


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
    bound = _chosen(form, "bound", BOUND, errors)
    until = dates.read("bound_until", form.get("bound_until"), errors)
    if bound == "until" and until is None:
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
