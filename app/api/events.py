"""The events of all relationships, for those who ask instead of being called."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.documented import CLIENT_TOKEN, gives, problems
from app.api.door import DoorRoute, answer
from app.api.event_schemas import EventList, EventShown
from app.api.paging import paging, paging_documented
from app.auth.client import ByClientToken
from app.exchange import outbox
from consent import events

router = APIRouter(prefix="/api/v1/events", route_class=DoorRoute, tags=["Events"])
_AFTER = "The id of the last event that you have, or `next` of the page before. One that is not held any more starts at the oldest."


@router.get(
    "",
    responses={200: gives(EventList), **problems("malformed")},
    openapi_extra={**CLIENT_TOKEN, "parameters": paging_documented(_AFTER)},
    operation_id="listEvents",
)
def index(request: Request, known: ByClientToken) -> Response:
    """The same events as the webhooks, of all your relationships, oldest first, for thirty days. Nothing is missed between two
    calls, though what happened at the same time may be listed in either order; an event may come twice, its id tells."""
    after, limit = paging(request)
    with known.reading() as caller:
        new = outbox.has_new(caller.db, known.client_id)
    if new:
        with known.writing() as caller:
            outbox.number(caller.db, known.client_id)
    with known.reading() as caller:
        found = outbox.page(caller.db, known.client_id, after=after, limit=limit)
    items = [EventShown.model_validate({"id": event.event_id, **events.payload(event)}) for event in found.events]
    return answer(EventList(items=items, next=found.more))
