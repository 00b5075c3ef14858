"""Permissions: what was granted, what came of it, and the ways out, each one step."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlmodel import col, func, select
from starlette.responses import Response

from app.auth.catching_up import hand_of
from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import clocks, releases, withdrawals
from app.i18n import _
from app.tables import Client, Message
from app.ui import wording
from app.ui.elsewhere import parts as elsewhere_parts
from app.ui.elsewhere.parts import Row as ElsewhereRow
from app.ui.grants import proviso, releasing, standing_still
from app.ui.grants.proviso import ProvisoInWords
from app.ui.grants.releasing import ReleaseInWords
from app.ui.grants.standing_still import Cause
from app.ui.ledger import history
from app.ui.ledger.history import Line
from app.ui.letters import handlers as letters
from app.ui.letters.handlers import Row as LetterRow
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.requests import terms_in_words
from app.ui.requests.terms_in_words import Fact, TermsInWords
from app.ui.vendors import clients
from app.ui.vendors.clients import ClientInWords, Known
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import grants, pausing
from consent.act import Act
from consent.errors import IllegalTransition
from consent.store import Grant, Receipt

router = APIRouter(include_in_schema=False)


@view
class Row:
    """A permission in the list."""

    grant_id: str
    who: str
    lines: tuple[str, ...]
    status: str
    tone: str
    live: bool
    given_at: datetime
    expires_at: datetime
    changed_at: datetime


@view
class ReceiptRow:
    """A receipt to download."""

    receipt_id: str
    created_at: datetime


@view(kw_only=True)
class IndexPage(Page):
    """Every permission, the living first."""

    template: ClassVar[str] = "grants/index.html"
    live: tuple[Row, ...]
    ended: tuple[Row, ...]
    elsewhere: tuple[ElsewhereRow, ...]


@view(kw_only=True)
class ShowPage(Page):
    """One permission. `may` names the verbs that follow from where it stands."""

    template: ClassVar[str] = "grants/show.html"
    grant_id: str
    request_id: str
    name: str
    client: ClientInWords | None
    known: Known | None
    status: str
    tone: str
    means: str
    reference: str
    given_at: datetime
    changed_at: datetime
    expires_at: datetime
    terms: TermsInWords
    cause: Cause | None
    paused: bool
    proviso: ProvisoInWords | None
    sent: tuple[Fact, ...]
    release: ReleaseInWords | None
    letters: tuple[LetterRow, ...]
    receipts: tuple[ReceiptRow, ...]
    history: tuple[Line, ...]
    may: tuple[str, ...]


@router.get("/grants")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list of permissions."""
    newest = select(Grant).where(Grant.account_id == owner.account_id).order_by(col(Grant.changed_at).desc()).limit(500)
    found = owner.db.exec(newest).all()
    names = clients.names(owner, [grant.client_id for grant in found])
    rows = [_row(grant, names.get(grant.client_id, _("a system you do not know")), owner.now) for grant in found]
    page = IndexPage(
        live=tuple(row for row in rows if row.live),
        ended=tuple(row for row in rows if not row.live),
        elsewhere=tuple(row for row in elsewhere_parts.rows(owner) if not row.over),
    )
    return render(request, page, owner=owner)


@router.get("/grants/{grant_id}")
def show(request: Request, grant_id: str, owner: Reader) -> HTMLResponse:
    """One permission in plain words."""
    grant = _find(owner, grant_id)
    client = owner.db.get(Client, grant.client_id)
    known = clients.tied(owner).get(grant.client_id)
    status = _status(grant, owner.now)
    page = ShowPage(
        grant_id=grant_id,
        request_id=grant.request_id,
        name=known.name if known else _("“%(name)s”") % {"name": plain(client.name)} if client else _("a system you do not know"),
        client=clients.in_words(client) if client else None,
        known=known,
        status=wording.status(status),
        tone=wording.STATUS_TONE.get(status, "neutral"),
        means=wording.of_code(wording.STATUS_MEANS, status),
        reference=plain(grant.client_reference or ""),
        given_at=grant.given_at,
        changed_at=grant.changed_at,
        expires_at=grant.expires_at,
        terms=terms_in_words.in_words(grants.standing(grant).terms),
        cause=standing_still.cause(owner, grant) if status == "suspended" else None,
        paused=status in grants.LIVE and pausing.paused(owner.db, owner.account_id),
        proviso=proviso.in_words(owner, grant),
        sent=_sent(owner, grant),
        release=releasing.in_words(owner, grant, client),
        letters=letters.of_grant(owner, grant_id),
        receipts=_receipts(owner, grant_id),
        history=tuple(history.of_grant(owner, grant_id, since=grant.given_at)),
        may=_may(status),
    )
    return render(request, page, owner=owner)


@router.get("/grants/{grant_id}/receipts/{receipt_id}")
def receipt(grant_id: str, receipt_id: str, owner: Reader) -> Response:
    """The receipt itself, a compact JWS, as a file."""
    found = owner.db.get(Receipt, (owner.account_id, receipt_id))
    if found is None or found.grant_id != grant_id:
        raise NotFound
    name = f'attachment; filename="bothways-receipt-{found.created_at:%Y-%m-%d}-{receipt_id[:8]}.jws"'
    return Response(found.jws, media_type="application/jose", headers={"Content-Disposition": name})


@router.post("/grants/{grant_id}/items")
def update_items(grant_id: str, owner: Writer) -> Response:
    """Let them fetch exactly what is ticked."""
    grant = _living(owner, grant_id)
    releasing.choose_again(owner, grant, _client(owner, grant), owner.form)
    return see_other(f"/grants/{grant_id}?done=items-chosen")


@router.post("/grants/{grant_id}/key")
def accept_key(grant_id: str, owner: Writer) -> Response:
    """Let their new key follow the one before, which vouches for it."""
    grant = _living(owner, grant_id)
    accepted = releases.accept_key(hand_of(owner), grant, _client(owner, grant))
    return see_other(f"/grants/{grant_id}?done={'key-accepted' if accepted else 'already'}")


@router.post("/grants/{grant_id}/pause")
def pause(grant_id: str, owner: Writer) -> Response:
    """Let nothing in until resumed."""
    return _turn(owner, grant_id, lambda grant: grants.pause(owner.db, owner.act(), grant), "paused")


@router.post("/grants/{grant_id}/resume")
def resume(grant_id: str, owner: Writer) -> Response:
    """Let in again what is granted."""

    def going_on(grant: Grant) -> None:
        grants.resume(owner.db, owner.act(), grant)
        clocks.forgive(owner.db, grant)

    return _turn(owner, grant_id, going_on, "resumed")


@router.post("/grants/{grant_id}/withdraw")
def withdraw(grant_id: str, owner: Writer) -> Response:
    """End it, at once and for good."""

    def ending(grant: Grant) -> None:
        act: Act = owner.act(signer=owner.signer_for(grant.client_id))
        withdrawals.withdraw(owner.db, owner.stores.state, act, grant)

    return _turn(owner, grant_id, ending, "withdrawn")


def _turn(owner: Owner, grant_id: str, verb: Callable[[Grant], object], done: str) -> Response:
    grant = _find(owner, grant_id)
    try:
        verb(grant)
    except IllegalTransition:
        # Raised before anything is written: the page shows where the permission really stands.
        return see_other(f"/grants/{grant_id}?done=already")
    return see_other(f"/grants/{grant_id}?done={done}")


def _find(owner: Owner, grant_id: str) -> Grant:
    found = grants.find(owner.db, owner.account_id, grant_id)
    if found is None:
        raise NotFound
    return found


def _living(owner: Owner, grant_id: str) -> Grant:
    grant = _find(owner, grant_id)
    if _status(grant, owner.now) not in grants.LIVE:
        raise NotFound
    return grant


def _client(owner: Owner, grant: Grant) -> Client:
    found = owner.db.get(Client, grant.client_id)
    if found is None:
        raise NotFound
    return found


def _status(grant: Grant, now: datetime) -> str:
    return "expired" if grant.status in grants.LIVE and now >= grant.expires_at else grant.status


def _may(status: str) -> tuple[str, ...]:
    return tuple(verb for verb in ("pause", "resume", "withdraw") if status in grants.TRANSITIONS[verb].sources)


def _row(grant: Grant, who: str, now: datetime) -> Row:
    status = _status(grant, now)
    return Row(
        grant_id=grant.grant_id,
        who=who,
        lines=tuple(terms_in_words.purpose(line.purpose) for line in grants.standing(grant).terms.purposes),
        status=wording.status(status),
        tone=wording.STATUS_TONE.get(status, "neutral"),
        live=status in grants.LIVE,
        given_at=grant.given_at,
        expires_at=grant.expires_at,
        changed_at=grant.changed_at,
    )


def _sent(owner: Owner, grant: Grant) -> tuple[Fact, ...]:
    """How many messages were let in, by purpose and way."""
    counted = (
        select(Message.purpose, Message.channel, func.count())
        .where(col(Message.account_id) == owner.account_id, col(Message.grant_id) == grant.grant_id)
        .group_by(col(Message.purpose), col(Message.channel))
        .order_by(col(Message.purpose), col(Message.channel))
    )
    return tuple(
        Fact(f"{purpose}/{channel}", f"{terms_in_words.purpose(purpose)}, {terms_in_words.channel(channel)}", wording.times(n))
        for purpose, channel, n in owner.db.exec(counted)
    )


def _receipts(owner: Owner, grant_id: str) -> tuple[ReceiptRow, ...]:
    kept = select(Receipt.receipt_id, Receipt.created_at).where(Receipt.account_id == owner.account_id, Receipt.grant_id == grant_id)
    rows = owner.db.exec(kept.order_by(col(Receipt.created_at).desc()))
    return tuple(ReceiptRow(receipt_id, created_at) for receipt_id, created_at in rows)
