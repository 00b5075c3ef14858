"""Messages: in, or refused with a reason; what the vendor may know of them; taking one back."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api.arriving import answered, receive
from app.api.bodies import Malformed, read_as, strict_json
from app.api.documented import GRANT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, HotDoorRoute, answer
from app.api.location_offers import offered
from app.api.problem import problem
from app.api.refused import refuse_ended, sender
from app.api.schemas import Message, MessageAccepted, MessageStatus
from app.auth.calls import Call
from app.auth.grant import ByGrantToken, GrantCaller
from app.exchange import intake, offers
from app.exchange.idempotency import Kept
from app.exchange.intake import Accepted, Draft, Verdict
from app.exchange.offers import Offered
from app.tables import Message as Row
from consent.decision import RULES

hot = APIRouter(prefix="/api/v1/messages", route_class=HotDoorRoute, tags=["Messages"])
router = APIRouter(prefix="/api/v1/messages", route_class=DoorRoute, tags=["Messages"])

GATE = tuple(RULES.values())


@hot.post(
    "",
    status_code=202,
    responses={202: gives(MessageAccepted), **problems(*GATE, "malformed", "too-large", "idempotency-conflict", "gone")},
    openapi_extra={**takes_json(Message), **GRANT_TOKEN},
    operation_id="sendMessage",
)
async def create(request: Request) -> Response:
    """Send a message, or ask whether you may deliver one yourself. 202 means that it is in; every refusal says why."""
    parcel = await receive(request, _read)
    draft = parcel.brought
    outcome = await answered(parcel, parcel.arrival(draft.ask, route="messages", render=_render, draft=draft), dry=False)
    if isinstance(outcome, Response):
        return outcome
    kept = _render(outcome)
    return Response(kept.answer, kept.status, media_type="application/json")


@router.get(
    "/{message_id}",
    responses={200: gives(MessageStatus), **problems("consent-withdrawn", "consent-expired", "not-found", "gone")},
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
        return answer(_status(caller, row)) if row else problem(request, "not-found")


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


async def _read(request: Request, call: Call, body: bytes) -> Draft:
    message = read_as(Message, strict_json(request, body))
    if message.valid_until is not None and message.valid_until <= call.now:
        raise Malformed(("/valid_until", "lies in the past"))
    # An area of thousands of corners takes a while to be looked over; the event loop does not wait for it.
    return _draft(message, None if message.area is None else await run_in_threadpool(offered, call, message))


def _render(outcome: Accepted | Verdict) -> Kept:
    assert isinstance(outcome, Accepted)
    return Kept(202, b'{"id":"%s","status":"accepted"}' % outcome.message_id.encode())  # a MessageAccepted, as a test compares


def _draft(message: Message, offer: Offered | None) -> Draft:
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
        offer=offer,
    )


def _status(caller: GrantCaller, row: Row) -> MessageStatus:
    """What the client did itself, what the clock did, and a code that was redeemed at its own till."""
    over = row.valid_until is not None and row.valid_until <= caller.now
    status: Literal["accepted", "expired", "taken_back"] = "taken_back" if row.taken_back_at else "expired" if over else "accepted"
    redeemed_at = offers.redeemed_at(caller.db, row.account_id, row.message_id) if row.kind == offers.KIND else None
    return MessageStatus(id=row.message_id, status=status, redeemed_at=redeemed_at)
