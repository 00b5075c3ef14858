"""A dry run of the gate."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import GRANT_TOKEN, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.refused import answer_refused, ended, sender
from app.api.retries import Key, once
from app.api.schemas import Decision, Verdict
from app.auth.grant import ByGrantToken, GrantCaller
from app.exchange import intake
from app.exchange.idempotency import Attempt
from consent.decision import Ask

router = APIRouter(prefix="/api/v1/decisions", route_class=DoorRoute, tags=["Messages"])


@router.post(
    "",
    responses={
        200: {"model": Verdict},
        **problems("consent-withdrawn", "consent-expired", "malformed", "too-large", "idempotency-conflict", "gone"),
    },
    openapi_extra={**takes_json(Decision), **GRANT_TOKEN},
    operation_id="decide",
)
def create(request: Request, known: ByGrantToken, body: Body, key: Key) -> Response:
    """Would this be let in now? Counts nothing. After the end of the consent the question itself is refused."""
    decision = read_as(Decision, strict_json(request, body))
    ask = Ask(kind=decision.kind, purpose=decision.purpose, channel=decision.channel)
    attempt = Attempt(f"grant:{known.grant_id}", "decisions", key, body) if key else None
    with known.writing() as caller:
        return _over(request, caller, ask) or once(request, known.call, caller.db, attempt, lambda: _verdict(caller, ask))


def _verdict(caller: GrantCaller, ask: Ask) -> Response:
    no = intake.weigh(caller.db, caller.grant, ask, now=caller.now)
    return answer(Verdict(allowed=no is None, reason=no.reason if no else None))


def _over(request: Request, caller: GrantCaller, ask: Ask) -> Response | None:
    no = ended(caller)
    if no is None:
        return None
    intake.refuse(caller.db, sender(caller), no, ask)
    return answer_refused(request, no)
