"""An owner with something of everything: all kinds of records, documents, a request, permission, messages, refusals, a closed hour."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import rfc8785
from httpx2 import Client

from app import clock
from app.auth import ways_in
from app.database import Stores
from app.exchange import addresses
from app.settings import Settings
from consent import ledger
from consent.act import Act
from tests.browsing import PASSPHRASE, Browsing
from tests.conversing import READING, converse, release_key
from tests.factories import make_details
from tests.pledging import pledge
from tests.reminding import remind
from tests.samples import sample
from tests.settling import AREA, Phone, settle
from tests.shop import Shop
from vault import accounts, slots, store
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.records import MODELS, Fields, Kind, Vendor
from vault.slots import Credential
from vault.store import Account

PASSKEY_SECRET = bytes(range(32))


@dataclass(frozen=True)
class Populated:
    """The owner, unlocked in a browser, and the vendor's program that holds a permission."""

    account: Account
    keyring: Keyring
    browsing: Browsing
    recovery_code: str
    shop: Shop
    record_ids: dict[Kind, str]
    vendor_id: str
    address_id: str
    grant_id: str
    message_id: str
    pending_id: str
    passkey_id: str
    documents: dict[str, str]
    phone: Phone
    letter_id: str
    pledge_id: str
    release_key: bytes
    calendar_secret: str


def populate(
    new_client: Callable[[], Client], stores: Stores, settings: Settings, instance: InstanceKeys, *, link: str, login: str, word: str
) -> Populated:
    """Sign up by `link` and live a little. `word` stands in every text that must be sealed."""
    browsing = Browsing(new_client())
    code = browsing.sign_up(link, login)
    account, keyring = open_account(stores, login)
    now = clock.now()
    with stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        kinds = [kind for kind in MODELS if kind not in {Kind.KIT, Kind.PROFILE}]
        vendor_id = store.add(db, keyring, sample(Vendor, word, client_ids=()), now=now)
        record_ids: dict[Kind, str] = {kind: store.add(db, keyring, fields(kind, word, vendor_id), now=now) for kind in kinds}
        address_id, handle = addresses.open_address(
            db, keyring, account.account_id, instance, vendor_id=vendor_id, label=word, expires_at=None, now=now
        )
        passkey = slots.new_passkey_slot(keyring, Credential(PASSKEY_SECRET, bytes(77), label=word), PASSKEY_SECRET, now=now)
        slots.rewrite(db, account, keyring, add=[passkey])
        act = Act(account_id=account.account_id, actor="owner", now=now, seal=accounts.mailbox(db, account.account_id).seal)
        ways_in.changed(db, stores.state, act, way=passkey.kind, what="added")
    account = open_account(stores, login)[0]
    shop = Shop(new_client()).register(addresses.url(settings, handle)).ask([*make_details(now=now), READING], client_reference="C-1")
    approve(browsing, shop.asked["request_id"], lines=2)
    shop.collect()
    assert shop.http.post("/api/v1/webhooks/secret", headers=shop.client_token()).status_code == 201
    sent = shop.send(title=word, body=f"{word} in the body", url=f"https://shop.example/{quote(word)}", thread=word)
    assert sent.status_code == 202, sent.text
    assert shop.send(purpose="dpv:ServiceProvision").status_code == 403
    documents = {
        holder: attach(browsing, holder, f"{word}.txt", f"{word} in a document\n".encode() * 4000)
        for holder in (f"/items/{record_ids[Kind.ITEM]}", f"/vendors/{vendor_id}", f"/commitments/{record_ids[Kind.COMMITMENT]}")
    }
    grant_id = shop.granted["grant_id"]
    pending_id = shop.ask(make_details(now=now)).asked["request_id"]
    return Populated(
        account,
        keyring,
        browsing,
        code,
        shop,
        record_ids,
        vendor_id,
        address_id,
        grant_id,
        message_id=sent.json()["id"],
        pending_id=pending_id,
        passkey_id=passkey.slot_id,
        documents=documents,
        phone=settle(stores, keyring, instance, grant_id, word=word),
        letter_id=converse(browsing, shop, grant_id, word),
        pledge_id=pledge(shop, word),
        release_key=release_key(stores, instance, account.account_id, grant_id),
        calendar_secret=remind(stores, keyring, instance, word),
    )


def fields(kind: Kind, word: str, vendor_id: str) -> Fields:
    """A full record of a kind, tied to a vendor where the kind is tied to one."""
    given: dict[str, Any] = {"vendor_id": vendor_id} if "vendor_id" in MODELS[kind].model_fields else {}
    if kind is Kind.COMMITMENT:
        given |= {"time_zone": "Europe/Dublin"}
    if kind is Kind.ZONE:
        given |= {"area": AREA}
    if kind is Kind.PAST:
        given |= {"ledger_id": ledger_elsewhere(word), "part": "ledger", "rows": (rfc8785.dumps(_told_elsewhere(word)).decode(),)}
    made: Fields = sample(MODELS[kind], word, **given)
    return made


def ledger_elsewhere(word: str) -> str:
    """The id of the ledger that an owner had at another host."""
    return sha256(word.encode()).hexdigest()[:32]


def _told_elsewhere(word: str) -> dict[str, Any]:
    """The one entry of a ledger of another host, as an export brings it."""
    at, details, salt = datetime(2026, 1, 31, 12, tzinfo=UTC), {"note": word}, bytes(32)
    ledger_id = ledger_elsewhere(word)
    commitment, previous = sha256(salt + rfc8785.dumps(details)).digest(), ledger.genesis(ledger_id)
    hashed = ledger.entry_hash(ledger_id, 1, at, "account.opened", "owner", commitment, previous)
    bytes_ = {"salt": salt.hex(), "commitment": commitment.hex(), "previous": previous.hex(), "hash": hashed.hex()}
    return {
        "seq": 1,
        "version": ledger.VERSION,
        "at": at.isoformat(),
        "type": "account.opened",
        "actor": "owner",
        "details": details,
        **bytes_,
    }


def attach(browsing: Browsing, holder: str, name: str, data: bytes) -> str:
    """Attach a document to the item or company whose page is `holder`; the document's id."""
    browsing.get(holder)
    answer = browsing.post(f"{holder}/documents", files={"file": (name, data, "text/plain")})
    assert answer.status_code == 303, answer.text
    (newest, *_older) = re.findall(rf"{holder}/documents/([0-9a-f]{{32}})/remove", browsing.get(holder).text)
    return str(newest)


def approve(browsing: Browsing, request_id: str, *, lines: int = 1) -> None:
    """Grant all `lines` of a request, as its page offers to."""
    page = browsing.get(f"/requests/{request_id}")
    assert page.status_code == 200, page.text
    answer = browsing.submit(f"/requests/{request_id}/approve", {f"keep-{number}": "on" for number in range(lines)})
    assert answer.status_code == 303, answer.text


def open_account(stores: Stores, login: str, passphrase: str = PASSPHRASE) -> tuple[Account, Keyring]:
    """The account of a login, opened by its passphrase."""
    with stores.main.reading() as db:
        account = accounts.by_login(db, login)
        assert account is not None
        opened = slots.open_with_passphrase(account, slots.slots_of(db, account.account_id), passphrase)
    assert opened is not None
    return account, opened.keyring
