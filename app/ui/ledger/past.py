"""History that an export brought from another host: to be read and checked, never acted upon."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Owner, Reader
from app.errors import NotFound
from app.exchange import past
from app.ui.ledger import history
from app.ui.ledger.history import Line
from app.ui.pages import Page
from app.ui.render import in_zone, render
from app.ui.view import view
from vault import store
from vault.errors import BadArchive
from vault.records import Past

router = APIRouter(include_in_schema=False)

PAGE = 50
MOST = 2**53


@view
class Brought:
    """One ledger of another host: its id, how many entries, from when to when."""

    ledger_id: str
    size: int
    first: datetime
    last: datetime


@view(kw_only=True)
class IndexPage(Page):
    """Every ledger that was brought, the one that ended last first."""

    template: ClassVar[str] = "ledger/brought.html"
    ledgers: tuple[Brought, ...]


@view(kw_only=True)
class ShowPage(Page):
    """Fifty lines, newest first. `older` is where the next fifty begin; `holds` whether the whole chain does."""

    template: ClassVar[str] = "ledger/past.html"
    brought: Brought
    lines: tuple[Line, ...]
    first: bool
    older: int | None
    holds: bool


@router.get("/ledger/past")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """Which histories there are from other hosts."""
    found = (_brought(ledger_id, _rows(owner, ledger_id, "ledger")) for ledger_id in _ids(owner))
    return render(request, IndexPage(ledgers=tuple(sorted(found, key=lambda one: one.last, reverse=True))), owner=owner)


@router.get("/ledger/past/{ledger_id}")
def show(request: Request, owner: Reader, ledger_id: str, before: Annotated[int | None, Query(ge=1, le=MOST)] = None) -> HTMLResponse:
    """One of them, newest first; `before` is a sequence number. The chain is walked again each time it is looked at."""
    if ledger_id not in _ids(owner):
        raise NotFound
    rows = _rows(owner, ledger_id, "ledger")
    chosen = [row for row in reversed(rows) if before is None or row["seq"] < before]
    names = {row["client_id"]: row["name"] for row in _rows(owner, ledger_id, "clients")}
    with in_zone(owner.profile.time_zone):
        lines = tuple(_line(row, names) for row in chosen[:PAGE])
    page = ShowPage(
        brought=_brought(ledger_id, rows),
        lines=lines,
        first=before is None,
        older=chosen[PAGE - 1]["seq"] if len(chosen) > PAGE else None,
        holds=_holds(ledger_id, rows),
    )
    return render(request, page, owner=owner)


def any_brought(owner: Owner) -> bool:
    """Whether there is history of another host."""
    return bool(_ids(owner))


def _ids(owner: Owner) -> frozenset[str]:
    pieces = store.digests(owner.db, owner.keyring, Past)
    return frozenset(str(piece.values["ledger_id"]) for piece in pieces if piece.values["part"] == "ledger")


def _rows(owner: Owner, ledger_id: str, part: str) -> list[dict[str, Any]]:
    pieces = [
        piece
        for piece in store.digests(owner.db, owner.keyring, Past)
        if (piece.values["ledger_id"], piece.values["part"]) == (ledger_id, part)
    ]
    ordered = sorted(pieces, key=lambda piece: int(str(piece.values["number"])))
    opened = (store.get(owner.db, owner.keyring, Past, piece.record_id) for piece in ordered)
    return [json.loads(row) for row in chain.from_iterable(one.fields.rows for one in opened if one is not None)]


def _brought(ledger_id: str, rows: Iterable[Mapping[str, Any]]) -> Brought:
    times = [datetime.fromisoformat(row["at"]) for row in rows]
    return Brought(ledger_id, len(times), min(times), max(times))


def _line(row: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    return history.line(past.entry_of(row), row["details"], names)


def _holds(ledger_id: str, rows: list[dict[str, Any]]) -> bool:
    try:
        past.check({(ledger_id, "ledger"): rows})
    except BadArchive:
        return False
    return True
