"""What binds the owner and one company: permissions, promises, messages, contact links, and the timeline of it all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import addresses
from app.i18n import Lazy, lazy
from app.relationships import commitments, timeline
from app.relationships.timeline import GrantFact, Moment
from app.ui import clients, quiet, wording
from app.ui.clients import ClientInWords
from app.ui.vendor_words import plain
from consent import grants
from consent.store import Grant
from vault import store
from vault.records import DIGEST_TEXT, AddressRecord, Commitment, Interaction, MessageRecord, Vendor
from vault.segments import Digest

INTERACTION: Mapping[str, Lazy] = {
    "purchase": lazy("Purchase"),
    "contact": lazy("Contact"),
    "problem": lazy("Problem"),
    "praise": lazy("Praise"),
    "visit": lazy("Visit"),
}
FEELING: Mapping[str, Lazy] = {"good": lazy("felt good"), "neutral": lazy("felt neither good nor bad"), "bad": lazy("felt bad")}
GRANT: Mapping[str, Lazy] = {
    "given": lazy("You gave permission"),
    "paused": lazy("You paused their permission"),
    "suspended": lazy("Their permission suspended itself"),
    "withdrawn": lazy("You withdrew their permission"),
    "expired": lazy("Their permission ran out"),
    "handed_back": lazy("They handed their permission back"),
}
PLACES: Mapping[str, str] = {"message": "/inbox/", "commitment": "/commitments/", "grant": "/grants/"}
LATE = timedelta(days=1)
"""From when on it is worth saying that something was written down later than it happened."""

BAD = frozenset({"problem", "broken", "disputed"})


@dataclass(frozen=True)
class GrantLine:
    """A permission in one line."""

    grant_id: str
    who: str
    status: str
    tone: str
    live: bool
    given_at: datetime


@dataclass(frozen=True)
class PromiseLine:
    """A promise in one line."""

    commitment_id: str
    promise: str
    mine: bool
    state: str
    tone: str


@dataclass(frozen=True)
class LinkLine:
    """A contact link that is open."""

    address_id: str
    label: str
    created_at: datetime


@dataclass(frozen=True)
class Entry:
    """A moment of the timeline in words. `side` is mine, theirs or neutral; `late` when it was written down on a later day."""

    at: datetime
    side: str
    bad: bool
    what: str
    title: str
    text: str
    href: str
    amount: str | None
    currency: str | None
    late: datetime | None


@dataclass(frozen=True)
class Bonds:
    """Everything that a company's page needs beside the record itself."""

    grants: tuple[GrantLine, ...]
    promises: tuple[PromiseLine, ...]
    links: tuple[LinkLine, ...]
    clients: tuple[ClientInWords, ...]
    entries: tuple[Entry, ...]
    older: int
    messages: int
    pausable: bool
    resumable: bool


def of_vendor(owner: Owner, vendor_id: str, vendor: Vendor, *, limit: int | None) -> Bonds:
    """Gather what binds the owner and one company. `limit` counts moments of the timeline; None is all of them."""
    promises = [
        (one.record_id, commitments.from_digest(one.values))
        for one in store.digests(owner.db, owner.keyring, Commitment)
        if one.values["vendor_id"] == vendor_id
    ]
    happened = [one for one in store.digests(owner.db, owner.keyring, Interaction) if one.values["vendor_id"] == vendor_id]
    letters = [
        one
        for one in store.digests(owner.db, owner.keyring, MessageRecord)
        if one.values["client_id"] in vendor.client_ids and not quiet.held(owner, one.values)
    ]
    rows = _grants(owner, vendor)
    moments = timeline.merged(
        [timeline.of_interaction(one.record_id, _interaction(one)) for one in happened],
        [moment for record_id, promise in promises for moment in timeline.of_commitment(record_id, promise)],
        [_message(one) for one in letters],
        [timeline.of_grant(fact) for row in rows for fact in _facts(row)],
    )
    shown = moments if limit is None else moments[:limit]
    return Bonds(
        grants=_lines(owner, rows),
        promises=tuple(
            _promise(record_id, promise)
            for record_id, promise in sorted(promises, key=lambda one: commitments.order(one[1], now=owner.now))
        ),
        links=_links(owner, vendor_id),
        clients=tuple(clients.in_words(client) for client in clients.of_ids(owner.db, vendor.client_ids).values()),
        entries=tuple(_entry(owner, moment) for moment in shown),
        older=len(moments) - len(shown),
        messages=len(letters),
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


def _facts(row: Grant) -> Iterator[GrantFact]:
    yield GrantFact(row.grant_id, row.given_at, "given", mine=True)
    if row.status != "given":
        yield GrantFact(row.grant_id, row.changed_at, row.status, mine=row.status in {"paused", "withdrawn"})


def _promise(record_id: str, promise: Commitment) -> PromiseLine:
    standing = commitments.state(promise.events)
    return PromiseLine(
        record_id, promise.promise, promise.by == "me", wording.of_code(wording.COMMITMENT, standing), wording.COMMITMENT_TONE[standing]
    )


def _links(owner: Owner, vendor_id: str) -> tuple[LinkLine, ...]:
    mine = [one for one in store.digests(owner.db, owner.keyring, AddressRecord) if one.values["vendor_id"] == vendor_id]
    rows = addresses.rows(owner.db, owner.account_id) if mine else {}
    open_rows = {key for key, row in rows.items() if row.closed_at is None and (row.expires_at is None or owner.now < row.expires_at)}
    return tuple(LinkLine(one.record_id, str(one.values["label"]), one.created_at) for one in mine if one.record_id in open_rows)


def _interaction(digest: Digest) -> Interaction:
    # The digest holds all of it but the end of a long note, which `_entry` fetches for those that are shown.
    return Interaction.model_validate(digest.values)


def _message(digest: Digest) -> Moment:
    values: Mapping[str, Any] = digest.values
    at = datetime.fromisoformat(str(values["received_at"]))
    return Moment(
        at=at, side="theirs", source="message", what=str(values["kind"]), title=plain(str(values["title"])), record_id=digest.record_id
    )


def _entry(owner: Owner, moment: Moment) -> Entry:
    text = moment.text
    if moment.source == "interaction" and len(text) >= DIGEST_TEXT:
        opened = store.get(owner.db, owner.keyring, Interaction, moment.record_id)
        text = opened.fields.note if opened else text
    late = moment.recorded_at if moment.recorded_at and moment.recorded_at - moment.at > LATE else None
    feeling = str(FEELING[moment.feeling]) if moment.feeling in FEELING else ""
    return Entry(
        at=moment.at,
        side=moment.side,
        bad=moment.what in BAD or moment.feeling == "bad",
        what=", ".join(part for part in (_words(moment), feeling) if part),
        title=moment.title,
        text=text,
        href=f"{PLACES[moment.source]}{moment.record_id}" if moment.source in PLACES else "",
        amount=moment.amount,
        currency=moment.currency,
        late=late,
    )


def _words(moment: Moment) -> str:
    words = {"interaction": INTERACTION, "message": wording.MESSAGE, "commitment": wording.EVENT, "grant": GRANT}[moment.source]
    said = wording.of_code(words, moment.what)
    return said[:1].upper() + said[1:]
