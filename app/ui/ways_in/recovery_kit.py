"""`/recovery-kit`: the code for the day the passphrase is forgotten, shown until three of its groups have come back."""

import secrets
from dataclasses import field
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.auth.profiles import kit_id, kit_of
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.qr import qr
from app.ui.render import render, see_other
from app.ui.view import view
from vault import recovery, slots, store
from vault.records import Kit, Vendor
from vault.slot_set import RECOVERY

router = APIRouter(include_in_schema=False)

ASKED = 3


@view(kw_only=True)
class RecoveryKitPage(Page):
    """The sheet and the question. `asked` are positions, counted from 1; `typed` what was answered, by position."""

    template: ClassVar[str] = "recovery_kit/show.html"
    login: str
    host: str
    made_at: datetime
    groups: list[str] = field(repr=False)
    qr: Markup = field(repr=False)
    asked: list[int]
    typed: dict[int, str] = field(default_factory=dict, repr=False)
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/recovery-kit")
def show(request: Request, owner: Reader) -> Response:
    """The kit, while it waits to be confirmed; afterwards there is nothing to show."""
    kit = kit_of(owner.db, owner.keyring)
    if kit is None:
        return see_other("/today")
    positions = range(1, len(recovery.groups(kit.code)) + 1)
    return render(request, _page(owner, kit, sorted(secrets.SystemRandom().sample(positions, ASKED))), owner=owner)


@router.post("/recovery-kit")
def confirm(request: Request, owner: Writer) -> Response:
    """Compare three groups. When they are right the code leaves the database for good."""
    kit = kit_of(owner.db, owner.keyring)
    if kit is None:
        return see_other("/today")
    groups = recovery.groups(kit.code)
    asked = _asked(owner.form.get("asked"), len(groups))
    typed = {position: owner.form.get(f"group-{position}") for position in asked}
    errors = FormErrors()
    for position in asked:
        if not _matches(kit.code, position, typed[position]):
            errors.add(f"group-{position}", _("Group %(number)d is different on your sheet. Look again.") % {"number": position})
    if errors or len(asked) < ASKED:
        return render(request, _page(owner, kit, asked, typed=typed, errors=errors), owner=owner, status=422)
    store.remove(owner.db, owner.keyring, Kit, kit_id(owner.account_id))
    begun = bool(store.digests(owner.db, owner.keyring, Vendor))
    return see_other("/today?done=kit-kept" if begun else "/first-evening?done=kit-kept")


def _matches(code: str, position: int, typed: str) -> bool:
    # The typed group takes its place in the code and the whole is read as at unlocking, with the same forgiveness for O and 0.
    groups = recovery.groups(code)
    groups[position - 1] = typed
    return recovery.parse("-".join(groups)) == code


def _asked(text: str, count: int) -> list[int]:
    # Which three are asked travels with the form: whoever can change it already sees the whole code above.
    found = sorted({int(part) for part in text.split(",") if part.isdecimal() and 1 <= int(part) <= count})
    return found[:ASKED] if len(found) >= ASKED else list(range(1, ASKED + 1))


def _page(
    owner: Owner, kit: Kit, asked: list[int], *, typed: dict[int, str] | None = None, errors: FormErrors | None = None
) -> RecoveryKitPage:
    return RecoveryKitPage(
        login=owner.account.login,
        host=urlsplit(owner.settings.base_url).netloc,
        made_at=next(slot.created_at for slot in slots.slots_of(owner.db, owner.account_id) if slot.kind == RECOVERY),
        groups=recovery.groups(kit.code),
        qr=qr(kit.code, _("The recovery code as a QR code")),
        asked=asked,
        typed=typed or {},
        errors=errors or FormErrors(),
    )
