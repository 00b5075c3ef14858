"""What binds the owner and one company: permissions, promises, messages, contact links, and the timeline of it all."""

from datetime import datetime

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import addresses
from app.relationships import commitments, shelves
from app.relationships.shelves import Chosen
from app.ui import wording
from app.ui.commitments import promises, schedule_words
from app.ui.vendors import clients, happened, moments
from app.ui.vendors.clients import ClientInWords
from app.ui.vendors.moments import Entry
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import grants
from consent.store import Grant
from vault.records import AddressRecord, Commitment, Vendor


@view
class GrantLine:
    """A permission in one line."""

    grant_id: str
    who: str
    status: str
    tone: str
    live: bool
    given_at: datetime


@view
class PromiseLine:
    """A promise in one line. `waits` is what is due next, and when, `law` that a law asks it."""

    commitment_id: str
    promise: str
    mine: bool
    waits: str
    overdue: bool
    law: str
    state: str
    tone: str


@view
class LinkLine:
    """A contact link that is open."""

    address_id: str
    label: str
    created_at: datetime


@view
class Bonds:
    """Everything that a company's page needs beside the record itself."""

    grants: tuple[GrantLine, ...]
    promises: tuple[PromiseLine, ...]
    links: tuple[LinkLine, ...]
    clients: tuple[ClientInWords, ...]
    entries: tuple[Entry, ...]
    older: bool
    messages: int
    pausable: bool
    resumable: bool


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor, *, limit: int) -> Bonds:
    """Gather what binds the owner and one company. `limit` counts moments of the timeline."""
    made = promises.of_owner(owner, vendor_id=vendor_id)
    hides = happened.hidden(owner)
    mine = Chosen(happened.parties(vendor_id, vendor))
    found = shelves.page(happened.everything(owner), mine, limit=limit, hides=hides)
    rows = _grants(owner, vendor)
    return Bonds(
        grants=_lines(owner, rows),
        promises=tuple(
            _promise(record_id, promise, owner.now)
            for record_id, promise in sorted(made, key=lambda one: commitments.order(one[1], now=owner.now))
        ),
        links=_links(owner, vendor_id),
        clients=tuple(clients.in_words(client) for client in clients.of_ids(owner.db, vendor.client_ids).values()),
        entries=moments.entries(owner, found.marks),
        older=found.older is not None,
        messages=sum(not hides(mark) for mark in happened.of_vendor(owner, "message", vendor.client_ids)),
        pausable=any(row.status == "given" and row.expires_at > owner.now for row in rows),
        resumable=any(row.status == "paused" and row.expires_at > owner.now for row in rows),
    )


def grant_lines(owner: Owner, vendor: Vendor, *, live_only: bool = False) -> tuple[GrantLine, ...]:
    """The permissions of a company's systems, the living first."""
    return tuple(line for line in _lines(owner, _grants(owner, vendor)) if line.live or not live_only)


def _grants(owner: Owner, vendor: Vendor) -> list[Grant]:
    if not vendor.client_ids:
        return []
    chosen = select(Grant).where(Grant.account_id == owner.account_id, col(Grant.client_id).in_(vendor.client_ids))
    return list(owner.db.exec(chosen.order_by(col(Grant.given_at).desc())))


def _lines(owner: Owner, rows: list[Grant]) -> tuple[GrantLine, ...]:
    named = clients.of_ids(owner.db, {row.client_id for row in rows})
    lines = [
        GrantLine(
            row.grant_id,
            plain(named[row.client_id].name) if row.client_id in named else "",
            wording.status(row.status),
            wording.STATUS_TONE[row.status],
            row.status in grants.LIVE,
            row.given_at,
        )
        for row in rows
    ]
    return tuple(sorted(lines, key=lambda line: not line.live))


def _promise(record_id: str, promise: Commitment, now: datetime) -> PromiseLine:
    standing = commitments.state(promise.events)
    return PromiseLine(
        commitment_id=record_id,
        promise=plain(promise.promise),
        mine=promise.by == "me",
        waits=schedule_words.waits(promise, now=now),
        overdue=commitments.overdue(promise, now=now),
        law=schedule_words.behind(promise)[0] if promise.source == "law" else "",
        state=wording.of_code(wording.COMMITMENT, standing),
        tone=wording.COMMITMENT_TONE[standing],
    )


def _links(owner: Owner, vendor_id: str) -> tuple[LinkLine, ...]:
    mine = [one for one in owner.digests(AddressRecord) if one.values["vendor_id"] == vendor_id]
    rows = addresses.rows(owner.db, owner.account_id) if mine else {}
    open_rows = {key for key, row in rows.items() if row.closed_at is None and (row.expires_at is None or owner.now < row.expires_at)}
    return tuple(LinkLine(one.record_id, str(one.values["label"]), one.created_at) for one in mine if one.record_id in open_rows)
