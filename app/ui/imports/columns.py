"""The mapping step of a table: which column is what, shown with the first rows, remembered for the next such file."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.owner import Reader, Sent, Writer
from app.errors import NotFound
from app.exchange.importers import choosing, columns
from app.exchange.importers.columns import MEANINGS, NEEDED
from app.exchange.importers.reading import ImportRefused
from app.exchange.importers.tables import Table
from app.i18n import _
from app.ui.imports import words as import_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view

router = APIRouter(include_in_schema=False)

SAMPLES = 3
"""Values of a column that are shown."""
LONGEST = 80


@view
class ColumnRow:
    """A column: its name, its first values, what it is taken for. `secret` ones were emptied and have no choice."""

    number: int
    name: str
    samples: tuple[str, ...]
    meaning: str
    secret: bool


@view(kw_only=True)
class ColumnsPage(Page):
    """The columns of a table."""

    template: ClassVar[str] = "imports/columns.html"
    import_id: str
    file_name: str
    total: int
    columns: tuple[ColumnRow, ...]
    meanings: tuple[tuple[str, str], ...]
    ansi: bool
    remembered: bool
    errors: Mapping[str, str]


@router.get("/imports/{import_id}/columns")
def edit(request: Request, import_id: str, owner: Reader) -> Response:
    """The form, filled in with what was chosen for such a file before, or with what the names of the columns say."""
    found = choosing.table_of(owner.db, owner.keyring, import_id)
    if found is None:
        raise NotFound
    head, table = found
    known = columns.recall(owner.db, owner.keyring, table.names)
    meanings = known.meanings if known else columns.guess(table.names, table.secret)
    page = _page(import_id, head.file_name, table, meanings, {}, remembered=known is not None)
    return render(request, page, owner=owner)


@router.post("/imports/{import_id}/columns")
def update(request: Request, import_id: str, sender: Sent) -> Response:
    """Read the table so, remember it, and go to the preview."""
    with sender.reading() as owner:
        found = choosing.table_of(owner.db, owner.keyring, import_id)
        if found is None:
            raise NotFound
        head, table = found
        meanings = tuple(_meaning(sender.form.get(f"column-{number}"), number in table.secret) for number in range(len(table.names)))
        errors = {}
        try:
            if not NEEDED & set(meanings):
                errors["column-0"] = _("Say which column has the name of the company, its website or its e-mail address.")
            else:
                columns.understood(table, meanings)
        except ImportRefused as refused:
            errors["column-0"] = import_words.refusal(refused)
        if errors:
            return render(request, _page(import_id, head.file_name, table, meanings, errors, remembered=False), owner=owner, status=422)
    with sender.writing() as owner:
        columns.remember(owner.db, owner.keyring, table.names, meanings, now=owner.now)
    choosing.choose(sender.stores.main, sender.keyring, import_id, meanings, now=sender.now)
    return see_other(f"/imports/{import_id}")


@router.post("/imports/{import_id}/columns/forget")
def forget(import_id: str, owner: Writer) -> Response:
    """Forget what was chosen for such files."""
    found = choosing.table_of(owner.db, owner.keyring, import_id)
    if found is None:
        raise NotFound
    columns.forget(owner.db, owner.keyring, found[1].names)
    return see_other(f"/imports/{import_id}/columns?done=columns-forgotten")


def _meaning(sent: str, secret: bool) -> str:
    return sent if sent in MEANINGS and not secret else ""


def _page(
    import_id: str, file_name: str, table: Table, meanings: Sequence[str], errors: Mapping[str, str], *, remembered: bool
) -> ColumnsPage:
    rows = tuple(
        ColumnRow(
            number,
            name or _("Column %(n)d, without a name") % {"n": number + 1},
            tuple(row[number][:LONGEST] for row in table.rows if row[number])[:SAMPLES],
            meaning,
            number in table.secret,
        )
        for number, (name, meaning) in enumerate(zip(table.names, meanings, strict=True))
    )
    return ColumnsPage(
        import_id=import_id,
        file_name=file_name,
        total=len(table.rows),
        columns=rows,
        meanings=(("", _("leave out")), *((code, str(words)) for code, words in import_words.MEANINGS.items())),
        ansi=table.ansi,
        remembered=remembered,
        errors=errors,
    )
