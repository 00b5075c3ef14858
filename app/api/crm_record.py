"""What a client holds on an owner, told by itself: its CRM record."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import GRANT_TOKEN, problems, takes_json
from app.api.door import DoorRoute
from app.api.exchange_schemas import CrmRecord
from app.api.refused import refuse_ended
from app.auth.grant import ByGrantToken
from app.auth.throttle import Limit
from app.exchange import crm_records

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["CRM record"])

VERSIONS: Final = Limit(60, timedelta(hours=1))
"""A record of what is held changes with the customer, not with the clock; each version stays with the owner."""


@router.put(
    "/crm-record",
    status_code=204,
    responses={
        204: {"description": "Kept, for the owner alone."},
        **problems("consent-withdrawn", "consent-expired", "malformed", "too-large", "gone"),
    },
    openapi_extra={**takes_json(CrmRecord, key=False), **GRANT_TOKEN},
    operation_id="tellCrmRecord",
)
def update(request: Request, known: ByGrantToken, body: Body) -> Response:
    """Tell the owner what you hold on them, all of it. No consent limits this: it is yours to give while the relationship lives."""
    over = refuse_ended(request, known)
    if over is not None:
        return over
    said = read_as(CrmRecord, strict_json(request, body)).said()
    known.call.spend((f"crm records of {known.grant_id}", VERSIONS))
    with known.writing() as caller:
        crm_records.record(caller.db, caller.act, caller.grant, said)
    return Response(status_code=204)
