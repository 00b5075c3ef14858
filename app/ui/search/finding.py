"""The piles that search looks through: made of what is sealed, kept in memory while the account is unlocked and nothing changes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256

from sqlmodel import col, select

from app.auth.owner import Owner
from app.i18n import language
from app.relationships.search import Line, Pile
from app.relationships.searched import SEARCHED, Searched
from app.relationships.shelves import microseconds
from app.ui.requests.terms_in_words import Fact, in_words
from app.ui.vendors import clients
from consent import terms
from consent.store import Grant, Request
from vault import attachments, store
from vault.attachments import Attachment
from vault.segments import Digest


def piles(owner: Owner, code: str) -> list[Pile]:
    """The piles of one kind of record, those filed last first."""
    searched = SEARCHED[code]
    make = partial(_pile, owner, searched)
    return owner.stores.memory.pieces(owner.db, owner.keyring, searched.model, "search", make)[::-1]


def documents(owner: Owner) -> list[Pile]:
    """Documents, by their names. What a document is called never changes."""
    chosen = select(Attachment.attachment_id).where(Attachment.account_id == owner.account_id).order_by(col(Attachment.attachment_id))
    return [owner.stores.memory.value(owner.keyring, "documents", _version(owner.db.exec(chosen)), lambda: _documents(owner))]


def consents(owner: Owner) -> list[Pile]:
    """Permissions and requests: who, what for, in the words of their pages."""
    grants = owner.db.exec(select(Grant).where(Grant.account_id == owner.account_id).order_by(col(Grant.grant_id))).all()
    given = {row.request_id for row in grants}
    chosen = select(Request).where(Request.account_id == owner.account_id).order_by(col(Request.request_id))
    requests = [row for row in owner.db.exec(chosen) if row.request_id not in given]
    names = clients.names(owner, {row.client_id for row in grants} | {row.client_id for row in requests})
    said = [language(), *(f"{row.grant_id} {names.get(row.client_id)} {row.terms_sha256}" for row in grants)]
    version = _version([*said, *(f"{row.request_id} {names.get(row.client_id)}" for row in requests)])
    return [owner.stores.memory.value(owner.keyring, "consents", version, lambda: Pile.of(_consents(grants, requests, names)))]


def _pile(owner: Owner, searched: Searched, digests: list[Digest]) -> Pile:
    read = store.values_of(owner.db, owner.keyring, searched.model, searched.to_read(digests))
    return Pile.of(searched.line(one.record_id, read.get(one.record_id, one.values), one.updated_at) for one in digests)


def _documents(owner: Owner) -> Pile:
    found = attachments.all_of(owner.db, owner.keyring)
    return Pile.of(Line(one.attachment_id, microseconds(one.created_at), one.name, one.media_type) for one in found)


def _consents(grants: Sequence[Grant], requests: Sequence[Request], names: Mapping[str, str]) -> Iterator[Line]:
    for row in grants:
        yield Line(row.grant_id, microseconds(row.given_at), names.get(row.client_id, ""), text_of(row.terms, row.given_at))
    for asked in requests:
        text = text_of(asked.details, asked.created_at)
        yield Line(asked.request_id, microseconds(asked.created_at), names.get(asked.client_id, ""), text)


def text_of(details: str, at: datetime) -> str:
    """What terms say, in a line for people: without clock times, versions and sums, which nobody looks for; nothing for what
    could not be read any more."""
    try:
        said = in_words(terms.parse(json.loads(details), now=at))
    except terms.TermsError:
        return ""
    parts = [said.statement, *_facts(said.facts)]
    for line in said.lines:
        parts += [line.purpose, *_facts(line.facts)]
    for promise in said.promises:
        parts += [promise.promise, *_facts(promise.facts)]
    parts += [fact.text for fact in said.notice_facts if fact.key == "notice"]
    return " · ".join(part for part in parts if part)


def _facts(facts: Iterable[Fact]) -> Iterator[str]:
    return (f"{fact.label}: {fact.text}" for fact in facts if fact.key != "expires")


def _version(parts: Iterable[str]) -> bytes:
    return sha256("\n".join(parts).encode()).digest()
