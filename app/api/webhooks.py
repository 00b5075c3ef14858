"""A client looks after its webhook: tries it, changes its secret, reads what became of each delivery."""

from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import CLIENT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, answer, secret_answer
from app.api.event_schemas import DeliveryList, DeliveryShown, TestEvent, WebhookSecret
from app.api.paging import paging, paging_documented
from app.api.retries import Key, once
from app.api.schemas import Nothing
from app.auth.client import ByClientToken, ClientCaller, KnownClient
from app.auth.throttle import Limit
from app.exchange import deliveries, outbox, webhooks
from app.exchange.idempotency import Attempt
from app.tables import Client

router = APIRouter(prefix="/api/v1/webhooks", route_class=DoorRoute, tags=["Events"])
TRIES: Final = Limit(30, timedelta(minutes=1))
_TAKES = takes_json(Nothing)
_NOTHING: dict[str, Any] = {**_TAKES, **CLIENT_TOKEN, "requestBody": {**_TAKES["requestBody"], "required": False}}
_REFUSALS = problems("malformed", "too-large", "idempotency-conflict")


@router.post("/test", status_code=202, responses={202: gives(TestEvent), **_REFUSALS}, openapi_extra=_NOTHING, operation_id="testWebhook")
def try_out(request: Request, known: ByClientToken, body: Body, key: Key) -> Response:
    """Send a signed event of type `webhook.test` to your webhook. What became of it stands under `deliveries`."""
    attempt = _attempt(request, known, "webhooks/test", body, key)
    known.call.spend((f"webhook tests of {known.client_id}", TRIES))
    with known.writing(lock=key is not None) as caller:
        return once(request, known.call, caller.db, attempt, lambda: _test(caller))


@router.post(
    "/secret",
    status_code=201,
    responses={201: gives(WebhookSecret), **_REFUSALS},
    openapi_extra=_NOTHING,
    operation_id="changeWebhookSecret",
)
def change_secret(request: Request, known: ByClientToken, body: Body, key: Key) -> Response:
    """A new webhook secret, told once. For a day every webhook is signed by both, so that you can change over without a gap."""
    attempt = _attempt(request, known, "webhooks/secret", body, key)
    with known.writing(lock=True) as caller:
        return once(request, known.call, caller.db, attempt, lambda: _changed(caller))


@router.get(
    "/deliveries",
    responses={200: gives(DeliveryList), **problems("malformed")},
    openapi_extra={**CLIENT_TOKEN, "parameters": paging_documented()},
    operation_id="listDeliveries",
)
def index(request: Request, known: ByClientToken) -> Response:
    """Every try of the last thirty days to deliver an event to your webhook, newest first."""
    after, limit = paging(request)
    with known.reading() as caller:
        found = deliveries.page(caller.db, known.client_id, after=after, limit=limit + 1)
    shown = found[:limit]
    items = [DeliveryShown.model_validate({"id": row.delivery_id, **row.model_dump(exclude={"client_id", "delivery_id"})}) for row in shown]
    return answer(DeliveryList(items=items, next=shown[-1].delivery_id if len(found) > limit else None))


def _attempt(request: Request, known: KnownClient, route: str, body: bytes, key: str | None) -> Attempt | None:
    if body:
        read_as(Nothing, strict_json(request, body))
    return Attempt(known.client_id, route, key, body) if key else None


def _test(caller: ClientCaller) -> Response:
    event = outbox.try_out(caller.db, caller.client.client_id, now=caller.now)
    return answer(TestEvent.model_validate({"id": event.event_id, "webhook": _how(caller.client)}), 202)


def _how(client: Client) -> str:
    if outbox.callable_(client):
        return "open"
    return "disabled" if client.webhook_disabled_at is not None else "none"


def _changed(caller: ClientCaller) -> Response:
    secret = webhooks.change_secret(caller.db, caller.client, caller.call.instance, now=caller.now)
    return secret_answer(WebhookSecret(webhook_secret=secret, previous_valid_until=caller.now + webhooks.BOTH_VALID), 201)
