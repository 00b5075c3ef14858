"""Asking for consent: device authorization, polling, tokens."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from sqlmodel import Session, delete, select, update

from app import clock
from app.auth.calls import Call, UnknownToken
from app.auth.client import KnownClient
from app.exchange import addresses, asking
from app.tables import DeviceCode, GrantToken
from consent import grants, receipts
from consent.store import LedgerEntry, Request
from tests.app.api.loop import DEVICE, Owner, Shop, bearer, make_owner, make_relationship, make_shop, marked
from tests.factories import make_details
from tests.instances import Instance


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_shop(instance, owner)


def code_of(db: Session, request_id: str) -> DeviceCode:
    return db.exec(select(DeviceCode).where(DeviceCode.request_id == request_id)).one()


def change_code(instance: Instance, request_id: str, **values: Any) -> None:
    """Move a device code in time, as waiting would."""
    with instance.stores.main.writing() as db:
        row = code_of(db, request_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_metadata_says_where_everything_is(instance: Instance) -> None:
    """RFC 8414, for the issuer without a path."""
    found = instance.client.get("/.well-known/oauth-authorization-server").json()
    base = instance.settings.base_url
    assert found["issuer"] == base
    assert found["device_authorization_endpoint"] == f"{base}/oauth/device_authorization"
    assert found["authorization_details_types_supported"] == ["https://bothways.example/terms/v1", "https://bothways.example/purpose/v1"]
    assert "client_secret_post" not in found["token_endpoint_auth_methods_supported"]
    assert instance.client.get(found["jwks_uri"]).json()["keys"][0]["kid"] == instance.app.state.instance.kid


def test_addressed_request_stands_in_that_inbox(instance: Instance, owner: Owner, shop: Shop) -> None:
    """With `login_hint`: 14 days, a minute between polls, and the request is there."""
    asked = shop.ask(owner.link(), client_reference="customer 7").json()
    assert (asked["expires_in"], asked["interval"]) == (1209600, 60)
    assert asked["verification_uri_complete"] == f"{asked['verification_uri']}?user_code={asked['user_code']}"
    with instance.stores.main.reading() as db:
        request = db.get_one(Request, (owner.account_id, asked["request_id"]))
        assert (request.state, request.client_reference, request.client_id) == ("pending", "customer 7", shop.client_id)


def test_addressed_user_code_opens_nowhere(instance: Instance, owner: Owner, shop: Shop) -> None:
    """The user code of an addressed request is for show; nobody claims it."""
    asked = shop.ask(owner.link()).json()
    with instance.stores.main.writing() as db:
        assert asking.claim(db, owner.act(), instance.app.state.instance, asked["user_code"]) is None


def test_user_code_is_claimed_once(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Without `login_hint`: ten minutes, five seconds; the first owner who types the code has the request."""
    asked = shop.ask(None).json()
    assert (asked["expires_in"], asked["interval"]) == (600, 5)
    other, keys = make_owner(instance, "sam"), instance.app.state.instance
    with instance.stores.main.writing() as db:
        claimed = asking.claim(db, owner.act(), keys, asked["user_code"].lower().replace("-", " "))
        assert claimed is not None
        assert claimed.request_id == asked["request_id"]
        assert asking.claim(db, other.act(), keys, asked["user_code"]) is None


def test_two_owners_at_once_do_not_share_a_code(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Whoever commits first has the request; the other, waiting meanwhile, gets nothing."""
    asked, other, keys = shop.ask(None).json(), make_owner(instance, "sam"), instance.app.state.instance
    claimed = Event()

    def late() -> bool:
        claimed.wait(10)
        with instance.stores.main.writing() as db:
            return asking.claim(db, other.act(), keys, asked["user_code"]) is not None

    with ThreadPoolExecutor(1) as pool:
        with instance.stores.main.writing() as db:
            waits = pool.submit(late)
            assert asking.claim(db, owner.act(), keys, asked["user_code"]) is not None
            db.flush()
            claimed.set()
            time.sleep(0.3)
        assert waits.result() is False


def test_user_codes_in_use_differ(instance: Instance, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two possible codes, the second question always gets the other one."""
    monkeypatch.setattr(asking, "ALPHABET", "BC")
    monkeypatch.setattr(asking, "USER_CODE_LENGTH", 1)
    for _ in range(12):
        assert {shop.ask(None).json()["user_code"] for _ in range(2)} == {"B-", "C-"}
        with instance.stores.main.writing() as db:
            db.exec(delete(DeviceCode))


def test_expired_user_code_opens_nothing(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Ten minutes, not more."""
    asked = shop.ask(None).json()
    change_code(instance, asked["request_id"], expires_at=clock.now())
    with instance.stores.main.writing() as db:
        assert asking.claim(db, owner.act(), instance.app.state.instance, asked["user_code"]) is None
    assert shop.poll(asked["device_code"]).json()["error"] == "expired_token"


def hints(instance: Instance, owner: Owner) -> list[str]:
    closed = owner.link()
    with instance.stores.main.writing() as db:
        row = addresses.by_handle(db, closed, now=clock.now())
        assert row is not None
        addresses.close(db, owner.account_id, row.address_id, now=clock.now())
    return [closed, owner.link(expires_at=clock.now()), "no-such-handle"]


def test_unknown_closed_and_live_addresses_answer_alike(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Same answer, same state, same polls; and nobody got a request."""
    live = shop.ask(owner.link()).json()
    for handle in hints(instance, owner):
        asked = shop.ask(handle).json()
        assert {**asked, **{name: live[name] for name in ("device_code", "user_code", "request_id", "verification_uri_complete")}} == live
        polls = [shop.poll(found["device_code"]) for found in (live, asked)]
        assert polls[0].status_code == polls[1].status_code == 400
        change_code(instance, live["request_id"], last_polled_at=None, interval=60)
        token = shop.client_token()
        shown = [shop.get(f"/requests/{found['request_id']}", token).json() for found in (live, asked)]
        assert [found["state"] for found in shown] == ["pending", "pending"]
        assert set(shown[0]) == set(shown[1])
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Request)).all()) == 1


def test_grant_of_somebody_else_is_like_an_unknown_address(instance: Instance, owner: Owner, shop: Shop) -> None:
    """`grant_id` counts only when the grant is this client's, at that owner, and not withdrawn."""
    rival, mine = make_relationship(instance, owner), make_relationship(instance, owner)
    elsewhere = make_owner(instance, "sam")
    tries = [
        (shop, owner.link(), rival.grant_id),
        (mine, elsewhere.link(), mine.grant_id),
        (shop, None, rival.grant_id),
        (shop, owner.link(), "nonsense"),
    ]
    for asker, handle, grant_id in tries:
        asked = asker.ask(handle, grant_id=grant_id).json()
        with instance.stores.main.reading() as db:
            row = code_of(db, asked["request_id"])
            assert (row.account_id, row.claimable) == (None, False)
    owner.end(mine.grant_id, "withdraw")
    asked = mine.ask(owner.link(), grant_id=mine.grant_id).json()
    with instance.stores.main.reading() as db:
        assert code_of(db, asked["request_id"]).account_id is None


def test_renewal_keeps_grant_and_token(instance: Instance, owner: Owner) -> None:
    """Accepting a change keeps `grant_id`; the token from before stays good, beside the new one."""
    shop = make_relationship(instance, owner)
    asked = shop.ask(owner.link(), make_details(now=clock.now(), retention="P1M"), grant_id=shop.grant_id).json()
    assert owner.grant(asked["request_id"]) == shop.grant_id
    renewed = shop.poll(asked["device_code"]).json()
    assert renewed["grant_id"] == shop.grant_id
    assert renewed["authorization_details"][1]["retention"] == "P1M"
    assert [shop.get("/grant").status_code, shop.get("/grant", renewed["access_token"]).status_code] == [200, 200]


def test_user_code_renewal_is_only_for_the_owner_of_the_grant(instance: Instance, owner: Owner) -> None:
    """Another owner who types the code of a renewal gets nothing, and leaves it to the right one."""
    shop = make_relationship(instance, owner)
    asked, other, keys = shop.ask(None, grant_id=shop.grant_id).json(), make_owner(instance, "sam"), instance.app.state.instance
    with instance.stores.main.writing() as db:
        assert asking.claim(db, other.act(), keys, asked["user_code"]) is None
        assert asking.claim(db, owner.act(), keys, asked["user_code"]) is not None


def test_token_answer_is_the_consent(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Issued once: terms as granted, pairwise subject, the vendor's reference, and a receipt that verifies offline."""
    now = clock.now()
    asked = shop.ask(owner.link(), make_details(now=now), client_reference="customer 7").json()
    grant_id = owner.grant(asked["request_id"], make_details(now=now, frequency={"count": 1, "per": "P1W"}))
    answer = shop.poll(asked["device_code"])
    got = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert got["authorization_details"][1]["frequency"] == {"count": 1, "per": "P1W"}
    assert (got["grant_id"], got["client_reference"], got["token_type"]) == (grant_id, "customer 7", "Bearer")
    keys = shop.get("/grant", got["access_token"]).json()["jwks"]["keys"]
    assert receipts.verify(got["receipt"], keys[0])
    assert shop.poll(asked["device_code"]).json()["error"] == "invalid_grant"


def test_polling_too_soon_costs_five_seconds(instance: Instance, owner: Owner, shop: Shop) -> None:
    """`slow_down` is written down: 5, then 10, then 15 seconds."""
    asked = shop.ask(None).json()
    errors = [shop.poll(asked["device_code"]).json()["error"] for _ in range(3)]
    assert errors == ["authorization_pending", "slow_down", "slow_down"]
    with instance.stores.main.reading() as db:
        assert code_of(db, asked["request_id"]).interval == 15
    change_code(instance, asked["request_id"], last_polled_at=clock.now() - timedelta(seconds=16))
    assert shop.poll(asked["device_code"]).json()["error"] == "authorization_pending"


def test_declined_request_is_denied(owner: Owner, shop: Shop) -> None:
    """`access_denied`, and `refused` in its state."""
    asked = shop.ask(owner.link()).json()
    owner.decline(asked["request_id"])
    assert shop.poll(asked["device_code"]).json()["error"] == "access_denied"
    assert shop.get(f"/requests/{asked['request_id']}", shop.client_token()).json()["state"] == "refused"


def test_device_code_of_another_client_is_unknown(instance: Instance, owner: Owner, shop: Shop) -> None:
    """A device code works for the client that asked."""
    asked = make_shop(instance, owner).ask(owner.link()).json()
    assert shop.poll(asked["device_code"]).json()["error"] == "invalid_grant"
    assert shop.get(f"/requests/{asked['request_id']}", shop.client_token()).status_code == 404


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not json", "JSON"),
        ("[]", "/"),
        ('[{"type": "x", "type": "y"}]', "repeated"),
        (json.dumps(make_details(purpose="dpv:Nonsense")), "/1/purpose"),
        (json.dumps(make_details(surprise=True)), "surprise"),
    ],
)
def test_bad_details_name_the_key(shop: Shop, text: str, named: str) -> None:
    """400 `invalid_authorization_details` with a pointer."""
    answer = shop.oauth("device_authorization", authorization_details=text)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_authorization_details")
    assert named in answer.json()["error_description"] + answer.json().get("pointer", "")


@pytest.mark.parametrize("form", [{}, {"authorization_details": ""}, {"authorization_details": "[]", "client_reference": "x" * 65}])
def test_bad_form_is_an_invalid_request(shop: Shop, form: dict[str, str]) -> None:
    """What is missing or too long is named."""
    assert shop.oauth("device_authorization", **form).json()["error"] == "invalid_request"


def test_repeated_parameter_is_refused(shop: Shop) -> None:
    """RFC 6749 section 3.2: a parameter is sent once."""
    headers = {**shop.basic, "content-type": "application/x-www-form-urlencoded"}
    for body in ("grant_type=client_credentials&grant_type=client_credentials", "grant_type=%ff", "grant_type", "a=%00"):
        assert shop.http.post("/oauth/token", content=body, headers=headers).json()["error"] == "invalid_request"
    assert shop.http.post("/oauth/token", json={}, headers=shop.basic).json()["error"] == "invalid_request"


def test_repeat_with_idempotency_key_asks_once(instance: Instance, owner: Owner, shop: Shop) -> None:
    """The same key gives the same codes; another body is a conflict."""
    handle, details = owner.link(), json.dumps(make_details(now=clock.now()))
    form = {"login_hint": handle, "authorization_details": details}
    first, again = (shop.oauth("device_authorization", {"Idempotency-Key": "k1"}, **form) for _ in range(2))
    assert first.json() == again.json()
    other = shop.oauth("device_authorization", {"Idempotency-Key": "k1"}, **form, client_reference="7")
    assert other.status_code == 409
    with instance.stores.main.reading() as db:
        assert len(db.exec(select(Request)).all()) == 1


def test_lost_token_is_replaced_and_the_old_one_dies(instance: Instance, owner: Owner) -> None:
    """`client_credentials` with `grant_id`; the owner's ledger has it."""
    shop = make_relationship(instance, owner)
    new = shop.oauth("token", grant_type="client_credentials", grant_id=shop.grant_id).json()
    assert new["grant_id"] == shop.grant_id
    assert marked(instance, owner)
    assert [shop.get("/grant").status_code, shop.get("/grant", new["access_token"]).status_code] == [401, 200]
    with instance.stores.main.reading() as db:
        assert "token.replaced" in {entry.type for entry in db.exec(select(LedgerEntry))}


def test_token_of_another_clients_grant_is_not_given(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Forbidden and absent look alike."""
    rival = make_relationship(instance, owner)
    answers = [shop.oauth("token", grant_type="client_credentials", grant_id=grant_id) for grant_id in (rival.grant_id, "0" * 32)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"scope": "all"}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE}, "invalid_request"),
    ],
)
def test_other_grant_types_are_refused(shop: Shop, form: dict[str, str], error: str) -> None:
    """Only what the metadata names."""
    assert shop.oauth("token", **form).json()["error"] == error


def test_introspection_tells_a_client_of_its_own_tokens(instance: Instance, owner: Owner) -> None:
    """RFC 7662: active with terms; a stranger's, an ended and a nonsense token are just inactive."""
    shop, other = make_relationship(instance, owner, client_reference="c7"), make_shop(instance, owner)
    found = shop.oauth("introspect", token=shop.grant_token).json()
    assert (found["active"], found["grant_id"], found["client_reference"]) == (True, shop.grant_id, "c7")
    assert shop.oauth("introspect", token=shop.client_token()).json()["active"] is True
    inactive = {"active": False}
    assert other.oauth("introspect", token=shop.grant_token).json() == inactive
    assert other.oauth("introspect", token=shop.client_token()).json() == inactive
    assert shop.oauth("introspect", token="nonsense").json() == inactive
    owner.end(shop.grant_id, "withdraw")
    assert shop.oauth("introspect", token=shop.grant_token).json() == inactive
    assert shop.oauth("introspect").json()["error"] == "invalid_request"


def test_revoking_a_grant_token_hands_the_consent_back(instance: Instance, owner: Owner) -> None:
    """RFC 7009: always 200; only one's own token has an effect, and that only once."""
    shop, other = make_relationship(instance, owner), make_shop(instance, owner)
    assert other.oauth("revoke", token=shop.grant_token).status_code == 200
    assert shop.get("/grant").json()["status"] == "given"
    assert [shop.oauth("revoke", token=token).status_code for token in (shop.grant_token, shop.grant_token, "nonsense")] == [200] * 3
    assert shop.get("/grant").json()["status"] == "handed_back"
    with instance.stores.main.reading() as db:
        assert grants.by_client(db, shop.client_id)[0].status == "handed_back"


def test_revoked_client_token_is_dead(instance: Instance, owner: Owner, shop: Shop) -> None:
    """A client token just goes."""
    token = shop.client_token()
    assert shop.get("/grants", token).status_code == 200
    shop.oauth("revoke", token=token)
    assert shop.get("/grants", token).status_code == 401


def test_every_method_and_head(instance: Instance) -> None:
    """405 names every method of the path; GET answers HEAD."""
    wrong = instance.client.get("/oauth/token")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert instance.client.post("/api/v1/messages/" + "0" * 32).headers["allow"] == "DELETE, GET, HEAD"
    assert instance.client.head("/.well-known/oauth-authorization-server").status_code == 200


def test_too_many_wrong_secrets_wait(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Wrong secrets are counted per address; 429 says how long. The right one still works: nobody locks a client out."""
    for _ in range(60):
        assert instance.client.get("/api/v1/grant", headers=bearer("bwg_wrong")).status_code == 401
    over = instance.client.get("/api/v1/grant", headers=bearer("bwg_wrong"))
    assert over.status_code == 429
    assert 1 <= int(over.headers["retry-after"]) <= 61
    wrong = instance.client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": "Basic YTpi"})
    assert (wrong.status_code, wrong.json()["error"]) == (429, "temporarily_unavailable")
    assert shop.client_token()


def test_too_large_a_body_is_not_read(instance: Instance, shop: Shop) -> None:
    """413 in the manner of the door."""
    big = "x" * 140_000
    assert shop.oauth("token", grant_type=big).status_code == 413
    for size in (70_000, 300_000):
        streamed = instance.client.post("/oauth/register", content=(b"x" * size for _ in range(3)), headers=bearer("x"))
        assert streamed.status_code == 413
        assert streamed.json()["error"] == "invalid_request"
    message = instance.client.post("/api/v1/messages", content=(b"x" * 70_000 for _ in range(3)), headers=bearer("x"))
    assert message.status_code == 401


def test_client_that_was_removed_meanwhile_is_unknown(instance: Instance, shop: Shop) -> None:
    """Between showing its token and its transaction a client may be removed: then nothing happens."""
    state = instance.app.state
    call = Call(state.stores, state.settings, state.instance, clock.now(), "::1", None)
    with pytest.raises(UnknownToken), KnownClient(call, "0" * 32).writing(lock=True):
        raise AssertionError


def test_revoking_after_the_account_is_gone_changes_nothing(instance: Instance, owner: Owner) -> None:
    """200, as for every token."""
    shop = make_relationship(instance, owner)
    with instance.stores.main.writing() as db:
        db.exec(update(GrantToken).values(account_id=None, grant_id=None, gone_at=clock.now()))
    assert shop.oauth("revoke", token=shop.grant_token).status_code == 200
    assert shop.oauth("introspect", token=shop.grant_token).json() == {"active": False}
