"""The owner approves: everything that belongs to it happens in one transaction, or nothing does."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.auth.resealing import relationship_key_place
from app.database import Stores
from app.exchange import approvals, countering, withdrawals
from app.exchange.approvals import NEW_VENDOR, Desk, Shown
from app.relationships import commitments
from app.state import Withdrawal
from app.tables import Client, CommitmentClock
from consent import grants, receipts
from consent.act import Act, Signer
from consent.errors import IllegalTransition, TermsError
from consent.store import Grant, LedgerEntry, Receipt, Relationship, RelationshipKey, Request
from consent.terms import Promise, Remedy, Terms, parse
from tests.factories import NOW, make_account, make_details
from vault import cipher, store
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.records import Commitment, Vendor

CLIENT_ID, REQUEST_ID = "c" * 32, "d" * 32
SHOWN = Shown("what was shown", "en", "1", "https://bothways.example/grants")
SAID = {
    "client_uri": "https://www.shop.example/about",
    "policy_uri": "https://shop.example/privacy",
    "organisation": {
        "name": "Corner Shop Ltd",
        "email": "hello@shop.example",
        "phone": "+353 1 000 0000",
        "address": "1 Main Street",
        "country": "IE",
    },
}
BACKED = {"promise": "Free delivery", "within": "P14D", "remedy": {"kind": "refund", "amount": "5.00", "currency": "EUR"}}


@dataclass
class Hand:
    """An owner with one request in the inbox."""

    stores: Stores
    account_id: str
    keyring: Keyring
    mailbox: Mailbox

    def act(self, signer: Signer | None = None) -> Act:
        return Act(account_id=self.account_id, actor="owner", now=NOW, seal=self.mailbox.seal, signer=signer)

    def desk(self, db: Session, *, now: datetime = NOW) -> Desk:
        def signer_for(client_id: str) -> Signer:
            row = db.exec(select(RelationshipKey).where(RelationshipKey.client_id == client_id)).first()
            if row is None:
                raise LookupError(client_id)
            seed = self.keyring.open_bytes(self.place(client_id, row.kid), row.sealed)
            return Signer(row.kid, row.public, "owner", lambda data: cipher.sign(seed, data))

        return Desk(db, self.keyring, now, "Europe/Dublin", self.act, signer_for, self.place)

    def place(self, client_id: str, kid: str) -> Any:
        return relationship_key_place(self.account_id, client_id, kid)

    def approve(self, *, vendor: str = NEW_VENDOR, terms: Terms | None = None, request_id: str = REQUEST_ID) -> str:
        """The whole act in one transaction; the id of the grant."""
        with self.stores.main.writing() as db:
            request = db.get_one(Request, (self.account_id, request_id))
            granted = terms or parse(json.loads(request.details), now=NOW)
            client = db.get_one(Client, CLIENT_ID)
            return approvals.approve(self.desk(db), request, granted, client=client, vendor=vendor, shown=SHOWN).grant_id

    def ask(self, request_id: str, *in_return: dict[str, Any]) -> None:
        """One more request of the same client."""
        details = make_details()
        if in_return:
            details[0]["in_return"] = list(in_return)
        with self.stores.main.writing() as db:
            grants.receive(
                db,
                self.act(),
                request_id=request_id,
                client_id=CLIENT_ID,
                address_id=None,
                details=parse(details, now=NOW),
                client_reference=None,
                grant_id=None,
                expires_at=NOW + timedelta(days=14),
            )

    def count(self, *tables: Any) -> list[int]:
        """How many rows each table has."""
        with self.stores.main.reading() as db:
            return [len(db.exec(select(table)).all()) for table in tables]

    def all(self, model: Any) -> list[Any]:
        """Every record of a kind, opened."""
        with self.stores.main.reading() as db:
            return [opened.fields for opened in store.all_of(db, self.keyring, model)]


@pytest.fixture
def hand(stores: Stores) -> Hand:
    """The owner, a registered client, and its request."""
    account, keyring, mailbox = make_account(stores)
    with stores.main.writing() as db:
        db.add(
            Client(
                client_id=CLIENT_ID,
                name="Corner Shop",
                metadata_json=json.dumps(SAID),
                auth_method="client_secret_basic",
                registration_token_hash=bytes(32),
                webhook_secret=bytes(32),
                created_at=NOW,
            )
        )
    made = Hand(stores, account.account_id, keyring, mailbox)
    made.ask(REQUEST_ID, BACKED, {"promise": "We care", "remedy": {"kind": "other", "within": "P1D"}})
    return made


def test_all_that_belongs_to_a_yes(hand: Hand) -> None:
    """Grant, receipt signed by the relationship's own key, vendor, promises with clocks, ledger."""
    grant_id = hand.approve()
    assert hand.count(Grant, Receipt, Relationship, RelationshipKey, CommitmentClock) == [1, 1, 1, 1, 2]
    with hand.stores.main.reading() as db:
        types = [entry.type for entry in db.exec(select(LedgerEntry))]
        key, receipt = db.exec(select(RelationshipKey)).one(), db.exec(select(Receipt)).one()
    assert types == ["request.received", "grant.given", "commitment.made", "commitment.made"]
    assert receipts.verify(receipt.jws, receipts.jwk(key.public))
    assert hand.keyring.open_bytes(hand.place(CLIENT_ID, key.kid), key.sealed) not in receipt.jws.encode()
    (vendor,) = hand.all(Vendor)
    assert (vendor.name, vendor.domains, vendor.client_ids) == ("Corner Shop Ltd", ("shop.example",), (CLIENT_ID,))
    assert [contact.kind for contact in vendor.contacts] == ["email", "phone", "address", "url"]
    assert {made.grant_id for made in hand.all(Commitment)} == {grant_id}


def test_promises_keep_whether_they_are_backed(hand: Hand) -> None:
    """With a time and a remedy it is backed, due from the grant; a remedy without a time is just words."""
    hand.approve()
    made = {one.promise: one for one in hand.all(Commitment)}
    delivery, care = made["Free delivery"], made["We care"]
    assert (delivery.due_at, delivery.remedy.within, commitments.backing(delivery).backed) == (NOW + timedelta(days=14), "P14D", True)
    assert (care.due_at, care.remedy.kind, commitments.backing(care).reason) == (None, "other", "no_time")
    with hand.stores.main.reading() as db:
        clocks = db.exec(select(CommitmentClock)).all()
    assert {(row.state, row.next_due_at, row.remedy_seconds) for row in clocks} == {
        ("active", NOW + timedelta(days=14), 14 * 86_400),
        ("active", None, None),
    }


def test_a_second_yes_keeps_the_relationship(hand: Hand) -> None:
    """Same subject, same key, the same vendor when it is chosen, tied once."""
    hand.approve()
    with hand.stores.main.reading() as db:
        vendor_id = next(store.all_of(db, hand.keyring, Vendor)).record_id
    hand.ask("e" * 32)
    hand.approve(vendor=vendor_id, request_id="e" * 32)
    assert hand.count(Grant, Relationship, RelationshipKey) == [2, 1, 1]
    assert [vendor.client_ids for vendor in hand.all(Vendor)] == [(CLIENT_ID,)]


def test_an_existing_vendor_gains_the_client(hand: Hand) -> None:
    """Nothing else of it changes."""
    with hand.stores.main.writing() as db:
        vendor_id = store.add(db, hand.keyring, Vendor(name="My shop", notes="open late"), now=NOW)
    hand.approve(vendor=vendor_id)
    assert hand.all(Vendor) == [Vendor(name="My shop", notes="open late", client_ids=(CLIENT_ID,))]


@pytest.mark.parametrize("fault", ["vendor", "wider", "decided"])
def test_a_yes_that_fails_leaves_nothing(hand: Hand, fault: str) -> None:
    """An unknown vendor, wider terms, or a request decided meanwhile: no row of any kind is left."""
    tables = (Grant, Receipt, Relationship, RelationshipKey, CommitmentClock, LedgerEntry)
    if fault == "decided":
        with hand.stores.main.writing() as db:
            countering.decline(hand.desk(db), db.get_one(Request, (hand.account_id, REQUEST_ID)), db.get_one(Client, CLIENT_ID))
    before = hand.count(*tables)
    asked = parse(make_details(), now=NOW)
    wider = replace(asked, expires=asked.expires + timedelta(days=1))
    expected = {"vendor": LookupError, "wider": TermsError, "decided": IllegalTransition}[fault]
    with pytest.raises(expected):
        hand.approve(vendor="f" * 32 if fault == "vendor" else NEW_VENDOR, terms=wider if fault == "wider" else None)
    assert hand.count(*tables) == before
    assert hand.all(Vendor) == hand.all(Commitment) == []


def test_a_client_that_says_little_still_becomes_a_vendor() -> None:
    """Only a name is needed; words that are too long are cut."""
    bare = Client(
        client_id=CLIENT_ID,
        name="Shop",
        metadata_json="{}",
        auth_method="",
        registration_token_hash=b"",
        webhook_secret=b"",
        created_at=NOW,
    )
    assert approvals.vendor_of(bare) == Vendor(name="Shop", client_ids=(CLIENT_ID,))
    bare.metadata_json = json.dumps({"organisation": {"name": "x" * 500, "address": "y" * 5000}})
    long = approvals.vendor_of(bare)
    assert (len(long.name), len(long.contacts[0].value)) == (200, 1000)
    assert approvals.client_facts(bare).organisation["name"] == "x" * 500


def test_a_claim_starts_the_time_of_some_promises(hand: Hand) -> None:
    """Those that run from an event; not those that ran from the grant, nor those without a time."""
    hand.ask("e" * 32, {**BACKED, "promise": "On request", "after": "claim"}, BACKED, {"promise": "We care"})
    grant_id = hand.approve(request_id="e" * 32)
    with hand.stores.main.reading() as db:
        grant = db.get_one(Grant, (hand.account_id, grant_id))
    at = NOW + timedelta(days=3)
    due = {name: approvals.due_after_claim(grant, name, claimed_at=at) for name in ("On request", "Free delivery", "We care", "Unheard of")}
    assert due == {"On request": at + timedelta(days=14), "Free delivery": None, "We care": None, "Unheard of": None}
    assert not approvals.runs_from_giving(Promise("x", "delivery", "P1D", Remedy("other")))


def test_withdrawing_is_journalled_after_the_commit_and_only_then(hand: Hand) -> None:
    """A withdrawal that is rolled back leaves no journal entry; one that is committed leaves exactly one."""
    grant_id = hand.approve()
    state = hand.stores.state

    def journalled() -> bool:
        with state.reading() as db:
            return db.get(Withdrawal, (hand.account_id, grant_id)) is not None

    def withdraw(db: Session) -> None:
        signer = hand.desk(db).signer_for(CLIENT_ID)
        withdrawals.withdraw(db, state, hand.act(signer), db.get_one(Grant, (hand.account_id, grant_id)))
        assert not journalled()

    with pytest.raises(ZeroDivisionError), hand.stores.main.writing() as db:
        withdraw(db)
        _ = 1 / 0
    assert not journalled()
    with hand.stores.main.writing() as db:
        withdraw(db)
    withdrawals.journal(state, hand.account_id, grant_id, now=NOW)
    with state.reading() as db:
        assert [(row.grant_id, row.at) for row in db.exec(select(Withdrawal))] == [(grant_id, NOW)]
    with hand.stores.main.writing() as db, pytest.raises(IllegalTransition):
        withdraw(db)
