"""The claim letter: filled from the record of a promise, the owner's to change, kept as a letter and printed from there."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import ValidationError
from starlette.responses import Response

from app.auth.form import Form
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import clocks, letters, sealing_keys
from app.i18n import _
from app.relationships import claim_words, commitments
from app.relationships.claim_words import Claim
from app.ui import wording
from app.ui.commitments import form as promise_form
from app.ui.commitments import proofs
from app.ui.commitments.page import day_of
from app.ui.commitments.promises import find
from app.ui.forms import FormErrors
from app.ui.letters import writing_to
from app.ui.letters.handlers import WAYS, words
from app.ui.letters.writing_to import Addressee
from app.ui.pages import Page
from app.ui.render import as_date, as_datetime, in_zone, render, see_other
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import ledger
from consent.terms import duration
from vault import store
from vault.records import Commitment, LetterRecord, Vendor

router = APIRouter(include_in_schema=False)

FIELDS = ("subject", "body", "way")
FORTNIGHT = "P14D"
"""What they are given to answer where the promise gives no time for its remedy."""


@view(kw_only=True)
class ClaimPage(Page):
    """The letter as a form. `claimable`: keeping it may be noted as the claim; `time` is which of several times it is about."""

    template: ClassVar[str] = "commitments/claim.html"
    commitment_id: str
    promise: str
    to: Addressee
    time: date | None
    ways: tuple[tuple[str, str], ...]
    claimable: bool
    values: Mapping[str, str]
    errors: Mapping[str, str]


@router.get("/commitments/{commitment_id}/claim-letter")
def new(request: Request, commitment_id: str, owner: Reader, time: str = "") -> HTMLResponse:
    """The letter, filled in."""
    commitment, day = find(owner, commitment_id), day_of(time)
    to = _addressee(owner, commitment)
    with in_zone(owner.profile.time_zone):
        claim = filled(owner, commitment_id, commitment, to, day)
    values = {"subject": claim_words.subject(claim), "body": claim_words.body(claim), "way": "api" if to.key else "post"}
    return render(request, _page(commitment_id, commitment, to, values, {}, day=day), owner=owner)


@router.post("/commitments/{commitment_id}/claim-letter")
def create(request: Request, commitment_id: str, owner: Writer) -> Response:
    """Send it, or keep it to be printed or mailed; and note the claim where the owner says so."""
    commitment, form = find(owner, commitment_id), owner.form
    to, day = _addressee(owner, commitment), day_of(form.get("time"))
    letter, errors = _read(form, to, commitment_id, owner)
    if letter is None:
        values = {name: form.get(name) for name in FIELDS}
        return render(request, _page(commitment_id, commitment, to, values, errors, day=day), status=422, owner=owner)
    if form.checked("claim"):
        _claim(owner, commitment_id, commitment, day)
    if letter.way == "api" and to.grant and to.key:
        sealing_keys.settle(owner.db, to.grant, to.key, now=owner.now)
        letter_id = letters.send(owner.db, owner.act(), owner.keyring, to.grant, letter, key=to.key)
        return see_other(f"/letters/{letter_id}?done=letter-sent")
    return see_other(f"/letters/{letters.draft(owner.db, owner.keyring, letter, now=owner.now)}?done=claim-kept")


def filled(owner: Owner, commitment_id: str, commitment: Commitment, to: Addressee, day: date | None) -> Claim:
    """What the record says, for the letter. Dates are told in the zone of the block around it."""
    one = commitments.alone(commitment, day) if day else commitment
    broken, claimed, refused = (commitments.last(one.events, kind) for kind in ("broken", "claimed", "refused"))
    vendor = store.get(owner.db, owner.keyring, Vendor, commitment.vendor_id)
    numbers = vendor.fields.customer_numbers if vendor else ()
    evidence = proofs.of(owner, commitment_id, commitment).shown
    due = commitments.due(one)
    return Claim(
        company=to.name,
        promise=plain(one.promise),
        said_on=as_date(_said_on(commitment)),
        where="" if one.source == "other" else wording.of_code(wording.SOURCE, one.source),
        due=as_date(one.due_date) if one.due_date else as_datetime(due),
        went=plain(broken.note) if broken else "",
        broken_on=as_date(broken.happened_at) if broken else "",
        claimed_on=as_date(claimed.happened_at) if claimed else "",
        refused_on=as_date(refused.happened_at) if refused else "",
        refused=plain(refused.note) if refused else "",
        owed=promise_form.remedy_words(one.remedy) if one.remedy else "",
        owed_note=plain(one.remedy.note) if one.remedy else "",
        evidence=tuple(
            _("%(name)s: %(shows)s") % {"name": each.row.name, "shows": each.shows} if each.shows else each.row.name for each in evidence
        ),
        by=as_date(_answer_by(owner, one)),
        customer_number=plain(numbers[0]) if numbers else "",
        sender=plain(writing_to.only(owner, "pd:Name")),
    )


def _said_on(commitment: Commitment) -> date | datetime | None:
    """When it was promised; None where nobody told, and the record only knows when it was written down. Over the API both are one."""
    return commitment.events[0].happened_at if commitment.source == "api" and commitment.events else commitment.said_on


def _answer_by(owner: Owner, commitment: Commitment) -> date:
    within = commitment.remedy.within if commitment.remedy else None
    return duration(within or FORTNIGHT).after(owner.now).astimezone(ZoneInfo(owner.profile.time_zone)).date()


def _claim(owner: Owner, commitment_id: str, commitment: Commitment, day: date | None) -> None:
    may = commitments.acts_on_time(commitment, day) if day else commitments.acts(commitment)
    if "claim" not in may:
        return
    after = commitments.act_on(commitment, "claim", happened_at=owner.now, now=owner.now, occurrence=day)
    store.replace(owner.db, owner.keyring, commitment_id, after, now=owner.now)
    clocks.set_clock(owner.db, owner.account_id, commitment_id, after)
    noted = {"commitment_id": commitment_id, "promise": after.promise, "happened_at": wording.iso(owner.now)}
    ledger.append(owner.db, owner.act(), "commitment.claimed", noted)


def _addressee(owner: Owner, commitment: Commitment) -> Addressee:
    """The company; where a permission carries the promise, by that. Raises NotFound for a company that is gone, for own promises,
    and for what the law asks, which has letters of its own."""
    if not commitments.backing(commitment).promised:
        raise NotFound
    found = writing_to.addressee(owner, commitment.grant_id) if commitment.grant_id else None
    found = found or writing_to.addressee(owner, commitment.vendor_id)
    if found is None:
        raise NotFound
    return found


def _page(
    commitment_id: str, commitment: Commitment, to: Addressee, values: Mapping[str, str], errors: Mapping[str, str], *, day: date | None
) -> ClaimPage:
    offered = [code for code in ("api", "email", "post") if code != "api" or to.key]
    may = commitments.acts_on_time(commitment, day) if day else commitments.acts(commitment)
    return ClaimPage(
        commitment_id=commitment_id,
        promise=plain(commitment.promise),
        to=to,
        time=day,
        ways=tuple((code, str(WAYS[code])) for code in offered),
        claimable="claim" in may,
        values=values,
        errors=errors,
    )


def _read(form: Form, to: Addressee, commitment_id: str, owner: Owner) -> tuple[LetterRecord | None, FormErrors]:
    errors = FormErrors()
    subject, body, way = *words(form, errors), form.get("way")
    if way not in WAYS or way == "other" or (way == "api" and not to.key):
        errors.add("way", _("Choose how it is to go."))
    if errors:
        return None, errors
    said = {"to": to.name, "kind": "claim", "way": way, "subject": subject, "body": body, "about": commitment_id, "written_at": owner.now}
    mine = {"vendor_id": to.vendor_id, "grant_id": to.grant_id, "client_id": to.client_id}
    try:
        return LetterRecord.model_validate({**said, **mine}), errors
    except ValidationError:
        errors.add("body", _("This contains characters that cannot be kept. Type it again."))
        return None, errors
