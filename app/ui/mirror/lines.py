"""Gathering what the mirror shows: what a company holds, what the owner holds of the same kinds, and what the owner allowed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import col, select

from app.auth.owner import Owner
from app.exchange import releases
from app.relationships import crm_mirror, elsewhere, kinds
from app.relationships.crm_mirror import Allowed, Line, Mine
from app.relationships.rights_words import Said
from app.ui import dates
from app.ui.elsewhere import parts as elsewhere_parts
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import grants
from consent.store import Grant
from vault import store
from vault.records import Elsewhere, Held, Item, ReleaseRecord, Vendor

_BETWEEN = re.compile(r"[,;/\n]|\band\b|\bund\b|\bet\b")


@view
class Row:
    """A version in a list of versions: its record, its number, and whether the owner must still say what its columns are."""

    held_id: str
    version: int
    waiting: bool


@view
class Beside:
    """What their lines are held against: what is the owner's, what was allowed, and when each kind of data was last fetched."""

    mine: tuple[Mine, ...]
    allowed: tuple[Allowed, ...]
    fetched: Mapping[str, datetime]

    def lines(self, held: Held) -> tuple[Line, ...]:
        """A version line by line."""
        return crm_mirror.lines(held, self.mine, self.allowed)


def versions(owner: Owner, vendor_id: str, vendor: Vendor) -> dict[str, list[Row]]:
    """What a company has said, by where it comes from: the id of a permission, or "" for answers that the owner brought in.
    The newest first."""
    found: dict[str, list[Row]] = {}
    for one in store.digests(owner.db, owner.keyring, Held):
        values = one.values
        if values["client_id"] in vendor.client_ids or values.get("vendor_id") == vendor_id:
            source = str(values["grant_id"] or "") if values["client_id"] in vendor.client_ids else ""
            found.setdefault(source, []).append(Row(one.record_id, int(str(values["version"])), bool(values.get("waiting"))))
    return {source: sorted(rows, key=lambda row: (row.version, row.held_id), reverse=True) for source, rows in found.items()}


def beside(owner: Owner, vendor_id: str, vendor: Vendor) -> Beside:
    """Everything that their lines are held against."""
    return Beside(tuple(_mine(owner, vendor)), tuple(_allowed(owner, vendor_id, vendor)), _fetched(owner, vendor))


def chosen(owner: Owner, vendor_id: str, vendor: Vendor, refs: Iterable[str]) -> tuple[Said, ...]:
    """The lines that a letter is to name, by `<record id>.<key>`; what is none of this company's is left out."""
    wanted = list(dict.fromkeys(refs))
    if not wanted:
        return ()
    known = {row.held_id for rows in versions(owner, vendor_id, vendor).values() for row in rows}
    against = beside(owner, vendor_id, vendor)
    opened: dict[str, dict[str, Line]] = {}
    found: list[Said] = []
    for ref in wanted:
        held_id, _dot, key = ref.partition(".")
        if held_id not in known:
            continue
        if held_id not in opened:
            record = store.get(owner.db, owner.keyring, Held, held_id)
            opened[held_id] = {line.key: line for line in against.lines(record.fields)} if record else {}
        if line := opened[held_id].get(key):
            found.append(Said(plain(line.name), plain(line.value), line.mine[0] if len(line.mine) == 1 else ""))
    return tuple(found)


def _mine(owner: Owner, vendor: Vendor) -> Iterator[Mine]:
    for item in store.all_of(owner.db, owner.keyring, Item):
        yield Mine(item.fields.term, item.fields.value)
        yield from (Mine(item.fields.term, past.value, past.until) for past in item.fields.previous)
    yield from (Mine("pd:Identifier", number) for number in vendor.customer_numbers)
    for contact in vendor.contacts:
        if contact.kind == "login":
            yield Mine("pd:Username", contact.value)
            yield from [Mine("pd:EmailAddress", contact.value)] if "@" in contact.value else []


def _allowed(owner: Owner, vendor_id: str, vendor: Vendor) -> Iterator[Allowed]:
    for grant in _grants(owner, vendor):
        live = grant.status in grants.LIVE and owner.now < grant.expires_at
        for term in sorted({term for line in grants.standing(grant).terms.purposes for term in line.datatypes}):
            yield Allowed(term, live)
    today = dates.today(owner)
    noted = {one.record_id: one.fields for one in store.all_of(owner.db, owner.keyring, Elsewhere) if one.fields.vendor_id == vendor_id}
    letters = elsewhere_parts.written(owner, noted)
    for consent_id, given in noted.items():
        holds = elsewhere.standing(given, letters.get(consent_id, ()), today=today).state is elsewhere.State.GIVEN
        yield from (Allowed(term, holds) for term in _named(given.data))


def _named(data: str) -> Sequence[str]:
    """The kinds of data that the owner's words for a consent given elsewhere name."""
    return sorted({term for part in _BETWEEN.split(data) if (term := kinds.of_name(part.strip().removeprefix("my ")))})


def _grants(owner: Owner, vendor: Vendor) -> Sequence[Grant]:
    if not vendor.client_ids:
        return ()
    mine = select(Grant).where(Grant.account_id == owner.account_id, col(Grant.client_id).in_(vendor.client_ids))
    return owner.db.exec(mine.order_by(col(Grant.given_at), col(Grant.grant_id))).all()


def _fetched(owner: Owner, vendor: Vendor) -> dict[str, datetime]:
    """When each kind of data was last fetched by this company's systems."""
    found: dict[str, datetime] = {}
    for release in store.all_of(owner.db, owner.keyring, ReleaseRecord):
        if release.fields.client_id not in vendor.client_ids:
            continue
        contents = {version.etag: version.contents for version in release.fields.versions}
        for fetch in releases.fetches(owner.db, owner.account_id, release.fields.grant_id):
            for revealed in contents.get(fetch.etag, ()):
                found[revealed.term] = max(found.get(revealed.term, fetch.fetched_at), fetch.fetched_at)
    return found
