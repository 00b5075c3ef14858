"""Quiet hours: chosen in the settings, or none."""

from datetime import time

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.owner import Writer
from app.auth.profiles import profile_id
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.render import render, see_other
from app.ui.settings.handlers import settings_page
from consent import ledger
from vault import store
from vault.records import Profile

router = APIRouter(include_in_schema=False)


@router.post("/settings/quiet-hours")
def update(request: Request, owner: Writer) -> Response:
    """Choose them, or none."""
    start, end, errors = owner.form.get("quiet_from"), owner.form.get("quiet_to"), FormErrors()
    if bool(start) != bool(end):
        errors.add("quiet_to" if start else "quiet_from", _("Give both times, or neither."))
    elif start and not (_clock(start) and _clock(end)):
        errors.add("quiet_from", _("Times such as 22:00 and 07:30, please."))
    elif start and start == end:
        errors.add("quiet_to", _("From and to are the same. To let nothing in at all, pause everything."))
    if errors:
        return render(request, settings_page(owner, quiet=(start, end), errors=errors), owner=owner, status=422)
    profile = owner.profile.model_copy(update={"quiet_from": start or None, "quiet_to": end or None})
    place = profile_id(owner.account_id)
    if store.get(owner.db, owner.keyring, Profile, place) is None:
        store.add(owner.db, owner.keyring, profile, now=owner.now, record_id=place)
    else:
        store.replace(owner.db, owner.keyring, place, profile, now=owner.now)
    ledger.append(owner.db, owner.act(), "profile.changed", {"what": "quiet hours"})
    return see_other("/settings?done=profile-saved")


def _clock(typed: str) -> bool:
    try:
        return len(typed) == 5 and time.fromisoformat(typed).tzinfo is None
    except ValueError:
        return False
