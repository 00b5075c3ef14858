"""A dry run of the gate."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.arriving import answered, receive
from app.api.bodies import read_as, strict_json
from app.api.documented import GRANT_TOKEN, gives, problems, takes_json
from app.api.door import HotDoorRoute, answer
from app.api.schemas import Decision
from app.api.schemas import Verdict as Words
from app.auth.calls import Call
from app.exchange.idempotency import Kept
from app.exchange.intake import Accepted, Verdict
from consent.decision import Ask

router = APIRouter(prefix="/api/v1/decisions", route_class=HotDoorRoute, tags=["Messages"])


@router.post(
    "",
    responses={
        200: gives(Words),
        **problems("consent-withdrawn", "consent-expired", "malformed", "too-large", "idempotency-conflict", "gone"),
    },
    openapi_extra={**takes_json(Decision), **GRANT_TOKEN},
    operation_id="decide",
)
async def create(request: Request) -> Response:
    """Would this be let in now? Counts nothing. After the end of the consent the question itself is refused."""
    parcel = await receive(request, _read)
    asked = parcel.brought
    arrival = parcel.arrival(Ask(kind=asked.kind, purpose=asked.purpose, channel=asked.channel), route="decisions", render=_render)
    outcome = await answered(parcel, arrival, dry=parcel.key is None)
    if isinstance(outcome, Response):
        return outcome
    kept = _render(outcome)
    return Response(kept.answer, kept.status, media_type="application/json")


async def _read(request: Request, _call: Call, body: bytes) -> Decision:
    return read_as(Decision, strict_json(request, body))


def _render(outcome: Accepted | Verdict) -> Kept:
    assert isinstance(outcome, Verdict)
    return _YES if outcome.reason is None else Kept(200, bytes(answer(Words(allowed=False, reason=outcome.reason)).body))


_YES = Kept(200, bytes(answer(Words(allowed=True)).body))
