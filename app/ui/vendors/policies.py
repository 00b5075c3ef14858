"""Dated copies of what a company laid down, and what changed between any two of them, word by word."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Sent, Writer
from app.errors import NotFound
from app.i18n import _
from app.relationships import policies
from app.ui import dates
from app.ui.forms import FormErrors, made
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import policy_words
from app.ui.vendors.handlers import find
from app.ui.vendors.policy_rows import KIND, Copy, copies
from app.ui.vendors.policy_text import Part, parts
from app.ui.vendors.words import Link, external
from app.ui.view import view
from vault import store
from vault.records import Policy

router = APIRouter(include_in_schema=False)

Option = tuple[str, str]

LONGEST = 200_000
FILE_LIMIT = 4 << 20
"""A policy is text; a larger file is something else."""


@view(kw_only=True)
class NewPage(Page):
    """The form."""

    template: ClassVar[str] = "policies/new.html"
    vendor_id: str
    vendor: str
    kinds: tuple[Option, ...]
    values: Mapping[str, str]
    errors: Mapping[str, str]


@view(kw_only=True)
class ShowPage(Page):
    """One copy, and the others of its kind to hold it against. `agreed_on` is what stands in the form: the day, or what was typed."""

    template: ClassVar[str] = "policies/show.html"
    vendor_id: str
    vendor: str
    copy: Copy
    link: Link | None
    recorded_at: datetime
    paragraphs: tuple[str, ...]
    others: tuple[Copy, ...]
    agreed_on: str
    errors: Mapping[str, str]


@view(kw_only=True)
class ComparePage(Page):
    """Two copies side by side. Without `before` and `after` there are not two to compare."""

    template: ClassVar[str] = "policies/compare.html"
    vendor_id: str
    vendor: str
    copies: tuple[Copy, ...]
    before: Copy | None
    after: Copy | None
    parts: tuple[Part, ...]
    changed: int
    gone: int
    new: int


@router.get("/vendors/{vendor_id}/policies/new")
def new(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The form, with today's date; `?kind=` chooses what it is a copy of."""
    vendor = find(owner, vendor_id)
    kind = request.query_params.get("kind", "terms")
    values = {"kind": kind if kind in KIND else "terms", "seen_on": dates.today(owner).isoformat()}
    return render(request, _new(vendor_id, vendor.name, values, {}), owner=owner)


@router.post("/vendors/{vendor_id}/policies/new")
def create(request: Request, vendor_id: str, sender: Sent) -> Response:
    """Keep a copy, pasted or from a file, which is read before the transaction: nobody waits for a page however long or odd it is."""
    with sender.reading() as owner:
        find(owner, vendor_id)
    in_text = FormErrors()
    text = _text(sender.form, in_text)
    with sender.reading() as owner:
        vendor, errors = find(owner, vendor_id), FormErrors()
        policy = _read(owner, vendor_id, text, in_text, errors)
        if policy is None:
            return render(request, _new(vendor_id, vendor.name, _typed(owner.form), errors), owner=owner, status=422)
    with sender.writing() as owner:
        find(owner, vendor_id)
        policy_id = store.add(owner.db, owner.keyring, policy, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/policies/{policy_id}?done=policy-kept")


@router.get("/vendors/{vendor_id}/policies/compare")
def compare(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """`?from=` beside `?to=`; without them the newest copy beside the one agreed to, or beside the one before it."""
    vendor, known = find(owner, vendor_id), copies(owner, vendor_id)
    before, after = _chosen(known, request.query_params.get("from", ""), request.query_params.get("to", ""))
    found = policies.Comparison(())
    if before and after:
        texts = [_find(owner, vendor_id, one.policy_id).text for one in (before, after)]
        found = policies.compare(*texts)
    page = ComparePage(
        vendor_id=vendor_id,
        vendor=vendor.name,
        copies=known,
        before=before,
        after=after,
        parts=parts(found),
        changed=found.count("changed"),
        gone=found.count("gone"),
        new=found.count("new"),
    )
    return render(request, page, owner=owner)


@router.get("/vendors/{vendor_id}/policies/{policy_id}")
def show(request: Request, vendor_id: str, policy_id: str, owner: Reader) -> HTMLResponse:
    """One copy, as text."""
    return render(request, _show(owner, vendor_id, policy_id, {}), owner=owner)


@router.post("/vendors/{vendor_id}/policies/{policy_id}/agreed")
def agree(request: Request, vendor_id: str, policy_id: str, owner: Writer) -> Response:
    """Note that this is the text the owner agreed to, and when; or, with an empty day, that it is not."""
    policy, errors = _find(owner, vendor_id, policy_id), FormErrors()
    typed = owner.form.get("agreed_on")
    day = dates.read("agreed_on", typed, errors, latest=dates.today(owner))
    if errors:
        return render(request, _show(owner, vendor_id, policy_id, errors, typed), owner=owner, status=422)
    store.replace(owner.db, owner.keyring, policy_id, policy.model_copy(update={"agreed_on": day}), now=owner.now)
    return see_other(f"/vendors/{vendor_id}/policies/{policy_id}?done={'policy-agreed' if day else 'profile-saved'}")


@router.post("/vendors/{vendor_id}/policies/{policy_id}/remove")
def remove(request: Request, vendor_id: str, policy_id: str, owner: Writer) -> Response:
    """Remove a copy for good."""
    _find(owner, vendor_id, policy_id)
    if not owner.form.checked("sure"):
        errors = {"sure": _("Tick this first, so that nothing goes by a slip of the finger.")}
        return render(request, _show(owner, vendor_id, policy_id, errors), owner=owner, status=422)
    store.remove(owner.db, owner.keyring, Policy, policy_id)
    return see_other(f"/vendors/{vendor_id}/known?done=policy-removed#policies")


def _find(owner: Owner, vendor_id: str, policy_id: str) -> Policy:
    opened = store.get(owner.db, owner.keyring, Policy, policy_id)
    if opened is None or opened.fields.vendor_id != vendor_id:
        raise NotFound
    return opened.fields


def _chosen(known: tuple[Copy, ...], before: str, after: str) -> tuple[Copy | None, Copy | None]:
    """The two that were asked for, the earlier one first where nothing was asked. Raises NotFound for what is not there."""
    by_id = {one.policy_id: one for one in known}
    if any(asked and asked not in by_id for asked in (before, after)):
        raise NotFound
    later = by_id[after] if after else next((one for one in known if one.policy_id != before), None)
    if later is None or len(known) < 2:
        return None, None
    older = [one for one in known if one.kind == later.kind and one.policy_id != later.policy_id and one.seen_on <= later.seen_on]
    usual = next((one for one in older if one.agreed_on), older[0] if older else None)
    return (by_id[before] if before else usual), later


def _show(owner: Owner, vendor_id: str, policy_id: str, errors: Mapping[str, str], typed: str | None = None) -> ShowPage:
    vendor, policy = find(owner, vendor_id), _find(owner, vendor_id, policy_id)
    known = copies(owner, vendor_id)
    (copy,) = [one for one in known if one.policy_id == policy_id]
    return ShowPage(
        vendor_id=vendor_id,
        vendor=vendor.name,
        copy=copy,
        link=external(policy.url) if policy.url else None,
        recorded_at=policy.recorded_at,
        paragraphs=tuple(policies.paragraphs(policy.text)),
        others=tuple(one for one in known if one.policy_id != policy_id and one.kind == copy.kind),
        agreed_on=(copy.agreed_on or dates.today(owner)).isoformat() if typed is None else typed,
        errors=errors,
    )


def _new(vendor_id: str, vendor: str, values: Mapping[str, str], errors: Mapping[str, str]) -> NewPage:
    names = ("kind", "title", "url", "seen_on", "agreed", "text")
    kinds = tuple((code, str(words)) for code, words in KIND.items())
    return NewPage(vendor_id=vendor_id, vendor=vendor, kinds=kinds, values={name: values.get(name, "") for name in names}, errors=errors)


def _typed(form: Form) -> dict[str, str]:
    return {name: form.get(name) for name in ("kind", "title", "url", "seen_on", "agreed", "text")}


def _read(owner: Owner, vendor_id: str, text: str, in_text: FormErrors, errors: FormErrors) -> Policy | None:
    form, today = owner.form, dates.today(owner)
    kind, url = form.get("kind"), form.get("url")
    if kind not in KIND:
        errors.add("kind", _("Choose one of these."))
    errors.limit("title", form.get("title"), 200)
    if url and (len(url) > 2000 or external(url) is None):
        errors.add("url", _("Write the whole address of the page, beginning with https://."))
    seen_on = dates.read("seen_on", form.get("seen_on"), errors, latest=today) or today
    errors.update(in_text)
    if errors:
        return None
    values: dict[str, Any] = {"vendor_id": vendor_id, "kind": kind, "title": form.get("title") or str(KIND[kind]), "url": url, "text": text}
    agreed_on = seen_on if form.checked("agreed") else None
    return made(Policy, {**values, "seen_on": seen_on, "agreed_on": agreed_on, "recorded_at": owner.now}, errors)


def _text(form: Form, errors: FormErrors) -> str:
    upload = form.files.get("file")
    if upload and upload.data:
        if len(upload.data) > FILE_LIMIT:
            errors.add("file", _("A policy is text of at most %(n)d MB. This file is larger.") % {"n": FILE_LIMIT >> 20})
            return ""
        try:
            text, where = policy_words.of_file(upload.data, upload.filename), "file"
        except policy_words.PageTooLarge:
            said = _("A web page has at most %(n)d MB here. Open this one, copy its words, and paste them under “Paste the text”.")
            errors.add("file", said % {"n": policy_words.PAGE_LIMIT >> 20})
            return ""
    else:
        text, where = policy_words.tidy(form.get("text")), "text"
    errors.require(where, text, _("Paste the text, or choose a file that has some."))
    errors.limit(where, text, LONGEST)
    return text
