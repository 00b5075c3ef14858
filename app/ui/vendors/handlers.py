"""Companies: the owner's own record of each, its list and search."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import vendor_removal
from app.exchange.vendor_removal import StillBound
from app.ui.balance import bonds
from app.ui.balance.bonds import Bonds, GrantLine
from app.ui.documents import handlers as documents
from app.ui.documents.handlers import Row as DocumentRow
from app.ui.elsewhere import parts as elsewhere_parts
from app.ui.elsewhere.parts import Row as ElsewhereRow
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import closeness_parts, known_parts, mail_seen, sparkline
from app.ui.vendors import form as vendor_form
from app.ui.vendors.closeness_parts import ClosenessInWords
from app.ui.vendors.form import CLOSENESS, CONTACT_KINDS, Typed
from app.ui.vendors.known_parts import Known
from app.ui.vendors.mail_seen import MailFacts
from app.ui.vendors.sparkline import Spark
from app.ui.view import view
from vault import attachments, store
from vault.records import Contact, Field, Vendor
from vault.store import Opened

router = APIRouter(include_in_schema=False)

TIMELINE = 30
"""Moments on a company's page; the rest is one link away."""


@view(kw_only=True)
class ShowPage(Page):
    """A company as an open book: my side, what binds us, their side."""

    template: ClassVar[str] = "vendors/show.html"
    vendor_id: str
    name: str
    domains: tuple[str, ...]
    customer_numbers: tuple[str, ...]
    contacts: tuple[tuple[str, Contact], ...]
    since: date | None
    job: str
    closeness: ClosenessInWords
    notes: str
    tags: tuple[str, ...]
    fields: tuple[Field, ...]
    bonds: Bonds
    spark: Spark | None
    documents: tuple[DocumentRow, ...]
    mail: MailFacts | None
    known: Known
    elsewhere: tuple[ElsewhereRow, ...]


@view(kw_only=True)
class FormPage(Page):
    """The form of a company, with `vendor_id` empty for a new one."""

    template: ClassVar[str] = "vendors/new.html"
    typed: Typed
    closenesses: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]


@view(kw_only=True)
class EditPage(FormPage):
    """The form of a company that is there."""

    template: ClassVar[str] = "vendors/edit.html"
    vendor_id: str
    name: str


@view(kw_only=True)
class RemovePage(Page):
    """What would go with a company, and what must be withdrawn first."""

    template: ClassVar[str] = "vendors/remove.html"
    vendor_id: str
    name: str
    interactions: int
    commitments: int
    open_addresses: int
    elsewhere: int
    known: int
    answers: int
    documents: int
    live: tuple[GrantLine, ...]


@router.get("/vendors/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form."""
    return render(request, _form(Typed(), {}), owner=owner)


@router.post("/vendors/new")
def create(request: Request, owner: Writer) -> Response:
    """Write a company down."""
    sent = vendor_form.typed(owner.form)
    vendor, errors = vendor_form.parse(sent)
    if vendor is None:
        return render(request, _form(sent, errors), owner=owner, status=422)
    vendor_id = store.add(owner.db, owner.keyring, vendor, now=owner.now)
    return see_other(f"/vendors/{vendor_id}?done=vendor-kept")


@router.get("/vendors/{vendor_id}")
def show(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """One company."""
    kept = opened(owner, vendor_id)
    vendor = kept.fields
    shown = closeness_parts.shown(owner, vendor_id, vendor, known_since=kept.created_at)
    page = ShowPage(
        vendor_id=vendor_id,
        name=vendor.name,
        domains=vendor.domains,
        customer_numbers=vendor.customer_numbers,
        contacts=tuple((str(CONTACT_KINDS[contact.kind]), contact) for contact in vendor.contacts),
        since=vendor.since,
        job=vendor.job,
        closeness=closeness_parts.in_words(vendor, shown),
        notes=vendor.notes,
        tags=vendor.tags,
        fields=vendor.fields,
        bonds=bonds.of_vendor(owner, vendor_id, vendor, limit=TIMELINE),
        spark=sparkline.of_vendor(owner, vendor_id, vendor),
        documents=documents.rows(owner, f"/vendors/{vendor_id}"),
        mail=mail_seen.facts(vendor),
        known=known_parts.of_vendor(owner, vendor_id, vendor),
        elsewhere=elsewhere_parts.rows(owner, vendor_id=vendor_id),
    )
    return render(request, page, owner=owner)


@router.get("/vendors/{vendor_id}/edit")
def edit(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """The form of one company."""
    vendor = find(owner, vendor_id)
    return render(request, _edit(vendor_id, vendor, vendor_form.of_vendor(vendor), {}), owner=owner)


@router.post("/vendors/{vendor_id}/edit")
def update(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Keep the changes."""
    known = find(owner, vendor_id)
    sent = vendor_form.typed(owner.form)
    vendor, errors = vendor_form.parse(sent, known=known)
    if vendor is None:
        return render(request, _edit(vendor_id, known, sent, errors), owner=owner, status=422)
    store.replace(owner.db, owner.keyring, vendor_id, vendor, now=owner.now)
    return see_other(f"/vendors/{vendor_id}?done=vendor-changed")


@router.get("/vendors/{vendor_id}/remove")
def ask_remove(request: Request, vendor_id: str, owner: Reader) -> HTMLResponse:
    """Say what goes with it, and ask."""
    return render(request, _remove_page(owner, vendor_id, find(owner, vendor_id)), owner=owner)


@router.post("/vendors/{vendor_id}/remove")
def remove(request: Request, vendor_id: str, owner: Writer) -> Response:
    """Remove a company with all that belongs to it, unless a permission of theirs still lives."""
    vendor = find(owner, vendor_id)
    try:
        vendor_removal.remove(owner.db, owner.keyring, owner.act(), vendor_id, now=owner.now)
    except StillBound:
        return render(request, _remove_page(owner, vendor_id, vendor), owner=owner, status=409)
    return see_other("/vendors?done=vendor-removed")


def find(owner: Owner, vendor_id: str) -> Vendor:
    """A company of the owner's. Raises NotFound."""
    return opened(owner, vendor_id).fields


def opened(owner: Owner, vendor_id: str) -> Opened[Vendor]:
    """A company of the owner's, with when it was written down. Raises NotFound."""
    opened = store.get(owner.db, owner.keyring, Vendor, vendor_id)
    if opened is None:
        raise NotFound
    return opened


def _choices() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    return tuple((code, str(words)) for code, words in CLOSENESS.items()), tuple(
        (code, str(words)) for code, words in CONTACT_KINDS.items()
    )


def _form(sent: Typed, errors: Mapping[str, str]) -> FormPage:
    closenesses, kinds = _choices()
    return FormPage(typed=sent, closenesses=closenesses, kinds=kinds, errors=errors)


def _edit(vendor_id: str, vendor: Vendor, sent: Typed, errors: Mapping[str, str]) -> EditPage:
    closenesses, kinds = _choices()
    return EditPage(vendor_id=vendor_id, name=vendor.name, typed=sent, closenesses=closenesses, kinds=kinds, errors=errors)


def _remove_page(owner: Owner, vendor_id: str, vendor: Vendor) -> RemovePage:
    found = vendor_removal.belongings(owner.db, owner.keyring, vendor_id, vendor, now=owner.now)
    return RemovePage(
        vendor_id=vendor_id,
        name=vendor.name,
        interactions=len(found.interactions),
        commitments=len(found.commitments),
        open_addresses=len(found.open_addresses),
        elsewhere=len(found.elsewhere),
        known=len(found.known),
        answers=len(found.answers),
        documents=attachments.count(owner.db, owner.account_id, vendor_id),
        live=bonds.grant_lines(owner, vendor, live_only=True),
    )
