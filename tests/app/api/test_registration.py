"""Registering (RFC 7591) and looking after the registration (RFC 7592)."""

import json

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from starlette.testclient import TestClient

from app import clock
from app.auth import invitations
from app.auth.invitations import Guest
from app.main import create_app
from app.settings import Opening, Settings
from app.tables import Client
from consent import grants
from consent.store import Request
from tests.app.api.loop import SHOP, Owner, bearer, make_owner, make_relationship, make_shop
from tests.instances import Instance
from tests.shop import new_key

KEY = new_key().export_public(as_dict=True)


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


def test_contact_link_is_enough_to_register(instance: Instance, owner: Owner) -> None:
    """What a client is told once: its secrets, and where its registration is managed. Unknown metadata is ignored."""
    shop = make_shop(instance, owner, webhook_uri="https://shop.example/hooks", software_id="till 3")
    told = shop.registration
    assert told["client_secret_expires_at"] == 0
    assert told["webhook_secret"].startswith("whsec_")
    assert told["grant_types"] == ["urn:ietf:params:oauth:grant-type:device_code", "client_credentials"]
    assert told["registration_client_uri"] == f"{instance.settings.base_url}/oauth/register/{shop.client_id}"
    assert "software_id" not in told


def test_secrets_are_not_stored(instance: Instance, owner: Owner) -> None:
    """The database knows hashes; the webhook secret, which is needed again, is wrapped."""
    told = make_shop(instance, owner).registration
    with instance.stores.main.reading() as db:
        row = str(db.get_one(Client, told["client_id"]).model_dump())
    assert not any(told[name] in row for name in ("client_secret", "webhook_secret", "registration_access_token"))


def test_registration_needs_an_invitation(instance: Instance) -> None:
    """Nobody without a link or an invitation; a wrong token and none get the challenge of RFC 6750."""
    none = instance.client.post("/oauth/register", json=SHOP)
    wrong = instance.client.post("/oauth/register", json=SHOP, headers=bearer("bwi_wrong"))
    assert (none.status_code, wrong.status_code) == (401, 401)
    assert none.json()["error"] == wrong.json()["error"] == "invalid_token"
    assert none.headers["www-authenticate"].startswith("Bearer")
    assert none.headers["cache-control"] == "no-store"


def test_invitation_of_the_operator_works_once(instance: Instance) -> None:
    """An invitation is used up by the registration, not by a failed try."""
    with instance.stores.main.writing() as db:
        token = invitations.invite(db, Guest.CLIENT, now=clock.now())
    tries = [{"client_name": ""}, SHOP, SHOP]
    assert [instance.client.post("/oauth/register", json=body, headers=bearer(token)).status_code for body in tries] == [400, 201, 401]


def test_owner_invitation_does_not_register_a_client(instance: Instance) -> None:
    """An invitation is for one kind of guest."""
    with instance.stores.main.writing() as db:
        token = invitations.invite(db, Guest.OWNER, now=clock.now())
    assert instance.client.post("/oauth/register", json=SHOP, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"client_name": " "}, "client_name"),
        ({"client_uri": "http://shop.example"}, "client_uri"),
        ({"client_uri": "javascript:alert(1)"}, "client_uri"),
        ({"policy_uri": "https://user:word@shop.example"}, "policy_uri"),
        ({"webhook_uri": 5}, "webhook_uri"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "token_endpoint_auth_method"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "public keys only"),
        ({"jwks": {"keys": [OKPKey.generate_key("Ed25519").as_dict(private=True)]}}, "public keys only"),
        ({"jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "!"}]}}, "cannot be read"),
        ({"jwks": {"keys": [{"kty": "OKP"}]}, "jwks_uri": "https://shop.example/jwks"}, "exclude"),
        ({"jwks": {"keys": [KEY], "more": 10**30}}, "too large"),
        ({"jwks": {"keys": [KEY], "more": json.loads("[" * 600 + "]" * 600)}}, "too deep"),
        ({"grant_types": ["password"]}, "grant_types"),
        ({"organisation": {"name": "Corner Shop", "country": "Ireland"}}, "organisation.country"),
    ],
)
def test_bad_metadata_is_named(instance: Instance, owner: Owner, change: dict[str, object], named: str) -> None:
    """400 `invalid_client_metadata`, naming the member; nothing is registered."""
    shop = make_shop(instance, owner)
    answer = instance.client.put(
        f"/oauth/register/{shop.client_id}", json=SHOP | change, headers=bearer(shop.registration["registration_access_token"])
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert named in answer.json()["error_description"]


def test_succession_nested_without_end_is_named(instance: Instance, owner: Owner) -> None:
    """By a client with a key that could sign one."""
    key = OKPKey.generate_key("Ed25519")
    jwks = {"keys": [KEY, key.as_dict(private=False)]}
    shop = make_shop(instance, owner, jwks=jwks)
    words = SHOP | {"jwks": jwks, "jwks_succession": jws.serialize_compact({"alg": "Ed25519"}, "[" * 2500, key, algorithms=["Ed25519"])}
    headers = bearer(shop.registration["registration_access_token"])
    answer = instance.client.put(f"/oauth/register/{shop.client_id}", json=words, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert "jwks_succession: it is not signed" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"client_name": "a", "client_name": "b"}', "application/json"),
        (b"not json", "application/json"),
        (b"[]", "application/json"),
        (b'{"client_name": NaN}', "application/json"),
        (b'{"client_name": "\\ud800"}', "application/json"),
        (b'{"client_name": "\\u0000"}', "application/json"),
        (b"\xff", "application/json"),
        (b'{"client_name": "a"}', "text/plain"),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_body_that_reads_in_two_ways_is_refused(instance: Instance, owner: Owner, body: bytes, kind: str) -> None:
    """Repeated keys, other types, NaN, lone surrogates, NUL: `invalid_request`."""
    shop = make_shop(instance, owner)
    headers = {**bearer(shop.registration["registration_access_token"]), "content-type": kind}
    answer = instance.client.put(f"/oauth/register/{shop.client_id}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_registration_is_shown_changed_and_its_secret_kept(instance: Instance, owner: Owner) -> None:
    """GET tells no secret again; PUT replaces the metadata and leaves the secret good."""
    shop = make_shop(instance, owner)
    path, headers = f"/oauth/register/{shop.client_id}", bearer(shop.registration["registration_access_token"])
    shown = instance.client.get(path, headers=headers).json()
    assert shown["client_name"] == "Corner Shop"
    assert not {"client_secret", "webhook_secret"} & set(shown)
    changed = instance.client.put(
        path, json={"client_name": "Corner Shop & Sons", "client_secret": shop.registration["client_secret"]}, headers=headers
    )
    assert changed.status_code == 200
    assert "client_uri" not in changed.json()
    assert shop.client_token()


def test_change_refuses_another_id_or_secret(instance: Instance, owner: Owner) -> None:
    """RFC 7592: client_id and client_secret in a PUT must be the present ones."""
    shop = make_shop(instance, owner)
    path, headers = f"/oauth/register/{shop.client_id}", bearer(shop.registration["registration_access_token"])
    for change in ({"client_id": "0" * 32}, {"client_secret": "mine"}):
        assert instance.client.put(path, json=SHOP | change, headers=headers).status_code == 400


def test_going_from_secret_to_key_and_back(instance: Instance, owner: Owner) -> None:
    """With `private_key_jwt` the secret dies; back to Basic, a new one is told."""
    shop = make_shop(instance, owner)
    path, headers = f"/oauth/register/{shop.client_id}", bearer(shop.registration["registration_access_token"])
    key = OKPKey.generate_key("Ed25519").as_dict(private=False)
    by_key = SHOP | {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key]}}
    assert "client_secret" not in instance.client.put(path, json=by_key, headers=headers).json()
    assert shop.oauth("token", grant_type="client_credentials").status_code == 401
    shop.registration = instance.client.put(path, json=SHOP, headers=headers).json()
    assert shop.client_token()


def test_registration_token_of_another_client_is_refused(instance: Instance, owner: Owner) -> None:
    """Another client's registration and an unknown one look alike."""
    one, other = make_shop(instance, owner), make_shop(instance, owner)
    headers = bearer(one.registration["registration_access_token"])
    answers = [instance.client.get(f"/oauth/register/{client_id}", headers=headers) for client_id in (other.client_id, "0" * 32)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_removed_client_hands_its_consents_back(instance: Instance, owner: Owner) -> None:
    """DELETE: 204; consents end, open requests close, no token works any more, and the registration is gone."""
    shop = make_relationship(instance, owner)
    waiting = shop.ask(owner.link()).json()
    client_token = shop.client_token()
    path, headers = f"/oauth/register/{shop.client_id}", bearer(shop.registration["registration_access_token"])
    assert instance.client.delete(path, headers=headers).status_code == 204
    with instance.stores.main.reading() as db:
        grant = grants.find(db, owner.account_id, shop.grant_id)
        assert grant is not None
        assert grant.status == "handed_back"
        assert db.get_one(Request, (owner.account_id, waiting["request_id"])).state == "refused"
    assert [shop.get("/grant").status_code, shop.get("/grants", client_token).status_code] == [401, 401]
    assert instance.client.get(path, headers=headers).status_code == 401


def test_open_instance_needs_no_token(settings: Settings) -> None:
    """`CLIENT_REGISTRATION=open` lets anyone register."""
    opened = settings.model_copy(update={"client_registration": Opening.OPEN})
    with TestClient(create_app(opened), base_url=settings.base_url) as client:
        assert client.post("/oauth/register", json=SHOP).status_code == 201
        assert client.post("/oauth/register", json=SHOP, headers=bearer("whatever")).status_code == 201
