"""What stands still, or soon will, and what waits for the owner's word: permissions that stopped themselves, promises of companies."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import clocks
from app.i18n import _
from app.relationships import commitments
from app.ui.grants import proviso
from app.ui.vendors import clients
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import usefulness
from consent.store import Foreseen, Grant
from vault import store
from vault.records import Commitment


@view
class Waiting:
    """One thing for the page of today."""

    title: str
    text: str
    href: str
    act: str
    side: Literal["mine", "theirs"]
    badge: str
    tone: str


@view
class Cause:
    """Why a permission suspended itself, and the promises that it waits for: (id, words)."""

    text: str
    promises: tuple[tuple[str, str], ...]


def cause(owner: Owner, grant: Grant) -> Cause | None:
    """Why a permission stands still by its own terms; None when it does not."""
    if grant.status != "suspended":
        return None
    if grant.suspended_for == usefulness.REASON:
        return Cause(_usefulness(owner, grant), ())
    if grant.suspended_for != clocks.REASON:
        return Cause(_("It suspended itself by its own terms."), ())
    found = [(clock.commitment_id, _promise(owner, clock.commitment_id)) for clock in clocks.lapsed(owner.db, grant)]
    text = _(
        "They broke a promise that it rests on and did not make it good in time. It resumes when you note that they did, or let it go."
    )
    return Cause(text, tuple(found))


def permissions(owner: Owner) -> Iterator[Waiting]:
    """Permissions that suspended themselves, and those that will at midnight UTC unless the owner's votes change."""
    names = clients.names(owner, [grant.client_id for grant in _suspended(owner)] + [grant.client_id for grant, _at in _foreseen(owner)])
    for grant in _suspended(owner):
        why = cause(owner, grant)
        yield Waiting(
            title=_("Your permission to %(name)s has suspended itself") % {"name": names.get(grant.client_id, _("a company"))},
            text=why.text if why else "",
            href=f"/grants/{grant.grant_id}",
            act=_("Look at it"),
            side="theirs",
            badge=_("suspended"),
            tone="wait",
        )
    for grant, _at in _foreseen(owner):
        yield Waiting(
            title=_("Your permission to %(name)s suspends itself at midnight UTC") % {"name": names.get(grant.client_id, _("a company"))},
            text=_usefulness(owner, grant),
            href=f"/grants/{grant.grant_id}",
            act=_("Look at it"),
            side="mine",
            badge=_("tonight"),
            tone="wait",
        )


def promises(found: list[tuple[str, Commitment]], vendors: Mapping[str, str]) -> Iterator[Waiting]:
    """Reports that wait for the owner's word, and promises that companies offer."""
    for record_id, promise in found:
        name = vendors.get(promise.vendor_id, _("A company"))
        standing = commitments.state(promise.events)
        report = commitments.waiting(promise.events) if standing in commitments.OPEN else None
        if report is not None:
            said = _("%(name)s says that it was kept. The clock stands still until you decide.")
            made_good = _("%(name)s says that it was made good. The clock stands still until you decide.")
            text = (said if report.type == "evidence" else made_good) % {"name": name}
        elif standing == "offered":
            text = _("%(name)s binds itself by this. You may take it up, or leave it.") % {"name": name}
        else:
            continue
        yield Waiting(
            title=plain(promise.promise),
            text=text,
            href=f"/commitments/{record_id}",
            act=_("Decide") if report else _("Look at it"),
            side="theirs",
            badge=_("waits for your word") if report else _("new"),
            tone="wait",
        )


def _usefulness(owner: Owner, grant: Grant) -> str:
    told = proviso.in_words(owner, grant)
    if told is None:
        return _("Too little of what they sent was of use to you.")
    counted = {"useful": told.useful, "rated": told.rated, "share": told.share}
    return _("%(useful)s of %(rated)s messages that you rated were of use; you had asked for %(share)s.") % counted


def _promise(owner: Owner, commitment_id: str) -> str:
    opened = store.get(owner.db, owner.keyring, Commitment, commitment_id)
    return plain(opened.fields.promise) if opened else _("a promise")


def _suspended(owner: Owner) -> list[Grant]:
    chosen = select(Grant).where(Grant.account_id == owner.account_id, Grant.status == "suspended", col(Grant.expires_at) > owner.now)
    return list(owner.db.exec(chosen.order_by(col(Grant.changed_at)).limit(50)))


def _foreseen(owner: Owner) -> list[tuple[Grant, datetime]]:
    chosen = (
        select(Grant, Foreseen.due_at)
        .join(Foreseen, (col(Foreseen.account_id) == col(Grant.account_id)) & (col(Foreseen.grant_id) == col(Grant.grant_id)))
        .where(Grant.account_id == owner.account_id, col(Grant.status).in_(("given", "paused")))
    )
    return [(grant, at) for grant, at in owner.db.exec(chosen.order_by(col(Foreseen.due_at)).limit(50))]
