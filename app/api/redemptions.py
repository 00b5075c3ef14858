"""A customer shows a code at the till: good, once. It is the first that a vendor hears of an offer's having reached anybody."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import CLIENT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.problem import problem
from app.api.retries import Key, once
from app.api.schemas import Redeemed, Redemption
from app.auth.client import ByClientToken, ClientCaller
from app.auth.throttle import Limit
from app.exchange import offers
from app.exchange.idempotency import Attempt
from consent import grants

router = APIRouter(prefix="/api/v1/redemptions", route_class=DoorRoute, tags=["Messages"])

# A code has sixty random bits; this keeps whoever types them at random from being a load.
WRONG_CODE = Limit(60, timedelta(minutes=1))


@router.post(
    "",
    responses={200: gives(Redeemed), **problems("not-found", "malformed", "too-large", "idempotency-conflict")},
    openapi_extra={**takes_json(Redemption), **CLIENT_TOKEN},
    operation_id="redeem",
)
def create(request: Request, known: ByClientToken, body: Body, key: Key) -> Response:
    """Spend the code of a location offer of yours. Unknown, spent, taken back and over look the same: `not-found`.

    With an `Idempotency-Key` a till that lost the answer asks again and gets it.
    """
    typed = read_as(Redemption, strict_json(request, body)).code
    attempt = Attempt(f"client:{known.client_id}", "redemptions", key, body) if key else None
    with known.writing() as caller:
        answered = once(request, known.call, caller.db, attempt, lambda: _redeem(request, caller, typed))
    if answered.status_code == 404:
        known.call.spend((f"wrong code by {known.client_id}", WRONG_CODE))
    return answered


def _redeem(request: Request, caller: ClientCaller, typed: str) -> Response:
    hashed = offers.code_hash(caller.call.instance, typed)
    found = offers.redeem(caller.db, caller.client.client_id, hashed, caller.act, now=caller.now)
    if found is None:
        return problem(request, "not-found")
    grant = grants.find(caller.db, found.account_id, found.grant_id)
    reference = grant.client_reference if grant else None
    return answer(Redeemed(id=found.message_id, grant_id=found.grant_id, client_reference=reference, redeemed_at=caller.now))
