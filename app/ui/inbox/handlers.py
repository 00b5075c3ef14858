"""The inbox: what passed the gate, in the vendor's words, shown so that nothing in it runs, loads or reports back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.responses import Response

from app.auth.owner import Owner, Reader, Writer
from app.errors import NotFound
from app.exchange import mailroom
from app.i18n import _
from app.tables import Message
from app.ui import arriving, wording
from app.ui.grants import proviso
from app.ui.inbox import quiet
from app.ui.inbox.offer_parts import OfferParts, offer_parts
from app.ui.letters import handlers as letters
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.requests import terms_in_words
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.words import Link, external, letter, plain
from app.ui.view import view
from consent import ledger
from vault import accounts, store
from vault.records import MessageRecord

router = APIRouter(include_in_schema=False)

VOTES = ("useful", "not_useful")


@view
class Row:
    """A message in the list."""

    message_id: str
    title: str
    kind: str
    unread: bool
    taken_back: bool
    vote: str | None
    received_at: datetime
    valid_until: datetime | None
    href: str = ""


@view
class Sender:
    """One company's messages, those not yet read first."""

    name: str
    vendor_id: str | None
    unread: int
    rows: tuple[Row, ...]


@view(kw_only=True)
class IndexPage(Page):
    """Messages by company; companies with something unread first, then by the newest message."""

    template: ClassVar[str] = "inbox/index.html"
    senders: tuple[Sender, ...]
    quiet_until: datetime | None


@view(kw_only=True)
class ShowPage(Page):
    """One message. `body` has been through `vendors.words.letter`."""

    template: ClassVar[str] = "inbox/show.html"
    message_id: str
    title: str
    sender: str
    known: Known | None
    kind: str
    purpose: str
    channel: str
    grant_id: str
    body: Markup
    link: Link | None
    received_at: datetime
    valid_from: datetime | None
    valid_until: datetime | None
    over: bool
    offer: OfferParts | None
    taken_back_at: datetime | None
    vote: str | None


@router.get("/inbox")
def index(request: Request, owner: Reader) -> HTMLResponse:
    """The list, with what has come since."""
    if mailroom.waiting(owner.db, owner.account_id):
        _collect(owner)
    arriving.collect(owner)
    known = clients.tied(owner)
    found = [(digest.record_id, digest.values) for digest in owner.digests(MessageRecord) if not quiet.held(owner, digest.values)]
    by_sender: dict[tuple[str, str | None], list[Row]] = {}
    for record_id, values in found:
        vendor = known.get(str(values["client_id"]))
        key = (vendor.name, vendor.vendor_id) if vendor else (_("“%(name)s”") % {"name": plain(str(values["sender"]))}, None)
        by_sender.setdefault(key, []).append(_row(record_id, values))
    for client_id, row in letters.answered(owner):
        vendor = known.get(client_id)
        by_sender.setdefault((vendor.name, vendor.vendor_id) if vendor else (row.to, None), []).append(_answer(row))
    senders = [
        Sender(name, vendor_id, sum(row.unread for row in rows), tuple(sorted(rows, key=_newest_unread)))
        for (name, vendor_id), rows in by_sender.items()
    ]
    return render(request, IndexPage(senders=tuple(sorted(senders, key=_busiest)), quiet_until=quiet.until(owner)), owner=owner)


@router.get("/inbox/{message_id}")
def show(request: Request, message_id: str, owner: Reader) -> HTMLResponse:
    """One message; opening it counts as reading, unless another site sent the browser here."""
    if _stale(owner, message_id):
        _collect(owner)
    message = _find(owner, message_id)
    if message.read_at is None and request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}:
        with arriving.writing(owner) as db:
            store.replace(db, owner.keyring, message_id, message.model_copy(update={"read_at": owner.now}), now=owner.now)
    known = clients.tied(owner).get(message.client_id)
    page = ShowPage(
        message_id=message_id,
        title=plain(message.title),
        sender=known.name if known else _("“%(name)s”") % {"name": plain(message.sender)},
        known=known,
        kind=wording.of_code(wording.MESSAGE, message.kind),
        purpose=terms_in_words.purpose(message.purpose),
        channel=terms_in_words.channel(message.channel),
        grant_id=message.grant_id,
        body=letter(message.body, message.format),
        link=external(message.url) if message.url else None,
        received_at=message.received_at,
        valid_from=message.valid_from,
        valid_until=message.valid_until,
        offer=offer_parts(owner, message),
        over=message.valid_until is not None and owner.now >= message.valid_until,
        taken_back_at=message.taken_back_at,
        vote=message.vote,
    )
    return render(request, page, owner=owner)


@router.post("/inbox/{message_id}/vote")
def vote(message_id: str, owner: Writer) -> Response:
    """Say whether it was of use. The company is not told."""
    message = _find(owner, message_id)
    given = owner.form.get("vote")
    if given not in VOTES:
        raise NotFound
    if given != message.vote:
        read_at = message.read_at or owner.now
        store.replace(owner.db, owner.keyring, message_id, message.model_copy(update={"vote": given, "read_at": read_at}), now=owner.now)
        noted = {"message_id": message_id, "grant_id": message.grant_id, "client_id": message.client_id, "vote": given}
        ledger.append(owner.db, owner.act(), "message.voted", noted)
        if message.kind != "location_offer":
            proviso.weigh(owner, message.grant_id)
    return see_other(f"/inbox/{message_id}?done=voted")


def _collect(owner: Owner) -> None:
    with arriving.writing(owner) as db:
        mailroom.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=owner.now)


def _stale(owner: Owner, message_id: str) -> bool:
    """Whether a message is still sealed, or was taken back: an offer's record has an id of its own, and knows which it was."""
    opened = store.get(owner.db, owner.keyring, MessageRecord, message_id)
    sent_as = opened.fields.message_id or message_id if opened else message_id
    gate = owner.db.get(Message, (owner.account_id, sent_as))
    return gate is not None and (
        gate.sealed is not None or (gate.taken_back_at is not None and (not opened or not opened.fields.taken_back_at))
    )


def _find(owner: Owner, message_id: str) -> MessageRecord:
    opened = store.get(owner.db, owner.keyring, MessageRecord, message_id)
    if opened is None:
        raise NotFound
    return opened.fields


def _row(record_id: str, values: Mapping[str, Any]) -> Row:
    return Row(
        message_id=record_id,
        title=plain(str(values["title"])) or _("without a title"),
        kind=wording.of_code(wording.MESSAGE, str(values["kind"])),
        unread=values["read_at"] is None,
        taken_back=values["taken_back_at"] is not None,
        vote=values["vote"],
        received_at=datetime.fromisoformat(values["received_at"]),
        valid_until=datetime.fromisoformat(values["valid_until"]) if values["valid_until"] else None,
    )


def _answer(row: letters.Row) -> Row:
    """A letter of the owner's that was answered, as the inbox lists it."""
    return Row(
        message_id=row.letter_id,
        title=_("Answer: %(subject)s") % {"subject": row.subject},
        kind=_("answer to your letter"),
        unread=row.unread > 0,
        taken_back=False,
        vote=None,
        received_at=row.replied_at or row.written_at,
        valid_until=None,
        href=f"/letters/{row.letter_id}",
    )


def _newest_unread(row: Row) -> tuple[bool, float]:
    return not row.unread, -row.received_at.timestamp()


def _busiest(sender: Sender) -> tuple[bool, float]:
    return not sender.unread, -max(row.received_at.timestamp() for row in sender.rows)
