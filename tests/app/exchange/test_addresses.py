"""Contact links: made, found, closed; nothing in the clear leads back to them."""

from datetime import timedelta

import pytest

from app.database import Stores
from app.exchange import addresses
from app.settings import Settings
from app.tables import Address
from tests.factories import NOW, make_account
from vault import store
from vault.instance import InstanceKeys
from vault.keyring import Keyring
from vault.records import AddressRecord

KEYS = InstanceKeys(bytes(range(32)))


@pytest.fixture
def keyring(stores: Stores) -> Keyring:
    return make_account(stores)[1]


def hand_out(stores: Stores, keyring: Keyring, *, minutes: int | None = None) -> tuple[str, str]:
    with stores.main.writing() as db:
        return addresses.open_address(
            db,
            keyring,
            keyring.account_id,
            KEYS,
            vendor_id=None,
            label="at the till",
            expires_at=NOW + timedelta(minutes=minutes) if minutes else None,
            now=NOW,
        )


def test_link_leads_to_its_owner(stores: Stores, keyring: Keyring) -> None:
    """By handle and by initial token; the handle itself stands only in the sealed record."""
    address_id, handle = hand_out(stores, keyring)
    with stores.main.reading() as db:
        row = addresses.by_handle(db, handle, now=NOW)
        assert row is not None
        assert (row.account_id, row.address_id) == (keyring.account_id, address_id)
        assert addresses.by_initial_token(db, addresses.initial_token(KEYS, handle), now=NOW) == row
        assert handle not in str(row.model_dump())
        opened = store.get(db, keyring, AddressRecord, address_id)
        assert opened is not None
        assert opened.fields.handle == handle
        assert addresses.rows(db, keyring.account_id) == {address_id: row}


def test_closed_link_leads_nowhere(stores: Stores, keyring: Keyring) -> None:
    """Closing works once, and only for its owner."""
    address_id, handle = hand_out(stores, keyring)
    with stores.main.writing() as db:
        assert not addresses.close(db, "0" * 32, address_id, now=NOW)
        assert addresses.close(db, keyring.account_id, address_id, now=NOW)
        assert not addresses.close(db, keyring.account_id, address_id, now=NOW)
        assert addresses.by_handle(db, handle, now=NOW) is None
        assert addresses.by_initial_token(db, addresses.initial_token(KEYS, handle), now=NOW) is None
        assert isinstance(addresses.rows(db, keyring.account_id)[address_id], Address)


def test_link_of_a_till_ends_to_the_instant(stores: Stores, keyring: Keyring) -> None:
    """Ten minutes: good just before, not at the end."""
    _address_id, handle = hand_out(stores, keyring, minutes=10)
    end = NOW + timedelta(minutes=10)
    with stores.main.reading() as db:
        assert addresses.by_handle(db, handle, now=end - timedelta(microseconds=1)) is not None
        assert addresses.by_handle(db, handle, now=end) is None


def test_any_handle_is_described_alike(settings: Settings) -> None:
    """The answer for a link is computed, not looked up: unknown and live ones cannot differ."""
    told = addresses.describe(settings, KEYS, "anything")
    assert told == {
        "issuer": settings.base_url,
        "registration_endpoint": f"{settings.base_url}/oauth/register",
        "initial_access_token": addresses.initial_token(KEYS, "anything"),
        "login_hint": "anything",
    }
    assert addresses.url(settings, "anything") == f"{settings.base_url}/a/anything"
    assert addresses.initial_token(InstanceKeys(bytes(32)), "anything") != told["initial_access_token"]
