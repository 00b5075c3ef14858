"""The consent as it stands, all of a client's relationships, and what became of a request."""

from typing import Any, Final, Literal, cast

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.responses import Response

from app.api.bodies import Malformed
from app.api.documented import CLIENT_TOKEN, GRANT_TOKEN, problems
from app.api.door import DoorRoute, answer
from app.api.problem import problem
from app.api.schemas import GrantList, GrantShown, GrantSummary, KeySet, RelationshipKey, RequestShown, Status
from app.auth.client import ByClientToken
from app.auth.grant import ByGrantToken
from app.exchange import marks, polling
from consent import grants, receipts, successions
from consent.store import Grant, Relationship
from consent.store import RelationshipKey as KeyRow
from consent.terms import as_details

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["Consents"])
PAGE: Final = 50
MOST: Final = 200
_PAGING = [
    {
        "name": "after",
        "in": "query",
        "required": False,
        "description": "`next` of the page before.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}},
]


@router.get("/grant", responses={200: {"model": GrantShown}, **problems("gone")}, openapi_extra=GRANT_TOKEN, operation_id="showGrant")
def show(known: ByGrantToken) -> Response:
    """The consent of this token as it stands; for 90 days after its end, too."""
    with known.reading() as caller:
        grant, db = caller.grant, caller.db
        return answer(
            GrantShown(
                grant_id=grant.grant_id,
                client_reference=grant.client_reference,
                status=_status(grant, expired=grant.expires_at <= caller.now),
                authorization_details=_details(grant),
                given_at=grant.given_at,
                expires=grant.expires_at,
                receipt=grants.receipt_of(db, grant.account_id, grant.grant_id).jws,
                jwks=_keys(db, grant),
            )
        )


@router.get(
    "/grants",
    responses={200: {"model": GrantList}, **problems("malformed")},
    openapi_extra={**CLIENT_TOKEN, "parameters": _PAGING},
    operation_id="listGrants",
)
def index(request: Request, known: ByClientToken) -> Response:
    """Every consent that this client was ever given, page by page."""
    after, limit = _paging(request)
    with known.reading() as caller:
        db = caller.db
        wanted = (
            select(Grant)
            .where(col(Grant.client_id) == known.client_id, col(Grant.grant_id) > after)
            .order_by(col(Grant.grant_id))
            .limit(limit + 1)
        )
        found = list(db.execute(wanted).scalars())
        page = found[:limit]
        subjects = _subjects(db, known.client_id, page)
        state = known.call.stores.state
        held = {account_id for account_id in subjects if marks.held(db, state, account_id)}
        return answer(
            GrantList(
                items=[
                    GrantSummary(
                        grant_id=grant.grant_id,
                        subject=subjects[grant.account_id],
                        client_reference=grant.client_reference,
                        status=_status(grant, expired=grant.expires_at <= caller.now, held=grant.account_id in held),
                        authorization_details=_details(grant),
                        given_at=grant.given_at,
                        expires=grant.expires_at,
                    )
                    for grant in page
                ],
                next=page[-1].grant_id if len(found) > limit else None,
            )
        )


@router.get(
    "/requests/{request_id}",
    responses={200: {"model": RequestShown}, **problems("not-found")},
    openapi_extra=CLIENT_TOKEN,
    operation_id="showRequest",
)
def show_request(request: Request, known: ByClientToken, request_id: str) -> Response:
    """How a request stands. One that leads to nobody looks like one that nobody has decided."""
    with known.reading() as caller:
        row = polling.by_request(caller.db, known.client_id, request_id)
        if row is None:
            return problem(request, "not-found")
        state = polling.state_of(caller.db, row, now=caller.now)
        granted = polling.granted(caller.db, row.account_id, request_id) if row.account_id and state == "granted" else None
        return answer(
            RequestShown(
                request_id=request_id,
                state=cast("Literal['pending', 'countered', 'granted', 'refused', 'expired']", state),
                client_reference=row.client_reference,
                created_at=row.created_at,
                expires_at=row.expires_at,
                grant_id=granted[0].grant_id if granted else None,
            )
        )


def _status(grant: Grant, *, expired: bool, held: bool = False) -> Status:
    """The status; past its date a grant is expired, even before the worker has come by; what lives in a held account is paused."""
    if grant.status not in grants.LIVE:
        return cast("Status", grant.status)
    return "expired" if expired else "paused" if held else cast("Status", grant.status)


def _details(grant: Grant) -> list[dict[str, Any]]:
    return list(as_details(grants.standing(grant).terms))


def _keys(db: Session, grant: Grant) -> KeySet:
    wanted = (
        select(KeyRow)
        .where(col(KeyRow.account_id) == grant.account_id, col(KeyRow.client_id) == grant.client_id)
        .order_by(col(KeyRow.valid_from))
    )
    followed = successions.published(db, grant.account_id, grant.client_id)
    return KeySet(keys=[_key(row, followed.get(row.kid, ())) for row in db.execute(wanted).scalars()])


def _key(row: KeyRow, succession: tuple[str, ...]) -> RelationshipKey:
    times = {"valid_from": row.valid_from, "valid_until": row.valid_until}
    return RelationshipKey.model_validate({**receipts.jwk(row.public), **times, "succession": succession})


def _subjects(db: Session, client_id: str, page: list[Grant]) -> dict[str, str]:
    wanted = select(Relationship).where(
        col(Relationship.client_id) == client_id, col(Relationship.account_id).in_({grant.account_id for grant in page})
    )
    return {row.account_id: row.subject for row in db.execute(wanted).scalars()}


def _paging(request: Request) -> tuple[str, int]:
    query = request.query_params
    unknown = sorted(set(query) - {"after", "limit"})
    if unknown:
        raise Malformed(*((f"/{name}", "unknown parameter") for name in unknown))
    if len(query.multi_items()) != len(query):
        raise Malformed(("", "a parameter is sent more than once"))
    after, limit = query.get("after", ""), query.get("limit", str(PAGE))
    if not limit.isascii() or not limit.isdigit() or len(limit) > 4 or not 1 <= int(limit) <= MOST:
        raise Malformed(("/limit", f"a number from 1 to {MOST}"))
    if after and not (len(after) == 32 and set(after) <= set("0123456789abcdef")):
        raise Malformed(("/after", "`next` of the page before"))
    return after, int(limit)
