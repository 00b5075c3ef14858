"""`/operator/outbox`: what the host still has to tell companies, and what could not be delivered. It shows no owner's data."""

from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import instance_ledger
from app.auth.owner import Reader, Writer
from app.exchange import dead_letters
from app.exchange.dead_letters import Backlog
from app.ui.operator.handlers import only_operator
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class OutboxPage(Page):
    """One row for each company that something waits for."""

    template: ClassVar[str] = "operator/outbox.html"
    waiting: int
    dead: int
    backlogs: list[Backlog]


@router.get("/operator/outbox")
def index(request: Request, owner: Reader) -> Response:
    """The page; for anybody but the operator there is none."""
    only_operator(owner)
    found = dead_letters.backlogs(owner.db)
    page = OutboxPage(waiting=sum(one.waiting for one in found), dead=sum(one.dead for one in found), backlogs=found)
    return render(request, page, owner=owner)


@router.post("/operator/outbox/{client_id}/retry")
def retry(owner: Writer, client_id: str) -> Response:
    """Try what was given up for one company again."""
    only_operator(owner)
    count = dead_letters.retry(owner.db, client_id, now=owner.now)
    if count:
        instance_ledger.append(owner.db, "events.retried", actor="operator", details={"events": count}, now=owner.now)
    return see_other("/operator/outbox?done=events-retried")


@router.post("/operator/outbox/{client_id}/drop")
def drop(owner: Writer, client_id: str) -> Response:
    """Let what was given up for one company go."""
    only_operator(owner)
    count = dead_letters.drop(owner.db, client_id)
    if count:
        instance_ledger.append(owner.db, "events.dropped", actor="operator", details={"events": count}, now=owner.now)
    return see_other("/operator/outbox?done=events-dropped")
