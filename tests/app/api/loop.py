"""A vendor's program and an owner, for tests of the vendor's door: each speaks only as the real one could."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, select
from starlette.testclient import TestClient

from app import clock
from app.auth.resealing import relationship_key_place
from app.database import Stores
from app.exchange import addresses, approvals, countering, marks
from app.exchange.approvals import NEW_VENDOR, Desk, Shown
from app.exchange.countering import Answer
from app.tables import Client
from consent import grants
from consent.act import Act, Signer
from consent.store import Grant, LedgerHead, RelationshipKey, Request
from consent.terms import parse
from tests.factories import make_account, make_details
from tests.instances import Instance
from tests.shop import new_key
from vault import cipher
from vault.keyring import Keyring
from vault.mailbox import Mailbox

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SHOP = {
    "client_name": "Corner Shop",
    "client_uri": "https://shop.example",
    "organisation": {"name": "Corner Shop", "country": "IE"},
    "jwks": {"keys": [new_key().export_public(as_dict=True)]},
}


@dataclass
class Owner:
    """Somebody with an account on this instance, whose hand is the engines' own verbs."""

    instance: Instance
    account_id: str
    keyring: Keyring
    mailbox: Mailbox

    @property
    def stores(self) -> Stores:
        return self.instance.stores

    def link(self, *, expires_at: datetime | None = None) -> str:
        """Hand out a contact link; its handle."""
        with self.stores.main.writing() as db:
            return addresses.open_address(
                db,
                self.keyring,
                self.account_id,
                self.instance.app.state.instance,
                vendor_id=None,
                label="at the till",
                expires_at=expires_at,
                now=clock.now(),
            )[1]

    def act(self, signer: Signer | None = None) -> Act:
        return Act(account_id=self.account_id, actor="owner", now=clock.now(), seal=self.mailbox.seal, signer=signer)

    def desk(self, db: Session) -> Desk:
        """The owner's hand in an open transaction."""
        keys: dict[str, bytes] = {}

        def key_place(client_id: str, kid: str) -> Any:
            return relationship_key_place(self.account_id, client_id, kid)

        def signer_for(client_id: str) -> Signer:
            mine = (RelationshipKey.account_id == self.account_id, RelationshipKey.client_id == client_id)
            row = db.exec(select(RelationshipKey).where(*mine)).one()
            seed = keys.setdefault(client_id, self.keyring.open_bytes(key_place(client_id, row.kid), row.sealed))
            return Signer(kid=row.kid, public=row.public, attested_by="owner", sign=lambda data: cipher.sign(seed, data))

        return Desk(db, self.keyring, clock.now(), "Europe/Dublin", self.act, signer_for, key_place)

    @property
    def shown(self) -> Shown:
        """What the owner saw."""
        return Shown("what was shown", "en", "1", self.instance.settings.base_url + "/grants")

    def grant(self, request_id: str, details: list[dict[str, Any]] | None = None) -> str:
        """Give what was asked, or the narrower `details`; the id of the grant."""
        with self.stores.main.writing() as db:
            request = db.get_one(Request, (self.account_id, request_id))
            terms = parse(details or json.loads(request.details), now=clock.now())
            client = db.get_one(Client, request.client_id)
            return approvals.approve(self.desk(db), request, terms, client=client, vendor=NEW_VENDOR, shown=self.shown).grant_id

    def counter(self, request_id: str, details: list[dict[str, Any]], *, usefulness_share: str | None = None) -> None:
        """Offer the narrower `details` instead."""
        with self.stores.main.writing() as db:
            request = db.get_one(Request, (self.account_id, request_id))
            answer = Answer(parse(details, now=clock.now()), NEW_VENDOR, self.shown, usefulness_share)
            countering.counter(self.desk(db), request, db.get_one(Client, request.client_id), answer)

    def decline(self, request_id: str) -> None:
        with self.stores.main.writing() as db:
            request = db.get_one(Request, (self.account_id, request_id))
            countering.decline(self.desk(db), request, db.get_one(Client, request.client_id))

    def end(self, grant_id: str, verb: str) -> None:
        """`pause`, `resume` or `withdraw`."""
        signer = self.instance.app.state.instance
        act = self.act(Signer(signer.kid, signer.signing_public, "instance", signer.sign))
        with self.stores.main.writing() as db:
            getattr(grants, verb)(db, act, db.get_one(Grant, (self.account_id, grant_id)))


@dataclass
class Shop:
    """A registered client; everything it does goes over HTTP."""

    http: TestClient
    registration: dict[str, Any]
    grant_token: str = ""
    grant_id: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return str(self.registration["client_id"])

    @property
    def basic(self) -> dict[str, str]:
        pair = f"{self.client_id}:{self.registration['client_secret']}"
        return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}

    def oauth(self, endpoint: str, headers: dict[str, str] | None = None, /, **form: str) -> Any:
        return self.http.post(f"/oauth/{endpoint}", data=form, headers={**self.basic, **(headers or {})})

    def ask(self, handle: str | None, details: list[dict[str, Any]] | None = None, **form: str) -> Any:
        form |= {"authorization_details": json.dumps(details or make_details(now=clock.now()))}
        if handle is not None:
            form["login_hint"] = handle
        return self.oauth("device_authorization", **form)

    def poll(self, device_code: str) -> Any:
        return self.oauth("token", grant_type=DEVICE, device_code=device_code)

    def client_token(self) -> str:
        return str(self.oauth("token", grant_type="client_credentials").json()["access_token"])

    def get(self, path: str, token: str | None = None) -> Any:
        return self.http.get(f"/api/v1{path}", headers=bearer(token or self.grant_token))

    def post(self, path: str, body: Any, token: str | None = None, **headers: str) -> Any:
        sent = {**bearer(token or self.grant_token), **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.http.post(f"/api/v1{path}", json=body, headers=sent)

    def delete(self, path: str, token: str | None = None) -> Any:
        return self.http.delete(f"/api/v1{path}", headers=bearer(token or self.grant_token))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make_owner(instance: Instance, login: str = "robin") -> Owner:
    account, keyring, mailbox = make_account(instance.stores, login, now=clock.now())
    return Owner(instance, account.account_id, keyring, mailbox)


def make_shop(instance: Instance, owner: Owner, handle: str | None = None, **metadata: Any) -> Shop:
    """A client that registers with the owner's contact link."""
    token = addresses.initial_token(instance.app.state.instance, handle or owner.link())
    made = instance.client.post("/oauth/register", json=SHOP | metadata, headers=bearer(token))
    assert made.status_code == 201, made.text
    return Shop(instance.client, made.json())


def make_relationship(
    instance: Instance, owner: Owner, details: list[dict[str, Any]] | None = None, *, webhook_uri: str | None = None, **form: str
) -> Shop:
    """A client with a grant and its token."""
    handle = owner.link()
    shop = make_shop(instance, owner, handle, **({"webhook_uri": webhook_uri} if webhook_uri else {}))
    asked = shop.ask(handle, details, **form).json()
    owner.grant(asked["request_id"])
    answer = shop.poll(asked["device_code"])
    assert answer.status_code == 200, answer.text
    shop.grant_token, shop.grant_id = answer.json()["access_token"], answer.json()["grant_id"]
    return shop


def marked(instance: Instance, owner: Owner) -> bool:
    """Whether the state store knows the owner's ledger up to its end: all that somebody was told of."""
    with instance.stores.main.reading() as db:
        head = db.get_one(LedgerHead, owner.account_id)
        return marks.mark_of(instance.stores.state, owner.account_id) == (head.size, head.head)


def message(**changes: Any) -> dict[str, Any]:
    """An offer that the usual consent lets in."""
    return {
        "kind": "offer",
        "purpose": "dpv:DirectMarketing",
        "channel": "inbox",
        "title": "New bread",
        "body": "From eight o'clock.",
        **changes,
    }
