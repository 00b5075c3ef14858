"""`/till`: a contact link for ten minutes, shown big; when the till asks over it, its request opens here.

The page looks again every few seconds: by a small script, or by itself where there is none. Looking changes nothing.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlmodel import col, select
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import addresses
from app.i18n import _
from app.tables import Address
from app.ui.pages import Page
from app.ui.qr import qr
from app.ui.render import render, see_other
from app.ui.requests import roster_words
from app.ui.view import view
from consent import asking, ledger
from consent.store import Request as Asked
from vault import store
from vault.records import AddressRecord

router = APIRouter(include_in_schema=False)

LIFE = timedelta(minutes=10)
LOOK_AGAIN_SECONDS = 4


@view(kw_only=True)
class IndexPage(Page):
    """The one press, and the links of today that are still open. `shut` says why nobody could ask, "" when anybody can."""

    template: ClassVar[str] = "till/index.html"
    open: tuple[tuple[str, datetime], ...]
    shut: str


@view(kw_only=True)
class ShowPage(Page):
    """The link as a code to scan. `live` is False once it has ended; `total` and `left` are seconds."""

    template: ClassVar[str] = "till/show.html"
    address_id: str
    url: str
    qr: Markup
    live: bool
    expires_at: datetime
    total: int
    left: int
    again: int
    shut: str


@router.get("/till")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """What it is, and the press that makes one."""
    page = IndexPage(open=tuple(_open(owner)), shut=_shut(owner))
    return render(request, page, owner=owner)


@router.post("/till")
def create(owner: Writer) -> Response:
    """Make a link for ten minutes."""
    label = _("At the till")
    address_id, _handle = addresses.open_address(
        owner.db,
        owner.keyring,
        owner.account_id,
        owner.instance,
        vendor_id=None,
        label=label,
        expires_at=owner.now + LIFE,
        now=owner.now,
    )
    ledger.append(owner.db, owner.act(), "address.opened", {"address_id": address_id, "label": label})
    return see_other(f"/till/{address_id}?done=till-open")


@router.get("/till/{address_id}")
def show(request: Request, address_id: str, owner: Reader) -> Response:
    """The code while nobody has asked; the request once somebody has."""
    record, row = _find(owner, address_id)
    came = _came(owner, address_id)
    if came is not None:
        return see_other(f"/requests/{came}")
    assert row.expires_at is not None
    link, left = addresses.url(owner.settings, record.handle), int((row.expires_at - owner.now).total_seconds())
    live = row.closed_at is None and left > 0
    page = ShowPage(
        address_id=address_id,
        url=link,
        qr=qr(link, _("QR code of your contact link")),
        live=live,
        expires_at=row.expires_at,
        total=int(LIFE.total_seconds()),
        left=max(0, left),
        again=LOOK_AGAIN_SECONDS,
        shut=_shut(owner),
    )
    return render(request, page, owner=owner)


@router.post("/till/{address_id}/close")
def close(address_id: str, owner: Writer) -> Response:
    """Close it before its time."""
    _find(owner, address_id)
    if not addresses.close(owner.db, owner.account_id, address_id, now=owner.now):
        return see_other("/till?done=already")
    ledger.append(owner.db, owner.act(), "address.closed", {"address_id": address_id})
    return see_other("/till?done=till-closed")


def _find(owner: Owner, address_id: str) -> tuple[AddressRecord, Address]:
    """A link that ends, and the row it leads through. Raises NotFound for any other."""
    opened = store.get(owner.db, owner.keyring, AddressRecord, address_id)
    row = addresses.rows(owner.db, owner.account_id).get(address_id)
    if opened is None or row is None or row.expires_at is None:
        raise NotFound
    return opened.fields, row


def _open(owner: Owner) -> list[tuple[str, datetime]]:
    rows = addresses.rows(owner.db, owner.account_id).values()
    ends = [(row.address_id, row.expires_at) for row in rows if row.closed_at is None and row.expires_at and row.expires_at > owner.now]
    return sorted(((address_id, at) for address_id, at in ends if at <= owner.now + LIFE), key=lambda one: one[1], reverse=True)


def _came(owner: Owner, address_id: str) -> str | None:
    """The newest request that came over the link and waits."""
    over = (col(Asked.account_id) == owner.account_id, col(Asked.address_id) == address_id, col(Asked.state) == "pending")
    return owner.db.exec(select(Asked.request_id).where(*over).order_by(col(Asked.created_at).desc()).limit(1)).first()


def _shut(owner: Owner) -> str:
    chosen = asking.may_ask(owner.db, owner.account_id)
    return "" if chosen == asking.ANYONE else str(roster_words.MAY_ASK[chosen])
