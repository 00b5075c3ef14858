"""What became of a request, and the client's answer to a counter-offer."""

from collections.abc import Callable
from typing import Literal, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, read_as, strict_json
from app.api.documented import CLIENT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.problem import problem
from app.api.relationship_keys import keys_of
from app.api.retries import Key, once
from app.api.schemas import CounterOffer, Nothing, RequestShown
from app.auth.client import ByClientToken, ClientCaller, KnownClient
from app.exchange import countering, marks, polling
from app.exchange.idempotency import Attempt
from app.tables import DeviceCode
from consent import filing
from consent.counters import Offer
from consent.errors import IllegalTransition, NotFound, TermsError
from consent.store import Request as Row
from consent.terms import as_details

router = APIRouter(prefix="/api/v1/requests", route_class=DoorRoute, tags=["Consents"])

_ANSWERS = {
    200: gives(RequestShown),
    **problems("not-found", "not-countered", "consent-paused", "malformed", "too-large", "idempotency-conflict"),
}
_NOTHING = takes_json(Nothing)
_NOTHING = {**_NOTHING, **CLIENT_TOKEN, "requestBody": {**_NOTHING["requestBody"], "required": False}}


@router.get(
    "/{request_id}",
    responses={200: gives(RequestShown), **problems("not-found")},
    openapi_extra=CLIENT_TOKEN,
    operation_id="showRequest",
)
def show(request: Request, known: ByClientToken, request_id: str) -> Response:
    """How a request stands. One that leads to nobody looks like one that nobody has decided."""
    with known.reading() as caller:
        row = polling.by_request(caller.db, known.client_id, request_id)
        return _shown(caller, row) if row else problem(request, "not-found")


@router.post("/{request_id}/acceptance", responses=_ANSWERS, openapi_extra=_NOTHING, operation_id="acceptCounterOffer")
def accept(request: Request, known: ByClientToken, request_id: str, body: Body, key: Key) -> Response:
    """Take the owner's counter-offer: the consent stands from now on, and your next poll gets its token."""

    def act(caller: ClientCaller, row: Row) -> None:
        page = f"{known.call.settings.base_url}/grants"
        countering.accept(caller.db, known.call.stores.state, caller.act(row.account_id), row, caller.client, withdraw_at=page)

    attempt = _attempt(request, known, request_id, body, key)
    return _settle(request, known, request_id, attempt, act)


@router.post("/{request_id}/refusal", responses=_ANSWERS, openapi_extra=_NOTHING, operation_id="refuseCounterOffer")
def refuse(request: Request, known: ByClientToken, request_id: str, body: Body, key: Key) -> Response:
    """Leave the owner's counter-offer: the request has come to nothing. There is no second round; you may ask anew."""

    def act(caller: ClientCaller, row: Row) -> None:
        countering.refuse(caller.db, caller.act(row.account_id), row, caller.client)

    attempt = _attempt(request, known, request_id, body, key)
    return _settle(request, known, request_id, attempt, act)


def _attempt(request: Request, known: KnownClient, request_id: str, body: bytes, key: str | None) -> Attempt | None:
    if body:
        read_as(Nothing, strict_json(request, body))
    return Attempt(known.client_id, f"{request.url.path.rpartition('/')[2]}/{request_id[:32]}", key, body) if key else None


def _settle(
    request: Request, known: KnownClient, request_id: str, attempt: Attempt | None, act: Callable[[ClientCaller, Row], None]
) -> Response:
    with known.writing(lock=True) as caller:
        code = polling.by_request(caller.db, known.client_id, request_id)
        if code is None:
            return problem(request, "not-found")
        account_id = code.account_id
        if account_id is not None and marks.held(caller.db, known.call.stores.state, account_id):
            return problem(request, "consent-paused")
        return once(request, known.call, caller.db, attempt, lambda: _answered(request, caller, code, act))


def _answered(request: Request, caller: ClientCaller, code: DeviceCode, act: Callable[[ClientCaller, Row], None]) -> Response:
    row = caller.db.get(Row, (code.account_id, code.request_id)) if code.account_id else None
    if row is None:  # one that leads nowhere looks like one that nobody has decided
        return problem(request, "not-countered")
    try:
        with caller.db.begin_nested():  # nothing of a step that fails half-way stays
            act(caller, row)
    except (IllegalTransition, NotFound, TermsError):
        # Settled already, run out, or what it would change has ended meanwhile.
        return problem(request, "not-countered")
    caller.db.flush()
    return _shown(caller, code)


def _shown(caller: ClientCaller, code: DeviceCode) -> Response:
    db, account_id = caller.db, code.account_id
    state = polling.state_of(db, code, now=caller.now)
    row = db.get(Row, (account_id, code.request_id)) if account_id else None
    granted = polling.granted(db, row.account_id, code.request_id) if row and state == "granted" else None
    refusal = filing.refusal_of(db, row.account_id, code.request_id) if row and state == "refused" else None
    offer = polling.offered(db, row.account_id, code.request_id) if row and row.counter_offer else None
    signed = granted[1] if granted else refusal
    return answer(
        RequestShown(
            request_id=code.request_id,
            state=cast("Literal['pending', 'countered', 'granted', 'refused', 'expired']", state),
            client_reference=code.client_reference,
            created_at=code.created_at,
            expires_at=code.expires_at,
            grant_id=granted[0].grant_id if granted else None,
            counter_offer=shown_offer(offer) if offer else None,
            receipt=signed.jws if signed else None,
            jwks=keys_of(db, row.account_id, row.client_id) if row and (signed or offer) else None,
        )
    )


def shown_offer(offer: Offer) -> CounterOffer:
    """A counter-offer as its client is shown it."""
    return CounterOffer(
        authorization_details=list(as_details(offer.terms)),
        offered_at=offer.offered_at,
        expires_at=offer.expires_at,
        jws=offer.jws,
        usefulness_share=offer.usefulness_share,
    )
