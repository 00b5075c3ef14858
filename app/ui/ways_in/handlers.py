"""The ways into an account: their list, a new recovery kit, what follows an unlock by recovery code, and settling an alarm."""

from dataclasses import field
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import sessions, ways_in
from app.auth.accounts import cost_of, derivations, passphrase_problems
from app.auth.owner import Owner, Reader, Sent, Writer
from app.auth.profiles import kit_id
from app.i18n import Lazy, lazy
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from app.ui.ways_in.sign_up import problem
from consent import ledger
from vault import slots, store
from vault.records import Kit
from vault.slot_set import PASSKEY, PASSPHRASE, RECOVERY, SECOND_FACTOR

router = APIRouter(include_in_schema=False)

KINDS: dict[str, Lazy] = {
    PASSPHRASE: lazy("Passphrase"),
    RECOVERY: lazy("Recovery code"),
    PASSKEY: lazy("Passkey"),
    SECOND_FACTOR: lazy("Passkey, asked for after the passphrase"),
}


@view
class WayRow:
    """One way in, or a second factor. `name` is the owner's for a passkey."""

    id: str
    kind: str
    said: str
    name: str
    made_at: datetime
    used_at: datetime | None


@view(kw_only=True)
class RecoveredPage(Page):
    """A new passphrase, after an unlock by recovery code; a new kit comes with it."""

    template: ClassVar[str] = "ways_in/recovered.html"
    login: str
    errors: FormErrors = field(default_factory=FormErrors)


def way_rows(owner: Owner) -> list[WayRow]:
    """The account's ways in, oldest first."""
    return [
        WayRow(
            id=slot.slot_id,
            kind=slot.kind,
            said=str(KINDS[slot.kind]),
            name=slots.label_of(owner.keyring, slot),
            made_at=slot.created_at,
            used_at=slot.last_used_at,
        )
        for slot in slots.slots_of(owner.db, owner.account_id)
    ]


@router.post("/settings/recovery-kit")
def create_kit(owner: Writer) -> Response:
    """A new recovery kit in place of the old one, which opens nothing from now on; shown until it is confirmed."""
    owner.require_step_up()
    slot, code = slots.new_recovery_slot(owner.keyring, now=owner.now)
    slots.replace(owner.db, owner.account, owner.keyring, slot)
    _keep(owner, code)
    ways_in.changed(owner.db, owner.stores.state, owner.act(), way=RECOVERY, what="changed")
    owner.shred_after()
    return see_other("/recovery-kit")


@router.get("/settings/recovered")
def recovered(request: Request, owner: Reader) -> Response:
    """The form, for whoever has just unlocked with the recovery code."""
    owner.require_step_up()
    return render(request, RecoveredPage(login=owner.account.login), owner=owner)


@router.post("/settings/recovered")
def recover(request: Request, sender: Sent) -> Response:
    """A new passphrase and a new recovery kit, both at once; every other browser is locked."""
    form, errors = sender.form, FormErrors()
    with sender.reading() as owner:
        owner.require_step_up()
        new = form.secret("passphrase")
        for name, code in passphrase_problems(owner.account.login, new, form.secret("again")).items():
            errors.add(name, problem(name, code))
        if errors:
            return render(request, RecoveredPage(login=owner.account.login, errors=errors), owner=owner, status=422)
    with derivations:
        passphrase = slots.new_passphrase_slot(sender.keyring, new, cost=cost_of(sender.settings), now=sender.now)
    recovery, code = slots.new_recovery_slot(sender.keyring, now=sender.now)
    with sender.writing() as owner:
        slots.replace(owner.db, owner.account, owner.keyring, passphrase, recovery)
        _keep(owner, code)
        ways_in.changed(owner.db, owner.stores.state, owner.act(), way="all", what="changed")
        sessions.end_others(owner.stores.state, owner.account_id, keep=owner.session.id_hash)
        owner.shred_after()
    return see_other("/recovery-kit")


@router.post("/settings/alarm/settle")
def settle(owner: Writer) -> Response:
    """The owner has looked at the alarm; it leaves Today and stays in the history."""
    if ways_in.unsettled(owner.db, owner.account_id) is not None:
        ledger.append(owner.db, owner.act(), "alarm.settled", {})
    return see_other("/today?done=alarm-settled")


def _keep(owner: Owner, code: str) -> None:
    """The code waits, sealed, until the owner has shown that it is on paper."""
    store.remove(owner.db, owner.keyring, Kit, kit_id(owner.account_id))
    store.add(owner.db, owner.keyring, Kit(code=code), now=owner.now, record_id=kit_id(owner.account_id))


__all__ = ["KINDS", "WayRow", "router", "way_rows"]
