"""Contact links: make one for a company, show it as an address and as a QR code, close it; and the public page behind it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse
from markupsafe import Markup
from sqlmodel import col, func, select
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import addresses, approvals
from app.i18n import _
from app.tables import Address
from app.ui.addresses import strangers
from app.ui.addresses.strangers import Stranger
from app.ui.pages import Page
from app.ui.qr import qr
from app.ui.render import render, see_other
from app.ui.requests.handlers import desk
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.view import view
from consent import ledger
from consent.store import Request as Asked
from vault import store
from vault.envelope import JSON
from vault.records import AddressRecord

router = APIRouter(include_in_schema=False)

TILL = timedelta(minutes=10)
LONGEST_LABEL = 200
_OWN_PAGE = re.compile(r"/(requests|addresses)/[0-9a-f]{32}")


@view
class Row:
    """A contact link in the list. `state` is open, closed or over."""

    address_id: str
    label: str
    vendor: str
    state: str
    created_at: datetime
    expires_at: datetime | None


@view(kw_only=True)
class IndexPage(Page):
    """Every contact link, and the form for one that is not tied to a company yet."""

    template: ClassVar[str] = "addresses/index.html"
    live: tuple[Row, ...]
    ended: tuple[Row, ...]
    vendors: tuple[tuple[str, str], ...]


@view(kw_only=True)
class ShowPage(Page):
    """One contact link: the address and its QR code while it is open."""

    template: ClassVar[str] = "addresses/show.html"
    address_id: str
    label: str
    known: Known | None
    state: str
    url: str
    qr: Markup
    created_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    used: int
    strangers: tuple[Stranger, ...]


@view(kw_only=True)
class PublicPage(Page):
    """What a person sees who follows a contact link. The same for every handle there could be."""

    template: ClassVar[str] = "addresses/public.html"
    url: str


@router.get("/addresses")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list."""
    mine = clients.vendors(owner)
    rows = addresses.rows(owner.db, owner.account_id)
    digests = owner.digests(AddressRecord)
    found = [_row(digest.record_id, digest.values, rows.get(digest.record_id), mine, owner.now) for digest in digests]
    found.sort(key=lambda row: row.created_at, reverse=True)
    page = IndexPage(
        live=tuple(row for row in found if row.state == "open"),
        ended=tuple(row for row in found if row.state != "open"),
        vendors=(("", _("nobody yet")), *((one.vendor_id, one.name) for one in mine.values())),
    )
    return render(request, page, owner=owner)


@router.post("/addresses")
def create(owner: Writer) -> Response:
    """Make a link for a company chosen in the form, or for nobody yet."""
    return _create(owner, owner.form.get("vendor") or None)


@router.post("/vendors/{vendor_id}/addresses")
def create_for(vendor_id: str, owner: Writer) -> Response:
    """Make a link for one company."""
    return _create(owner, vendor_id)


@router.get("/addresses/{address_id}")
def show(request: Request, address_id: str, owner: Reader) -> HTMLResponse:
    """One link, to copy or to be scanned."""
    opened = store.get(owner.db, owner.keyring, AddressRecord, address_id)
    if opened is None:
        raise NotFound
    record = opened.fields
    row = addresses.rows(owner.db, owner.account_id).get(address_id)
    link = addresses.url(owner.settings, record.handle)
    used = select(func.count()).where(col(Asked.account_id) == owner.account_id, col(Asked.address_id) == address_id)
    page = ShowPage(
        address_id=address_id,
        label=record.label,
        known=clients.vendors(owner).get(record.vendor_id) if record.vendor_id else None,
        state=_state(row, owner.now),
        url=link,
        qr=qr(link, _("QR code of your contact link")),
        created_at=record.created_at,
        expires_at=record.expires_at,
        closed_at=row.closed_at if row else None,
        used=int(owner.db.exec(used).one()),
        strangers=tuple(strangers.of_owner(owner, address_id=address_id)),
    )
    return render(request, page, owner=owner)


@router.post("/addresses/{address_id}/close")
def close(address_id: str, owner: Writer) -> Response:
    """Close a link: it answers from now on as if it had never been."""
    if store.get(owner.db, owner.keyring, AddressRecord, address_id) is None:
        raise NotFound
    if not addresses.close(owner.db, owner.account_id, address_id, now=owner.now):
        return see_other(f"/addresses/{address_id}?done=already")
    ledger.append(owner.db, owner.act(), "address.closed", {"address_id": address_id})
    return see_other(f"/addresses/{address_id}?done=address-closed")


@router.post("/addresses/{address_id}/together")
def together(address_id: str, owner: Writer) -> Response:
    """The system that uses the link belongs to the company that it was given to: the owner says so, and it is noted there."""
    opened = store.get(owner.db, owner.keyring, AddressRecord, address_id)
    client_id, vendor_id = owner.form.get("client"), opened.fields.vendor_id if opened else None
    if vendor_id is None or client_id not in {one.client_id for one in strangers.of_owner(owner, address_id=address_id)}:
        raise NotFound
    client = clients.of_ids(owner.db, [client_id])[client_id]
    approvals.tie(desk(owner), client, vendor_id)
    ledger.append(owner.db, owner.act(), "client.tied", {"client_id": client_id, "vendor_id": vendor_id, "address_id": address_id})
    back = owner.form.get("back")
    return see_other(f"{back if _OWN_PAGE.fullmatch(back) else f'/addresses/{address_id}'}?done=together")


@router.get("/a/{handle}")
def public(request: Request, handle: str) -> Response:
    """Behind the link: JSON for a program, a page for a person.

    The database is not asked: unknown, closed and live handles answer alike, in the same time.
    """
    settings = request.app.state.settings
    if _wants_json(request.headers.get("accept", "")):
        answer: Response = JSONResponse(addresses.describe(settings, request.app.state.instance, handle))
    else:
        answer = render(request, PublicPage(url=addresses.url(settings, handle)))
    answer.headers["Vary"] = "Accept"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _create(owner: Owner, vendor_id: str | None) -> Response:
    mine = clients.vendors(owner)
    if vendor_id is not None and vendor_id not in mine:
        raise NotFound
    till = owner.form.get("life") == "till"
    address_id, _handle = addresses.open_address(
        owner.db,
        owner.keyring,
        owner.account_id,
        owner.instance,
        vendor_id=vendor_id,
        label=owner.form.get("label")[:LONGEST_LABEL],
        expires_at=owner.now + TILL if till else None,
        now=owner.now,
    )
    ledger.append(owner.db, owner.act(), "address.opened", {"address_id": address_id, "label": owner.form.get("label")[:LONGEST_LABEL]})
    return see_other(f"/addresses/{address_id}?done=address-made")


def _state(row: Address | None, now: datetime) -> str:
    if row is None or row.closed_at is not None:
        return "closed"
    return "over" if row.expires_at is not None and now >= row.expires_at else "open"


def _row(address_id: str, values: Mapping[str, JSON], row: Address | None, mine: dict[str, Known], now: datetime) -> Row:
    vendor = mine.get(str(values["vendor_id"]))
    return Row(
        address_id=address_id,
        label=str(values["label"]),
        vendor=vendor.name if vendor else "",
        state=_state(row, now),
        created_at=datetime.fromisoformat(str(values["created_at"])),
        expires_at=datetime.fromisoformat(str(values["expires_at"])) if values["expires_at"] else None,
    )


def _wants_json(accept: str) -> bool:
    """Whether JSON is asked for by name, and not a page before it."""
    kinds = [part.split(";", 1)[0].strip().lower() for part in accept.split(",")]
    if "application/json" not in kinds:
        return False
    return "text/html" not in kinds or kinds.index("application/json") < kinds.index("text/html")
