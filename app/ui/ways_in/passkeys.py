"""`/settings/passkeys`: passkeys that open the vault, or stand beside the passphrase where their authenticator cannot."""

from dataclasses import field
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.auth import passkeys, ways_in
from app.auth.owner import Owner, Reader, Sent, Writer
from app.auth.passkeys import NotShown
from app.auth.passphrases import secret_of
from app.errors import NotFound
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from app.ui.ways_in.handlers import WayRow, way_rows
from vault import slots
from vault.errors import LastWayIn
from vault.slot_set import MOST, PASSKEY, SECOND_FACTOR
from vault.store import Slot

router = APIRouter(include_in_schema=False)

LONGEST_LABEL = 60
# What a recovery kit, a passphrase and a rotation need beside passkeys.
MOST_PASSKEYS = MOST - 4


@view(kw_only=True)
class PasskeysPage(Page):
    """The list and the form. `available`: browsers offer passkeys at this address; `fresh`: this browser may add one now."""

    template: ClassVar[str] = "passkeys/index.html"
    passkeys: list[WayRow]
    available: bool
    secure: bool
    fresh: bool
    label: str = ""
    errors: FormErrors = field(default_factory=FormErrors)


@router.get("/settings/passkeys")
def index(request: Request, owner: Reader) -> Response:
    """The page."""
    return render(request, _page(owner), owner=owner)


@router.post("/settings/passkeys/challenge")
def challenge(sender: Sent) -> JSONResponse:
    """What an authenticator is asked when a passkey is made."""
    with sender.reading() as owner:
        owner.require_step_up()
        account, rows = owner.account, slots.slots_of(owner.db, owner.account_id)
    asked = passkeys.ask(sender.stores.state, sender.session.id_hash, "enrol", now=sender.now)
    return JSONResponse(passkeys.creation_options(sender.settings, account, rows, asked))


@router.post("/settings/passkeys")
def create(request: Request, owner: Writer) -> Response:
    """Keep a passkey that the browser has just made: as a way in with its secret, as a second factor without."""
    owner.require_step_up()
    form, errors = owner.form, FormErrors()
    label = errors.limit("label", form.get("label"), LONGEST_LABEL) or _("Passkey")
    second = form.get("role") == "second"
    secret = b"" if second else secret_of(form.get("secret"))
    rows = slots.slots_of(owner.db, owner.account_id)
    if not second and not secret:
        errors.add("", _("The passkey came without the secret that opens the vault. Nothing was kept; try again."))
    if len(passkeys.credentials(rows)) >= MOST_PASSKEYS:
        errors.add("", _("That is more passkeys than one account can have. Remove one first."))
    if errors:
        return render(request, _page(owner, label=label, errors=errors), owner=owner, status=422)
    try:
        state = owner.stores.state
        made = passkeys.register(state, owner.settings, form.get("credential"), browser=owner.session.id_hash, label=label, now=owner.now)
        slot = (
            slots.new_second_factor(owner.keyring, made, now=owner.now)
            if second
            else slots.new_passkey_slot(owner.keyring, made, secret, now=owner.now)
        )
        slots.rewrite(owner.db, owner.account, owner.keyring, add=[slot])
    except NotShown:
        errors.add("", _("The passkey could not be checked, or the page was open for too long. Nothing was kept; try again."))
    except LastWayIn:
        errors.add("", _("Make a recovery kit first: without one, losing the passkey would lock you out."))
    if errors:
        return render(request, _page(owner, label=label, errors=errors), owner=owner, status=422)
    ways_in.changed(owner.db, state, owner.act(), way=slot.kind, what="added")
    return see_other(f"/settings/passkeys?done={'second-factor-added' if second else 'passkey-added'}")


@router.post("/settings/passkeys/{slot_id}/name")
def update(slot_id: str, owner: Writer) -> Response:
    """Give a passkey another name."""
    slot = _found(owner, slot_id)
    label = owner.form.get("label")[:LONGEST_LABEL]
    if label:
        slots.rename(owner.db, owner.keyring, slot, label)
    return see_other("/settings/passkeys?done=passkey-renamed")


@router.post("/settings/passkeys/{slot_id}/remove")
def remove(slot_id: str, owner: Writer) -> Response:
    """Remove a passkey: it opens nothing from now on."""
    slot = _found(owner, slot_id)
    owner.require_step_up()
    slots.remove(owner.db, owner.account, owner.keyring, slot.slot_id)
    ways_in.changed(owner.db, owner.stores.state, owner.act(), way=slot.kind, what="removed")
    owner.shred_after()
    return see_other("/settings/passkeys?done=passkey-removed")


def _found(owner: Owner, slot_id: str) -> Slot:
    for slot in slots.slots_of(owner.db, owner.account_id):
        if slot.slot_id == slot_id and slot.kind in {PASSKEY, SECOND_FACTOR}:
            return slot
    raise NotFound


def _page(owner: Owner, *, label: str = "", errors: FormErrors | None = None) -> PasskeysPage:
    return PasskeysPage(
        passkeys=[row for row in way_rows(owner) if row.kind in {PASSKEY, SECOND_FACTOR}],
        available=passkeys.available(owner.settings),
        secure=owner.settings.secure,
        fresh=owner.fresh,
        label=label,
        errors=errors or FormErrors(),
    )
