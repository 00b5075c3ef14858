"""Messages at the gate: in, refused with a reason, taken back, repeated."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select, update
from starlette.testclient import TestClient

from app import clock
from app.auth.grant import AFTERLIFE
from app.exchange import mailroom
from app.tables import GrantToken, IdempotentAnswer, Message
from consent.store import Grant, LedgerEntry
from tests.app.api.loop import Owner, Shop, bearer, make_owner, make_relationship, message
from tests.factories import make_details
from tests.instances import Instance
from vault import accounts, store
from vault.records import MessageRecord


@pytest.fixture
def owner(instance: Instance) -> Owner:
    return make_owner(instance)


@pytest.fixture
def shop(instance: Instance, owner: Owner) -> Shop:
    return make_relationship(instance, owner)


def types(instance: Instance) -> list[str]:
    """The owner's ledger, as types in order."""
    with instance.stores.main.reading() as db:
        return [entry.type for entry in db.exec(select(LedgerEntry).order_by(LedgerEntry.seq))]  # type: ignore[arg-type]  # a column


def collect(instance: Instance, owner: Owner) -> list[MessageRecord]:
    with instance.stores.main.writing() as db:
        mailroom.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=clock.now())
        return [opened.fields for opened in store.all_of(db, owner.keyring, MessageRecord)]


def test_message_reaches_the_owner_and_only_the_owner(instance: Instance, owner: Owner, shop: Shop) -> None:
    """202, a ledger entry, sealed words; the record says who really sent it."""
    answer = shop.post("/messages", message(url="https://shop.example/bread", thread="t1", format="markdown"))
    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    with instance.stores.main.reading() as db:
        row = db.exec(select(Message)).one()
        assert b"New bread" not in (row.sealed or b"")
    [record] = collect(instance, owner)
    assert (record.title, record.sender, record.client_id, record.thread) == ("New bread", "Corner Shop", shop.client_id, "t1")
    assert types(instance)[-1] == "message.accepted"


@pytest.mark.parametrize(
    ("details", "change", "slug"),
    [
        ({}, {"purpose": "dpv:DeliveryOfGoods"}, "purpose-not-granted"),
        ({}, {"channel": "sms", "delivered_by": "client"}, "channel-not-granted"),
        ({"hours": None}, {}, "outside-hours"),
    ],
)
def test_refusal_says_why_and_is_in_the_ledger(
    instance: Instance, owner: Owner, details: dict[str, Any], change: dict[str, Any], slug: str
) -> None:
    """A problem with its slug; the first of an hour is an entry, repeats are counted."""
    if "hours" in details:
        start = (clock.now() + timedelta(hours=3)).strftime("%H:00")
        details = {"hours": {"from": start, "to": (clock.now() + timedelta(hours=4)).strftime("%H:00"), "time_zone": "UTC"}}
    shop = make_relationship(instance, owner, make_details(now=clock.now(), **details))
    answers = [shop.post("/messages", message(**change)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].json()["type"] == f"{instance.settings.base_url}/problems/{slug}"
    assert types(instance).count("message.refused") == 1


def test_cap_counts_all_channels_and_says_when(instance: Instance, shop: Shop) -> None:
    """Two a week: the third is 429 with `Retry-After`; taking one back gives nothing back."""
    first = shop.post("/messages", message()).json()["id"]
    assert shop.post("/messages", message(channel="email", delivered_by="client", body=None)).status_code == 202
    shop.delete(f"/messages/{first}")
    over = shop.post("/messages", message())
    assert over.status_code == 429
    assert int(over.headers["retry-after"]) == over.json()["retry_after"] > 6 * 86400


@pytest.mark.parametrize(("verb", "slug", "code"), [("pause", "consent-paused", 403), ("withdraw", "consent-withdrawn", 403)])
def test_owner_shuts_the_vendor_out_at_once(owner: Owner, shop: Shop, verb: str, slug: str, code: int) -> None:
    """The next request is refused."""
    assert shop.post("/messages", message()).status_code == 202
    owner.end(shop.grant_id, verb)
    answer = shop.post("/messages", message())
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (code, slug)
    assert shop.get("/grant").status_code == 200


def test_resumed_consent_lets_in_again(owner: Owner, shop: Shop) -> None:
    """A pause is not an end."""
    owner.end(shop.grant_id, "pause")
    owner.end(shop.grant_id, "resume")
    assert shop.post("/messages", message()).status_code == 202


def test_expired_consent_is_refused_before_the_worker_comes(instance: Instance, shop: Shop) -> None:
    """The clock counts, not the row."""
    with instance.stores.main.writing() as db:
        db.exec(update(Grant).values(expires_at=clock.now()))
    assert shop.post("/messages", message()).json()["type"].endswith("consent-expired")
    assert shop.get("/grant").json()["status"] == "expired"


def test_after_the_end_only_the_consent_is_shown_for_ninety_days(instance: Instance, owner: Owner, shop: Shop) -> None:
    """GET /grant and DELETE work; everything else has its slug, in the ledger; after 90 days the token is unknown."""
    message_id = shop.post("/messages", message()).json()["id"]
    owner.end(shop.grant_id, "withdraw")
    shown = shop.get("/grant").json()
    assert shown["status"] == "withdrawn"
    assert shop.get(f"/messages/{message_id}").json()["type"].endswith("consent-withdrawn")
    dry = shop.post("/decisions", {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"})
    assert (dry.status_code, dry.json()["type"].rsplit("/", 1)[1]) == (403, "consent-withdrawn")
    assert types(instance)[-1] == "message.refused"
    assert shop.delete(f"/messages/{message_id}").status_code == 204
    with instance.stores.main.writing() as db:
        db.exec(update(Grant).values(changed_at=clock.now() - AFTERLIFE))
    assert shop.get("/grant").status_code == 401
    assert shop.oauth("token", grant_type="client_credentials", grant_id=shop.grant_id).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "letter"}, "/kind"),
        ({"title": ""}, "/title"),
        ({"title": 5}, "/title"),
        ({"surprise": 1}, "/surprise"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"valid_until": 1893456000}, "/valid_until"),
        ({"valid_until": "2027-01-01T00:00:00"}, "/valid_until"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "/valid_until"),
        ({"valid_until": "9999-12-31T23:59:59Z"}, "/valid_until"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, "/valid_until"),
        ({"valid_from": "0001-01-01T00:00:00+12:00"}, "/valid_from"),
        ({"valid_from": "2099-01-02T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z"}, ""),
        ({"channel": "email"}, ""),
        ({"delivered_by": "client"}, ""),
        ({"body": " "}, ""),
        ({"area": {}}, ""),
    ],
)
def test_malformed_message_names_the_field(instance: Instance, shop: Shop, change: dict[str, Any], pointer: str) -> None:
    """422 with a pointer; nothing was kept, and it is no refusal of the gate."""
    answer = shop.post("/messages", message(**change))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (422, "malformed")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert "message.refused" not in types(instance)


def test_other_content_types_are_refused(shop: Shop) -> None:
    """JSON only."""
    answer = shop.http.post("/api/v1/messages", content=b"{}", headers={**bearer(shop.grant_token), "content-type": "text/plain"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "")


def test_unread_message_taken_back_is_erased(instance: Instance, owner: Owner, shop: Shop) -> None:
    """DELETE erases what the owner has not opened; 204 for any id; the vendor sees `taken_back`."""
    message_id = shop.post("/messages", message()).json()["id"]
    assert [shop.delete(f"/messages/{known}").status_code for known in (message_id, message_id, "0" * 32)] == [204] * 3
    with instance.stores.main.reading() as db:
        assert db.exec(select(Message)).one().sealed is None
    assert collect(instance, owner) == []
    assert shop.get(f"/messages/{message_id}").json() == {"id": message_id, "status": "taken_back"}
    assert types(instance).count("message.taken_back") == 1


def test_collected_message_taken_back_is_settled_at_the_next_unlock(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Collected but not read: it goes at the next unlock."""
    message_id = shop.post("/messages", message()).json()["id"]
    assert len(collect(instance, owner)) == 1
    shop.delete(f"/messages/{message_id}")
    assert collect(instance, owner) == []


def test_message_past_its_time_is_expired(instance: Instance, shop: Shop) -> None:
    """`expired` once `valid_until` has passed."""
    message_id = shop.post("/messages", message(valid_until="2099-01-01T00:00:00Z")).json()["id"]
    assert shop.get(f"/messages/{message_id}").json()["status"] == "accepted"
    with instance.stores.main.writing() as db:
        db.exec(update(Message).values(valid_until=clock.now()))
    assert shop.get(f"/messages/{message_id}").json()["status"] == "expired"


def test_message_of_another_grant_is_not_there(instance: Instance, owner: Owner, shop: Shop) -> None:
    """Absent and forbidden look alike, and nobody takes another's message back."""
    rival = make_relationship(instance, owner)
    message_id = rival.post("/messages", message()).json()["id"]
    forbidden, absent = shop.get(f"/messages/{message_id}"), shop.get("/messages/" + "0" * 32)
    assert (forbidden.status_code, forbidden.json()) == (404, absent.json())
    assert shop.delete(f"/messages/{message_id}").status_code == 204
    assert rival.get(f"/messages/{message_id}").json()["status"] == "accepted"


def test_dry_run_counts_nothing(shop: Shop) -> None:
    """`allowed`, or the slug that a message would get."""
    ask = {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}
    assert [shop.post("/decisions", ask).json() for _ in range(3)] == [{"allowed": True}] * 3
    assert shop.post("/decisions", ask | {"channel": "post"}).json() == {"allowed": False, "reason": "channel-not-granted"}
    assert shop.post("/decisions", ask | {"title": "x"}).status_code == 422


def test_repeat_with_a_key_sends_once(instance: Instance, shop: Shop) -> None:
    """The same key and body: the same answer, one message, also when the cap is used up meanwhile."""
    first, again = (shop.post("/messages", message(), Idempotency_Key="k1") for _ in range(2))
    assert (first.json(), again.status_code) == (again.json(), 202)
    assert again.headers["idempotent-replay"] == "true"
    shop.post("/messages", message())
    assert shop.post("/messages", message(), Idempotency_Key="k1").json() == first.json()
    conflict = shop.post("/messages", message(title="Old bread"), Idempotency_Key="k1")
    assert (conflict.status_code, conflict.json()["type"].rsplit("/", 1)[1]) == (409, "idempotency-conflict")


def test_stored_answer_is_not_given_to_who_is_shut_out(owner: Owner, shop: Shop) -> None:
    """The gate is asked again before an old answer is given."""
    shop.post("/messages", message(), Idempotency_Key="k1")
    owner.end(shop.grant_id, "withdraw")
    assert shop.post("/messages", message(), Idempotency_Key="k1").json()["type"].endswith("consent-withdrawn")


def test_refusal_is_not_kept_under_a_key(owner: Owner, shop: Shop) -> None:
    """What was refused while paused is weighed anew after."""
    owner.end(shop.grant_id, "pause")
    assert shop.post("/messages", message(), Idempotency_Key="k1").status_code == 403
    owner.end(shop.grant_id, "resume")
    assert shop.post("/messages", message(), Idempotency_Key="k1").status_code == 202


def test_key_is_forgotten_after_a_day(instance: Instance, shop: Shop) -> None:
    """24 hours; then the same key is a new act."""
    first = shop.post("/messages", message(), Idempotency_Key="k1").json()
    with instance.stores.main.writing() as db:
        db.exec(update(IdempotentAnswer).values(created_at=clock.now() - timedelta(hours=24)))
    assert shop.post("/messages", message(), Idempotency_Key="k1").json() != first


def test_key_of_another_shape_is_refused(shop: Shop) -> None:
    """1 to 255 printable ASCII characters."""
    for key in ("", "x" * 256, "a b"):
        assert shop.post("/messages", message(), Idempotency_Key=key).status_code == 422


def test_two_grants_do_not_share_keys(instance: Instance, owner: Owner, shop: Shop) -> None:
    """A key belongs to one grant and one route."""
    other = make_relationship(instance, owner)
    ids = {caller.post("/messages", message(), Idempotency_Key="k1").json()["id"] for caller in (shop, other)}
    assert len(ids) == 2
    assert (
        shop.post("/decisions", {"kind": "offer", "purpose": "dpv:DirectMarketing", "channel": "inbox"}, Idempotency_Key="k1").status_code
        == 200
    )


def test_relationships_come_page_by_page(instance: Instance, owner: Owner, shop: Shop) -> None:
    """`GET /grants`: all of this client's, each with a subject of its own; `next` leads on."""
    for login in ("sam", "kim"):
        other = make_owner(instance, login)
        asked = shop.ask(other.link(), client_reference=login).json()
        other.grant(asked["request_id"])
    make_relationship(instance, owner)
    token = shop.client_token()
    everything = shop.get("/grants", token).json()
    assert len(everything["items"]) == len({item["subject"] for item in everything["items"]}) == 3
    assert "next" not in everything
    first = shop.get("/grants?limit=2", token).json()
    second = shop.get(f"/grants?limit=2&after={first['next']}", token).json()
    assert [*first["items"], *second["items"]] == everything["items"]
    for query in ("limit=0", "limit=x", "after=x", "page=1", "limit=1&limit=2"):
        assert shop.get(f"/grants?{query}", token).status_code == 422


def test_tokens_are_not_interchangeable(shop: Shop) -> None:
    """A client token opens no grant, a grant token no list; no token gets the bare challenge."""
    assert shop.get("/grant", shop.client_token()).status_code == 401
    wrong = shop.get("/grants", shop.grant_token)
    assert wrong.headers["www-authenticate"] == 'Bearer realm="bothways", error="invalid_token"'
    none = shop.http.get("/api/v1/grant", headers=shop.basic)
    assert (none.status_code, none.headers["www-authenticate"]) == (401, 'Bearer realm="bothways"')


def test_deleted_account_is_gone_for_thirty_days(instance: Instance, shop: Shop) -> None:
    """410 from the tombstone, then unknown."""
    with instance.stores.main.writing() as db:
        db.exec(update(GrantToken).values(account_id=None, grant_id=None, gone_at=clock.now()))
    assert shop.get("/grant").status_code == 410
    with instance.stores.main.writing() as db:
        db.exec(update(GrantToken).values(gone_at=clock.now() - timedelta(days=30)))
    assert shop.get("/grant").status_code == 401


def test_tampered_terms_let_nothing_in(instance: Instance, shop: Shop) -> None:
    """Terms that are not the hashed ones shut the gate: 500 with an id, and no word of why."""
    with instance.stores.main.writing() as db:
        db.exec(update(Grant).values(terms="[]"))
    with TestClient(instance.app, base_url=instance.settings.base_url, raise_server_exceptions=False) as client:
        answer = client.post("/api/v1/messages", json=message(), headers=bearer(shop.grant_token))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["type"].endswith("/problems/internal")
    assert "terms" not in answer.text
    with instance.stores.main.reading() as db:
        assert db.exec(select(Message)).all() == []


def test_granted_request_names_its_grant(instance: Instance, owner: Owner, shop: Shop) -> None:
    """`GET /requests/{id}` after the yes."""
    asked = shop.ask(owner.link()).json()
    grant_id = owner.grant(asked["request_id"])
    shown = shop.get(f"/requests/{asked['request_id']}", shop.client_token()).json()
    assert (shown["state"], shown["grant_id"]) == ("granted", grant_id)


def test_unknown_path_of_the_door_is_a_problem(instance: Instance) -> None:
    """No HTML for programs."""
    answer = instance.client.get("/api/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
