"""Events: written with what happened, of known types only, and never to whoever did it."""

import json
from dataclasses import replace

import pytest

from app.database import Stores
from consent import events
from consent.store import Grant
from tests.factories import NOW, make_account, owner_act

GRANT = Grant(
    account_id="a", grant_id="g", client_id="c", request_id="r", status="given", terms="", terms_sha256="", client_reference="C-1",
    given_at=NOW, changed_at=NOW, expires_at=NOW,
)  # fmt: skip


def test_an_event_rings_once_and_only_when_it_is_committed(stores: Stores) -> None:
    """Whoever sends is woken by the commit; a transaction that told nobody anything wakes nobody."""
    account, _keyring, mailbox = make_account(stores)
    assert not stores.main.told.is_set()
    with stores.main.writing() as db:
        assert events.tell(db, owner_act(account, mailbox), "consent.refused", "c", request_id="r") is not None
        assert not stores.main.told.is_set()
    assert stores.main.told.is_set()
    stores.main.told.clear()
    with pytest.raises(ValueError, match="no such event type"), stores.main.writing() as db:
        events.tell(db, owner_act(account, mailbox), "consent.refused", "c")
        events.tell(db, owner_act(account, mailbox), "owner.at_home", "c")
    assert not stores.main.told.is_set()


def test_the_last_word_holds_what_the_client_gave(stores: Stores) -> None:
    """No account, no subject: the id of the grant and the client's own reference."""
    last = events.last_word(GRANT, now=NOW)
    assert (last.account_id, last.grant_id, last.client_id, last.due_at) == (None, None, "c", NOW)
    assert json.loads(last.data) == {"grant_id": "g", "client_reference": "C-1"}
    assert events.payload(last) == {"type": "consent.withdrawn", "timestamp": "2026-11-21T12:00:00Z", "data": json.loads(last.data)}


def test_a_client_is_not_told_what_it_did(stores: Stores) -> None:
    """Nor is anybody woken for it; another client is told."""
    account, _keyring, mailbox = make_account(stores)
    act = replace(owner_act(account, mailbox), actor="client:c")
    with stores.main.writing() as db:
        assert events.tell(db, act, "consent.refused", "c") is None
    assert not stores.main.told.is_set()
    with stores.main.writing() as db:
        assert events.tell(db, act, "consent.refused", "other") is not None
