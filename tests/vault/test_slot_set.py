"""The set of slots: what is refused before any key is derived, and what is remembered of it."""

import pytest

from tests import slot_faults
from tests.slot_faults import VECTORS, Fault, account_of, mark, row_of
from vault import cipher, slot_set, slots
from vault.errors import SlotsTampered
from vault.keyring import Keyring
from vault.slot_set import Mark, Standing

ROWS = [row_of(row) for row in VECTORS["set"]["slots"]]
BEFORE = [row_of(row) for row in VECTORS["set_before"]["slots"]]


@pytest.mark.parametrize("fault", list(slot_faults.faults()), ids=lambda fault: fault.what)
def test_a_set_with_one_thing_wrong_is_refused_unread(fault: Fault) -> None:
    before = int(cipher.derivations)
    with pytest.raises(SlotsTampered):
        slot_set.compare(fault.account, fault.rows, mark())
    assert int(cipher.derivations) == before


def test_the_pinned_set_opens_by_every_secret() -> None:
    account = account_of(VECTORS["set"])
    opened = (
        slots.open_with_passphrase(account, ROWS, VECTORS["passphrase"]),
        slots.open_with_recovery(account, ROWS, VECTORS["code"]),
        slots.open_with_passkey(account, ROWS, "4" * 32, bytes.fromhex(VECTORS["passkey_secret"])),
    )
    keys = [opening.keyring.export_amk().hex() for opening in opened if opening is not None]
    assert keys == [VECTORS["amk"]] * 3
    keyring = Keyring(VECTORS["account_id"], 1, bytes.fromhex(VECTORS["amk"]))
    assert slot_set.set_mac(account, ROWS, keyring) == account.slot_mac


def test_a_set_stands_to_what_is_remembered() -> None:
    """Level; unknown without a mark; ahead of an older mark; back when an older set was put back whole."""
    now, then = account_of(VECTORS["set"]), account_of(VECTORS["set_before"])
    assert slot_set.mark(now, ROWS[::-1]) == mark()
    assert slot_set.compare(now, ROWS, mark()) is Standing.LEVEL
    assert slot_set.compare(now, ROWS, None) is Standing.UNKNOWN
    assert slot_set.compare(now, ROWS, slot_set.mark(then, BEFORE)) is Standing.AHEAD
    assert slot_set.compare(then, BEFORE, mark()) is Standing.BACK


@pytest.mark.parametrize("remembered", [Mark(7, bytes(32), bytes(32)), Mark(8, bytes.fromhex(VECTORS["set"]["mac"]), bytes(32))])
def test_half_of_what_is_remembered_is_nobodys_change(remembered: Mark) -> None:
    with pytest.raises(SlotsTampered):
        slot_set.compare(account_of(VECTORS["set"]), ROWS, remembered)
