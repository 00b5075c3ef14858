"""Undoing an import that was applied: what would go, what is put back, what stays and why; then doing it."""

from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.owner import Reader, Writer
from app.errors import NotFound
from app.exchange.importers import undoing
from app.ui.imports import words as import_words
from app.ui.imports.handlers import format_in_words
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from vault import store
from vault.records import Import, Kind

router = APIRouter(include_in_schema=False)

NAMED = 100
"""What stays, by name; the rest is counted."""


@view(kw_only=True)
class UndoPage(Page):
    """What undoing would do."""

    template: ClassVar[str] = "imports/undo.html"
    import_id: str
    format: str
    file_name: str
    at: datetime
    vendors: int
    items: int
    interactions: int
    commitments: int
    back: int
    stay: tuple[str, ...]
    stay_more: int


@router.get("/imports/{import_id}/undo")
def ask(request: Request, import_id: str, owner: Reader) -> Response:
    """Say what would happen, and ask."""
    opened = store.get(owner.db, owner.keyring, Import, import_id)
    if opened is None or not undoing.can(owner.db, owner.keyring, import_id):
        raise NotFound
    found = undoing.outcome(owner.db, owner.keyring, import_id)
    gone = {kind: len(ids) for kind, ids in found.gone.items()}
    page = UndoPage(
        import_id=import_id,
        format=format_in_words(opened.fields.format),
        file_name=opened.fields.file_name,
        at=opened.created_at,
        vendors=gone[Kind.VENDOR],
        items=gone[Kind.ITEM],
        interactions=gone[Kind.INTERACTION],
        commitments=gone[Kind.COMMITMENT],
        back=len(found.back),
        stay=tuple(import_words.stayed(f"{why}\t{name}") for why, name in found.stay[:NAMED]),
        stay_more=max(0, len(found.stay) - NAMED),
    )
    return render(request, page, owner=owner)


@router.post("/imports/{import_id}/undo")
def undo(import_id: str, owner: Writer) -> Response:
    """Take it back, in this one transaction."""
    done = undoing.undo(owner.db, owner.keyring, owner.act(), import_id, now=owner.now)
    if done is None and store.get(owner.db, owner.keyring, Import, import_id) is None:
        raise NotFound
    return see_other(f"/imports/{import_id}?done=import-undone")
