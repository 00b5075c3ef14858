"""Unlocking looks back: at the state store before anything is derived, at the ledger afterwards; what went back is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, delete, select

from app import clock
from app.auth import slot_marks, throttle, unlocking
from app.auth.accounts import WhoAsks
from app.database import Stores
from app.settings import Settings
from app.state import SlotMark
from consent.store import LedgerEntry
from tests import slot_faults
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from vault import slots
from vault.slot_set import Mark
from vault.store import Account, Slot

NEW = "another four words entirely"
WHO = WhoAsks(address="192.0.2.1")


@pytest.fixture
def robin(instance: Instance) -> Browsing:
    """An owner by the whole way in: sign-up."""
    browsing = Browsing(instance.new_client())
    browsing.sign_up(instance.invite())
    return browsing


def set_now(stores: Stores) -> tuple[Account, list[Slot]]:
    """The account's row and slots as they stand."""
    with stores.main.reading() as db:
        account = db.exec(select(Account)).one()
        return Account(**account.model_dump()), [Slot(**row.model_dump()) for row in slots.slots_of(db, account.account_id)]


def put_back(stores: Stores, account: Account, rows: list[Slot]) -> None:
    """Write an older set over the present one, whole."""
    with stores.main.writing() as db:
        kept = db.get_one(Account, account.account_id)
        kept.slot_counter, kept.slot_mac = account.slot_counter, account.slot_mac
        db.exec(delete(Slot).where(col(Slot.account_id) == account.account_id))
        db.add(kept)
        db.flush()
        db.add_all([Slot(**row.model_dump()) for row in rows])


def change(browsing: Browsing, new: str = NEW, current: str = PASSPHRASE) -> None:
    browsing.get("/settings")
    answer = browsing.post("/settings/passphrase", {"current": current, "passphrase": new, "again": new})
    assert answer.status_code == 303, answer.text


def types(stores: Stores) -> list[str]:
    with stores.main.reading() as db:
        return [entry.type for entry in db.exec(select(LedgerEntry).order_by(col(LedgerEntry.seq)))]


def test_every_change_is_remembered_outside_the_database(instance: Instance, robin: Browsing) -> None:
    """The mark follows sign-up and each change; nothing is said on Today."""
    account, _rows = set_now(instance.stores)
    first = slot_marks.remembered(instance.stores.state, account.account_id)
    assert first is not None and (first.counter, first.mac) == (1, account.slot_mac)
    change(robin)
    after, _rows = set_now(instance.stores)
    second = slot_marks.remembered(instance.stores.state, account.account_id)
    assert second is not None and (second.counter, second.mac) == (2, after.slot_mac)
    assert "I have dealt with it" not in Browsing(instance.new_client()).unlock(passphrase=NEW).get("/today").text
    assert types(instance.stores).count("slot.changed") == 1


@pytest.mark.parametrize("state_lost", [False, True])
def test_a_set_that_went_back_opens_with_an_alarm(instance: Instance, robin: Browsing, *, state_lost: bool) -> None:
    """Told by the state store, or without it by the ledger: noted, shown until settled, and level again from here on."""
    old = set_now(instance.stores)
    change(robin)
    put_back(instance.stores, *old)
    if state_lost:
        with instance.stores.state.writing() as db:
            db.exec(delete(SlotMark))
    browsing = Browsing(instance.new_client()).unlock()
    assert "are older ones again" in browsing.get("/today").text
    assert types(instance.stores)[-2:] == ["alarm.raised", "slot.changed"]
    assert set_now(instance.stores)[0].slot_counter == 3
    again = Browsing(instance.new_client()).unlock()
    assert types(instance.stores).count("alarm.raised") == 1
    assert again.post("/settings/alarm/settle").headers["location"] == "/today?done=alarm-settled"
    assert "are older ones again" not in again.get("/today").text
    assert again.post("/settings/alarm/settle").status_code == 303
    assert types(instance.stores).count("alarm.settled") == 1


def test_slots_tampered_with_open_nothing_and_are_told_afterwards(instance: Instance, robin: Browsing) -> None:
    """Refused with a page that says so, noted once an hour, and on Today once the set is whole again."""
    account, rows = set_now(instance.stores)
    put_back(instance.stores, account, [row for row in rows if row.kind == "passphrase"])
    browsing = Browsing(instance.new_client())
    for _number in range(2):
        browsing.get("/unlock")
        answer = browsing.post("/unlock", {"login": "robin", "passphrase": PASSPHRASE})
        assert answer.status_code == 409
        assert "were changed" in answer.text and "Nothing was opened" in answer.text
    assert types(instance.stores).count("alarm.raised") == 1
    put_back(instance.stores, account, rows)
    assert "Somebody changed the ways into your account" in browsing.unlock().get("/today").text


def test_a_lost_mark_is_written_anew(instance: Instance, robin: Browsing) -> None:
    """Without the state store nothing is wrong: the ledger agrees, and the set is remembered again."""
    with instance.stores.state.writing() as db:
        db.exec(delete(SlotMark))
    account, _rows = set_now(instance.stores)
    Browsing(instance.new_client()).unlock()
    mark = slot_marks.remembered(instance.stores.state, account.account_id)
    assert mark is not None and mark.mac == account.slot_mac
    assert "alarm.raised" not in types(instance.stores)


def test_a_mark_never_goes_down(stores: Stores) -> None:
    """Two changes whose marks arrive in the wrong order leave the newer one."""
    for counter in (1, 3, 2):
        slot_marks.remember(stores.state, "a" * 32, Mark(counter, bytes([counter]) * 32, bytes(32)), now=clock.now())
    mark = slot_marks.remembered(stores.state, "a" * 32)
    assert mark is not None and mark.counter == 3


def test_one_fault_vectors(stores: Stores, settings: Settings) -> None:
    """Each set with one thing wrong, in a real database: nothing opens, nothing is derived."""
    slot_faults.settle_in(stores)
    slot_faults.sound(stores, settings)
    for fault in slot_faults.faults():
        slot_faults.refuse(stores, settings, fault)
    slot_faults.sound(stores, settings)


def test_an_unlock_that_meets_a_change_opens_nothing(instance: Instance, robin: Browsing, new_browser: Callable[[], Browsing]) -> None:
    """What was opened by slots that have been replaced since begins no session."""
    found = unlocking.find(instance.stores, lambda db: db.exec(select(Account)).one(), now=clock.now())
    assert found is not None
    opening = slots.open_with_passphrase(found.account, found.rows, PASSPHRASE)
    change(robin)
    entered = unlocking.enter(instance.stores, found, opening, "unlock/robin", who=WHO, now=clock.now())
    assert entered is None
    new_browser().unlock(passphrase=NEW)


def test_nobody_opens_nothing(stores: Stores, settings: Settings) -> None:
    """An unknown name, by every way."""
    now = clock.now()
    for login in ("nobody", "no body"):
        assert unlocking.unlock(stores, settings, login=login, passphrase=PASSPHRASE, who=WHO, now=now) is None
        assert unlocking.unlock_with_recovery(stores, login=login, code="0", who=WHO, now=now) is None
    assert unlocking.complete(stores, settings, cookie="", text="{}", browser=b"", who=WHO, now=now) is None
    for text in ("", "[]", "{}", "x" * 20_000, '{"id":"AAAA","response":{"userHandle":"AAAA"}}'):
        assert unlocking.unlock_with_passkey(stores, settings, text=text, secret=b"", browser=b"", who=WHO, now=now) is None
    throttle.sweep(stores.state, now=now + timedelta(days=2))
