"""Everything an owner has can be taken along: out of one account as an archive, and into an empty one elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from app import clock
from app.auth.profiles import profile_id, profile_of
from app.exchange import moving, zones
from app.tables import CommitmentClock
from consent import ledger
from consent.store import Grant
from tests.archives import unpack
from tests.factories import owner_act
from tests.instances import Instance
from tests.populating import Populated, open_account
from tests.settling import AREA
from vault import accounts, attachments, store, transfer
from vault.errors import BadArchive, NotEmpty
from vault.keyring import Keyring
from vault.records import Kind, Zone
from vault.store import Account

WORD = "canary"


def export(instance: Instance, account: Account, keyring: Keyring) -> bytes:
    """Through the verbs that the page uses."""
    with instance.stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        mailbox = accounts.open_mailbox(db, keyring)
        return moving.export(
            db,
            keyring,
            mailbox,
            owner_act(account, accounts.mailbox(db, account.account_id), now=clock.now()),
            instance=instance.app.state.instance,
            profile=profile_of(db, keyring),
            made={"at_host": instance.settings.base_url},
        )


def take_in(instance: Instance, account: Account, keyring: Keyring, data: bytes) -> int:
    """Likewise."""
    read = moving.read(data, keyring, now=clock.now(), profile_id=profile_id(account.account_id))
    with instance.stores.main.writing() as db:
        ledger.lock(db, account.account_id)
        act = owner_act(account, accounts.mailbox(db, account.account_id), now=clock.now())
        return moving.take_in(db, keyring, act, read)


def newcomer(instance: Instance, new_browser: Callable[[], Any], login: str = "wren") -> tuple[Account, Keyring]:
    """An owner who has just signed up."""
    new_browser().sign_up(instance.invite(), login)
    return open_account(instance.stores, login)


@pytest.fixture
def robin(instance: Instance) -> Populated:
    """An owner with something of everything."""
    return instance.populate("robin", word=WORD)


def test_an_import_exports_the_same(instance: Instance, robin: Populated, new_browser: Callable[[], Any]) -> None:
    """Every file but the manifest comes out again byte for byte, beside what the new account has to tell of itself."""
    first = export(instance, robin.account, robin.keyring)
    files = unpack(first)
    account, keyring = newcomer(instance, new_browser)
    assert take_in(instance, account, keyring, first) == transfer.read(first).count > 8
    again = unpack(export(instance, account, keyring))
    assert {name: again[name] for name in files if name != transfer.MANIFEST} == {
        name: data for name, data in files.items() if name != transfer.MANIFEST
    }
    assert sorted(f"attachments/{one}" for one in robin.documents.values()) == [name for name in files if name.startswith("attachments/")]
    own = {name.split("/")[1] for name in set(again) - set(files)}
    assert len(own) == 1
    with instance.stores.main.reading() as db:
        assert db.exec(select(Grant).where(Grant.account_id == account.account_id)).all() == []
        assert attachments.all_of(db, keyring) == attachments.all_of(db, robin.keyring)
        open_promises = [row for row in db.exec(select(CommitmentClock)) if row.account_id == account.account_id]
        assert len(open_promises) == len(transfer.read(first).records[Kind.COMMITMENT])
    assert {f"records/{kind}.json" for kind in transfer.KINDS} <= set(files)
    for part in transfer.PARTS:
        assert any(name.endswith(f"/{part}.json") for name in files), part
    with pytest.raises(NotEmpty):
        take_in(instance, account, keyring, first)
    with pytest.raises(BadArchive, match="own-ledger"):
        take_in(instance, robin.account, robin.keyring, first)


def test_the_pages_live_with_what_came(instance: Instance, robin: Populated, new_browser: Callable[[], Any]) -> None:
    """Records that name permissions, companies and links of another host are shown all the same."""
    first = export(instance, robin.account, robin.keyring)
    browsing = new_browser()
    browsing.sign_up(instance.invite(), "wren")
    account, keyring = open_account(instance.stores, "wren")
    take_in(instance, account, keyring, first)
    paths = ["/today", "/vendors", "/inbox", "/commitments", "/addresses", "/items", "/ledger", "/me", f"/vendors/{robin.vendor_id}"]
    paths += [f"/inbox/{robin.message_id}", f"/addresses/{robin.address_id}", f"/commitments/{robin.record_ids[Kind.COMMITMENT]}"]
    for path in paths:
        assert browsing.get(path).status_code == 200, path


def test_private_zones_hide_from_the_first_fix_on(instance: Instance, new_browser: Callable[[], Any]) -> None:
    """What came as records is where the owner's devices will look for it; a zone that is no area is refused with all that came."""
    mine, other, third = (newcomer(instance, new_browser, login) for login in ("robin", "wren", "kim"))
    keep(instance, mine[1], AREA)
    take_in(instance, *other, export(instance, *mine))
    with instance.stores.main.writing() as db:
        assert len(zones.opened(db, other[1]).zones) == 1
    keep(instance, mine[1], "{}")
    with pytest.raises(BadArchive, match="zone"):
        take_in(instance, *third, export(instance, *mine))


def keep(instance: Instance, keyring: Keyring, area: str) -> None:
    with instance.stores.main.writing() as db:
        store.add(db, keyring, Zone(name="home", area=area), now=clock.now())
