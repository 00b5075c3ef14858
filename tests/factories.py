"""Whole, plausible things for tests, made by the project's own verbs. Same arguments, same thing (but for random keys)."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from app.database import Stores
from app.exchange import marks
from consent import ledger
from consent.act import Act, Signer
from consent.terms import PURPOSE_TYPE, TERMS_TYPE
from tests.browsing import PASSPHRASE
from vault import accounts, cipher, store
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.records import Fields
from vault.store import Account, Opened

BATCH = 10_000
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_account(
    stores: Stores, login: str = "robin", *, passphrase: str = PASSPHRASE, operator: bool = False, now: datetime = NOW
) -> tuple[Account, Keyring, Mailbox]:
    """An owner with a ledger, as sign-up leaves one behind."""
    with stores.main.writing() as db:
        made = accounts.create(db, login, passphrase, operator=operator, cost=cipher.FLOOR, now=now)
        db.flush()
        head = ledger.open_ledger(db, owner_act(made.account, made.mailbox, now=now))
        size, top = head.size, head.head
    marks.raise_mark(stores.state, made.account.account_id, size=size, head=top, now=now)
    return made.account, made.keyring, made.mailbox


def owner_act(account: Account, mailbox: Mailbox, *, now: datetime = NOW, signer: Signer | None = None) -> Act:
    """What the owner does, as consent wants to be told."""
    return Act(account_id=account.account_id, actor="owner", now=now, seal=mailbox.seal, signer=signer or make_signer())


def make_signer(seed: bytes = bytes(32)) -> Signer:
    """A relationship's key; the same seed gives the same one."""
    private, public = cipher.signing_keypair(seed)
    return Signer(kid=public.hex(), public=public, attested_by="owner", sign=lambda data: cipher.sign(private, data))


def keep_many(stores: Stores, keyring: Keyring, records: Iterable[Fields], *, now: datetime = NOW) -> list[str]:
    """Seal and store very many records, ten thousand in a transaction; their ids in order."""
    ids: list[str] = []
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        drafts = [store.draft(keyring, Opened(secrets.token_hex(16), fields, now, now)) for fields in batch]
        with stores.main.writing() as db:
            store.add_drafts(db, keyring, drafts)
        ids += [draft.record.record_id for draft in drafts]
    return ids


def make_details(*, now: datetime = NOW, **changes: Any) -> list[dict[str, Any]]:
    """What a shop asks for: marketing by message, twice a week. `changes` replace keys of its one purpose."""
    statement = {
        "type": TERMS_TYPE,
        "statement": "We tell you about openings near you, twice a week at most.",
        "expires": (now + timedelta(days=180)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "notice": {"url": "https://shop.example/privacy"},
    }
    purpose = {
        "type": PURPOSE_TYPE,
        "purpose": "dpv:DirectMarketing",
        "actions": ["send_message"],
        "channels": ["inbox", "email"],
        "frequency": {"count": 2, "per": "P1W"},
        "datatypes": [],
        "retention": "P6M",
        "recipients": [],
    }
    return [statement, purpose | changes]
