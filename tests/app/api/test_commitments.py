"""Promises at the vendor's door: made, listed, reported; and what the door says when it may not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app.tables import Pledge, PledgeReport
from consent.store import LedgerEntry
from tests.app.api.loop import make_relationship
from tests.app.api.promising import BACKED, DUE, REMEDY, WORDS, Bound, bind
from tests.instances import Instance


@pytest.fixture
def bound(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Bound:
    return bind(instance, monkeypatch, BACKED, WORDS)


def slug(answer: Any) -> str:
    return str(answer.json()["type"].rsplit("/", 1)[1])


def in_return(bound: Bound, number: int = 0) -> str:
    """The id of a promise in return, as the client finds it."""
    items = bound.shop.get("/commitments").json()["items"]
    return str(next(item["id"] for item in items if item.get("in_return") == number))


def test_promises_in_return_are_listed_with_their_place_in_the_terms(bound: Bound) -> None:
    """Backed ones say that the consent rests on them; nothing tells whether the owner has seen them."""
    listed = {item["in_return"]: item for item in bound.shop.get("/commitments").json()["items"]}
    assert set(listed) == {0, 1}
    assert (listed[0]["state"], listed[0]["suspends"], listed[1]["suspends"]) == ("active", True, False)
    assert listed[0]["due"] == (bound.start + DUE).isoformat().replace("+00:00", "Z")
    assert set(listed[1]) == {"id", "state", "in_return", "suspends"}


def test_a_client_binds_itself(bound: Bound) -> None:
    """201, sealed to the owner, in the ledger, offered; it suspends nothing."""
    answer = bound.shop.post(
        "/commitments", {"promise": "Delivery on Sundays", "within": "P1M", "remedy": {"kind": "free_exit", "within": "P1M"}}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["state"], made["suspends"], made["made_at"]) == ("offered", False, bound.start.isoformat().replace("+00:00", "Z"))
    with bound.instance.stores.main.reading() as db:
        (row,) = db.exec(select(Pledge)).all()
        assert b"Sundays" not in (row.sealed or b"")
    assert bound.history()[-1] == "commitment.made"
    assert made["id"] in [item["id"] for item in bound.shop.get("/commitments").json()["items"]]
    due = bound.shop.post("/commitments", {"promise": "A call back", "due": "2099-01-01T12:00:00+01:00"}).json()
    assert due["due"] == "2099-01-01T11:00:00Z"
    waits = bound.shop.post("/commitments", {"promise": "A call back", "after": "claim", "within": "P1D"}).json()
    assert "due" not in waits


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/promise"),
        ({"promise": ""}, "/promise"),
        ({"promise": "x" * 281}, "/promise"),
        ({"promise": "x", "surprise": 1}, "/surprise"),
        ({"promise": "x", "within": "a fortnight"}, "/within"),
        ({"promise": "x", "within": "P11Y"}, "/within"),
        ({"promise": "x", "within": "P9999Y"}, "/within"),
        ({"promise": "x", "due": "9999-12-31T23:59:59-12:00"}, "/due"),
        ({"promise": "x", "due": "2020-01-01T00:00:00Z"}, "/due"),
        ({"promise": "x", "due": "2099-01-01T00:00:00Z", "within": "P1D"}, ""),
        ({"promise": "x", "remedy": {"kind": "gold"}}, "/remedy/kind"),
        ({"promise": "x", "remedy": {"kind": "refund", "amount": "5.00"}}, "/remedy/currency"),
    ],
)
def test_a_malformed_promise_names_the_field(bound: Bound, body: dict[str, Any], pointer: str) -> None:
    """422; nothing was kept."""
    answer = bound.shop.post("/commitments", body)
    assert (answer.status_code, slug(answer)) == (422, "malformed")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert len(bound.clocks) == 2


def test_the_list_goes_page_by_page(bound: Bound) -> None:
    """Every promise once, in pages of the size asked for."""
    found: list[str] = []
    after = ""
    while True:
        page = bound.shop.get(f"/commitments?limit=1{after}").json()
        found += [item["id"] for item in page["items"]]
        if "next" not in page:
            break
        after = f"&after={page['next']}"
    assert sorted(found) == sorted(clock.commitment_id for clock in bound.clocks)
    assert bound.shop.get("/commitments?limit=0").status_code == 422


def test_a_repeat_with_a_key_binds_once(bound: Bound) -> None:
    """Promise, evidence and remedy alike."""
    body = {"promise": "Delivery on Sundays"}
    first, again = (bound.shop.post("/commitments", body, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, first.json(), len(bound.clocks)) == (201, again.json(), 3)
    path, said = f"/commitments/{in_return(bound)}/evidence", {"text": "Repaired on Monday."}
    assert [bound.shop.post(path, said, Idempotency_Key="k1").status_code for _ in range(2)] == [200, 200]
    with bound.instance.stores.main.reading() as db:
        assert len(db.exec(select(PledgeReport)).all()) == 1
    assert slug(bound.shop.post(path, {"text": "Something else."}, Idempotency_Key="k1")) == "idempotency-conflict"


def test_evidence_stops_the_clock(bound: Bound) -> None:
    """The report is sealed; nothing falls due while the owner has not decided, however long that takes."""
    commitment_id = in_return(bound)
    bound.at(bound.start + timedelta(days=3))
    answer = bound.shop.post(f"/commitments/{commitment_id}/evidence", {"text": "Repaired.", "url": "https://shop.example/r/1"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["reported_at"] == (bound.start + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    with bound.instance.stores.main.reading() as db:
        (row,) = db.exec(select(PledgeReport)).all()
        assert b"Repaired" not in (row.sealed or b"")
    bound.tick(bound.start + timedelta(days=1000))
    assert (bound.clocks[0].state, bound.grant.status) == ("active", "given")
    assert "commitment.due" not in bound.told()


def test_only_what_is_broken_can_be_made_good(bound: Bound) -> None:
    """422 with the state, and nothing is written down; once broken it is taken, and the remedy's clock stops."""
    path = f"/commitments/{in_return(bound)}/remedies"
    early = bound.shop.post(path, {"text": "Refunded."})
    assert (early.status_code, early.json()["errors"][0]["detail"]) == (422, "this promise is active: it is not broken")
    bound.tick(bound.start + DUE)
    broken = bound.shop.get("/commitments").json()["items"]
    assert next(item for item in broken if item.get("in_return") == 0)["remedy_due"] == (bound.start + DUE + REMEDY).isoformat().replace(
        "+00:00", "Z"
    )
    bound.at(bound.start + DUE + timedelta(days=1))
    assert bound.shop.post(path, {"text": "Refunded."}).status_code == 200
    bound.tick(bound.start + timedelta(days=900))
    assert (bound.clocks[0].state, bound.grant.status) == ("broken", "given")


def test_too_many_promises_and_reports_are_told_to_wait(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 with `Retry-After`."""
    monkeypatch.setattr("app.exchange.pledges.MOST_A_DAY", 1)
    monkeypatch.setattr("app.exchange.pledges.REPORTS_A_DAY", 1)
    assert bound.shop.post("/commitments", {"promise": "One"}).status_code == 201
    over = bound.shop.post("/commitments", {"promise": "Two"})
    assert (over.status_code, slug(over), over.headers["retry-after"]) == (429, "rate-limited", "86400")
    path = f"/commitments/{in_return(bound)}/evidence"
    assert [bound.shop.post(path, {"text": "Done."}).status_code for _ in range(2)] == [200, 429]


def test_a_promise_of_another_grant_is_not_there(instance: Instance, bound: Bound) -> None:
    """Absent and foreign look alike, before the body is looked at."""
    rival = make_relationship(instance, bound.owner)
    foreign, absent = (rival.post(f"/commitments/{known}/evidence", {}) for known in (in_return(bound), "0" * 32))
    assert (foreign.status_code, foreign.json()) == (404, absent.json())
    assert rival.get("/commitments").json()["items"] == []


@pytest.mark.parametrize("verb", ["pause", "withdraw"])
def test_what_a_client_gives_needs_a_living_consent_only(bound: Bound, verb: str) -> None:
    """Paused: everything works. Ended: no new promise and no list, but evidence and remedies for ninety days."""
    commitment_id = in_return(bound)
    bound.owner.end(bound.shop.grant_id, verb)
    made, listed = bound.shop.post("/commitments", {"promise": "Still"}), bound.shop.get("/commitments")
    assert [made.status_code, listed.status_code] == ([201, 200] if verb == "pause" else [403, 403])
    if verb == "withdraw":
        assert slug(made) == slug(listed) == "consent-withdrawn"
        with bound.instance.stores.main.reading() as db:
            assert db.exec(select(LedgerEntry.type).order_by(col(LedgerEntry.seq).desc())).first() == "message.refused"
    bound.at(bound.start + timedelta(days=89))
    evidence = bound.shop.post(f"/commitments/{commitment_id}/evidence", {"text": "Repaired."})
    assert evidence.status_code == 200, evidence.text
    bound.at(bound.start + timedelta(days=90))
    last = bound.shop.post(f"/commitments/{commitment_id}/evidence", {"text": "Repaired."})
    assert last.status_code == (200 if verb == "pause" else 401)
