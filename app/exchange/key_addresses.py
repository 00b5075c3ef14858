"""A client's public keys: as it registered them, or as they stand at its `jwks_uri`, fetched through `outbound` and kept for a while.

They are kept in the state store, so that every process knows what one has fetched. A sender of nonsense in a client's name
makes this host fetch that client's own address once a minute, and no more.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import Session, col, select, update

from app.database import Store
from app.exchange import clients
from app.exchange.outbound import Failed, Outbound
from app.state import FetchedKeys
from app.tables import Client

FRESH: Final = timedelta(minutes=10)
COOLDOWN: Final = timedelta(minutes=1)
USABLE: Final = timedelta(hours=24)
ROUND: Final = timedelta(hours=12)
AT_FIRST: Final = timedelta(seconds=5)
MOST: Final = 64 * 1024
MOST_KEYS: Final = 16
_UNDER_WAY: Final = 6.0
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

Keys = list[dict[str, Any]]


def watch(state: Store, client: Client, *, now: datetime) -> None:
    """A client registered or changed: forget keys of another address, and have these fetched soon.

    The pause since the last try outlives a change of address: else a client that changes back and forth would have us
    call as often as it likes.
    """
    uri = clients.metadata(client).get("jwks_uri")
    with state.writing() as db:
        row = db.get(FetchedKeys, client.client_id)
        if client.deleted_at is not None:
            if row is not None:
                db.delete(row)
        elif row is None:
            if uri is not None:
                db.merge(FetchedKeys(client_id=client.client_id, uri=uri, due_at=now + AT_FIRST))
        elif row.uri != (uri or ""):
            row.uri, row.jwks, row.fetched_at = uri or "", None, None
            row.due_at = _NEVER if uri is None else now + AT_FIRST


def watch_all(db: Session, state: Store, *, now: datetime) -> None:
    """After the state store was lost: look again where clients keep their keys."""
    found = select(Client).where(col(Client.deleted_at).is_(None), col(Client.metadata_json).contains('"jwks_uri"'))
    for client in db.exec(found):
        watch(state, client, now=now)


def known(state: Store, client: Client, *, now: datetime) -> Keys:
    """The keys as they are known here, without asking the network: none when they were not fetched within a day."""
    words = clients.metadata(client)
    if "jwks_uri" not in words:
        return list(words.get("jwks", {}).get("keys", []))
    with state.reading() as db:
        row = db.get(FetchedKeys, client.client_id)
    if row is None or row.uri != words["jwks_uri"] or row.jwks is None or row.fetched_at is None or row.fetched_at + USABLE <= now:
        return []
    return list(json.loads(row.jwks)["keys"])


def current(state: Store, outbound: Outbound, client: Client, *, now: datetime, again: bool = False) -> Keys:
    """The keys to check a signature by; fetched when they are older than ten minutes, or `again`, at most once a minute."""
    if "jwks_uri" not in clients.metadata(client):
        return known(state, client, now=now)
    watch(state, client, now=now)
    with state.reading() as db:
        row = db.get_one(FetchedKeys, client.client_id)
    if again or row.fetched_at is None or row.fetched_at + FRESH <= now:
        refresh(state, outbound, client.client_id, now=now)
    return known(state, client, now=now)


def refresh(state: Store, outbound: Outbound, client_id: str, *, now: datetime) -> bool:
    """Fetch a client's keys, unless that was tried within the last minute; whether they came. Keys known before stay usable."""
    rested = or_(col(FetchedKeys.tried_at).is_(None), col(FetchedKeys.tried_at) <= now - COOLDOWN)
    claim = update(FetchedKeys).where(col(FetchedKeys.client_id) == client_id, rested).values(tried_at=now, due_at=now + ROUND)
    with state.writing() as db:
        mine = db.exec(claim.execution_options(synchronize_session=False)).rowcount == 1
        row = db.get(FetchedKeys, client_id)
    if row is None:
        return False
    if not mine:
        return _others(state, row, now=now)
    jwks = _fetched(outbound, row.uri)
    new = {"jwks": jwks, "fetched_at": now} if jwks is not None else {}
    keep = update(FetchedKeys).where(col(FetchedKeys.client_id) == client_id, col(FetchedKeys.uri) == row.uri)
    with state.writing() as db:
        db.exec(keep.values(ended_at=now, **new).execution_options(synchronize_session=False))
    return jwks is not None


def due(state: Store, *, now: datetime) -> list[str]:
    """Clients whose keys are to be fetched by themselves."""
    with state.reading() as db:
        return list(db.exec(select(FetchedKeys.client_id).where(col(FetchedKeys.due_at) <= now).limit(8)))


def refresh_due(state: Store, outbound: Outbound, *, now: datetime) -> None:
    """Fetch them, one after another."""
    for client_id in due(state, now=now):
        refresh(state, outbound, client_id, now=now)


def _others(state: Store, row: FetchedKeys, *, now: datetime) -> bool:
    """Somebody else is fetching them for the first time at this very moment: wait for it, a little."""
    if not _under_way(row) or row.jwks is not None or row.tried_at is None or row.tried_at + timedelta(seconds=_UNDER_WAY) <= now:
        return False
    until = time.monotonic() + _UNDER_WAY
    while time.monotonic() < until:
        time.sleep(0.05)
        with state.reading() as db:
            newer = db.get(FetchedKeys, row.client_id)
        if newer is None or not _under_way(newer):
            return newer is not None and newer.jwks is not None
    return False


def _under_way(row: FetchedKeys) -> bool:
    return row.tried_at is not None and (row.ended_at is None or row.ended_at < row.tried_at)


def _fetched(outbound: Outbound, uri: str) -> str | None:
    try:
        answer = outbound.get(uri, {"Accept": "application/jwk-set+json, application/json"}, most=MOST)
    except Failed:
        return None
    return _public(answer.body) if answer.status == 200 and answer.whole else None


def _public(body: bytes) -> str | None:
    """The key set in a body, if it is one of public keys, 1 to 16 of them."""
    try:
        keys = json.loads(body)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS or not all(isinstance(key, dict) for key in keys):
        return None
    if any(_PRIVATE & set(key) or key.get("kty") not in {"OKP", "EC", "RSA"} for key in keys):
        return None
    return json.dumps({"keys": keys})
