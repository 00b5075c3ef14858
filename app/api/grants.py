"""The consent as it stands, and all of a client's relationships."""

from typing import Any, cast

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlmodel import Session, col
from starlette.responses import Response

from app.api.documented import CLIENT_TOKEN, GRANT_TOKEN, gives, problems
from app.api.door import DoorRoute, answer
from app.api.paging import paging, paging_documented
from app.api.relationship_keys import keys_of
from app.api.schemas import GrantList, GrantShown, GrantSummary, Status
from app.auth.client import ByClientToken
from app.auth.grant import ByGrantToken, status_seen
from app.exchange import marks
from consent import grants
from consent.store import Grant, Relationship
from consent.terms import as_details

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["Consents"])


@router.get("/grant", responses={200: gives(GrantShown), **problems("gone")}, openapi_extra=GRANT_TOKEN, operation_id="showGrant")
def show(known: ByGrantToken) -> Response:
    """The consent of this token as it stands; for 90 days after its end, too."""
    with known.reading() as caller:
        grant, db = caller.grant, caller.db
        return answer(
            GrantShown(
                grant_id=grant.grant_id,
                client_reference=grant.client_reference,
                status=_status(grant.status, over=grant.expires_at <= caller.now),
                authorization_details=_details(grant),
                given_at=grant.given_at,
                expires=grant.expires_at,
                receipt=grants.receipt_of(db, grant.account_id, grant.grant_id).jws,
                jwks=keys_of(db, grant.account_id, grant.client_id),
            )
        )


@router.get(
    "/grants",
    responses={200: gives(GrantList), **problems("malformed")},
    openapi_extra={**CLIENT_TOKEN, "parameters": paging_documented()},
    operation_id="listGrants",
)
def index(request: Request, known: ByClientToken) -> Response:
    """Every consent that this client was ever given, page by page."""
    after, limit = paging(request)
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
                        status=_status(status_seen(db, grant, held=grant.account_id in held), over=grant.expires_at <= caller.now),
                        authorization_details=_details(grant),
                        given_at=grant.given_at,
                        expires=grant.expires_at,
                    )
                    for grant in page
                ],
                next=page[-1].grant_id if len(found) > limit else None,
            )
        )


def _status(seen: str, *, over: bool) -> Status:
    """The status as the client sees it; past its date a grant is expired, even before the worker has come by."""
    return "expired" if over and seen in grants.LIVE else cast("Status", seen)


def _details(grant: Grant) -> list[dict[str, Any]]:
    return list(as_details(grants.standing(grant).terms))


def _subjects(db: Session, client_id: str, page: list[Grant]) -> dict[str, str]:
    wanted = select(Relationship).where(
        col(Relationship.client_id) == client_id, col(Relationship.account_id).in_({grant.account_id for grant in page})
    )
    return {row.account_id: row.subject for row in db.execute(wanted).scalars()}
