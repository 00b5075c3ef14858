"""A letter that has not gone yet: its words changed, the address that it lacks, and the owner's word that it has gone."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.owner import Reader, Writer
from app.errors import NotFound
from app.exchange import letters
from app.i18n import _
from app.mail_server import normal_address
from app.ui.forms import FormErrors
from app.ui.letters import handlers, rights_letters
from app.ui.letters.handlers import WAYS
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault import store
from vault.records import Fields, Vendor

router = APIRouter(include_in_schema=False)

F = TypeVar("F", bound=Fields)


@view(kw_only=True)
class EditPage(Page):
    """The words of a letter that is still here."""

    template: ClassVar[str] = "letters/edit.html"
    letter_id: str
    to: str
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/letters/{letter_id}/edit")
def edit(request: Request, letter_id: str, owner: Reader) -> Response:
    """The form. What has gone stays as it went."""
    letter = handlers.find(owner, letter_id)
    if letter.sent_at is not None:
        return see_other(f"/letters/{letter_id}")
    values = {"subject": letter.subject, "body": letter.body}
    return render(request, EditPage(letter_id=letter_id, to=letter.to, values=values, errors={}), owner=owner)


@router.post("/letters/{letter_id}/edit")
def update(request: Request, letter_id: str, owner: Writer) -> Response:
    """Keep other words."""
    letter, errors = handlers.find(owner, letter_id), FormErrors()
    if letter.sent_at is not None:
        return see_other(f"/letters/{letter_id}?done=already")
    subject, body = handlers.words(owner.form, errors)
    typed = {"subject": subject, "body": body}
    changed = None if errors else _valid(letter, typed)
    if changed is None:
        errors = errors or FormErrors.of({"body": _("This contains characters that cannot be kept. Type it again.")})
        return render(request, EditPage(letter_id=letter_id, to=letter.to, values=typed, errors=errors), status=422, owner=owner)
    store.replace(owner.db, owner.keyring, letter_id, changed, now=owner.now)
    return see_other(f"/letters/{letter_id}?done=letter-changed")


@router.post("/letters/{letter_id}/recipient")
def recipient(request: Request, letter_id: str, owner: Writer) -> Response:
    """Write an e-mail address of theirs down with the company, so that the letter can go there."""
    letter, typed, errors = handlers.find(owner, letter_id), owner.form.get("email"), FormErrors()
    opened = store.get(owner.db, owner.keyring, Vendor, letter.vendor_id) if letter.vendor_id else None
    if opened is None or letter.vendor_id is None:
        raise NotFound
    address = normal_address(typed)
    if address is None:
        errors.add("email", _("Write one e-mail address, like help@shop.example."))
    vendor = None if errors else _valid(opened.fields, {"contacts": (*opened.fields.contacts, {"kind": "email", "value": address})})
    if vendor is None:
        errors.add("email", _("This is more than a record holds, or contains what cannot be kept."))
        page = handlers.page_of(owner, letter_id, letter, values={"email": typed}, errors=errors)
        return render(request, page, status=422, owner=owner)
    store.replace(owner.db, owner.keyring, letter.vendor_id, vendor, now=owner.now)
    return see_other(f"/letters/{letter_id}?done=vendor-changed")


@router.post("/letters/{letter_id}/sent")
def sent(request: Request, letter_id: str, owner: Writer) -> Response:
    """The owner says that it has gone; with a blank in it, says so twice. What asks for a right of a company that was removed does
    not go: the promise that it starts would be nobody's."""
    letter, way = handlers.find(owner, letter_id), owner.form.get("way")
    if letter.sent_at is not None:
        return see_other(f"/letters/{letter_id}?done=already")
    if way not in WAYS or way == "api":
        raise NotFound
    page = handlers.page_of(owner, letter_id, letter, pressed=way)
    if page.adrift:
        return render(request, page, status=422, owner=owner)
    if page.blanks and not owner.form.checked("as_it_is"):
        return render(request, page, status=422, owner=owner)
    letters.sent(owner.db, owner.act(), owner.keyring, letter_id, rights_letters.gone(owner, letter, way=way), way=way)
    return see_other(f"/letters/{letter_id}?done=letter-gone")


def _valid(known: F, changes: Mapping[str, object]) -> F | None:
    """A record with changes; None where they do not fit into one."""
    try:
        return type(known).model_validate({**known.model_dump(), **changes})
    except ValidationError:
        return None
