"""Who is calling: HTTP Basic, private_key_jwt, bearer tokens."""

import json
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from app.auth.client import ASSERTION_TYPE
from app.auth.throttle import WRONG_SECRET_ADDRESS
from tests.app.api.loop import Shop, make_owner, make_shop
from tests.instances import Instance

Key = OKPKey | ECKey


@pytest.fixture
def shop(instance: Instance) -> Shop:
    return make_shop(instance, make_owner(instance))


def make_key_client(instance: Instance, key: Key) -> Shop:
    """A client that signs."""
    jwks = {"keys": [key.as_dict(private=False)]}
    return make_shop(instance, make_owner(instance), token_endpoint_auth_method="private_key_jwt", jwks=jwks)


def assertion(instance: Instance, shop: Shop, key: Any, *, alg: str = "Ed25519", **changes: Any) -> str:
    """A client assertion (RFC 7523); `changes` replace claims, None removes one."""
    now = int(time.time())
    claims = {"iss": shop.client_id, "sub": shop.client_id, "aud": instance.settings.base_url, "exp": now + 300, "iat": now, "jti": "one"}
    said = json.dumps({name: value for name, value in (claims | changes).items() if value is not None})
    return jws.serialize_compact({"alg": alg, "typ": "JWT"}, said, key, algorithms=[alg])


def token(instance: Instance, signed: str, **form: str) -> Any:
    body = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": signed, **form}
    return instance.client.post("/oauth/token", data=body)


@pytest.mark.parametrize("audience", ["issuer", "token endpoint", "list"])
def test_signed_assertion_authenticates(instance: Instance, audience: str) -> None:
    """`aud` is the issuer or the token endpoint, alone or in a list."""
    key = OKPKey.generate_key("Ed25519")
    shop, base = make_key_client(instance, key), instance.settings.base_url
    aud = {"issuer": base, "token endpoint": f"{base}/oauth/token", "list": ["elsewhere", base]}[audience]
    answer = token(instance, assertion(instance, shop, key, aud=aud), client_id=shop.client_id)
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 3600)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(("key", "alg"), [(ECKey.generate_key("P-256"), "ES256"), (OKPKey.generate_key("Ed25519"), "EdDSA")])
def test_other_algorithms_of_the_metadata_work(instance: Instance, key: Key, alg: str) -> None:
    """ES256, and EdDSA as Ed25519 was called before."""
    shop = make_key_client(instance, key)
    assert token(instance, assertion(instance, shop, key, alg=alg)).status_code == 200


def test_assertion_works_once(instance: Instance) -> None:
    """A replayed `jti` is refused, also when the first call ended in an error."""
    key = OKPKey.generate_key("Ed25519")
    shop = make_key_client(instance, key)
    signed = assertion(instance, shop, key)
    assert token(instance, signed, grant_type="password").json()["error"] == "unsupported_grant_type"
    again = token(instance, signed)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "has been used" in again.json()["error_description"]
    assert token(instance, assertion(instance, shop, key, jti="two")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "someone"}, "iss and sub"),
        ({"aud": "https://elsewhere.example"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [5]}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": 1}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": int(time.time()) + 86400}, "exp"),
        ({"nbf": int(time.time()) + 86400}, "nbf"),
        ({"jti": None}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"jti": "\ud800"}, "jti"),
        ({"exp": 10**400}, "exp"),
        ({"nbf": 10**400}, "nbf"),
        ({"nbf": float("inf")}, "nbf"),
    ],
)
def test_assertion_with_a_wrong_claim_is_refused(instance: Instance, changes: dict[str, Any], reason: str) -> None:
    """RFC 7523 section 3, each claim."""
    key = OKPKey.generate_key("Ed25519")
    shop = make_key_client(instance, key)
    answer = token(instance, assertion(instance, shop, key, **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert reason in answer.json()["error_description"]


def test_assertion_by_another_key_or_algorithm_is_refused(instance: Instance) -> None:
    """Another key, a symmetric algorithm keyed with the public key, `none`, another client's name: all the same answer."""
    key = OKPKey.generate_key("Ed25519")
    shop = make_key_client(instance, key)
    forged = [
        assertion(instance, shop, OKPKey.generate_key("Ed25519")),
        assertion(instance, shop, OctKey.import_key(str(key.as_dict(private=False)["x"]) * 2), alg="HS256"),
        "eyJhbGciOiJub25lIn0." + assertion(instance, shop, key).split(".")[1] + ".",
        assertion(instance, shop, key, sub="0" * 32),
    ]
    answers = [token(instance, signed) for signed in forged] + [token(instance, assertion(instance, shop, key), client_id="0" * 32)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("text", ["", "a.b", "a.!.c", "a.bnVsbA.c", "a.e30.c"])
def test_what_is_no_assertion_is_refused(instance: Instance, text: str) -> None:
    """Nothing that comes as an assertion breaks the door."""
    assert token(instance, text).status_code == 401


def raw(claims: bytes) -> str:
    """A JWT of whatever bytes, signed by nobody."""
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"Ed25519"}', claims, bytes(64)))


@pytest.mark.parametrize(
    "claims",
    [b"[" * 5000, b'{"a":' * 5000, b'{"sub": "\\ud800"}', b'{"sub": "\\u0000"}', b'{"sub": [' + b"[" * 300 + b"]" * 300 + b"]}", b"\xff"],
    ids=["deep", "deep objects", "surrogate", "nul", "list", "no text"],
)
def test_a_hostile_assertion_is_refused_and_counted(instance: Instance, claims: bytes) -> None:
    """Like any wrong secret: `invalid_client`, until there were too many from one address."""
    answers = [token(instance, raw(claims)) for _ in range(WRONG_SECRET_ADDRESS.tries + 1)]
    assert {(answer.status_code, answer.json()["error"]) for answer in answers[:-1]} == {(401, "invalid_client")}
    assert answers[-1].status_code == 429


def test_a_signed_assertion_may_be_nested_as_it_likes(instance: Instance) -> None:
    """Also where the first look still gets to its end, and the verifier, which is called from deeper down, does not."""
    key = OKPKey.generate_key("Ed25519")
    shop, limit = make_key_client(instance, key), sys.getrecursionlimit()
    for depth in range(limit - 50, limit):
        said = f'{{"sub": "{shop.client_id}", "more": {"[" * depth}{"]" * depth}}}'
        assert token(instance, jws.serialize_compact({"alg": "Ed25519"}, said, key, algorithms=["Ed25519"])).status_code == 401, depth


@pytest.mark.parametrize("name", ["\x00", "%00", "%ED%A0%80", "x" * 1000])
def test_a_name_that_no_client_has_is_refused(instance: Instance, name: str) -> None:
    """Whatever characters HTTP Basic carries."""
    header = {"Authorization": "Basic " + b64encode(f"{name}:wrong".encode()).decode()}
    answer = instance.client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=header)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_secret_of_a_key_client_is_nothing(instance: Instance, shop: Shop) -> None:
    """A client authenticates as it registered; a secret does not stand in for a key, nor a key for a secret."""
    key = OKPKey.generate_key("Ed25519")
    assert token(instance, assertion(instance, shop, key)).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"\xff:\xff").decode(),
        "Bearer x",
        "Digest x",
        "",
    ],
)
def test_unreadable_credentials_are_refused(instance: Instance, header: str) -> None:
    """401 with the challenge, whatever came."""
    answer = instance.client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_unknown_client_and_wrong_secret_look_alike(instance: Instance, shop: Shop) -> None:
    """Nothing says whether a client id exists."""
    pairs = [f"{shop.client_id}:wrong", f"{'0' * 32}:wrong"]
    headers = [{"Authorization": "Basic " + b64encode(pair.encode()).decode()} for pair in pairs]
    answers = [instance.client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=header) for header in headers]
    assert answers[0].text == answers[1].text


def test_one_way_at_a_time(instance: Instance, shop: Shop) -> None:
    """RFC 6749 section 2.3; and `client_secret_post` is not offered."""
    both = shop.oauth("token", grant_type="client_credentials", client_assertion="x", client_assertion_type=ASSERTION_TYPE)
    posted = instance.client.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"})
    assert [both.status_code, posted.status_code] == [401, 401]
    assert "not offered" in posted.json()["error_description"]


def test_scheme_is_read_in_any_case(shop: Shop) -> None:
    """RFC 9110 section 11.1: `basic` and `bearer` are case-insensitive; two headers are none."""
    headers = {"Authorization": shop.basic["Authorization"].replace("Basic", "bASIC")}
    got = shop.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert got.status_code == 200
    bearer = got.json()["access_token"]
    assert shop.http.get("/api/v1/grants", headers={"Authorization": f"BEARER  {bearer}"}).status_code == 200
    twice = [("Authorization", f"Bearer {bearer}"), ("Authorization", f"Bearer {bearer}")]
    assert shop.http.get("/api/v1/grants", headers=twice).status_code == 401


def test_token_in_query_or_body_is_not_taken(shop: Shop) -> None:
    """RFC 6750: only the header."""
    assert shop.http.get(f"/api/v1/grants?access_token={shop.client_token()}").status_code == 401
