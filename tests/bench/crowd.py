"""An instance with many owners, each with one company's grant: written by the columns, since the verbs would take hours.

Everything is as the verbs leave it but for the secrets that nobody opens: slots are left out, all mailboxes share a key pair.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlmodel import SQLModel

from app.database import Stores
from app.exchange.tokens import hashed
from app.state import LedgerMark
from app.tables import Client, GrantToken, Message, Offer
from consent import ledger, terms
from consent.places import Bounds
from consent.store import Grant, LedgerHead, Relationship
from tests.factories import make_details
from vault import cipher
from vault.store import Account, MailboxKey

BATCH = 10_000
CLIENT = "c" * 32


@dataclass(frozen=True)
class Crowd:
    """The grant tokens of one client, one for each grant; and whose each is."""

    tokens: Sequence[str]
    places: Sequence[tuple[str, str]]


def crowd(stores: Stores, grants: int, *, now: datetime, owner: str = "") -> Crowd:
    """Add so many grants of the one client, each of an owner of its own, or all of `owner`; the cap is 1,000 a week for each."""
    details = make_details(now=now, frequency={"count": 1000, "per": "P1W"}, actions=["send_message"])
    frozen = terms.canonical(terms.parse(details, now=now)).decode()
    given = {"terms": frozen, "terms_sha256": sha256(frozen.encode()).hexdigest(), "status": "given", "client_id": CLIENT}
    when = {"given_at": now, "changed_at": now, "expires_at": now + timedelta(days=180)}
    public = cipher.hpke_keypair()[1]
    places = [(owner or secrets.token_hex(16), secrets.token_hex(16)) for _ in range(grants)]
    owners = [] if owner else [account_id for account_id, _grant_id in places]
    tokens = [f"bwg_{secrets.token_urlsafe(32)}" for _ in places]
    heads = {account_id: secrets.token_hex(16) for account_id in owners}
    with stores.main.writing() as db:
        if db.get(Client, CLIENT) is None:
            words = {"client_name": "Corner Shop", "token_endpoint_auth_method": "client_secret_basic"}
            db.add(
                Client(
                    client_id=CLIENT,
                    name="Corner Shop",
                    metadata_json=json.dumps(words),
                    auth_method="client_secret_basic",
                    registration_token_hash=secrets.token_bytes(32),
                    webhook_secret=b"",
                    created_at=now,
                )
            )
    _fill(stores, Account, ({"account_id": o, "login": o, "slot_mac": b"", "mailbox_key_id": "ab" * 8, "created_at": now} for o in owners))
    key = {"key_id": "ab" * 8, "public": public, "mac": b"", "sealed": b"", "created_at": now}
    _fill(stores, MailboxKey, ({"account_id": o, **key} for o in owners))
    _fill(stores, LedgerHead, ({"account_id": o, "ledger_id": heads[o], "size": 0, "head": ledger.genesis(heads[o])} for o in owners))
    subjects = ({"account_id": o, "client_id": CLIENT, "subject": secrets.token_hex(16), "created_at": now} for o in owners or [owner])
    _fill(stores, Relationship, subjects)
    _fill(stores, Grant, ({"account_id": o, "grant_id": g, "request_id": g, **given, **when} for o, g in places))
    rows = zip(tokens, places, strict=True)
    _fill(
        stores,
        GrantToken,
        ({"token_hash": hashed(t), "account_id": o, "grant_id": g, "client_id": CLIENT, "created_at": now} for t, (o, g) in rows),
    )
    marks = ({"account_id": o, "size": 0, "head": ledger.genesis(heads[o]), "at": now} for o in owners)
    _fill(stores, LedgerMark, marks, state=True)
    return Crowd(tokens, places)


def messages(stores: Stores, places: Sequence[tuple[str, str]], count: int, *, at: datetime) -> None:
    """So many messages that came before, spread over the grants."""
    same = {"client_id": CLIENT, "kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "sealed": bytes(256)}
    _fill(
        stores,
        Message,
        (
            {
                "account_id": places[n % len(places)][0],
                "grant_id": places[n % len(places)][1],
                "message_id": secrets.token_hex(16),
                "accepted_at": at + timedelta(seconds=n // len(places)),
                **same,
            }
            for n in range(count)
        ),
    )


def offers(stores: Stores, place: tuple[str, str], count: int, area: str, bounds: Bounds, *, at: datetime) -> None:
    """So many open location offers of one grant, each a little further east; all say the same area."""
    owner, grant_id = place
    ids = [secrets.token_hex(16) for _ in range(count)]
    mine = {"account_id": owner, "grant_id": grant_id, "valid_until": at + timedelta(days=30)}
    said = {"client_id": CLIENT, "kind": "location_offer", "purpose": "dpv:DirectMarketing", "channel": "inbox", "accepted_at": at}
    _fill(stores, Message, ({**mine, **said, "message_id": message_id} for message_id in ids))
    box = {"south": bounds.south, "north": bounds.north, "area": area, "valid_from": at, "sealed": bytes(256)}
    _fill(
        stores,
        Offer,
        (
            {**mine, **box, "message_id": message_id, "west": bounds.west + number * 1000, "east": bounds.east + number * 1000}
            for number, message_id in enumerate(ids)
        ),
    )


def _fill(stores: Stores, table: type[SQLModel], rows: Iterator[dict[str, Any]], *, state: bool = False) -> None:
    store = stores.state if state else stores.main
    while batch := list(islice(rows, BATCH)):
        with store.writing() as db:
            db.connection().execute(insert(table), batch)
