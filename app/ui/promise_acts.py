"""What the owner says of a promise: taken up, kept, broken, claimed, made good, let go, disputed; and what that does to a grant."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth.owner import Owner, Writer
from app.exchange import approvals, arrivals, clocks
from app.i18n import _
from app.relationships import commitments
from app.relationships.commitments import Act
from app.tables import CommitmentClock
from app.ui import promise_form, wording
from app.ui.commitments import find, show_page
from app.ui.forms import FormErrors
from app.ui.render import render, see_other
from consent import grants, ledger
from vault import store
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


@router.post("/commitments/{commitment_id}/accept")
def accept(request: Request, commitment_id: str, owner: Writer) -> Response:
    """The owner takes up what they offered."""
    return _act(request, owner, commitment_id, "accept")


@router.post("/commitments/{commitment_id}/keep")
def keep(request: Request, commitment_id: str, owner: Writer) -> Response:
    """It was kept."""
    return _act(request, owner, commitment_id, "keep")


@router.post("/commitments/{commitment_id}/break")
def broke(request: Request, commitment_id: str, owner: Writer) -> Response:
    """It was broken."""
    return _act(request, owner, commitment_id, "break")


@router.post("/commitments/{commitment_id}/claim")
def claim(request: Request, commitment_id: str, owner: Writer) -> Response:
    """The owner asked for what is owed."""
    return _act(request, owner, commitment_id, "claim")


@router.post("/commitments/{commitment_id}/remedy")
def remedy(request: Request, commitment_id: str, owner: Writer) -> Response:
    """They made it good."""
    return _act(request, owner, commitment_id, "remedy")


@router.post("/commitments/{commitment_id}/waive")
def waive(request: Request, commitment_id: str, owner: Writer) -> Response:
    """The owner lets it go."""
    return _act(request, owner, commitment_id, "waive")


@router.post("/commitments/{commitment_id}/dispute")
def dispute(request: Request, commitment_id: str, owner: Writer) -> Response:
    """What they report is not so: the clock goes on with what was left."""
    return _act(request, owner, commitment_id, "dispute")


def _act(request: Request, owner: Owner, commitment_id: str, act: Act) -> Response:
    # A report that came since the page was opened is part of what is decided on.
    arrivals.collect(owner.db, owner.keyring, owner.open_mailbox, now=owner.now)
    commitment = find(owner, commitment_id)
    if act not in commitments.acts(commitment):
        return see_other(f"/commitments/{commitment_id}?done=already")
    errors = FormErrors()
    note = errors.limit("note", owner.form.get("note"), promise_form.LONGEST_NOTE)
    happened_at = _happened(owner, errors)
    if errors or happened_at is None:
        return render(request, show_page(owner, commitment_id, commitment, owner.form, errors), status=422, owner=owner)
    after = commitments.act_on(commitment, act, happened_at=happened_at, now=owner.now, note=note)
    if act == "claim" and after.grant_id and commitments.due(after) is None:
        after = after.model_copy(update={"due_at": _due_after_claim(owner, after, happened_at)})
    store.replace(owner.db, owner.keyring, commitment_id, after, now=owner.now)
    clock = clocks.set_clock(owner.db, owner.account_id, commitment_id, after)
    noted = {"commitment_id": commitment_id, "promise": after.promise, "happened_at": wording.iso(happened_at)}
    ledger.append(owner.db, owner.act(), f"commitment.{commitments.EVENT_OF[act]}", noted | ({"note": note} if note else {}))
    return see_other(f"/commitments/{commitment_id}?done={_consequences(owner, clock, act)}")


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


def _happened(owner: Owner, errors: FormErrors) -> datetime | None:
    """When it happened: now for today or an empty field, else noon of that local day. Not in the future."""
    zone = ZoneInfo(owner.profile.time_zone)
    today = owner.now.astimezone(zone).date()
    try:
        day = date.fromisoformat(owner.form.get("happened_on") or today.isoformat())
        if day < today:
            return datetime.combine(day, time(12), tzinfo=zone)
    except (ValueError, OverflowError):
        errors.add("happened_on", _("A date such as 2027-06-30, please."))
        return None
    if day > today:
        errors.add("happened_on", _("This day has not come yet."))
        return None
    return owner.now
