"""Promises: a client binds itself, sees where its promises stand, and reports what became of them."""

from datetime import datetime
from typing import Any, Final, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, Malformed, read_as, strict_json
from app.api.commitment_schemas import Commitment, CommitmentList, CommitmentReport, CommitmentShown, State
from app.api.documented import GRANT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.paging import paging, paging_documented
from app.api.problem import malformed, problem, rate_limited
from app.api.refused import answer_refused, ended, sender
from app.api.retries import Key, once
from app.auth.grant import ByGrantToken, GrantCaller, KnownGrant
from app.exchange import clocks, intake, pledges
from app.exchange.idempotency import Attempt
from app.exchange.pledges import Kind, Report
from app.tables import CommitmentClock
from consent.decision import Ask
from consent.terms import Promise, TermsError, read_promise

router = APIRouter(prefix="/api/v1/commitments", route_class=DoorRoute, tags=["Commitments"])

_ANY: Final = Ask(kind="read_data", purpose=None, channel=None)
_ENDED: Final = ("consent-withdrawn", "consent-expired")
_REPORT: Final[dict[int | str, dict[str, Any]]] = {
    200: gives(CommitmentShown),
    **problems("not-found", "malformed", "too-large", "idempotency-conflict", "gone"),
}
_REPORTED: Final = {**takes_json(CommitmentReport), **GRANT_TOKEN}
_ROUTE: Final[dict[Kind, str]] = {"evidence": "evidence", "made_good": "remedies"}


@router.post(
    "",
    status_code=201,
    responses={201: gives(CommitmentShown), **problems(*_ENDED, "malformed", "too-large", "idempotency-conflict", "gone")},
    openapi_extra={**takes_json(Commitment), **GRANT_TOKEN},
    operation_id="makeCommitment",
)
def create(request: Request, known: ByGrantToken, body: Body, key: Key) -> Response:
    """Bind yourself. No consent limits what you give: it works while the consent lives, paused or suspended, too."""
    attempt = _attempt(known, "commitments", body, key)
    with known.writing() as caller:
        return _over(request, caller) or once(request, known.call, caller.db, attempt, lambda: _make(request, caller, body))


@router.get(
    "",
    responses={200: gives(CommitmentList), **problems(*_ENDED, "malformed", "gone")},
    openapi_extra={**GRANT_TOKEN, "parameters": paging_documented()},
    operation_id="listCommitments",
)
def index(request: Request, known: ByGrantToken) -> Response:
    """The promises of this consent: those made in return for it, and those that you made since."""
    after, limit = paging(request)
    with known.writing() as caller:
        over = _over(request, caller)
        if over is not None:
            return over
        found = pledges.page(caller.db, caller.grant, after=after, limit=limit + 1)
        items = [_shown(clock, made_at) for clock, made_at in found[:limit]]
    return answer(CommitmentList(items=items, next=items[-1].id if len(found) > limit else None))


@router.post("/{commitment_id}/evidence", responses=_REPORT, openapi_extra=_REPORTED, operation_id="reportEvidence")
def evidence(request: Request, known: ByGrantToken, commitment_id: str, body: Body, key: Key) -> Response:
    """Show that a promise was kept. Its clock stands still until the owner decides; for 90 days after the end of the consent, too."""
    return _report(request, known, commitment_id, body, key=key, kind="evidence")


@router.post("/{commitment_id}/remedies", responses=_REPORT, openapi_extra=_REPORTED, operation_id="reportRemedy")
def remedies(request: Request, known: ByGrantToken, commitment_id: str, body: Body, key: Key) -> Response:
    """Report that a broken promise was made good. The clock of the remedy stands still until the owner decides."""
    return _report(request, known, commitment_id, body, key=key, kind="made_good")


def _make(request: Request, caller: GrantCaller, body: bytes) -> Response:
    said = read_as(Commitment, strict_json(request, body))
    promise = _promise(said)
    if said.due is not None and said.due <= caller.now:
        raise Malformed(("/due", "lies in the past"))
    clock = pledges.make(caller.db, caller.act, caller.grant, promise, due=said.due)
    if clock is None:
        return rate_limited(request, int(pledges.DAY.total_seconds()))
    return answer(_shown(clock, caller.now), 201)


def _attempt(known: KnownGrant, route: str, body: bytes, key: str | None) -> Attempt | None:
    return Attempt(f"grant:{known.grant_id}", route, key, body) if key else None


def _report(request: Request, known: KnownGrant, commitment_id: str, body: bytes, *, key: str | None, kind: Kind) -> Response:
    attempt = _attempt(known, f"{_ROUTE[kind]}/{commitment_id[:32]}", body, key)
    with known.writing() as caller:
        clock = pledges.of_grant(caller.db, caller.grant, commitment_id)
        if clock is None:
            return problem(request, "not-found")
        said = read_as(CommitmentReport, strict_json(request, body))
        report = Report(kind, said.text, said.url)
        return once(request, known.call, caller.db, attempt, lambda: _take(request, caller, clock, report))


def _take(request: Request, caller: GrantCaller, clock: CommitmentClock, report: Report) -> Response:
    outcome = pledges.report(caller.db, caller.act, clock, caller.client.client_id, report)
    if outcome == "too many":
        return rate_limited(request, int(pledges.DAY.total_seconds()))
    if outcome == "no use":
        wanted = "it is not broken" if report.kind == "made_good" and clock.state in pledges.OPEN_TO["evidence"] else "it is closed"
        return malformed(request, [("", f"this promise is {clock.state}: {wanted}")])
    return answer(_shown(clock, None))


def _over(request: Request, caller: GrantCaller) -> Response | None:
    no = ended(caller)
    if no is None:
        return None
    intake.refuse(caller.db, sender(caller), no, _ANY)
    return answer_refused(request, no)


def _promise(said: Commitment) -> Promise:
    words = said.model_dump(exclude_none=True, exclude={"due"})
    try:
        return read_promise(words, "")
    except TermsError as wrong:
        raise Malformed((wrong.pointer, wrong.detail)) from None


def _shown(clock: CommitmentClock, made_at: datetime | None) -> CommitmentShown:
    return CommitmentShown(
        id=clock.commitment_id,
        state=cast("State", clock.state),
        in_return=clock.in_return,
        made_at=made_at,
        due=clock.due_at,
        broken_at=clock.broken_at,
        remedy_due=clock.next_due_at if clock.broken_at is not None else None,
        reported_at=clock.stopped_at,
        suspends=clocks.suspends(clock),
    )
