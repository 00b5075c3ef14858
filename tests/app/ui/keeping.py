"""Records and permissions of an owner, put straight into the instance's database for a page to show."""

from datetime import timedelta

from app import clock
from app.tables import Client
from consent import grants
from consent.act import Act
from consent.receipts import ClientFacts
from consent.terms import parse
from tests.factories import make_details, owner_act
from tests.instances import Instance
from vault import store
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.records import Fields
from vault.store import Account

Opened = tuple[Account, Keyring, Mailbox]
CLIENT = "c" * 32


def keep(instance: Instance, opened: Opened, *fields: Fields) -> list[str]:
    """Keep records; their ids."""
    with instance.stores.main.writing() as db:
        return [store.add(db, opened[1], one, now=clock.now()) for one in fields]


def grant(instance: Instance, opened: Opened, *, reading: str = "", pause: bool = False) -> str:
    """A live permission of the client to send offers or, with `reading`, to read one kind of data; its id."""
    account, _keyring, mailbox = opened
    now = clock.now()
    details = make_details(now=now)
    if reading:
        details = make_details(now=now, purpose="dpv:DeliveryOfGoods", actions=["read_data"], datatypes=[reading])
        details[1].pop("channels")
        details[1].pop("frequency")
    terms = parse(details, now=now)
    theirs = Act(account_id=account.account_id, actor=f"client:{CLIENT}", now=now, seal=mailbox.seal)
    mine = owner_act(account, mailbox, now=now)
    signer = mine.signer
    assert signer is not None
    facts = ClientFacts(client_id=CLIENT, name="Corner Shop CRM", uri=None, policy_uri=None, organisation={})
    with instance.stores.main.writing() as db:
        db.add(client())
        db.flush()
        request = grants.receive(
            db,
            theirs,
            request_id="d" * 32,
            client_id=CLIENT,
            address_id=None,
            details=terms,
            client_reference=None,
            grant_id=None,
            expires_at=now + timedelta(days=1),
        )
        grants.relationship(db, mine, CLIENT, lambda: (signer.kid, signer.public, b"sealed"))
        given, _receipt = grants.give(db, mine, request, terms, client=facts, text_shown="text", language="en", rules_version="1")
        if pause:
            grants.pause(db, mine, given)
        return given.grant_id


def client() -> Client:
    """A registered client."""
    return Client(
        client_id=CLIENT,
        name="Corner Shop CRM",
        metadata_json="{}",
        auth_method="client_secret_basic",
        registration_token_hash=b"r",
        webhook_secret=b"w",
        created_at=clock.now(),
    )
