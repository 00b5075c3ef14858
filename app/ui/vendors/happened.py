"""What happened, found without opening it: the shelves of an unlocked account, kept in memory while nothing changes."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import col, select

from app.auth.owner import Owner
from app.auth.profiles import quiet_of
from app.relationships import timeline
from app.relationships.shelves import Shelf
from app.relationships.timeline import SOURCES, Mark, Source
from app.ui.ledger import history
from consent import ledger
from consent.store import Grant, LedgerEntry, LedgerHead, Request
from vault.errors import Sealed
from vault.records import Vendor
from vault.segments import Digest

BLOCK = 500
"""Entries of the history on one shelf. What was written once never changes, so that full shelves stay as they are."""


def everything(owner: Owner) -> list[Shelf]:
    """All shelves of the account."""
    return [*(shelf for source in SOURCES.values() for shelf in of_source(owner, source)), *_of_ledger(owner)]


def of_source(owner: Owner, source: Source) -> list[Shelf]:
    """The shelves of one kind of record."""
    return owner.stores.memory.pieces(owner.db, owner.keyring, source.model, "timeline", _maker(source))


def of_vendor(owner: Owner, source: str, parties: Iterable[str]) -> list[Mark]:
    """Every mark of one kind of record and one vendor, with its clients; newest first inside a shelf."""
    wanted = tuple(parties)
    return [shelf.mark(row) for shelf in of_source(owner, SOURCES[source]) for party in wanted for row in shelf.of_party(party)]


def last_moves(owner: Owner) -> dict[str, datetime]:
    """When each party, a vendor or a client, made its last move."""
    found: dict[str, datetime] = {}
    for shelf in everything(owner):
        for party, at in shelf.last_moves.items():
            if party not in found or at > found[party]:
                found[party] = at
    return found


def parties(vendor_id: str, vendor: Vendor) -> frozenset[str]:
    """Whose marks are a vendor's: its own, and those of its clients."""
    return frozenset((vendor_id, *vendor.client_ids))


def hidden(owner: Owner) -> Callable[[Mark], bool]:
    """Whether a mark is as if it had not happened yet: a message that quiet hours still hold."""
    quiet = quiet_of(owner.profile)
    return lambda mark: quiet is not None and mark.source == "message" and quiet.holds(mark.at, now=owner.now)


def _maker(source: Source) -> Callable[[list[Digest]], Shelf]:
    return lambda digests: Shelf.of(mark for digest in digests for mark in source.marks(digest))


def _of_ledger(owner: Owner) -> list[Shelf]:
    size = owner.db.get_one(LedgerHead, owner.account_id).size
    clients = _Clients(owner)
    found = []
    for first in range(1, size + 1, BLOCK):
        last = min(size, first + BLOCK - 1)
        made = partial(_shelf, owner, clients, first, last)
        found.append(owner.stores.memory.value(owner.keyring, f"ledger/{first}", str(last).encode(), made))
    return found


def _shelf(owner: Owner, clients: "_Clients", first: int, last: int) -> Shelf:
    told = (LedgerEntry.account_id == owner.account_id, LedgerEntry.seq >= first, LedgerEntry.seq <= last)
    rows = owner.db.exec(select(LedgerEntry).where(*told, col(LedgerEntry.type).in_(timeline.LEDGER)).order_by(col(LedgerEntry.seq))).all()
    opened = history.opener(owner) if rows else None
    marks = []
    for row in rows:
        try:
            details: dict[str, Any] = json.loads(opened(row)[ledger.SALT_BYTES :]) if opened else {}
        except (Sealed, ValueError):
            # The history's own page says which entry does not open; here it has nothing to tell.
            continue
        about = str(details.get("grant_id") or details.get("request_id") or "")
        party = str(details.get("client_id") or clients.of(details, row.actor))
        if about and party:
            marks.append(timeline.of_ledger(row.type, row.at, record_id=about, party=party, seq=row.seq))
    return Shelf.of(marks)


class _Clients:
    """Which client a permission or request is of; read once, when first asked."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._known: dict[str, str] | None = None

    def of(self, details: dict[str, Any], actor: str) -> str:
        """The client that an entry concerns; empty when nothing says so."""
        kind, _colon, client_id = actor.partition(":")
        return client_id if kind == "client" else self._read().get(str(details.get("grant_id") or details.get("request_id")), "")

    def _read(self) -> dict[str, str]:
        if self._known is None:
            grants = select(Grant.grant_id, Grant.client_id).where(Grant.account_id == self._owner.account_id)
            requests = select(Request.request_id, Request.client_id).where(Request.account_id == self._owner.account_id)
            self._known = {**dict(self._owner.db.exec(grants).all()), **dict(self._owner.db.exec(requests).all())}
        return self._known
