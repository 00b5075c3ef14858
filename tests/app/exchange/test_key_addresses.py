"""Keys that a client keeps at an address of its own: fetched when needed, known to every process, and never a way inside."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from sqlmodel import select, update

from app import clock
from app.database import open_stores
from app.exchange import key_addresses
from app.sending import Sending
from app.state import FetchedKeys
from app.tables import Client
from tests.app.api.loop import SHOP, Shop, bearer, make_owner, make_shop
from tests.instances import Instance
from tests.receiving import Receiver, Reply

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def key(receiver: Receiver) -> OKPKey:
    """The client's key, published."""
    key = OKPKey.generate_key("Ed25519")
    publish(receiver, key)
    return key


@pytest.fixture
def shop(instance: Instance, receiver: Receiver, key: OKPKey) -> Shop:
    """A client that signs, and whose keys nobody fetches of themselves."""
    sending: Sending = instance.app.state.sending
    sending.stop()
    return make_shop(
        instance, make_owner(instance), token_endpoint_auth_method="private_key_jwt", jwks=None, jwks_uri=f"{receiver.url}/keys"
    )


def publish(receiver: Receiver, *keys: OKPKey, status: int = 200, private: bool = False, body: bytes | None = None, **headers: str) -> None:
    """What stands at the client's address from now on."""
    said = json.dumps({"keys": [key.as_dict(private=private) for key in keys]}).encode()
    receiver.answer = lambda _received: Reply(status, headers, said if body is None else body)


def authenticate(instance: Instance, shop: Shop, key: OKPKey) -> Any:
    """Ask for a client token, signed by `key`."""
    now = int(time.time())
    mine, jti = shop.client_id, str(time.monotonic_ns())
    claims = {"iss": mine, "sub": mine, "aud": instance.settings.base_url, "exp": now + 300, "jti": jti}
    signed = jwt.encode({"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}
    return instance.client.post("/oauth/token", data=form)


def rest(instance: Instance, **back: timedelta) -> None:
    """Let time pass for what was fetched and tried."""
    with instance.stores.state.writing() as db:
        row = db.exec(select(FetchedKeys)).one()
        db.exec(update(FetchedKeys).values({name: getattr(row, name) - by for name, by in back.items()}))


def test_keys_are_fetched_once_and_known_to_every_process(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """The first signature fetches them, the next ones do not; another process finds them in the state store."""
    assert [authenticate(instance, shop, key).status_code for _ in range(3)] == [200, 200, 200]
    assert [one.path for one in receiver.received] == ["/keys"]
    elsewhere = open_stores(instance.settings)
    with elsewhere.main.reading() as db:
        client = db.get_one(Client, shop.client_id)
    assert [known["x"] for known in key_addresses.known(elsewhere.state, client, now=clock.now())] == [key.as_dict()["x"]]
    assert key_addresses.known(elsewhere.state, client, now=clock.now() + timedelta(days=2)) == []
    elsewhere.close()


def test_a_new_key_is_found_after_a_minute(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """A signature by an unknown key fetches anew, but not more than once a minute: nonsense in a client's name is no load."""
    assert authenticate(instance, shop, key).status_code == 200
    new = OKPKey.generate_key("Ed25519")
    publish(receiver, new)
    assert [authenticate(instance, shop, new).status_code for _ in range(3)] == [401, 401, 401]
    assert len(receiver.received) == 1
    rest(instance, tried_at=timedelta(minutes=1))
    assert authenticate(instance, shop, new).status_code == 200
    assert authenticate(instance, shop, key).status_code == 401
    assert len(receiver.received) == 2


def test_old_keys_are_fetched_again_and_outlive_a_failure(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """After ten minutes they are looked for; while that fails they stay good for a day."""
    assert authenticate(instance, shop, key).status_code == 200
    publish(receiver, key, status=500)
    rest(instance, fetched_at=timedelta(minutes=11), tried_at=timedelta(minutes=11))
    assert authenticate(instance, shop, key).status_code == 200
    assert len(receiver.received) == 2
    rest(instance, fetched_at=timedelta(days=1), tried_at=timedelta(minutes=2))
    assert authenticate(instance, shop, key).status_code == 401


@pytest.mark.parametrize(
    "published",
    [
        {"status": 404},
        {"status": 302, "Location": "/elsewhere"},
        {"private": True},
        {"body": b"not json"},
        {"body": b'{"keys": {}}'},
        {"body": b'{"keys": []}'},
        {"body": b'{"keys": ["x"]}'},
        {"body": b'{"keys": [{"kty": "oct"}]}'},
        {"body": b'["keys"]'},
        {"body": b'{"keys": [' + b" " * 70_000 + b"]}"},
        {"body": b"[" * 20_000},
    ],
    ids="missing redirect private nonsense no-list empty no-key symmetric list large deep".split(),
)
def test_what_is_no_key_set_is_not_taken(
    instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver, published: dict[str, Any]
) -> None:
    """Another status, a redirect, a private key, nonsense, too much of it: as if there were none, and the body is told to nobody."""
    publish(receiver, key, **published)
    answer = authenticate(instance, shop, key)
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "unknown client or wrong credentials"}
    assert [one.path for one in receiver.received] == ["/keys"]


def test_keys_are_fetched_of_themselves(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """Soon after the registration, for whoever wants to seal something to the client; then twice a day."""
    sending: Sending = instance.app.state.sending
    sending.tick(clock.now())
    assert receiver.received == []
    sending.tick(clock.now() + key_addresses.AT_FIRST)
    sending.tick(clock.now() + timedelta(hours=1))
    assert len(receiver.received) == 1
    sending.tick(clock.now() + timedelta(hours=13))
    assert len(receiver.received) == 2
    with instance.stores.main.reading() as db:
        client = db.get_one(Client, shop.client_id)
    assert len(key_addresses.known(instance.stores.state, client, now=clock.now())) == 1


def test_a_change_of_address_forgets_the_keys(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """A PUT with another address, with keys of its own, and the removal of the client. The pause between two calls stays."""
    assert authenticate(instance, shop, key).status_code == 200
    elsewhere = {"jwks_uri": f"{receiver.url}/other"}
    change(instance, shop, elsewhere)
    for more in ({"jwks_uri": f"{receiver.url}/keys"}, {"jwks": {"keys": [key.as_dict(private=False)]}}, elsewhere):
        change(instance, shop, more)
        assert kept(instance) == [(more.get("jwks_uri", ""), None)]
    assert authenticate(instance, shop, key).status_code == 401
    assert [one.path for one in receiver.received] == ["/keys"]
    rest(instance, tried_at=key_addresses.COOLDOWN)
    assert authenticate(instance, shop, key).status_code == 200
    assert [one.path for one in receiver.received] == ["/keys", "/other"]
    told = shop.registration
    assert instance.client.delete(told["registration_client_uri"], headers=bearer(told["registration_access_token"])).status_code == 204
    assert kept(instance) == []


def test_a_client_with_keys_of_its_own_is_not_called(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """What it published elsewhere before is forgotten, and never asked for again."""
    assert authenticate(instance, shop, key).status_code == 200
    change(instance, shop, {"jwks": {"keys": [key.as_dict(private=False)]}})
    assert authenticate(instance, shop, key).status_code == 200
    assert key_addresses.due(instance.stores.state, now=clock.now() + timedelta(days=3650)) == []
    assert [one.path for one in receiver.received] == ["/keys"]


def change(instance: Instance, shop: Shop, more: dict[str, Any]) -> None:
    """The client registers itself anew, by PUT."""
    told = shop.registration
    words = {"client_name": SHOP["client_name"], "token_endpoint_auth_method": "private_key_jwt", **more}
    sent = instance.client.put(told["registration_client_uri"], json=words, headers=bearer(told["registration_access_token"]))
    assert sent.status_code == 200, sent.text


def kept(instance: Instance) -> list[tuple[str, str | None]]:
    """Address and keys of each row."""
    with instance.stores.state.reading() as db:
        return [(row.uri, row.jwks) for row in db.exec(select(FetchedKeys))]


def test_a_lost_state_store_costs_one_fetch(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """What was known is looked for again, by the next signature or at the next start."""
    assert authenticate(instance, shop, key).status_code == 200
    with instance.stores.state.writing() as db:
        db.delete(db.exec(select(FetchedKeys)).one())
    with instance.stores.main.reading() as db:
        key_addresses.watch_all(db, instance.stores.state, now=clock.now())
    assert authenticate(instance, shop, key).status_code == 200
    assert len(receiver.received) == 2


@pytest.mark.parametrize(
    ("field", "url"),
    [
        ("webhook_uri", "http://shop.example/hooks"),
        ("webhook_uri", "https://10.0.0.1/hooks"),
        ("webhook_uri", "https://shop.example:22/hooks"),
        ("webhook_uri", "https://me:you@shop.example/hooks"),
        ("jwks_uri", "https://[::ffff:127.0.0.1]/keys"),
        ("jwks_uri", "https://2130706433/keys"),
    ],
)
def test_what_can_never_be_called_is_refused_at_registration(instance: Instance, field: str, url: str) -> None:
    """By its form alone, naming the field; nothing is looked up."""
    owner = make_owner(instance)
    with pytest.raises(AssertionError, match=f"invalid_client_metadata.*{field}"):
        make_shop(instance, owner, **{"jwks": None, field: url})
    make_shop(instance, owner, **{"jwks": None, field: "https://name-that-nobody-looks-up.invalid/x"})


def test_the_first_signatures_wait_for_one_fetch(instance: Instance, shop: Shop, key: OKPKey, receiver: Receiver) -> None:
    """Several at once, before any key is known: one fetches, the others have what it found."""
    said = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    receiver.answer = lambda _received: Reply(200, {}, said, after=0.5)
    with ThreadPoolExecutor(4) as callers:
        statuses = [answer.status_code for answer in callers.map(lambda _number: authenticate(instance, shop, key), range(4))]
    assert statuses == [200] * 4
    assert len(receiver.received) == 1
