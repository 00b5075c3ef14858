"""An account that is deleted is gone: no row, no readable byte, and companies learn that it is gone and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import SQLModel, col, select, update

from app import clock
from app.state import Session, State
from app.tables import GrantToken, InstanceEntry
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from tests.populating import Populated
from vault.store import Account, Record

WORD = "canary"


@pytest.fixture
def robin(instance: Instance) -> Populated:
    """An owner with something of everything."""
    return instance.populate("robin", word=WORD)


def test_nothing_of_the_account_is_left(instance: Instance, robin: Populated, new_browser: Callable[[], Browsing]) -> None:
    """Asked twice; then no row in either database, a tombstone that names nobody, and an entry that says that someone left."""
    account_id, browsing = robin.account.account_id, robin.browsing
    elsewhere = new_browser().unlock()
    page = browsing.get("/settings/delete-account")
    assert 'href="/settings/export"' in page.text
    wrong = browsing.submit("/settings/delete-account", {"login": "wren"})
    assert wrong.status_code == 422 and browsing.get("/settings/delete-account").status_code == 200
    assert browsing.submit("/settings/delete-account", {"login": ""}).status_code == 422
    gone = browsing.submit("/settings/delete-account", {"login": "Robin"})
    assert (gone.status_code, gone.headers["location"]) == (303, "/?done=account-deleted")
    assert "Nothing of it is left" in browsing.get("/?done=account-deleted").text
    for other in (browsing, elsewhere):
        assert other.get("/today", follow=False).headers["location"].startswith("/unlock")
    browsing.get("/unlock")
    assert (
        browsing.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE}).status_code == 401
        or not browsing.get("/today", follow=False).is_success
    )
    for store, metadata in ((instance.stores.main, SQLModel.metadata), (instance.stores.state, State.metadata)):
        with store.reading() as db:
            for table in metadata.sorted_tables:
                if "account_id" in table.columns:
                    assert db.connection().execute(select(*table.columns).where(table.c.account_id == account_id)).all() == [], table.name
    with instance.stores.main.reading() as db:
        (tombstone,) = db.exec(select(GrantToken)).all()
        assert (tombstone.account_id, tombstone.grant_id, tombstone.client_id) == (None, None, None)
        (left,) = db.exec(select(InstanceEntry).where(InstanceEntry.type == "owner.left")).all()
        assert left.details == "{}"


def test_companies_are_told_for_thirty_days(instance: Instance, robin: Populated) -> None:
    """`gone`, then as if the token had never been."""
    leave(robin)
    for answer in (robin.shop.send(), robin.shop.http.get("/api/v1/grant", headers=robin.shop.bearer)):
        assert answer.status_code == 410 and answer.json()["type"].endswith("/problems/gone")
    listed = robin.shop.http.get("/api/v1/grants", headers=robin.shop.client_token())
    assert listed.json()["items"] == []
    with instance.stores.main.writing() as db:
        db.exec(update(GrantToken).values(gone_at=clock.now() - timedelta(days=31)))
    assert robin.shop.send().status_code == 401
    instance.app.state.worker.tick(clock.now())
    with instance.stores.main.reading() as db:
        assert db.exec(select(GrantToken)).all() == []


def test_the_last_operator_is_told(instance: Instance, robin: Populated) -> None:
    """Whoever leaves nobody behind to run the host."""
    assert "last operator" not in robin.browsing.get("/settings/delete-account").text
    with instance.stores.main.writing() as db:
        db.exec(update(Account).where(col(Account.account_id) == robin.account.account_id).values(operator=True))
    assert "last operator" in robin.browsing.get("/settings/delete-account").text


def test_it_needs_a_secret_shown_just_now(instance: Instance, robin: Populated) -> None:
    """An unlocked browser that somebody finds deletes nothing."""
    robin.browsing.get("/settings/delete-account")
    with instance.stores.state.writing() as state:
        state.exec(update(Session).values(unlocked_at=clock.now() - timedelta(minutes=6)))
    for answer in (
        robin.browsing.submit("/settings/delete-account", {"login": "robin"}),
        robin.browsing.get("/settings/delete-account", follow=False),
        robin.browsing.get("/settings/export", follow=False),
    ):
        assert answer.headers["location"].startswith("/step-up")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_byte_is_left(instance: Instance, robin: Populated) -> None:
    """Neither the sealed bytes nor the login name are in the files or their logs."""
    with instance.stores.main.reading() as db:
        account = db.get_one(Account, robin.account.account_id)
        marked = [account.slot_mac, *(row.sealed for row in db.exec(select(Record)))]
    leave(robin)
    files = [
        path for folder in (instance.settings.data_dir, instance.settings.state_dir) for path in folder.iterdir() if "sqlite" in path.name
    ]
    assert len(files) >= 2
    for path in files:
        data = path.read_bytes()
        assert not any(one in data for one in marked), path
        assert robin.account.account_id.encode() not in data, path


def leave(robin: Populated) -> None:
    """Delete the account."""
    robin.browsing.get("/settings/delete-account")
    assert robin.browsing.submit("/settings/delete-account", {"login": "robin"}).status_code == 303
