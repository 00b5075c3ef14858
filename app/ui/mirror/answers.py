"""Answers brought into the mirror: choose the file, say what its columns are, change one's mind, take it back."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Sent, Writer
from app.errors import NotFound
from app.exchange import held_answers
from app.exchange.importers import answers, columns
from app.exchange.importers.reading import ImportRefused
from app.i18n import Lazy, _, lazy
from app.ui.imports import words as import_words
from app.ui.imports.columns import LONGEST, SAMPLES, ColumnRow
from app.ui.mirror import handlers as mirror
from app.ui.mirror import words as mirror_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.vendors import handlers as vendors
from app.ui.view import view
from vault import store
from vault.records import Held, Sheet
from vault.store import Opened

router = APIRouter(include_in_schema=False)

OWN_WORDS: Final[Mapping[str, Lazy]] = {
    "too_large": lazy("An answer has at most 4 MiB here. Cut logs out of it, and bring in the rest."),
    "csv_columns": lazy(
        "There are too many kinds of things in this file: 200 can be told apart in JSON, 100 in a table. Bring it in part by part."
    ),
    "too_many": lazy("There is more in this file than one answer holds (%(what)s lines). Bring it in part by part."),
    "json": lazy("The JSON is broken near line %(line)s. Ask them to send it again."),
}


@view(kw_only=True)
class ColumnsPage(Page):
    """The columns of an answer."""

    template: ClassVar[str] = "mirror/columns.html"
    vendor_id: str
    name: str
    held_id: str
    file_name: str
    total: int
    columns: tuple[ColumnRow, ...]
    meanings: tuple[tuple[str, str], ...]
    remembered: bool
    errors: Mapping[str, str]


@router.post("/vendors/{vendor_id}/mirror/answers")
def create(request: Request, vendor_id: str, sender: Sent) -> Response:
    """Take a file in; what its columns are is asked next. It is read before the transaction, so that nobody waits for it."""
    with sender.reading() as owner:
        vendors.find(owner, vendor_id)
    upload = sender.form.files.get("file")
    try:
        sheet = answers.read(upload.data if upload else b"", upload.filename if upload else "")
    except ImportRefused as refused:
        said = import_words.refusal("missing") if upload is None or not upload.filename else _refusal(refused)
        with sender.reading() as owner:
            return render(request, mirror.page_of(owner, vendor_id, {"file": said}), owner=owner, status=422)
    with sender.writing() as owner:
        vendors.find(owner, vendor_id)
        held_id = held_answers.bring(owner.db, owner.keyring, vendor_id, sheet, now=owner.now)
    return see_other(f"/vendors/{vendor_id}/mirror/{held_id}/columns")


@router.get("/vendors/{vendor_id}/mirror/{held_id}/columns")
def edit(request: Request, vendor_id: str, held_id: str, owner: Reader) -> HTMLResponse:
    """The form, filled in with what was chosen for this file, or for such a file before, or with what the names say."""
    found, sheet = _find(owner, vendor_id, held_id)
    known = columns.recall(owner.db, owner.keyring, sheet.names, of=held_answers.OF)
    remembered = known is not None and not sheet.meanings
    meanings = sheet.meanings or (known.meanings if known else answers.guess(sheet.names))
    return render(request, _page(owner, found, meanings, {}, remembered=remembered), owner=owner)


@router.post("/vendors/{vendor_id}/mirror/{held_id}/columns")
def update(request: Request, vendor_id: str, held_id: str, owner: Writer) -> Response:
    """Read the answer so, and remember it for the next such file."""
    found, sheet = _find(owner, vendor_id, held_id)
    chosen = [owner.form.get(f"column-{number}") for number in range(len(sheet.names))]
    meanings = tuple(one if one in answers.MEANINGS else "" for one in chosen)
    try:
        if not any(meanings):
            errors = {"column-0": _("Say of at least one column what it is, or take the answer back.")}
        else:
            held_answers.understand(owner.db, owner.act(), owner.keyring, found, meanings)
            return see_other(f"/vendors/{vendor_id}/mirror?done=answer-read")
    except ImportRefused as refused:
        errors = {"column-0": _refusal(refused)}
    return render(request, _page(owner, found, meanings, errors, remembered=False), owner=owner, status=422)


@router.post("/vendors/{vendor_id}/mirror/{held_id}/remove")
def remove(vendor_id: str, held_id: str, owner: Writer) -> Response:
    """Take an answer back: the mirror is as if it had never been brought in."""
    found, _sheet = _find(owner, vendor_id, held_id)
    held_answers.take_back(owner.db, owner.act(), owner.keyring, held_id, found.fields)
    return see_other(f"/vendors/{vendor_id}/mirror?done=answer-removed")


def _find(owner: Owner, vendor_id: str, held_id: str) -> tuple[Opened[Held], Sheet]:
    opened = store.get(owner.db, owner.keyring, Held, held_id)
    if opened is None or opened.fields.vendor_id != vendor_id or opened.fields.sheet is None:
        raise NotFound
    return opened, opened.fields.sheet


def _refusal(refused: ImportRefused) -> str:
    if refused.code in OWN_WORDS:
        return str(OWN_WORDS[refused.code]) % {"line": refused.line or 1, "what": refused.what}
    return import_words.refusal(refused)


def _page(owner: Owner, found: Opened[Held], meanings: Sequence[str], errors: Mapping[str, str], *, remembered: bool) -> ColumnsPage:
    vendor_id, sheet = found.fields.vendor_id, found.fields.sheet
    assert vendor_id is not None
    assert sheet is not None
    rows = tuple(
        ColumnRow(number, name, tuple(row[number][:LONGEST] for row in sheet.rows if row[number])[:SAMPLES], meaning, secret=False)
        for number, (name, meaning) in enumerate(zip(sheet.names, meanings, strict=True))
    )
    return ColumnsPage(
        vendor_id=vendor_id,
        name=vendors.find(owner, vendor_id).name,
        held_id=found.record_id,
        file_name=sheet.file_name,
        total=len(sheet.rows),
        columns=rows,
        meanings=mirror_words.meanings(),
        remembered=remembered,
        errors=errors,
    )
