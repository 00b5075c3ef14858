"""What waits on Today: requests, what came and was not opened, permissions and contact links that run out, the vault's own work."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from app.auth import resealing
from app.auth.owner import Owner
from app.i18n import _, ngettext
from app.tables import Client
from app.ui.chrome import unread_messages
from app.ui.grants.standing_still import Waiting
from app.ui.render import as_ago, as_date, as_money
from app.ui.today import data as today_data
from app.ui.today.parts import MOST, Task
from consent.store import Grant
from consent.store import Request as ConsentRequest
from vault.records import AddressRecord

RUNNING_OUT = timedelta(days=30)
OPEN_STATES = ("given", "paused", "suspended")

Row = TypeVar("Row", Grant, ConsentRequest)


def requests(owner: Owner) -> Iterator[Task]:
    """Requests that wait for an answer, the oldest first."""
    for row, name in _named(owner, ConsentRequest, col(ConsentRequest.state) == "pending", first=ConsentRequest.created_at):
        yield Task(
            title=_("“%(name)s” asks for your permission") % {"name": name},
            text=_("Came %(ago)s. You may also let it run out on %(date)s.")
            % {"ago": as_ago(row.created_at, owner.now), "date": as_date(row.expires_at)},
            href=f"/requests/{row.request_id}",
            act=_("Read and decide"),
            side="theirs",
        )


def unread(owner: Owner) -> Iterator[Task]:
    """All that was not opened yet, as one."""
    count = unread_messages(owner)
    if count:
        yield Task(
            title=ngettext("%(n)d message you have not opened", "%(n)d messages you have not opened", count) % {"n": count},
            text=_("All of them inside what you allowed."),
            href="/inbox",
            act=_("Open the inbox"),
            side="theirs",
        )


def noticed(owner: Owner) -> Iterator[Task]:
    """Of data that companies may fetch, and of contact links that somebody else uses."""
    for one in today_data.noticed(owner):
        yield Task(title=one.title, text=one.text, href=one.href, act=one.act, side="theirs", badge=one.badge, tone="wait")


def told(found: Iterable[Waiting]) -> Iterator[Task]:
    """What stands still, as tasks."""
    for one in found:
        yield Task(title=one.title, text=one.text, href=one.href, act=one.act, side=one.side, badge=one.badge, tone=one.tone)


def ending(owner: Owner) -> Iterator[Task]:
    """Permissions that end within thirty days, the nearest first."""
    soon = (col(Grant.status).in_(OPEN_STATES), col(Grant.expires_at) <= owner.now + RUNNING_OUT)
    for row, name in _named(owner, Grant, *soon, first=Grant.expires_at):
        yield Task(
            title=_("Your permission to “%(name)s” ends") % {"name": name},
            text=_("%(ago)s, on %(date)s. You need do nothing.")
            % {"ago": as_ago(row.expires_at, owner.now), "date": as_date(row.expires_at)},
            href=f"/grants/{row.grant_id}",
            act=_("Look at it"),
            side="mine",
        )


def _named(owner: Owner, model: type[Row], *which: ColumnElement[bool], first: datetime) -> Iterable[tuple[Row, str]]:
    """The owner's rows of these that have not run out, by their column `first`, each with the client's name."""
    named = select(model, Client.name).join(Client, col(Client.client_id) == col(model.client_id))
    living = named.where(model.account_id == owner.account_id, col(model.expires_at) > owner.now, *which)
    return owner.db.exec(living.order_by(col(first)).limit(MOST))


def links(owner: Owner) -> Iterator[Task]:
    """Contact links that end within thirty days."""
    for digest in owner.digests(AddressRecord):
        until = digest.values.get("expires_at")
        ends = datetime.fromisoformat(str(until)) if until else None
        if ends is not None and owner.now < ends <= owner.now + RUNNING_OUT:
            yield Task(
                title=_("Your contact link “%(label)s” ends") % {"label": digest.values.get("label") or _("without a name")},
                text=_("%(ago)s, on %(date)s. Requests over it stop then.") % {"ago": as_ago(ends, owner.now), "date": as_date(ends)},
                href=f"/addresses/{digest.record_id}",
                act=_("Look at it"),
                side="mine",
            )


def vault(owner: Owner) -> Iterator[Task]:
    """The resealing under a new key, while it goes on."""
    if (progress := resealing.progress(owner.db, owner.account_id)) is not None:
        yield Task(
            title=_("Everything is being sealed again"),
            text=_("%(done)s of %(total)s values are under your new key.")
            % {"done": as_money(progress.done), "total": as_money(progress.total)},
            href="/settings/compromised",
            act=_("Go on"),
            side="mine",
        )
