"""My data: typed items with their history, and which permissions reach them."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.catching_up import hand_of
from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import releases
from app.i18n import Lazy, _, lazy
from app.ui.addresses import reach
from app.ui.addresses.reach import Reach
from app.ui.documents import handlers as documents
from app.ui.documents.handlers import Row as DocumentRow
from app.ui.forms import FormErrors
from app.ui.grants import releasing
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import clients
from app.ui.view import view
from consent import vocabulary
from vault import attachments, store
from vault.records import Item, PastValue
from vault.store import Opened

router = APIRouter(include_in_schema=False)

FRIENDLY: Mapping[str, Lazy] = {
    "pd:EmailAddress": lazy("E-mail address"),
    "pd:TelephoneNumber": lazy("Phone number"),
    "pd:PhysicalAddress": lazy("Postal address"),
    "pd:Name": lazy("Name"),
    "pd:BirthDate": lazy("Birthday"),
    "pd:OfficialID": lazy("Identity number"),
    "pd:Identifier": lazy("Other identifier"),
    "pd:PhysicalCharacteristic": lazy("Size or measure"),
    "pd:Preference": lazy("Preference"),
    "pd:PersonalDocuments": lazy("Something else"),
}
"""What most people keep, in their words, in the order of the list; every other DPV term can be chosen below it."""

HISTORY = 200
LONGEST = 20_000
LABEL = 200


@view
class Row:
    """An item in the list."""

    item_id: str
    label: str
    value: str
    changed_at: datetime
    reach: tuple[Reach, ...]


@view
class Group:
    """Items of one kind."""

    term: str
    words: str
    rows: tuple[Row, ...]


@view(kw_only=True)
class IndexPage(Page):
    """All items, by kind."""

    template: ClassVar[str] = "items/index.html"
    groups: tuple[Group, ...]


@view
class Typed:
    """What stands in the form."""

    term: str = "pd:EmailAddress"
    other_term: str = ""
    label: str = ""
    value: str = ""
    note: str = ""


@view(kw_only=True)
class NewPage(Page):
    """The form for a new item."""

    template: ClassVar[str] = "items/new.html"
    typed: Typed
    friendly: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str], ...]
    errors: Mapping[str, str]


@view(kw_only=True)
class EditPage(NewPage):
    """The form of an item that is there."""

    template: ClassVar[str] = "items/edit.html"
    item_id: str
    words: str


@view
class Fetch:
    """That a company fetched the item: by which permission, when, and what it said then."""

    grant_id: str
    who: str
    at: datetime
    value: str


@view(kw_only=True)
class ShowPage(Page):
    """An item: what it is and was, what belongs to it, and who may read it or could. `since` says when the value was written."""

    template: ClassVar[str] = "items/show.html"
    item_id: str
    words: str
    item: Item
    since: datetime
    previous: tuple[PastValue, ...]
    documents: tuple[DocumentRow, ...]
    live: tuple[Reach, ...]
    ended: tuple[Reach, ...]
    fetched: tuple[Fetch, ...]


@view(kw_only=True)
class RemovePage(Page):
    """The question before an item goes."""

    template: ClassVar[str] = "items/remove.html"
    item_id: str
    words: str
    label: str
    value: str
    previous: int
    documents: int
    reach: tuple[Reach, ...]


@router.get("/items")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    reaching = reach.of_owner(owner)
    rows: dict[str, list[Row]] = {}
    for digest in sorted(
        owner.digests(Item),
        key=lambda one: (str(one.values["label"]).casefold(), str(one.values["value"]).casefold()),
    ):
        term = str(digest.values["term"])
        row = Row(
            digest.record_id,
            str(digest.values["label"]),
            str(digest.values["value"]),
            digest.updated_at,
            reach.live(reaching.get(term, ())),
        )
        rows.setdefault(term, []).append(row)
    order = {term: place for place, term in enumerate(FRIENDLY)}
    terms = sorted(rows, key=lambda term: (order.get(term, len(order)), term_in_words(term)))
    groups = tuple(Group(term, term_in_words(term), tuple(rows[term])) for term in terms)
    return render(request, IndexPage(groups=groups), owner=owner)


@router.get("/items/new")
def new(request: Request, owner: Reader) -> HTMLResponse:
    """The form. `?term=` chooses the kind beforehand."""
    asked = request.query_params.get("term", "")
    typed = Typed(term=asked) if asked in FRIENDLY else Typed(other_term=asked if vocabulary.is_datatype(asked) else "")
    return render(request, _new_page(typed, {}), owner=owner)


@router.post("/items/new")
def create(request: Request, owner: Writer) -> Response:
    """Keep a new item."""
    typed = _typed(owner.form)
    item, errors = _parse(typed)
    if item is None:
        return render(request, _new_page(typed, errors), owner=owner, status=422)
    item_id = store.add(owner.db, owner.keyring, item, now=owner.now)
    return see_other(f"/items/{item_id}?done=item-kept")


@router.get("/items/{item_id}")
def show(request: Request, item_id: str, owner: Reader) -> HTMLResponse:
    """One item."""
    opened = store.get(owner.db, owner.keyring, Item, item_id)
    if opened is None:
        raise NotFound
    item, reaches = opened.fields, reach.of_owner(owner).get(opened.fields.term, ())
    page = ShowPage(
        item_id=item_id,
        words=term_in_words(item.term),
        item=item,
        since=item.previous[-1].until if item.previous else opened.created_at,
        previous=tuple(reversed(item.previous)),
        documents=documents.rows(owner, f"/items/{item_id}"),
        live=reach.live(reaches),
        ended=reach.ended(reaches),
        fetched=_fetched(owner, opened),
    )
    return render(request, page, owner=owner)


@router.get("/items/{item_id}/edit")
def edit(request: Request, item_id: str, owner: Reader) -> HTMLResponse:
    """The form of one item."""
    item = _find(owner, item_id)
    chosen = item.term in FRIENDLY
    typed = Typed(item.term if chosen else "pd:PersonalDocuments", "" if chosen else item.term, item.label, item.value, item.note)
    return render(request, _edit_page(item_id, item, typed, {}), owner=owner)


@router.post("/items/{item_id}/edit")
def update(request: Request, item_id: str, owner: Writer) -> Response:
    """Keep the change; a value that changed goes into the item's history."""
    known = _find(owner, item_id)
    typed = _typed(owner.form)
    item, errors = _parse(typed)
    if item is None:
        return render(request, _edit_page(item_id, known, typed, errors), owner=owner, status=422)
    previous = known.previous
    if item.value != known.value:
        previous = (*previous, PastValue(value=known.value, until=owner.now))[-HISTORY:]
    store.replace(owner.db, owner.keyring, item_id, item.model_copy(update={"previous": previous}), now=owner.now)
    releases.item_changed(hand_of(owner), item_id)
    return see_other(f"/items/{item_id}?done=item-changed")


@router.get("/items/{item_id}/remove")
def ask_remove(request: Request, item_id: str, owner: Reader) -> HTMLResponse:
    """Ask before removing."""
    item = _find(owner, item_id)
    page = RemovePage(
        item_id=item_id,
        words=term_in_words(item.term),
        label=item.label,
        value=item.value,
        previous=len(item.previous),
        documents=attachments.count(owner.db, owner.account_id, item_id),
        reach=reach.live(reach.of_owner(owner).get(item.term, ())),
    )
    return render(request, page, owner=owner)


@router.post("/items/{item_id}/remove")
def remove(item_id: str, owner: Writer) -> Response:
    """Remove an item with its history and its documents."""
    if not store.remove(owner.db, owner.keyring, Item, item_id):
        raise NotFound
    releases.item_changed(hand_of(owner), item_id)
    return see_other("/items?done=item-removed")


def term_in_words(term: str) -> str:
    """A kind of data in the owner's words, else as the vocabulary labels it, else as it is written."""
    if term in FRIENDLY:
        return str(FRIENDLY[term])
    return vocabulary.data_label(term) if vocabulary.is_datatype(term) else term


def _fetched(owner: Owner, opened: Opened[Item]) -> tuple[Fetch, ...]:
    found = releasing.fetched_of_item(owner, opened.record_id)
    names = clients.names(owner, {record.client_id for record, _one, _row in found})
    return tuple(
        Fetch(record.grant_id, names.get(record.client_id, ""), row.fetched_at, releasing.value_of(opened, one))
        for record, one, row in found
    )


def _find(owner: Owner, item_id: str) -> Item:
    opened = store.get(owner.db, owner.keyring, Item, item_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _typed(form: Form) -> Typed:
    return Typed(form.get("term"), form.get("other_term"), form.get("label"), form.get("value"), form.get("note"))


def _parse(typed: Typed) -> tuple[Item | None, FormErrors]:
    errors = FormErrors()
    term = typed.other_term or typed.term
    if not vocabulary.is_datatype(term):
        errors.add("other_term" if typed.other_term else "term", _("Choose what this is from the list."))
    errors.require("value", typed.value, _("Please write down the value itself."))
    errors.limit("value", typed.value, LONGEST)
    errors.limit("label", typed.label, LABEL)
    errors.limit("note", typed.note, LONGEST)
    if errors:
        return None, errors
    try:
        return Item(term=term, label=typed.label, value=typed.value, note=typed.note), errors
    except ValidationError:
        errors.add("value", _("This contains characters that cannot be kept. Type it again."))
        return None, errors


def _new_page(typed: Typed, errors: Mapping[str, str]) -> NewPage:
    friendly = tuple((term, str(words)) for term, words in FRIENDLY.items())
    return NewPage(typed=typed, friendly=friendly, terms=_all_terms(), errors=errors)


def _edit_page(item_id: str, item: Item, typed: Typed, errors: Mapping[str, str]) -> EditPage:
    form = _new_page(typed, errors)
    return EditPage(
        item_id=item_id,
        words=term_in_words(item.term),
        typed=form.typed,
        friendly=form.friendly,
        terms=form.terms,
        errors=errors,
    )


def _all_terms() -> tuple[tuple[str, str], ...]:
    everything = sorted((words.label, term) for term, words in vocabulary.DATATYPES.items())
    return (("", _("as chosen above")), *((term, label) for label, term in everything))
