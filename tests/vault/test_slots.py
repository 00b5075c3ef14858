"""Ways to open an account: each opens, none can be slipped in, weakened, put back or lost."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rfc8785
from sqlmodel import Session

from app.database import Stores
from vault import accounts, cipher, recovery, slot_set, slots
from vault.accounts import Draft
from vault.cipher import FLOOR, Cost
from vault.errors import LastWayIn, SlotsTampered
from vault.slots import Credential
from vault.store import Account, Slot

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
PASSPHRASE = "correct horse battery staple"
DRAFT: Draft = accounts.draft("robin", PASSPHRASE, operator=False, cost=FLOOR, now=NOW)
OTHER: Draft = accounts.draft("wren", PASSPHRASE, operator=False, cost=FLOOR, now=NOW)


def copied(draft: Draft = DRAFT) -> tuple[Account, list[Slot]]:
    return Account(**draft.new.account.model_dump()), [Slot(**slot.model_dump()) for slot in draft.slots]


def test_each_slot_opens_the_same_key() -> None:
    account, both = copied()
    one, two = (
        slots.open_with_passphrase(account, both, PASSPHRASE),
        slots.open_with_recovery(account, both, DRAFT.new.recovery_code.lower()),
    )
    assert one is not None and two is not None
    assert one.keyring.export_amk() == two.keyring.export_amk() == DRAFT.new.keyring.export_amk()
    assert (one.slot_id, one.kind, two.slot_id, two.kind) == (both[0].slot_id, "passphrase", both[1].slot_id, "recovery")


def test_a_wrong_secret_is_none() -> None:
    account, both = copied()
    assert slots.open_with_passphrase(account, both, PASSPHRASE + " ") is None
    assert slots.open_with_passphrase(account, both[1:], PASSPHRASE) is None
    assert slots.open_with_recovery(account, both, recovery.new_code()) is None
    assert slots.open_with_recovery(account, both[:1], DRAFT.new.recovery_code) is None
    assert slots.open_with_recovery(account, both, "no code at all") is None


def test_the_order_of_rows_does_not_matter() -> None:
    account, both = copied()
    assert slots.open_with_passphrase(account, both[::-1], PASSPHRASE)


def test_last_use_lies_outside_the_mac() -> None:
    account, both = copied()
    both[0].last_used_at = NOW
    assert slots.open_with_passphrase(account, both, PASSPHRASE)


def parameters(**changes: Any) -> Callable[[Slot], None]:
    def change(slot: Slot) -> None:
        kept = {key: value for key, value in (json.loads(slot.parameters) | changes).items() if value is not None}
        slot.parameters = rfc8785.dumps(kept).decode()

    return change


def text(value: str) -> Callable[[Slot], None]:
    return lambda slot: setattr(slot, "parameters", value)


NOT_NUMBERS: tuple[Any, ...] = (None, True, 2.5, "2", -1, [])


@pytest.mark.parametrize(
    "change",
    [
        *(parameters(**{key: value}) for key, value in (("m", 19455), ("m", (1 << 20) + 1), ("t", 1), ("t", 11), ("p", 0), ("p", 17))),
        *(parameters(**{key: value}) for key in "mtp" for value in NOT_NUMBERS),
        *(parameters(salt=value) for value in (None, "", "AAAA", 7, "A" * 40, "\u00e9")),
        parameters(x=1),
        *(text(value) for value in ("", "[]", "{}", "null", "{", '{"salt":"' + "A" * 32 + '"}')),
        lambda slot: setattr(slot, "version", 2),
    ],
)
def test_stored_parameters_out_of_bounds_are_refused_before_any_derivation(
    change: Callable[[Slot], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    account, both = copied()
    change(both[0])
    monkeypatch.setattr(cipher, "Argon2id", None)  # a derivation would fail with another error
    with pytest.raises(SlotsTampered):
        slots.open_with_passphrase(account, both, PASSPHRASE)


@pytest.mark.parametrize("change", [parameters(m=19456), parameters(salt="AAAA"), parameters(salt=None), text("[]")])
def test_recovery_slots_have_a_salt_and_nothing_else(change: Callable[[Slot], None]) -> None:
    account, both = copied()
    change(both[1])
    with pytest.raises(SlotsTampered):
        slots.open_with_recovery(account, both, DRAFT.new.recovery_code)


@pytest.mark.parametrize(
    "change",
    [
        parameters(t=3),
        parameters(salt="A" * 32),
        lambda slot: setattr(slot, "slot_id", "f" * 32),
        lambda slot: setattr(slot, "commitment", bytes(32)),
    ],
)
def test_a_changed_slot_opens_nothing(change: Callable[[Slot], None]) -> None:
    """All that a slot says is bound into its key."""
    account, both = copied()
    change(both[0])
    assert slots.open_with_passphrase(account, both, PASSPHRASE) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda account, both: both.pop(),
        lambda account, both: both.append(Slot(**OTHER.slots[1].model_dump())),
        lambda account, both: setattr(both[1], "parameters", "{}"),
        lambda account, both: setattr(both[1], "commitment", bytes(32)),
        lambda account, both: setattr(both[1], "wrapped", bytes(48)),
        lambda account, both: setattr(both[1], "kind", "passkey"),
        lambda account, both: setattr(both[1], "created_at", NOW + timedelta(microseconds=1)),
        lambda account, both: setattr(both[0], "wrapped", bytes(48)),
        lambda account, both: setattr(account, "slot_counter", 2),
        lambda account, both: setattr(account, "generation", 2),
        lambda account, both: setattr(account, "slot_mac", bytes(32)),
    ],
)
def test_a_changed_set_is_noticed(change: Callable[[Account, list[Slot]], None]) -> None:
    account, both = copied()
    change(account, both)
    with pytest.raises(SlotsTampered):
        slots.open_with_passphrase(account, both, PASSPHRASE)


def test_another_accounts_slot_opens_nothing_here() -> None:
    """Same passphrase, other account: neither its slot nor its relabelled slot opens."""
    account, _both = copied()
    _account, foreign = copied(OTHER)
    with pytest.raises(SlotsTampered):
        slots.open_with_passphrase(account, foreign, PASSPHRASE)
    for slot in foreign:
        slot.account_id = account.account_id
    assert slots.open_with_passphrase(account, foreign, PASSPHRASE) is None
    assert slots.open_with_recovery(account, foreign, OTHER.new.recovery_code) is None


def test_burning_time_is_one_derivation() -> None:
    slots.burn_time(FLOOR)
    with pytest.raises(ValueError, match="outside"):
        slots.burn_time(Cost(1, 1, 1))


def stored(stores: Stores) -> None:
    with stores.main.writing() as db:
        accounts.store(db, Draft(accounts.NewAccount(copied()[0], *_rest()), tuple(copied()[1]), _mailbox_key()))


def _rest() -> tuple[Any, Any, str]:
    return DRAFT.new.keyring, DRAFT.new.mailbox, DRAFT.new.recovery_code


def _mailbox_key() -> Any:
    return type(DRAFT.mailbox_key)(**DRAFT.mailbox_key.model_dump())


def opens(stores: Stores, secret: str) -> bool:
    with stores.main.reading() as db:
        account = accounts.by_login(db, "robin")
        assert account is not None
        found = slots.slots_of(db, account.account_id)
    way = slots.open_with_recovery if recovery.parse(secret) else slots.open_with_passphrase
    return way(account, found, secret) is not None


def robin(db: Session) -> Account:
    account = accounts.by_login(db, "robin")
    assert account is not None
    return account


def test_a_changed_passphrase_opens_and_the_old_one_does_not(stores: Stores) -> None:
    stored(stores)
    with stores.main.writing() as db:
        slots.change_passphrase(db, robin(db), DRAFT.new.keyring, "the new one", cost=FLOOR, now=NOW)
    assert opens(stores, "the new one") and not opens(stores, PASSPHRASE) and opens(stores, DRAFT.new.recovery_code)
    with stores.main.reading() as db:
        assert [slot.kind for slot in slots.slots_of(db, DRAFT.new.keyring.account_id)].count("passphrase") == 1
        assert robin(db).slot_counter == 2


def test_a_change_that_is_rolled_back_leaves_the_old_passphrase(stores: Stores) -> None:
    stored(stores)
    with pytest.raises(ZeroDivisionError), stores.main.writing() as db:
        slots.change_passphrase(db, robin(db), DRAFT.new.keyring, "the new one", cost=FLOOR, now=NOW)
        raise ZeroDivisionError
    assert opens(stores, PASSPHRASE) and not opens(stores, "the new one")


def test_slots_are_added_and_removed(stores: Stores) -> None:
    stored(stores)
    keyring = DRAFT.new.keyring
    with stores.main.writing() as db:
        second = slots.new_passphrase_slot(keyring, "second", cost=FLOOR, now=NOW)
        third, code = slots.new_recovery_slot(keyring, now=NOW)
        slots.rewrite(db, robin(db), keyring, add=[second, third])
        slots.note_use(db, keyring.account_id, third.slot_id, now=NOW)
    assert opens(stores, "second") and opens(stores, code) and opens(stores, PASSPHRASE)
    with stores.main.writing() as db:
        used = {slot.slot_id: slot.last_used_at for slot in slots.slots_of(db, keyring.account_id)}
        assert used[third.slot_id] == NOW and used[second.slot_id] is None
        for slot_id in used:
            if slot_id != second.slot_id:
                slots.remove(db, robin(db), keyring, slot_id)
        with pytest.raises(LastWayIn):
            slots.remove(db, robin(db), keyring, second.slot_id)
    assert opens(stores, "second") and not opens(stores, code) and not opens(stores, PASSPHRASE)


def test_a_foreign_slot_is_never_blessed(stores: Stores) -> None:
    """A slot slipped into the database does not come under the MAC by way of the owner's next change."""
    stored(stores)
    foreign = slots.new_recovery_slot(DRAFT.new.keyring, now=NOW)[0]
    with stores.main.writing() as db:
        db.add(foreign)
    with pytest.raises(SlotsTampered), stores.main.writing() as db:
        slots.change_passphrase(db, robin(db), DRAFT.new.keyring, "the new one", cost=FLOOR, now=NOW)


def test_a_stale_account_object_does_no_harm(stores: Stores) -> None:
    """Two pages opened before a change: the second works on what is stored, not on what it saw."""
    stored(stores)
    with stores.main.reading() as db:
        stale = robin(db)
    for new in ("second", "third"):
        with stores.main.writing() as db:
            slots.change_passphrase(db, stale, DRAFT.new.keyring, new, cost=FLOOR, now=NOW)
    assert opens(stores, "third") and not opens(stores, "second")


def credential(number: int = 1, label: str = "the kitchen laptop") -> Credential:
    return Credential(credential_id=bytes([number]) * 32, public_key=bytes(77), label=label, sign_count=4)


def test_a_passkey_opens_by_its_secret_alone() -> None:
    account, both = copied()
    secret = cipher.random_bytes(32)
    slot = slots.new_passkey_slot(DRAFT.new.keyring, credential(), secret, now=NOW)
    rows = [*both, slot]
    account.slot_mac = slot_set.set_mac(account, rows, DRAFT.new.keyring)
    opening = slots.open_with_passkey(account, rows, slot.slot_id, secret)
    assert opening is not None and opening.kind == "passkey" and not opening.second_factor
    assert opening.keyring.export_amk() == DRAFT.new.keyring.export_amk()
    assert slots.open_with_passkey(account, rows, slot.slot_id, cipher.random_bytes(32)) is None
    assert slots.open_with_passkey(account, rows, both[0].slot_id, secret) is None
    assert slots.by_credential(rows, bytes([1]) * 32) is slot and slots.by_credential(rows, bytes([2]) * 32) is None
    assert slots.label_of(opening.keyring, slot) == "the kitchen laptop" and slots.label_of(opening.keyring, both[0]) == ""
    assert slot.label is not None and b"kitchen" not in slot.label


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_passkeys_secret_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        slots.new_passkey_slot(DRAFT.new.keyring, credential(), bytes(length), now=NOW)


def test_a_passkey_that_could_not_be_read_again_is_not_made() -> None:
    with pytest.raises(SlotsTampered):
        slots.new_passkey_slot(DRAFT.new.keyring, Credential(bytes(4), bytes(77), "short"), bytes(32), now=NOW)


def test_a_second_factor_is_a_condition_on_the_passphrase() -> None:
    """It wraps nothing; the passphrase says that it is wanted, the recovery code does not; taken away, the set is not whole."""
    account, both = copied()
    slot = slots.new_second_factor(DRAFT.new.keyring, credential(), now=NOW)
    rows = [*both, slot]
    account.slot_mac = slot_set.set_mac(account, rows, DRAFT.new.keyring)
    by_passphrase = slots.open_with_passphrase(account, rows, PASSPHRASE)
    by_code = slots.open_with_recovery(account, rows, DRAFT.new.recovery_code)
    assert by_passphrase is not None and by_passphrase.second_factor
    assert by_code is not None and not by_code.second_factor
    assert (slot.commitment, slot.wrapped) == (b"", b"")
    assert slots.open_with_passkey(account, rows, slot.slot_id, bytes(32)) is None
    with pytest.raises(SlotsTampered):
        slots.open_with_passphrase(account, both, PASSPHRASE)


def test_names_and_counts_lie_outside_the_mac(stores: Stores) -> None:
    stored(stores)
    keyring = DRAFT.new.keyring
    with stores.main.writing() as db:
        slot = slots.new_passkey_slot(keyring, credential(), bytes(32), now=NOW)
        slots.rewrite(db, robin(db), keyring, add=[slot])
        slots.rename(db, keyring, slot, "the old laptop")
        slots.note_use(db, keyring.account_id, slot.slot_id, now=NOW, sign_count=9)
    with stores.main.reading() as db:
        rows = slots.slots_of(db, keyring.account_id)
        (kept,) = [row for row in rows if row.kind == "passkey"]
        assert (slots.label_of(keyring, kept), kept.sign_count, kept.last_used_at) == ("the old laptop", 9, NOW)
        assert slots.open_with_passkey(robin(db), rows, kept.slot_id, bytes(32)) is not None


def test_a_passkey_is_never_the_only_slot_and_a_second_factor_needs_a_way_around(stores: Stores) -> None:
    stored(stores)
    keyring = DRAFT.new.keyring
    passphrase, recovery_slot = DRAFT.slots
    with stores.main.writing() as db:
        passkey = slots.new_passkey_slot(keyring, credential(), bytes(32), now=NOW)
        slots.rewrite(db, robin(db), keyring, add=[passkey])
        with pytest.raises(LastWayIn):
            slots.rewrite(db, robin(db), keyring, remove=[passphrase.slot_id, recovery_slot.slot_id])
        slots.remove(db, robin(db), keyring, recovery_slot.slot_id)
        with pytest.raises(LastWayIn):
            slots.rewrite(db, robin(db), keyring, add=[slots.new_second_factor(keyring, credential(2), now=NOW)])


def test_the_counter_passes_what_is_remembered(stores: Stores) -> None:
    stored(stores)
    with stores.main.writing() as db:
        slots.rewrite(db, robin(db), DRAFT.new.keyring, at_least=41)
    assert opens(stores, PASSPHRASE)
    with stores.main.reading() as db:
        assert robin(db).slot_counter == 42


def test_a_late_touch_undoes_no_change(stores: Stores) -> None:
    """A browser that reads while slots change, and then notes its use, brings back nothing: 40 rounds of threads."""
    stored(stores)
    keyring, account_id = DRAFT.new.keyring, DRAFT.new.account.account_id
    for number in range(40):
        with stores.main.reading() as db:
            seen = slots.slots_of(db, account_id)
        slot, _code = slots.new_recovery_slot(keyring, now=NOW + timedelta(seconds=number))

        def touch(rows: list[Slot] = seen) -> None:
            for row in rows:
                with stores.main.writing() as db:
                    slots.note_use(db, account_id, row.slot_id, now=NOW)

        threads = [threading.Thread(target=touch) for _ in range(2)]
        for thread in threads:
            thread.start()
        with stores.main.writing() as db:
            slots.replace(db, robin(db), keyring, slot)
        for thread in threads:
            thread.join()
        with stores.main.reading() as db:
            account, rows = robin(db), slots.slots_of(db, account_id)
        assert [row.slot_id for row in rows if row.kind == "recovery"] == [slot.slot_id]
        assert account.slot_counter == number + 2
        assert cipher.same(account.slot_mac, slot_set.set_mac(account, rows, keyring))
