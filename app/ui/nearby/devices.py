"""`/devices`: the owner's own phones, which tell this service where they are so that offers find their owner."""

import base64
import json
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import zones
from app.exchange.zones import NewDevice
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.qr import qr
from app.ui.render import render, see_other
from app.ui.view import view
from consent import ledger

router = APIRouter(include_in_schema=False)

LONGEST_LABEL = 60
OWNTRACKS = "owntracks"


@view
class Row:
    """A device in the list."""

    device_id: str
    label: str
    created_at: datetime


@view
class SetUp:
    """What a phone needs, shown once: a file, a link for the phone itself, and the same as QR code."""

    label: str
    file: str
    link: str
    qr: Markup
    url: str
    name: str
    password: str = field(repr=False)


@view(kw_only=True)
class DevicesPage(Page):
    """The list, the form for one more, and after it what is shown once."""

    template: ClassVar[str] = "devices/index.html"
    rows: tuple[Row, ...]
    secure: bool
    label: str = ""
    made: SetUp | None = None
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/devices")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    return render(request, _page(owner), owner=owner)


@router.post("/devices")
def create(request: Request, owner: Writer) -> Response:
    """Add a phone. Its token is on this page and nowhere else: what is kept is a hash."""
    errors = FormErrors()
    label = errors.limit("label", owner.form.get("label").strip(), LONGEST_LABEL) or _("Phone")
    if len(zones.devices(owner.db, owner.account_id)) >= zones.MOST_DEVICES:
        errors.add("", _("That is as many devices as one account can have. Remove one first."))
    if errors:
        return render(request, _page(owner, label=label, errors=errors), owner=owner, status=422)
    made = zones.add_device(owner.db, owner.keyring, label, kind=OWNTRACKS, now=owner.now)
    ledger.append(owner.db, owner.act(), "device.added", {"device_id": made.device_id, "kind": OWNTRACKS})
    owner.db.flush()
    return render(request, _page(owner, made=_set_up(owner, label, made)), owner=owner)


@router.post("/devices/{device_id}/remove")
def remove(device_id: str, owner: Writer) -> Response:
    """End a device: what it sends from now on is refused."""
    if not zones.remove_device(owner.db, owner.account_id, device_id):
        raise NotFound
    ledger.append(owner.db, owner.act(), "device.removed", {"device_id": device_id})
    return see_other("/devices?done=device-removed")


def configuration(url: str, made: NewDevice) -> dict[str, object]:
    """What the OwnTracks app reads (https://owntracks.org/booklet/tech/json/): HTTP mode is 3; monitoring 1 sends when the phone
    has moved a good way, and nothing of how the phone is sent beside it."""
    return {
        "_type": "configuration",
        "mode": 3,
        "url": url,
        "auth": True,
        "username": "bothways",
        "password": made.token,
        "deviceId": made.device_id[:8],
        "tid": made.device_id[:2],
        "monitoring": 1,
        "cmd": False,
        "allowRemoteLocation": False,
        "extendedData": False,
    }


def _set_up(owner: Owner, label: str, made: NewDevice) -> SetUp:
    url = f"{owner.settings.base_url}/devices/owntracks"
    text = base64.b64encode(json.dumps(configuration(url, made), separators=(",", ":")).encode()).decode()
    link = f"owntracks:///config?inline={text}"
    return SetUp(
        label, f"data:application/json;base64,{text}", link, qr(link, _("QR code that sets up the phone")), url, "bothways", made.token
    )


def _page(owner: Owner, *, label: str = "", made: SetUp | None = None, errors: FormErrors | None = None) -> DevicesPage:
    mine = owner.account_id
    rows = [
        Row(row.device_id, owner.keyring.open_bytes(zones.label_place(mine, row.device_id), row.label).decode(), row.created_at)
        for row in zones.devices(owner.db, mine)
    ]
    return DevicesPage(rows=tuple(rows), secure=owner.settings.secure, label=label, made=made, errors=errors or FormErrors())
