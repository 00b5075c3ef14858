"""`/operator`: what the host may do, which is to let people and systems in. It shows no owner's data."""

import json
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from sqlmodel import col, func, select
from starlette.responses import Response

from app.auth import instance_ledger, invitations
from app.auth.invitations import Guest
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import mail_reminders
from app.i18n import Lazy, _, lazy
from app.tables import Client, Invitation
from app.ui.pages import Page
from app.ui.render import render
from app.ui.settings.reminders import trouble
from app.ui.view import view
from vault.store import Account

router = APIRouter(include_in_schema=False)

SHOWN = 50

ACTS: dict[str, Lazy] = {
    "owner.signed_up": lazy("Somebody signed up"),
    "owner.invited": lazy("An invitation for a person was made"),
    "client.invited": lazy("An invitation for a company's system was made"),
    "client.registered": lazy("A company's system registered"),
    "client.removed": lazy("A company's system was removed"),
    "events.retried": lazy("Events that could not be delivered are tried again"),
    "events.dropped": lazy("Events that could not be delivered were let go"),
}


@view
class ActRow:
    """One line of the instance's own history."""

    seq: int
    at: datetime
    text: str
    by: str
    details: str


@view
class MailInWords:
    """Reminders by mail on this host, in counts: whether a server is named, for how many, and what goes wrong for how many."""

    named: bool
    on: int
    troubles: tuple[tuple[str, int], ...]
    tried_at: datetime | None


@view(kw_only=True)
class OperatorPage(Page):
    """Counts, invitations, history. `made` is the link or token just made, shown this once; `for_whom` says for whom."""

    template: ClassVar[str] = "operator/index.html"
    accounts: int
    clients: int
    open_invitations: int
    made: str
    for_whom: str
    acts: list[ActRow]
    broken_at: int | None
    mail: MailInWords


@router.get("/operator")
def index(request: Request, owner: Reader) -> Response:
    """The page; for anybody but the operator there is none."""
    only_operator(owner)
    return render(request, _page(owner), owner=owner)


@router.post("/operator/invitations")
def invite(request: Request, owner: Writer) -> Response:
    """Make a one-time invitation. Its link is shown in the answer and stands nowhere else, so there is no redirect."""
    only_operator(owner)
    guest = Guest.CLIENT if owner.form.get("guest") == Guest.CLIENT else Guest.OWNER
    token = invitations.invite(owner.db, guest, now=owner.now)
    instance_ledger.append(owner.db, f"{guest}.invited", actor="operator", details={}, now=owner.now)
    owner.db.flush()
    link = f"{owner.settings.base_url}/sign-up/{token}" if guest is Guest.OWNER else token
    return render(request, _page(owner, made=link, for_whom=guest), owner=owner)


def only_operator(owner: Owner) -> None:
    """Raises NotFound for anybody but the operator."""
    if not owner.account.operator:
        raise NotFound


def _page(owner: Owner, *, made: str = "", for_whom: str = "") -> OperatorPage:
    db = owner.db
    live = select(func.count()).select_from(Invitation).where(col(Invitation.used_at).is_(None), col(Invitation.expires_at) > owner.now)
    return OperatorPage(
        accounts=db.exec(select(func.count()).select_from(Account)).one(),
        clients=db.exec(select(func.count()).select_from(Client).where(col(Client.deleted_at).is_(None))).one(),
        open_invitations=db.exec(live).one(),
        made=made,
        for_whom=for_whom,
        acts=[
            ActRow(
                seq=entry.seq, at=entry.at, text=str(ACTS.get(entry.type, entry.type)), by=_by(entry.actor), details=_details(entry.details)
            )
            for entry in instance_ledger.newest(db, limit=SHOWN)
        ],
        broken_at=instance_ledger.verify(db),
        mail=_mail(owner),
    )


def _mail(owner: Owner) -> MailInWords:
    tally = mail_reminders.tally(owner.db)
    troubles = tuple((trouble(outcome), count) for outcome, count in sorted(tally.failing.items()))
    return MailInWords(owner.settings.mail_server is not None, tally.on, troubles, tally.tried_at)


def _by(actor: str) -> str:
    return {"owner": _("a person"), "operator": _("the host"), "cli": _("the command line"), "instance": _("this service")}.get(
        actor, actor
    )


def _details(details: str) -> str:
    return ", ".join(f"{name}: {str(value).lower()}" for name, value in json.loads(details).items())
