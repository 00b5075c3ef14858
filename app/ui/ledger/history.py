"""Ledger entries in words: who did what, and the details that only the owner can open."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlmodel import col, select

from app.auth.owner import Owner
from app.i18n import _, lazy
from app.ui import wording
from app.ui.render import as_datetime, in_zone
from app.ui.requests import terms_in_words
from app.ui.requests.terms_in_words import Fact
from app.ui.vendors import clients
from app.ui.vendors.words import plain
from app.ui.view import view
from app.ui.wording import Side
from consent import ledger
from consent.store import LedgerEntry, LedgerHead
from vault.errors import Sealed
from vault.mailbox import OpenMailbox

PAGE = 50
LOOK_BACK = 500
"""How many entries a page about one permission looks through; the whole history has them all."""

LABELS = {
    "purpose": lazy("What for"),
    "channel": lazy("How"),
    "kind": lazy("What"),
    "reason": lazy("Why"),
    "repeats": lazy("How often"),
    "vote": lazy("Your rating"),
    "promise": lazy("Promise"),
    "title": lazy("Title"),
    "label": lazy("Label"),
    "note": lazy("Note"),
    "happened_at": lazy("When it happened"),
    "count": lazy("How many"),
    "format": lazy("From"),
}
SAID: Mapping[str, Callable[[str], str]] = {
    "purpose": terms_in_words.purpose,
    "channel": terms_in_words.channel,
    "kind": lambda kind: wording.of_code({**wording.MESSAGE, **wording.EVENT}, kind),
    "reason": wording.refusal,
    "happened_at": lambda at: as_datetime(datetime.fromisoformat(at)),
    "vote": lambda vote: _("useful") if vote == "useful" else _("not useful"),
}
# Where a line leads, the nearest thing first.
PLACES = {
    "message_id": "/inbox/",
    "commitment_id": "/commitments/",
    "address_id": "/addresses/",
    "grant_id": "/grants/",
    "request_id": "/requests/",
}

Entry: TypeAlias = tuple[LedgerEntry, dict[str, Any] | None]


@view
class Line:
    """One entry as a line. `sealed` says that its details did not open, which `verify` reports as well."""

    seq: int
    at: datetime
    text: str
    who: str
    side: Side
    facts: tuple[Fact, ...]
    href: str | None
    sealed: bool


def opener(owner: Owner) -> Callable[[LedgerEntry], bytes]:
    """Opens an entry's sealed details with the owner's mailbox: salt, then canonical JSON. Raises Sealed."""
    mailbox: OpenMailbox = owner.open_mailbox
    head = owner.db.get_one(LedgerHead, owner.account_id)
    return lambda entry: mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(entry.seq)), entry.sealed)


def newest(owner: Owner, *, before: int | None = None) -> tuple[list[Line], int | None]:
    """A page of history, newest first, below sequence number `before`; and where the next page begins, None at the end."""
    chosen = select(LedgerEntry).where(LedgerEntry.account_id == owner.account_id)
    if before is not None:
        chosen = chosen.where(LedgerEntry.seq < before)
    rows = owner.db.exec(chosen.order_by(col(LedgerEntry.seq).desc()).limit(PAGE + 1)).all()
    following = rows[PAGE - 1].seq if len(rows) > PAGE else None
    return _lines(owner, rows[:PAGE]), following


def of_grant(owner: Owner, grant_id: str, *, since: datetime) -> list[Line]:
    """The newest entries about one permission."""
    recent = select(LedgerEntry).where(LedgerEntry.account_id == owner.account_id, LedgerEntry.at >= since)
    rows = owner.db.exec(recent.order_by(col(LedgerEntry.seq).desc()).limit(LOOK_BACK)).all()
    opened = opener(owner)
    about: list[Entry] = []
    for row in rows:
        details = _details(row, opened)
        if details is not None and details.get("grant_id") == grant_id:
            about.append((row, details))
    return _worded(owner, about[:PAGE])


def _lines(owner: Owner, rows: Iterable[LedgerEntry]) -> list[Line]:
    opened = opener(owner)
    return _worded(owner, [(row, _details(row, opened)) for row in rows])


def _details(row: LedgerEntry, opened: Callable[[LedgerEntry], bytes]) -> dict[str, Any] | None:
    try:
        details: dict[str, Any] = json.loads(opened(row)[ledger.SALT_BYTES :])
    except (Sealed, ValueError):
        return None
    return details


def _worded(owner: Owner, entries: list[Entry]) -> list[Line]:
    ids = {row.actor.partition(":")[2] for row, _details in entries}
    ids |= {str(details["client_id"]) for _row, details in entries if details and "client_id" in details}
    names = clients.names(owner, ids - {""})
    with in_zone(owner.profile.time_zone):
        return [_line(row, details, names) for row, details in entries]


def _line(row: LedgerEntry, details: dict[str, Any] | None, names: Mapping[str, str]) -> Line:
    told = line(row, details, names)
    return replace(told, href=next((f"{place}{details[key]}" for key, place in PLACES.items() if details and details.get(key)), None))


def line(row: LedgerEntry, details: dict[str, Any] | None, names: Mapping[str, str]) -> Line:
    """An entry in words, leading nowhere. `names` are those of companies, by client id; `details` None when they do not open."""
    return Line(
        seq=row.seq,
        at=row.at,
        text=wording.ledger_type(row.type),
        who=wording.actor(row.actor, names),
        side=wording.said_by(row.actor),
        facts=_facts(details or {}, names, told=row.actor),
        href=None,
        sealed=details is None,
    )


def _facts(details: Mapping[str, Any], names: Mapping[str, str], *, told: str) -> tuple[Fact, ...]:
    client_id = details.get("client_id")
    new = client_id and told != f"client:{client_id}"
    company = (Fact("client", _("Company"), names.get(str(client_id), _("a system you do not know"))),) if new else ()
    known = (Fact(key, str(label), _said(key, details[key])) for key, label in LABELS.items() if details.get(key) not in {None, ""})
    return (*company, *known)


def _said(key: str, value: object) -> str:
    if key == "repeats" and isinstance(value, int):
        return wording.times(value)
    text = plain(str(value))
    return SAID[key](text) if key in SAID else text
