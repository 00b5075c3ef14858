"""Messages: in, or refused with a reason; what the vendor may know of them; taking one back."""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import GRANT_TOKEN, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.problem import malformed, problem
from app.api.refused import answer_refused, refuse_ended, sender
from app.api.retries import Key, once
from app.api.schemas import Message, MessageAccepted, MessageStatus
from app.auth.grant import ByGrantToken, GrantCaller
from app.exchange import intake
from app.exchange.idempotency import Attempt
from app.exchange.intake import Draft
from app.tables import Message as Row
from consent.decision import RULES, Ask, Refused

router = APIRouter(prefix="/api/v1/messages", route_class=DoorRoute, tags=["Messages"])

GATE = tuple(RULES.values())
# These say "not now". A repeat of what was accepted sends nothing now, so they do not concern it.
_ABOUT_THE_MOMENT = frozenset({"outside-hours", "over-frequency"})


@router.post(
    "",
    status_code=202,
    responses={202: {"model": MessageAccepted}, **problems(*GATE, "malformed", "too-large", "idempotency-conflict", "gone")},
    openapi_extra={**takes_json(Message), **GRANT_TOKEN},
    operation_id="sendMessage",
)
def create(request: Request, known: ByGrantToken, body: Body, key: Key) -> Response:
    """Send a message, or ask whether you may deliver one yourself. 202 means that it is in; every refusal says why."""
    message = read_as(Message, strict_json(request, body))
    if message.valid_until is not None and message.valid_until <= known.call.now:
        return malformed(request, [("/valid_until", "lies in the past")])
    ask = Ask(kind=message.kind, purpose=message.purpose, channel=message.channel)
    attempt = Attempt(f"grant:{known.grant_id}", "messages", key, body) if key else None
    with known.writing() as caller:
        return once(
            request,
            known.call,
            caller.db,
            attempt,
            lambda: _send(request, caller, message, ask),
            gate=lambda: _still(request, caller, ask),
        )


@router.get(
    "/{message_id}",
    responses={200: {"model": MessageStatus}, **problems("consent-withdrawn", "consent-expired", "not-found", "gone")},
    openapi_extra=GRANT_TOKEN,
    operation_id="showMessage",
)
def show(request: Request, known: ByGrantToken, message_id: str) -> Response:
    """What a vendor may know of its message: never whether it was read, held or matched."""
    over = refuse_ended(request, known)
    if over is not None:
        return over
    with known.reading() as caller:
        row = intake.find(caller.db, caller.grant, message_id)
        return answer(_status(row, caller.now)) if row else problem(request, "not-found")


@router.delete(
    "/{message_id}",
    status_code=204,
    responses={204: {"description": "Taken back, if it was yours."}, **problems("gone")},
    openapi_extra=GRANT_TOKEN,
    operation_id="takeMessageBack",
)
def destroy(known: ByGrantToken, message_id: str) -> Response:
    """Take a message back. What the owner has not opened is erased; what was opened stays with the owner, marked."""
    with known.writing() as caller:
        intake.take_back(caller.db, sender(caller), message_id, now=caller.now)
    return Response(status_code=204)


def _send(request: Request, caller: GrantCaller, message: Message, ask: Ask) -> Response:
    if message.kind == "location_offer":
        return _location_offer(request, caller, ask)
    outcome = intake.accept(caller.db, sender(caller), _draft(message), caller.now)
    if isinstance(outcome, Refused):
        return answer_refused(request, outcome)
    return answer(MessageAccepted(id=outcome.message_id, status="accepted"), 202)


def _location_offer(request: Request, caller: GrantCaller, ask: Ask) -> Response:
    """The gate is asked as for every message; what it would let in, this version cannot deliver, and says so."""
    no = intake.weigh(caller.db, caller.grant, ask, now=caller.now)
    if no is not None:
        intake.refuse(caller.db, sender(caller), no, ask)
        return answer_refused(request, no)
    return malformed(request, [("/kind", "location offers are not accepted by this version")])


def _still(request: Request, caller: GrantCaller, ask: Ask) -> Response | None:
    """The gate before an old answer is given again: a vendor that has been shut out learns it at its next call."""
    no = intake.weigh(caller.db, caller.grant, ask, now=caller.now)
    if no is None or no.reason in _ABOUT_THE_MOMENT:
        return None
    intake.refuse(caller.db, sender(caller), no, ask)
    return answer_refused(request, no)


def _draft(message: Message) -> Draft:
    return Draft(
        kind=message.kind,
        purpose=message.purpose,
        channel=message.channel,
        title=message.title,
        body=message.body or "",
        format=message.format,
        url=message.url,
        valid_from=message.valid_from,
        valid_until=message.valid_until,
        thread=message.thread,
    )


def _status(row: Row, now: datetime) -> MessageStatus:
    if row.taken_back_at is not None:
        return MessageStatus(id=row.message_id, status="taken_back")
    over = row.valid_until is not None and row.valid_until <= now
    return MessageStatus(id=row.message_id, status="expired" if over else "accepted")
