"""Checking a receipt with nothing but its text and public keys, and following keys that followed one another."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from app.database import Stores
from consent import checking, receipts, relationships, successions
from consent.act import Signer
from consent.errors import ReceiptError
from tests.consent.test_receipts import PINNED
from tests.factories import make_account, make_signer, owner_act

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLIENT = "c" * 32


def signer(seed: int) -> Signer:
    made = make_signer(bytes([seed]) * 32)
    return Signer(kid=receipts.thumbprint(made.public), public=made.public, attested_by="owner", sign=made.sign)


OLD, NEW, NEWEST, STRANGER = signer(1), signer(2), signer(3), signer(4)


def followed(db: Session, account_id: str, old: Signer, new: Signer) -> dict[str, Any]:
    """The public key of `new` as `GET /grant` lists it, after `old`."""
    row = successions.prepare(db, account_id, CLIENT, old=old, new=new, sealed=b"new", now=NOW)
    return {**receipts.jwk(new.public), "succession": row.statement.split("\n")}


@pytest.fixture
def keys(stores: Stores) -> list[Mapping[str, Any]]:
    """Three keys of one relationship, each but the first signed by the one before."""
    account, _keyring, mailbox = make_account(stores)
    act = owner_act(account, mailbox, now=NOW)
    with stores.main.writing() as db:
        relationships.relationship(db, act, CLIENT, lambda: (OLD.kid, OLD.public, b"old"))
        return [
            receipts.jwk(OLD.public),
            followed(db, act.account_id, OLD, NEW),
            followed(db, act.account_id, NEW, NEWEST),
        ]


def test_the_key_that_signed_is_found_and_followed_back(keys: list[Mapping[str, Any]]) -> None:
    payload = PINNED["payload"]
    for one, before in ((OLD, ()), (NEW, (OLD.kid,)), (NEWEST, (OLD.kid, NEW.kid))):
        found = checking.check(receipts.sign(payload, one) + "\n", keys)
        assert (found.kid, found.followed) == (one.kid, before)
        assert found.payload == payload


def test_another_key_is_refused(keys: list[Mapping[str, Any]]) -> None:
    with pytest.raises(ReceiptError) as refused:
        checking.check(receipts.sign(PINNED["payload"], STRANGER), keys)
    assert refused.value.code == "signature"


def test_no_key_no_receipt() -> None:
    with pytest.raises(ReceiptError) as refused:
        checking.check(receipts.sign(PINNED["payload"], OLD), [])
    assert refused.value.code == "key"


@pytest.mark.parametrize("what", ["stolen", "torn", "unsigned", "alone"])
def test_a_false_succession_spoils_the_whole_set(keys: list[Mapping[str, Any]], what: str) -> None:
    """A key that borrows another's statements, has one of the two, has nonsense, or whose predecessor is not there."""
    statements = list(keys[1]["succession"])
    wrong: dict[str, Any] = {
        "stolen": {**receipts.jwk(STRANGER.public), "succession": statements},
        "torn": {**keys[1], "succession": statements[:1]},
        "unsigned": {**keys[1], "succession": ["a.b.c", "a.b.c"]},
        "alone": keys[1],
    }
    offered = [wrong[what]] if what == "alone" else [keys[0], wrong[what]]
    with pytest.raises(ReceiptError) as refused:
        checking.check(receipts.sign(PINNED["payload"], NEW if what == "alone" else OLD), offered)
    assert refused.value.code == "succession"


@pytest.mark.parametrize("said", [b'{"to": "x"}', b'{"to": [], "from": {"x": 1}}', b"[" * 5000, b"[]"])
def test_a_succession_that_says_nothing_spoils_the_set(said: bytes) -> None:
    """Signed by the very key that carries it: anybody can do that with a key of their own."""
    signed = receipts.sign_as(successions.TYPE, said, OLD)
    with pytest.raises(ReceiptError) as refused:
        checking.check(receipts.sign(PINNED["payload"], OLD), [{**receipts.jwk(OLD.public), "succession": [signed, signed]}])
    assert refused.value.code == "succession"


def test_a_key_of_no_characters_is_passed_over() -> None:
    """A lone surrogate has no thumbprint."""
    nobody = {**receipts.jwk(STRANGER.public), "x": "\ud800"}
    assert checking.check(receipts.sign(PINNED["payload"], OLD), [nobody, receipts.jwk(OLD.public)]).kid == OLD.kid


def test_what_a_key_calls_itself_proves_nothing(keys: list[Mapping[str, Any]]) -> None:
    found = checking.check(receipts.sign(PINNED["payload"], STRANGER), [*keys, {**receipts.jwk(STRANGER.public), "kid": OLD.kid}])
    assert (found.kid, found.followed) == (STRANGER.kid, ())


def test_keys_are_found_in_what_people_paste() -> None:
    key = receipts.jwk(OLD.public)
    assert checking.keys_in(key) == [key]
    assert checking.keys_in({"keys": [key, 3]}) == [key]
    assert checking.keys_in({"jwks": {"keys": [key]}, "status": "given"}) == [key]
    assert checking.keys_in([key]) == checking.keys_in({"keys": 3}) == checking.keys_in({"jwks": 3}) == []


def test_a_circle_of_keys_ends() -> None:
    assert checking._line("a", {"a": "b", "b": "a"}) == ("a", "b")
