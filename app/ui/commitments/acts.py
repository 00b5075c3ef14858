"""What the owner says of a promise: taken up, kept, broken, claimed, made good, let go, disputed; and what that does to a grant."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Writer
from app.errors import NotFound
from app.exchange import approvals, arrivals, clocks
from app.i18n import _
from app.relationships import commitments
from app.relationships.commitments import Act, IllegalAct
from app.tables import CommitmentClock
from app.ui import amounts, dates, wording
from app.ui.commitments import form as promise_form
from app.ui.commitments.page import day_of, late_since, show_page
from app.ui.commitments.promises import find
from app.ui.forms import FormErrors
from app.ui.render import render, see_other
from consent import filing, grants, ledger
from vault import store
from vault.envelope import JSON
from vault.records import Commitment

router = APIRouter(include_in_schema=False)

TOLD = {
    "accept": "commitment.accepted",
    "keep": "commitment.accepted",
    "remedy": "commitment.accepted",
    "break": "commitment.broken",
    "dispute": "commitment.broken",
}
"""The event that tells a client of an answer to its own promise; with it goes the state."""

ACTS: Mapping[str, Act] = MappingProxyType({act: act for act in commitments.EVENT_OF})
"""By the last part of the path."""


@router.post("/commitments/{commitment_id}/{act}")
def act(request: Request, commitment_id: str, act: str, owner: Writer) -> Response:
    """One act of the owner's on a promise, or on one time of it: each of `ACTS` at its own path."""
    if act not in ACTS:
        raise NotFound
    return _act(request, owner, commitment_id, ACTS[act])


def _act(request: Request, owner: Owner, commitment_id: str, act: Act) -> Response:
    # A report that came since the page was opened is part of what is decided on.
    arrivals.collect(owner.db, owner.keyring, owner.open_mailbox, now=owner.now)
    commitment = find(owner, commitment_id)
    said, errors = _read(owner, commitment, act)
    if said is None:
        page = show_page(owner, commitment_id, commitment, owner.form, errors, time=day_of(owner.form.get("occurrence")))
        return render(request, page, status=422, owner=owner)
    try:
        after = commitments.act_on(commitment, act, now=owner.now, **said)
    except IllegalAct:
        return see_other(f"/commitments/{commitment_id}?done=already")
    happened_at = said["happened_at"]
    if act == "claim" and after.grant_id and commitments.due(after) is None:
        after = after.model_copy(update={"due_at": _due_after_claim(owner, after, happened_at)})
    store.replace(owner.db, owner.keyring, commitment_id, after, now=owner.now)
    clock = clocks.set_clock(owner.db, owner.account_id, commitment_id, after)
    noted = _noted(commitment_id, after.promise, said)
    if not (act == "accept" and _countersigned(owner, commitment_id, after, noted)):
        ledger.append(owner.db, owner.act(), f"commitment.{commitments.EVENT_OF[act]}", noted)
    return see_other(f"/commitments/{commitment_id}?done={_consequences(owner, clock, act)}")


def _countersigned(owner: Owner, commitment_id: str, commitment: Commitment, noted: Mapping[str, JSON]) -> bool:
    """Sign a receipt of a promise that a company bound itself by beside the terms, while its permission lives. Whether there is one."""
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id) if commitment.grant_id else None
    if grant is None or grant.status not in grants.LIVE:
        return False
    due, owed = commitments.due(commitment), commitment.remedy
    remedy = {f"bw:{name}": value for name, value in owed.model_dump(exclude={"note"}).items() if value} if owed else None
    parts = {"bw:promise": commitment.promise, "bw:due": wording.iso(due) if due else None, "bw:remedy": remedy}
    promise = {name: value for name, value in parts.items() if value}
    act = owner.act(signer=owner.signer_for(grant.client_id))
    filing.file_accepted(owner.db, act, grant, commitment_id=commitment_id, promise=promise, details=noted)
    return True


def _noted(commitment_id: str, promise: str, said: Mapping[str, Any]) -> dict[str, JSON]:
    """What the history keeps of an act."""
    days = {name: said[name].isoformat() for name in ("occurrence", "through") if said[name]}
    paid = dict(zip(("amount", "currency"), said["amount"] or (), strict=False))
    note = {"note": said["note"]} if said["note"] else {}
    return {"commitment_id": commitment_id, "promise": promise, "happened_at": wording.iso(said["happened_at"]), **days, **paid, **note}


def _consequences(owner: Owner, clock: CommitmentClock, act: Act) -> str:
    """Tell the client whose promise it is, and lift what it suspended; the code of what the next page says."""
    if clock.grant_id is None:
        return "noted"
    if act in TOLD:
        clocks.tell(owner.db, owner.act(), clock, TOLD[act])
    return "noted-resumed" if clocks.let_go(owner.db, owner.act(), clock.grant_id) else "noted"


def _due_after_claim(owner: Owner, commitment: Commitment, claimed_at: datetime) -> datetime | None:
    grant = grants.find(owner.db, owner.account_id, commitment.grant_id) if commitment.grant_id else None
    return approvals.due_after_claim(grant, commitment.promise, claimed_at=claimed_at) if grant else None


def _read(owner: Owner, commitment: Commitment, act: Act) -> tuple[dict[str, Any] | None, FormErrors]:
    """What was typed beside an act; None and the errors where it cannot be so."""
    errors, form = FormErrors(), owner.form
    note = errors.limit("note", form.get("note"), promise_form.LONGEST_NOTE)
    day = dates.read("happened_on", form.get("happened_on"), errors, latest=dates.today(owner))
    happened_at = dates.moment(owner, day or (late_since(commitment, owner) if act == "break" else None))
    amount = _amount(form, errors) if act in {"claim", "remedy"} else None
    if errors:
        return None, errors
    occurrence, through = day_of(form.get("occurrence")), day_of(form.get("through"))
    if act == "start":
        occurrence, through = happened_at.astimezone(ZoneInfo(commitment.time_zone)).date(), None
    if through is not None and (occurrence is None or through < occurrence):
        raise NotFound
    return {"happened_at": happened_at, "note": note, "occurrence": occurrence, "through": through, "amount": amount}, errors


def _amount(form: Form, errors: FormErrors) -> tuple[str, str] | None:
    """Money as typed, not below nothing; None for none."""
    if bool(form.get("amount")) != bool(form.get("currency")):
        errors.add("currency" if form.get("amount") else "amount", _("An amount and its currency come together."))
    amount, currency = amounts.read(form.get("amount"), form.get("currency"), errors)
    if amount and amount.startswith("-"):
        errors.add("amount", _("An amount is not below nothing."))
    return (amount, currency) if amount and currency else None
