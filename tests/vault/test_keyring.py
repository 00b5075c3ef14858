"""A keyring shows no key, and keeps accounts, kinds and labels apart."""

import copy
import pickle

import pytest

from vault.envelope import Place
from vault.errors import Sealed
from vault.keyring import Keyring

PLACE = Place("record", "item", "r", "a", 1)


def test_a_keyring_shows_no_key() -> None:
    keyring = Keyring.create("a")
    assert keyring.export_amk().hex() not in repr(keyring)
    assert repr(keyring) == "Keyring(account_id='a', generation=1, key=<redacted>)"


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_keyring_stays_in_this_process(leave: object) -> None:
    with pytest.raises(TypeError, match="stays in this process"):
        leave(Keyring.create("a"))  # type: ignore[operator]  # three unrelated callables


def test_a_master_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring("a", 1, bytes(31))


def test_new_accounts_have_new_keys() -> None:
    assert Keyring.create("a").export_amk() != Keyring.create("a").export_amk()


def test_labels_have_keys_of_their_own() -> None:
    keyring = Keyring("a", 1, bytes(32))
    assert keyring.mac("slots", b"data") != keyring.mac("mailbox", b"data")
    assert keyring.mac("slots", b"data") != Keyring("a", 1, bytes(31) + b"\x01").mac("slots", b"data")


def test_another_account_or_generation_opens_nothing() -> None:
    keyring = Keyring("a", 1, bytes(32))
    sealed = keyring.seal(PLACE, {"value": 1})
    assert keyring.open(PLACE, sealed) == {"value": 1}
    for other in (Keyring.create("a"), Keyring("a", 2, bytes(32))):
        with pytest.raises(Sealed):
            other.open(PLACE, sealed)
