"""Data leaves sealed to the client's own key, and only while the permission lives."""

import json
from datetime import timedelta
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sqlmodel import delete, select, update

from app import clock
from app.exchange import releases, sealing_keys
from app.exchange.loose_ends import NEW, Sweeper
from app.state import LedgerMark, ReleaseKey, Withdrawal
from app.tables import Release, ReleaseFetch
from consent.store import Grant
from tests.browsing import Browsing
from tests.factories import make_details
from tests.instances import Instance
from tests.reading_shop import HOME, WORK, Scene, reading
from tests.shop import Shop, new_key
from vault import store
from vault.records import Item


@pytest.fixture
def scene(instance: Instance, owner_browser: Browsing) -> Scene:
    """With one postal address."""
    return Scene(instance, owner_browser, HOME)


def test_the_granted_field_opens_with_a_second_library(scene: Scene) -> None:
    """One item of the kind goes with the line; what the client opens is the contract's JSON, under an ETag."""
    answer = scene.grant().shop.fetch()
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/jose"
    said = scene.shop.open(answer.text)
    assert [one["value"] for one in said["pd:PhysicalAddress"]] == [HOME]
    assert set(said["pd:PhysicalAddress"][0]) == {"value", "updated_at"}
    assert scene.shop.fetch(**{"if-none-match": answer.headers["etag"]}).status_code == 304
    assert scene.rows(ReleaseFetch) == 1 and HOME not in answer.text


def test_a_change_is_sealed_again_and_told(scene: Scene) -> None:
    """Change an address once: the release follows in the same transaction, the ETag changes, the client hears of it."""
    first = scene.grant().shop.fetch()
    scene.edit(scene.items[0], "2 Harbour Street")
    second = scene.shop.fetch(**{"if-none-match": first.headers["etag"]})
    assert second.status_code == 200 and second.headers["etag"] != first.headers["etag"]
    assert scene.shop.open(second.text)["pd:PhysicalAddress"][0]["value"] == "2 Harbour Street"
    assert scene.events().count("data.updated") == 1
    page = scene.robin.get(f"/items/{scene.items[0]}").text
    assert page.count(f"/grants/{scene.grant_id}") >= 2 and "Nobody yet" not in page


def test_nothing_to_release_is_said_so(instance: Instance, owner_browser: Browsing) -> None:
    """Without an item of the kind there is no release; one that is added later is released when it is chosen."""
    scene = Scene(instance, owner_browser).grant()
    answer = scene.shop.fetch()
    assert answer.status_code == 404 and answer.json()["type"].endswith("/no-release")
    item = scene.keep(HOME)
    assert scene.shop.fetch().status_code == 404
    assert "/grants/" in scene.robin.get("/today").text and "may fetch data of yours" in scene.robin.get("/today").text
    scene.press("items", {"items": item})
    assert scene.shop.open(scene.shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == HOME
    scene.press("items")
    assert scene.shop.fetch().status_code == 404 and scene.keys() == 0
    assert scene.events().count("data.updated") == 2


def test_of_several_the_owner_says_which(instance: Instance, owner_browser: Browsing) -> None:
    """Nothing is ticked beforehand, and a line with nothing chosen goes back to the page with the reason."""
    scene = Scene(instance, owner_browser, HOME, WORK)
    scene.shop.ask(reading())
    request_id = scene.shop.asked["request_id"]
    page = scene.robin.get(f"/requests/{request_id}")
    assert HOME in page.text and WORK in page.text
    (form,) = [one for one in scene.robin.forms if one.action.endswith("/approve")]
    assert "items" not in form.fields
    refused = scene.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1"})
    assert refused.status_code == 422 and "Tick which of them" in refused.text
    scene.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1", "items": scene.items[1]})
    scene.shop.collect()
    assert scene.shop.open(scene.shop.fetch().text) == {"pd:PhysicalAddress": [{"value": WORK, "updated_at": _at(scene, 1)}]}


def _at(scene: Scene, number: int) -> str:
    with scene.instance.stores.main.reading() as db:
        opened = store.get(db, scene.keyring, Item, scene.items[number])
    assert opened is not None
    return opened.created_at.isoformat(timespec="seconds").replace("+00:00", "Z")


def test_a_removed_item_is_released_no_more(scene: Scene) -> None:
    """With the last item the release goes, key and all; what was fetched is still told, without its words."""
    scene.grant().shop.fetch()
    scene.robin.get(f"/items/{scene.items[0]}/remove")
    assert scene.robin.post(f"/items/{scene.items[0]}/remove").status_code == 303
    assert scene.shop.fetch().status_code == 404
    assert (scene.keys(), scene.rows(Release)) == (0, 0)
    page = scene.robin.get(f"/grants/{scene.grant_id}").text
    assert "an item that you have removed since" in page and HOME not in page


def test_withdrawing_destroys_the_key_and_says_what_was_fetched(scene: Scene) -> None:
    """The key is gone before the answer; the page says what they have, and that withdrawal is not recall."""
    scene.grant().shop.fetch()
    assert (scene.keys(), scene.rows(Release)) == (1, 1)
    scene.press("withdraw")
    assert (scene.keys(), scene.rows(Release)) == (0, 0)
    assert scene.shop.fetch().json()["type"].endswith("/consent-withdrawn")
    page = scene.robin.get(f"/grants/{scene.grant_id}").text
    assert "withdrawal is not recall" in page and HOME in page
    scene.edit(scene.items[0], "elsewhere")
    assert (scene.keys(), scene.rows(Release)) == (0, 0) and "data.updated" not in scene.events()


@pytest.mark.parametrize("how", ["revoke", "unregister"])
def test_handing_back_destroys_it_too(scene: Scene, how: str) -> None:
    """Whoever ends the permission, nothing of the release stays."""
    shop = scene.grant().shop
    if how == "revoke":
        assert shop.http.post("/oauth/revoke", data={"token": shop.granted["access_token"]}, auth=shop.basic).status_code == 200
    else:
        token = {"authorization": f"Bearer {shop.client['registration_access_token']}"}
        assert shop.http.delete(f"/oauth/register/{shop.client['client_id']}", headers=token).status_code == 204
    assert (scene.keys(), scene.rows(Release)) == (0, 0)


def test_pausing_refuses_and_keeps(scene: Scene) -> None:
    """A pause refuses; the release is there again when it ends."""
    scene.grant()
    scene.press("pause")
    assert scene.shop.fetch().json()["type"].endswith("/consent-paused")
    assert (scene.keys(), scene.rows(Release)) == (1, 1)
    scene.press("resume")
    assert scene.shop.fetch().status_code == 200


def test_without_a_key_nothing_can_be_asked_for(scene: Scene) -> None:
    """The developer learns at once what is missing, and where."""
    shop = Shop(scene.instance.new_client(), name="Northwind Broadband").register(scene.link, jwks=None)
    form = {"authorization_details": _json(reading()), "login_hint": shop.login_hint}
    answer = shop.http.post("/oauth/device_authorization", data=form, auth=shop.basic)
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_authorization_details"
    assert answer.json()["pointer"] == "/1/actions" and "use: enc" in answer.json()["error_description"]
    shop.ask()


def test_a_key_that_is_gone_at_the_approval_is_a_fault_of_theirs(scene: Scene) -> None:
    """What nobody could open is not granted."""
    scene.shop.ask(reading())
    assert scene.shop.change(jwks=None).status_code == 200
    request_id = scene.shop.asked["request_id"]
    scene.robin.get(f"/requests/{request_id}")
    answer = scene.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1"})
    assert answer.status_code == 422 and "no key any more" in answer.text


def _json(value: Any) -> str:
    return json.dumps(value)


def _keys(*keys: JWK) -> dict[str, Any]:
    return {"keys": [key.export_public(as_dict=True) for key in keys]}


def _signed(shop: Shop, signer: JWK, after: JWK, *, header: dict[str, str] | None = None, **changes: Any) -> str:
    said = {"sub": shop.client["client_id"], "from": shop.key.thumbprint(), "to": after.thumbprint(), **changes}
    made = JWS(_json(said))
    made.add_signature(signer, None, _json({"alg": "ES256", "typ": sealing_keys.SUCCESSION_TYPE, "kid": signer["kid"], **(header or {})}))
    return str(made.serialize(compact=True))


def test_a_key_that_the_old_one_vouches_for_needs_one_tap(scene: Scene) -> None:
    """Until the tap the data stays sealed to the old key, also when it changes; then it is the new one's."""
    shop, signer = scene.shop, JWK.generate(kty="EC", crv="P-256", use="sig", kid="sign")
    public = signer.export_public(as_dict=True)
    assert shop.change(jwks={"keys": [shop.key.export_public(as_dict=True), public]}).status_code == 200
    scene.grant()
    old, new = shop.key, new_key("shop-2")
    jwks = {"keys": [new.export_public(as_dict=True), public]}
    assert shop.change(jwks=jwks, jwks_succession=_signed(shop, signer, new)).status_code == 200
    scene.edit(scene.items[0], WORK)
    assert shop.open(shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == WORK
    assert "has a new key" in scene.robin.get("/today").text
    assert "Let the new key follow" in scene.robin.get(f"/grants/{scene.grant_id}").text
    scene.press("key")
    sealed = shop.fetch().text
    shop.key = new
    assert shop.open(sealed)["pd:PhysicalAddress"][0]["value"] == WORK
    assert old.thumbprint() != new.thumbprint() and "has a new key" not in scene.robin.get("/today").text


@pytest.mark.parametrize(
    ("changes", "header"),
    [({"sub": "0" * 32}, {}), ({"from": "another"}, {}), ({"to": "another"}, {}), ({}, {"typ": "JWT"}), ({"more": 1}, {})],
)
def test_a_statement_that_says_something_else_vouches_for_nothing(scene: Scene, changes: dict[str, Any], header: dict[str, str]) -> None:
    """Signed by the right key, and still no succession of this client's sealing keys."""
    shop, signer, new = scene.shop, JWK.generate(kty="EC", crv="P-256", use="sig", kid="sign"), new_key("shop-2")
    public = signer.export_public(as_dict=True)
    assert shop.change(jwks={"keys": [shop.key.export_public(as_dict=True), public]}).status_code == 200
    answer = shop.change(jwks=_keys(new), jwks_succession=_signed(shop, signer, new, header=header, **changes))
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_client_metadata"
    assert "jwks_succession" in answer.json()["error_description"]


@pytest.mark.parametrize("signed", [False, True])
def test_any_other_change_of_key_is_a_new_consent(scene: Scene, *, signed: bool) -> None:
    """A stranger's signature is refused; a key for which nothing vouches waits for a new consent, and no tap lets it follow."""
    shop, new = scene.grant().shop, new_key("shop-2")
    if signed:
        stranger = JWK.generate(kty="EC", crv="P-256", use="sig", kid="sign")
        assert shop.change(jwks=_keys(new), jwks_succession=_signed(shop, stranger, new)).status_code == 400
    assert shop.change(jwks=_keys(new)).status_code == 200
    page = scene.robin.get(f"/grants/{scene.grant_id}").text
    assert "nothing vouches for it" in page and "Let the new key follow" not in page
    scene.press("key")
    assert shop.open(shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == HOME
    shop.key, grant_id = new, scene.grant_id
    shop.ask(reading(), grant_id=grant_id)
    request_id = shop.asked["request_id"]
    scene.robin.get(f"/requests/{request_id}")
    assert scene.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1"}).status_code == 303
    assert shop.open(shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == HOME


def test_a_permission_changed_to_read_nothing_releases_nothing(scene: Scene) -> None:
    """Less was granted the second time: the release goes with its key."""
    scene.grant()
    scene.shop.ask(make_details(now=clock.now()), grant_id=scene.grant_id)
    request_id = scene.shop.asked["request_id"]
    scene.robin.get(f"/requests/{request_id}")
    assert scene.robin.submit(f"/requests/{request_id}/approve", {"keep-0": "1"}).status_code == 303
    assert (scene.keys(), scene.rows(Release)) == (0, 0)
    assert scene.shop.fetch().json()["type"].endswith("/action-not-granted")


def test_a_counter_offer_of_less_releases_no_more_than_it_says(scene: Scene) -> None:
    """Taken while the owner is away: what the narrower terms leave out cannot be fetched for a moment longer."""
    both = ["pd:PhysicalAddress", "pd:TelephoneNumber"]
    scene.keep("+353 1 555 0100", "pd:TelephoneNumber")
    scene.grant(reading(datatypes=both))
    assert set(scene.shop.open(scene.shop.fetch().text)) == set(both)
    scene.shop.ask(reading(datatypes=both), grant_id=scene.grant_id)
    request_id = scene.shop.asked["request_id"]
    scene.robin.get(f"/requests/{request_id}")
    less = scene.robin.post(f"/requests/{request_id}/counter", {"keep-0": "1", "datatypes-0": "pd:TelephoneNumber"})
    assert less.status_code == 303, less.text
    token = scene.shop.client_token()
    assert scene.shop.http.post(f"/api/v1/requests/{request_id}/acceptance", headers=token).status_code == 200
    assert scene.shop.fetch().json()["type"].endswith("/no-release")
    assert (scene.keys(), scene.rows(Release)) == (0, 0)
    scene.robin.unlock()
    assert set(scene.shop.open(scene.shop.fetch().text)) == {"pd:PhysicalAddress"}


def test_a_lost_key_is_made_again_at_the_next_unlock(scene: Scene) -> None:
    """A key that is gone releases nothing; the owner's next unlock seals again; to the client nothing has changed."""
    scene.grant().shop.fetch()
    with scene.instance.stores.state.writing() as db:
        db.delete(db.exec(select(ReleaseKey)).one())
    assert scene.shop.fetch().status_code == 404
    scene.robin.unlock()
    assert scene.shop.open(scene.shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == HOME
    assert "data.updated" not in scene.events()


def test_after_a_restore_nothing_is_sealed_until_the_owner_confirms(scene: Scene) -> None:
    """Frozen: refused as paused, neither sealed again nor swept; afterwards in order by itself."""
    scene.grant()
    with scene.instance.stores.state.writing() as db:
        db.exec(delete(LedgerMark))
    scene.edit(scene.items[0], WORK)
    assert scene.shop.fetch().json()["type"].endswith("/consent-paused")
    Sweeper(scene.instance.stores).sweep(clock.now() + timedelta(days=1))
    assert (scene.keys(), scene.rows(Release)) == (1, 1)
    scene.robin.get("/today")
    assert scene.robin.post("/today/restored").status_code == 303
    assert scene.shop.open(scene.shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == WORK


def test_the_sweeper_finds_orphans_both_ways(scene: Scene) -> None:
    """A key that closes nothing and a copy that nothing opens are destroyed; what belongs together stays."""
    scene.grant()
    sweeper, now = Sweeper(scene.instance.stores), clock.now()
    assert sweeper.sweep(now) == 0 and (scene.keys(), scene.rows(Release)) == (1, 1)
    mine = scene.account.account_id
    with scene.instance.stores.state.writing() as db:
        for account_id in (mine, "0" * 32):
            db.add(ReleaseKey(account_id=account_id, grant_id="1" * 32, wrapped=b"", made_at=now))
    assert sweeper.sweep(now + NEW) == 0, "what is being made is not missing anything yet"
    assert sweeper.sweep(now + NEW + timedelta(seconds=1)) == 2 and (scene.keys(), scene.rows(Release)) == (1, 1)
    with scene.instance.stores.state.writing() as db:
        db.exec(delete(ReleaseKey))
    assert sweeper.sweep(now) == 1 and scene.rows(Release) == 0


@pytest.mark.parametrize("by_worker", [True, False])
def test_what_has_run_out_is_destroyed(scene: Scene, *, by_worker: bool) -> None:
    """By the worker with the expiry; by the sweeper where a crash came between."""
    scene.grant()
    late = clock.now() + timedelta(days=200)
    if by_worker:
        scene.instance.app.state.worker.tick(late)
    else:
        assert Sweeper(scene.instance.stores).sweep(late) == 2
    assert (scene.keys(), scene.rows(Release)) == (0, 0)


def test_a_release_that_was_tampered_with_is_none(scene: Scene) -> None:
    """Neither a copy nor a key from elsewhere opens; the client is told that there is nothing."""
    scene.grant()
    with scene.instance.stores.main.writing() as db:
        row = db.exec(select(Release)).one()
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        db.add(row)
    assert scene.shop.fetch().status_code == 404
    with scene.instance.stores.state.writing() as db:
        key = db.exec(select(ReleaseKey)).one()
        key.wrapped = key.wrapped[:-1] + bytes([key.wrapped[-1] ^ 1])
        db.add(key)
    assert scene.shop.fetch().status_code == 404
    scene.edit(scene.items[0], WORK)
    assert scene.shop.open(scene.shop.fetch().text)["pd:PhysicalAddress"][0]["value"] == WORK


def test_looking_without_the_body_is_no_fetch(scene: Scene) -> None:
    """HEAD shows the ETag and leaves no line in the history: nothing was taken."""
    shop = scene.grant().shop
    assert shop.http.head("/api/v1/data", headers=shop.bearer).headers["etag"]
    assert scene.rows(ReleaseFetch) == 0


def test_a_withdrawal_that_missed_the_journal_reaches_it(scene: Scene) -> None:
    """The process died between the two databases: the sweeper notes it, so that no backup brings the permission back."""
    scene.grant()

    def journalled() -> bool:
        with scene.instance.stores.state.reading() as state:
            return state.get(Withdrawal, (scene.account.account_id, scene.grant_id)) is not None

    with scene.instance.stores.main.writing() as db:
        db.exec(update(Grant).values(status="withdrawn"))
        releases.forget(db, scene.account.account_id, scene.grant_id)
    assert not journalled()
    sweeper = Sweeper(scene.instance.stores)
    assert sweeper.sweep(clock.now()) == 2 and scene.keys() == 0
    assert journalled()
    assert sweeper.sweep(clock.now()) == 0
