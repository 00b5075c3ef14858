"""Releases: granted fields sealed to the client's own key, kept under a random key that dies with the permission.

Two seals lie around the fields. The inner one (JWE) only the client opens. The outer one opens with the grant's release key,
which lies in the state store, wrapped by the instance secret: when the permission ends that key is destroyed, and no copy of
the main database, however old, gives the release back.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, delete, select

from app.commits import after_commit
from app.database import Store
from app.exchange import sealing_keys
from app.exchange.sealing_keys import SealingKey
from app.state import ReleaseKey
from app.tables import Client, Release, ReleaseFetch
from consent import events, grants, ledger
from consent.act import Act
from consent.store import Grant
from consent.terms import Terms
from vault import cipher, envelope, shredding, store
from vault.envelope import Place
from vault.errors import Sealed
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.records import Item, ReleaseRecord, ReleaseVersion, Revealed
from vault.store import Opened

READS: Final = "read_data"
KEY_PURPOSE: Final = "release key"
VERSIONS: Final = 1000


@dataclass(frozen=True)
class Hand:
    """The owner's hand: an open transaction under the account's lock, an open account, and where release keys lie.

    `frozen`: the host was restored and the owner has not confirmed it yet, so that nothing is sealed or destroyed.
    """

    db: Session
    state: Store
    instance: InstanceKeys = field(repr=False)
    keyring: Keyring = field(repr=False)
    act: Act
    now: datetime
    frozen: bool = False


@dataclass(frozen=True)
class Fetched:
    """What a client fetches: the JWE, and the ETag under which it may ask again."""

    etag: str
    jwe: bytes = field(repr=False)


@dataclass(frozen=True)
class Content:
    """One value of a release."""

    revealed: Revealed
    value: str = field(repr=False)


def readable(terms: Terms) -> frozenset[str]:
    """The kinds of data (`pd:` terms) that these terms let a client read."""
    return frozenset(term for line in terms.purposes if READS in line.actions for term in line.datatypes)


def choose(hand: Hand, grant: Grant, item_ids: Sequence[str], *, told: bool) -> None:
    """Release exactly these items by this grant, those of them that its terms let the client read; with `told` the client
    hears that its release changed. Nothing is sealed while the client has no key that the owner knows."""
    opened = _record_of(hand.db, hand.keyring, grant.grant_id)
    if opened is None and not item_ids:
        return
    wanted = tuple(sorted(set(item_ids)))
    if opened is None:
        fields = ReleaseRecord(grant_id=grant.grant_id, client_id=grant.client_id, item_ids=wanted)
        record_id = store.add(hand.db, hand.keyring, fields, now=hand.now)
        opened = Opened(record_id, fields, hand.now, hand.now)
    _seal(hand, grant, opened.record_id, opened.fields.model_copy(update={"item_ids": wanted}), told=told)


def item_changed(hand: Hand, item_id: str) -> None:
    """An item was changed or removed: every live release that has it is sealed again, and each of its clients is told."""
    for opened in list(store.all_of(hand.db, hand.keyring, ReleaseRecord)):
        grant = grants.find(hand.db, hand.keyring.account_id, opened.fields.grant_id)
        if grant is not None and _lives(grant, hand.now) and item_id in opened.fields.item_ids:
            _seal(hand, grant, opened.record_id, opened.fields, told=True)


def freshen(hand: Hand) -> int:
    """Seal again whatever live release is not as the owner's items are, or lost its key or its row; how many."""
    made = 0
    if hand.frozen:
        return made
    for opened in list(store.all_of(hand.db, hand.keyring, ReleaseRecord)):
        grant = grants.find(hand.db, hand.keyring.account_id, opened.fields.grant_id)
        if grant is None or not _lives(grant, hand.now):
            continue
        contents, last = _revealed(_contents(hand, grant, opened.fields)), current(opened.fields)
        same = contents == (last.contents if last else ())
        if not same or not _whole(hand.db, hand.state, grant, last):
            _seal(hand, grant, opened.record_id, opened.fields, told=not same)
            made += 1
    return made


def accept_key(hand: Hand, grant: Grant, client: Client) -> bool:
    """The owner lets a key follow that the one before vouched for. False when there is no such key now."""
    change = sealing_keys.changed(hand.db, grant, sealing_keys.of_client(hand.state, client, now=hand.now))
    if change is None or change.present is None or not change.signed:
        return False
    sealing_keys.settle(hand.db, grant, change.present, now=hand.now)
    noted = {"grant_id": grant.grant_id, "client_id": grant.client_id, "kid": change.present.kid}
    ledger.append(hand.db, hand.act, "key.accepted", noted)
    opened = _record_of(hand.db, hand.keyring, grant.grant_id)
    if opened is not None:
        _seal(hand, grant, opened.record_id, opened.fields, told=True)
    return True


def fetch(db: Session, state: Store, instance: InstanceKeys, grant: Grant) -> Fetched | None:
    """What the grant releases now; None when there is nothing, or nothing that opens any more."""
    row = db.get(Release, (grant.account_id, grant.grant_id))
    key = _key(state, instance, grant) if row else None
    if row is None or key is None:
        return None
    try:
        return Fetched(row.etag, envelope.open_bytes(key, place(row.account_id, row.grant_id), 0, row.sealed))
    except Sealed:
        return None


def note_fetch(db: Session, act: Act, grant: Grant, etag: str) -> None:
    """Write down that the client has the release now."""
    db.add(
        ReleaseFetch(account_id=grant.account_id, fetch_id=secrets.token_hex(16), grant_id=grant.grant_id, etag=etag, fetched_at=act.now)
    )
    ledger.append(db, act, "data.read", {"grant_id": grant.grant_id, "client_id": grant.client_id, "etag": etag})


def forget(db: Session, account_id: str, grant_id: str) -> None:
    """Delete a release's row, in the transaction that ends its grant; `destroy_key` follows the commit."""
    gone = db.exec(delete(Release).where(col(Release.account_id) == account_id, col(Release.grant_id) == grant_id))
    if gone.rowcount:
        shredding.mark(db, "release")


def destroy_key(state: Session, account_id: str, grant_id: str) -> None:
    """Destroy the key around a release, in a transaction of the state store: what it closed stays closed."""
    mine = (col(ReleaseKey.account_id) == account_id, col(ReleaseKey.grant_id) == grant_id)
    if state.exec(delete(ReleaseKey).where(*mine)).rowcount:
        shredding.mark(state, "release_key")


def destroy_after(db: Session, state: Store, grant: Grant) -> None:
    """Destroy the key around a release once what `db` does is committed, and before anybody is answered."""
    account_id, grant_id = grant.account_id, grant.grant_id

    def destroy() -> None:
        with state.writing() as there:
            destroy_key(there, account_id, grant_id)

    after_commit(db, destroy)


def record_of(db: Session, keyring: Keyring, grant_id: str) -> ReleaseRecord | None:
    """What the owner chose to release by a grant, and what was in each version."""
    opened = _record_of(db, keyring, grant_id)
    return opened.fields if opened else None


def fetches(db: Session, account_id: str, grant_id: str) -> Iterator[ReleaseFetch]:
    """When a release was fetched and in which version, the latest first."""
    chosen = select(ReleaseFetch).where(ReleaseFetch.account_id == account_id, ReleaseFetch.grant_id == grant_id)
    yield from db.exec(chosen.order_by(col(ReleaseFetch.fetched_at).desc(), col(ReleaseFetch.fetch_id)))


def place(account_id: str, grant_id: str) -> Place:
    """Where a release is sealed."""
    return Place("release", "jwe", grant_id, account_id, 1)


def current(record: ReleaseRecord) -> ReleaseVersion | None:
    """The version that the client can fetch; None when nothing is released."""
    return record.versions[-1] if record.versions and record.versions[-1].contents else None


def _record_of(db: Session, keyring: Keyring, grant_id: str) -> Opened[ReleaseRecord] | None:
    for digest in store.digests(db, keyring, ReleaseRecord):
        if digest.values["grant_id"] == grant_id:
            return store.get(db, keyring, ReleaseRecord, digest.record_id)
    return None


def _lives(grant: Grant, now: datetime) -> bool:
    return grant.status in grants.LIVE and now < grant.expires_at


def _contents(hand: Hand, grant: Grant, record: ReleaseRecord) -> list[Content]:
    """What the client may read now of what was chosen: the items that are still there and still of a granted kind."""
    allowed = readable(grants.standing(grant).terms)
    found = (store.get(hand.db, hand.keyring, Item, item_id) for item_id in record.item_ids)
    return [
        Content(Revealed(item_id=opened.record_id, term=opened.fields.term, since=since(opened)), opened.fields.value)
        for opened in found
        if opened is not None and opened.fields.term in allowed
    ]


def since(opened: Opened[Item]) -> datetime:
    """Since when an item's value is what it is."""
    return opened.fields.previous[-1].until if opened.fields.previous else opened.created_at


def _revealed(contents: Sequence[Content]) -> tuple[Revealed, ...]:
    return tuple(content.revealed for content in contents)


def _seal(hand: Hand, grant: Grant, record_id: str, record: ReleaseRecord, *, told: bool) -> None:
    """Put the release of a live grant in order: sealed to the key that the owner knows, or gone where nothing is to be read."""
    if hand.frozen:
        store.replace(hand.db, hand.keyring, record_id, record, now=hand.now)
        return
    contents, key = _contents(hand, grant, record), sealing_keys.of_grant(hand.db, grant)
    before, etag = hand.db.get(Release, (grant.account_id, grant.grant_id)) is not None, secrets.token_hex(16)
    if contents and key is not None:
        _store(hand, grant, key, contents, etag)
    else:
        contents = []
        forget(hand.db, grant.account_id, grant.grant_id)
        destroy_after(hand.db, hand.state, grant)
    version = ReleaseVersion(etag=etag, sealed_at=hand.now, contents=_revealed(contents))
    kept = record.model_copy(update={"versions": (*_kept(hand.db, grant, record), version)[-VERSIONS:]})
    store.replace(hand.db, hand.keyring, record_id, kept, now=hand.now)
    if contents or before:
        items = [one.revealed.item_id for one in contents]
        noted = {"grant_id": grant.grant_id, "client_id": grant.client_id, "etag": etag, "items": items}
        ledger.append(hand.db, hand.act, "data.released", noted)
        if told:
            events.tell(hand.db, hand.act, "data.updated", grant.client_id, grant=grant)


def _store(hand: Hand, grant: Grant, key: SealingKey, contents: Sequence[Content], etag: str) -> None:
    where = place(grant.account_id, grant.grant_id)
    row = Release(
        account_id=grant.account_id,
        grant_id=grant.grant_id,
        client_id=grant.client_id,
        client_kid=key.kid,
        etag=etag,
        sealed_at=hand.now,
        sealed=envelope.seal_bytes(_key_made(hand, grant), where, 0, key.seal(_payload(contents))),
    )
    hand.db.merge(row)
    shredding.mark(hand.db, "release")


def _kept(db: Session, grant: Grant, record: ReleaseRecord) -> Iterator[ReleaseVersion]:
    """The versions that somebody has: one that nobody fetched says nothing once it is replaced."""
    etags = {row.etag for row in fetches(db, grant.account_id, grant.grant_id)}
    yield from (version for version in record.versions if version.etag in etags)


def _payload(contents: Sequence[Content]) -> bytes:
    by_term: dict[str, list[Mapping[str, str]]] = {}
    for one in sorted(contents, key=lambda one: (one.revealed.term, one.revealed.since, one.revealed.item_id)):
        updated_at = one.revealed.since.isoformat(timespec="seconds").replace("+00:00", "Z")
        by_term.setdefault(one.revealed.term, []).append({"value": one.value, "updated_at": updated_at})
    return json.dumps(by_term, ensure_ascii=False, separators=(",", ":")).encode()


def _whole(db: Session, state: Store, grant: Grant, last: ReleaseVersion | None) -> bool:
    """Whether the row and the key of a release are there, and the row is the version that was sealed last."""
    row, key = db.get(Release, (grant.account_id, grant.grant_id)), sealing_keys.of_grant(db, grant)
    if last is None or key is None:
        return row is None
    with state.reading() as there:
        closed = there.get(ReleaseKey, (grant.account_id, grant.grant_id)) is not None
    return row is not None and closed and (row.etag, row.client_kid) == (last.etag, key.kid)


def _key(state: Store, instance: InstanceKeys, grant: Grant) -> bytes | None:
    with state.reading() as db:
        row = db.get(ReleaseKey, (grant.account_id, grant.grant_id))
    if row is None:
        return None
    try:
        return instance.unwrap(KEY_PURPOSE, _context(grant), row.wrapped)
    except Sealed:
        return None


def _key_made(hand: Hand, grant: Grant) -> bytes:
    """The grant's release key, made where there is none: it is on the disk before what it closes, so that no crash leaves a
    release that nobody can open. One that closes nothing is swept."""
    found = _key(hand.state, hand.instance, grant)
    if found is not None:
        return found
    key = cipher.random_bytes(cipher.KEY_BYTES)
    with hand.state.writing() as db:
        destroy_key(db, grant.account_id, grant.grant_id)
        wrapped = hand.instance.wrap(KEY_PURPOSE, _context(grant), key)
        db.add(ReleaseKey(account_id=grant.account_id, grant_id=grant.grant_id, wrapped=wrapped, made_at=hand.now))
    return key


def _context(grant: Grant) -> str:
    return f"{grant.account_id}/{grant.grant_id}"
