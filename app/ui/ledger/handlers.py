"""History: every act upon consent or data, in the order in which it was written, and the proof that nothing is missing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.auth.owner import Owner, Reader
from app.exchange import marks
from app.i18n import Lazy, _, lazy, ngettext
from app.ui import wording
from app.ui.ledger import history, past
from app.ui.ledger.history import Line
from app.ui.pages import Page
from app.ui.render import render
from app.ui.view import view
from consent import ledger
from consent.ledger import Broken, Verified
from consent.store import LedgerEntry, LedgerHead

router = APIRouter(include_in_schema=False)

MOST = 2**53
FAULTS: Mapping[str, Lazy] = {
    "another account": lazy("it belongs to another account"),
    "missing": lazy("an entry before it is missing"),
    "out of order": lazy("it is not where it belongs"),
    "chain": lazy("it does not follow from the entry before it"),
    "changed": lazy("it was changed after it was written"),
    "details": lazy("its details are not the ones that were written"),
    "fork": lazy("it is not the history that this service remembers: it was written anew from some point on"),
    "truncated": lazy("its end is missing"),
    "beyond head": lazy("it goes on after its end"),
    "head": lazy("its end is not the one that was written down"),
}


@view(kw_only=True)
class IndexPage(Page):
    """Fifty lines, newest first. `older` is where the next fifty begin."""

    template: ClassVar[str] = "ledger/index.html"
    lines: tuple[Line, ...]
    size: int
    first: bool
    older: int | None
    brought: bool


@view(kw_only=True)
class VerifyPage(Page):
    """What the check found: `fault` is None when all holds; `entry` the number of the entry to blame, where there is one."""

    template: ClassVar[str] = "ledger/verify.html"
    at: datetime
    size: int
    verdict: str
    fault: str | None
    entry: int | None
    line: Line | None
    remembered: str
    head: str


@router.get("/ledger")
def index(request: Request, owner: Reader, before: Annotated[int | None, Query(ge=1, le=MOST)] = None) -> HTMLResponse:
    """History, newest first; `before` is a sequence number."""
    lines, older = history.newest(owner, before=before)
    size = owner.db.get_one(LedgerHead, owner.account_id).size
    page = IndexPage(lines=tuple(lines), size=size, first=before is None, older=older, brought=past.any_brought(owner))
    return render(request, page, owner=owner)


@router.get("/ledger/verify")
def verify(request: Request, owner: Reader) -> HTMLResponse:
    """Walk the whole chain, open every entry, and compare with what the state store remembers."""
    head = owner.db.get_one(LedgerHead, owner.account_id)
    mark = marks.mark_of(owner.stores.state, owner.account_id)
    entries = select(LedgerEntry).where(LedgerEntry.account_id == owner.account_id).order_by(col(LedgerEntry.seq))
    found = ledger.verify(head, owner.db.exec(entries.execution_options(yield_per=500)), mark=mark, open_details=history.opener(owner))
    return render(request, _page(owner, found, head, mark), owner=owner)


def _page(owner: Owner, found: Verified | Broken, head: LedgerHead, mark: tuple[int, bytes] | None) -> VerifyPage:
    broken = found if isinstance(found, Broken) else None
    return VerifyPage(
        at=owner.now,
        size=head.size,
        verdict=_broken(broken) if broken else _sound(head.size),
        fault=wording.of_code(FAULTS, broken.what) if broken else None,
        entry=broken.seq if broken else None,
        line=_line(owner, broken.seq) if broken and broken.seq else None,
        remembered=_remembered(mark),
        head=head.head.hex(),
    )


def _sound(size: int) -> str:
    return ngettext("One entry, and it holds.", "%(n)d entries, and every one holds.", size) % {"n": size}


def _broken(broken: Broken) -> str:
    if broken.seq is None:
        return _("The history does not hold.")
    return _("The history does not hold from entry %(n)d on.") % {"n": broken.seq}


def _line(owner: Owner, seq: int) -> Line | None:
    lines, _older = history.newest(owner, before=seq + 1)
    return lines[0] if lines and lines[0].seq == seq else None


def _remembered(mark: tuple[int, bytes] | None) -> str:
    if mark is None:
        return _("This service has no memory of its own of how far the history went: a history rewritten whole would look sound.")
    return _("Compared with what this service remembers apart from the database: %(n)d entries.") % {"n": mark[0]}
