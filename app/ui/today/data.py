"""What Today says of data that companies may fetch, and of contact links that somebody else uses."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import sealing_keys
from app.i18n import _
from app.tables import Client
from app.ui.addresses import strangers
from app.ui.grants import releasing
from app.ui.vendors import clients
from app.ui.view import view
from consent import grants
from consent.store import Grant

LATELY = timedelta(days=30)


@view
class Noticed:
    """One thing to look at: what, why, where, and the act. `badge` is a word for it."""

    title: str
    text: str
    href: str
    act: str
    badge: str = ""


def noticed(owner: Owner) -> Iterator[Noticed]:
    """Links used by strangers to them, new keys that wait for a tap, data that may be read and was not chosen."""
    yield from _strangers(owner)
    live = select(Grant).where(Grant.account_id == owner.account_id, col(Grant.status).in_(grants.LIVE), col(Grant.expires_at) > owner.now)
    rows = list(owner.db.exec(live.order_by(col(Grant.given_at).desc()).limit(500)))
    names = clients.names(owner, [row.client_id for row in rows])
    yield from _keys(owner, rows, names)
    for row in releasing.unchosen(owner, rows):
        yield Noticed(
            title=_("%(name)s may fetch data of yours") % {"name": names.get(row.client_id, _("A company"))},
            text=_("You have not said which. Until you do, there is nothing to fetch."),
            href=f"/grants/{row.grant_id}#release",
            act=_("Choose"),
        )


def _strangers(owner: Owner) -> Iterator[Noticed]:
    tied = clients.tied(owner)
    for one in strangers.of_owner(owner, since=owner.now - LATELY, open_only=True):
        # Whom the owner has tied to a company since is nobody unknown any more; the page of the link still says it.
        if one.client_id not in tied:
            yield Noticed(
                title=one.text,
                text=_("It may be harmless. Say that they belong together, or close the link."),
                href=f"/addresses/{one.address_id}",
                act=_("Look at it"),
                badge=_("a link went on"),
            )


def _keys(owner: Owner, rows: Iterable[Grant], names: dict[str, str]) -> Iterator[Noticed]:
    known = clients.of_ids(owner.db, {row.client_id for row in rows})
    for row in rows:
        change = _change(owner, row, known.get(row.client_id))
        if change is not None and change.signed:
            yield Noticed(
                title=_("%(name)s has a new key") % {"name": names.get(row.client_id, _("A company"))},
                text=_("The one that you agreed to vouches for it. Your data stays sealed to the old one until you let it follow."),
                href=f"/grants/{row.grant_id}#release",
                act=_("Look at it"),
            )


def _change(owner: Owner, row: Grant, client: Client | None) -> sealing_keys.Change | None:
    if client is None or sealing_keys.of_grant(owner.db, row) is None:
        return None
    return sealing_keys.changed(owner.db, row, sealing_keys.of_client(owner.stores.state, client, now=owner.now))
