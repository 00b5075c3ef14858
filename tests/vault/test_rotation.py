"""A new account key: the old secrets die, everything still opens, and at the end nothing of the old key is left."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from app.database import Stores
from app.tables import Message
from consent.store import LedgerEntry, Receipt
from vault import accounts, resealing, rotation, slots, store
from vault.accounts import NewAccount
from vault.cipher import FLOOR
from vault.errors import Sealed, SlotsTampered
from vault.keyring import Keyring
from vault.records import Item
from vault.resealing import HOLDINGS, Holding, Progress, Scope
from vault.rotation import Draft
from vault.store import Account, MailboxKey, Record, Resealing, RetiredKey, Segment

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OLD, NEW = "correct horse battery staple", "a wholly different passphrase"
SCOPE = Scope(HOLDINGS, (LedgerEntry.sealed, Receipt.opening, Message.sealed))


@pytest.fixture
def owner(stores: Stores) -> NewAccount:
    with stores.main.writing() as db:
        return accounts.create(db, "robin", OLD, operator=False, cost=FLOOR, now=NOW)


def fill(stores: Stores, keyring: Keyring, count: int) -> list[str]:
    with stores.main.writing() as db:
        return [
            store.add(db, keyring, Item(term="pd:Name", label="", value=f"value {n}", note="", previous=()), now=NOW) for n in range(count)
        ]


def rotate(stores: Stores, keyring: Keyring, passphrase: str = NEW) -> Draft:
    drafted = rotation.draft(keyring, passphrase, cost=FLOOR, now=NOW)
    with stores.main.writing() as db:
        rotation.begin(db, keyring, drafted, SCOPE, now=NOW)
    return drafted


def opened(stores: Stores, secret: str, *, code: bool = False) -> Keyring | None:
    """The account's key by a secret, knowing the older ones; as unlocking does it."""
    with stores.main.reading() as db:
        account = db.exec(select(Account)).one()
        way = slots.open_with_recovery if code else slots.open_with_passphrase
        opening = way(account, slots.slots_of(db, account.account_id), secret)
        if opening is None:
            return None
        resealing.remember(db, opening.keyring)
    return opening.keyring


def advance(stores: Stores, keyring: Keyring, *, limit: int = 3) -> Progress | None:
    with stores.main.writing() as db:
        return resealing.advance(db, keyring, SCOPE, now=NOW, limit=limit)


def finish(stores: Stores, keyring: Keyring, *, limit: int = 3) -> Progress:
    for _ in range(100):
        if (made := advance(stores, keyring, limit=limit)) and made.finished:
            return made
    raise AssertionError("it does not end")


def values(stores: Stores, keyring: Keyring) -> list[str]:
    with stores.main.reading() as db:
        listed = [digest.record_id for digest in store.digests(db, keyring, Item)]
        whole = {found.record_id: found.fields.value for found in store.all_of(db, keyring, Item)}
    assert sorted(listed) == sorted(whole)
    return sorted(whole.values())


def test_the_old_secrets_die_and_everything_opens_with_the_new(stores: Stores, owner: NewAccount) -> None:
    """Before, while and after everything is sealed again."""
    fill(stores, owner.keyring, 7)
    before = values(stores, owner.keyring)
    drafted = rotate(stores, owner.keyring)
    assert opened(stores, OLD) is None and opened(stores, owner.recovery_code, code=True) is None
    keyring = opened(stores, NEW)
    by_code = opened(stores, drafted.recovery_code, code=True)
    assert keyring is not None and by_code is not None and keyring.generation == 2
    assert keyring.export_amk() == by_code.export_amk() == drafted.keyring.export_amk() != owner.keyring.export_amk()
    assert values(stores, keyring) == before
    assert advance(stores, keyring) == Progress(3, 8)
    assert values(stores, keyring) == before
    assert finish(stores, keyring) == Progress(8, 8, finished=True)
    alone = Keyring(keyring.account_id, 2, keyring.export_amk())
    assert values(stores, alone) == before
    assert advance(stores, keyring) is None
    with stores.main.reading() as db:
        assert not resealing.remember(db, alone) and resealing.progress(db, alone.account_id, SCOPE) is None
        assert db.exec(select(RetiredKey)).all() == []
        assert {row.generation for row in [*db.exec(select(Record)), *db.exec(select(Segment))]} == {2}


def test_the_new_key_opens_what_is_not_sealed_again_yet_and_no_other(stores: Stores, owner: NewAccount) -> None:
    fill(stores, owner.keyring, 1)
    drafted = rotate(stores, owner.keyring)
    alone = Keyring(owner.account.account_id, 2, drafted.keyring.export_amk())
    with pytest.raises(Sealed):
        values(stores, alone)
    with pytest.raises(Sealed), stores.main.reading() as db:
        resealing.remember(db, Keyring(owner.account.account_id, 2, bytes(32)))


def test_what_is_written_meanwhile_is_sealed_under_the_new_key(stores: Stores, owner: NewAccount) -> None:
    ids = fill(stores, owner.keyring, 4)
    rotate(stores, owner.keyring)
    keyring = opened(stores, NEW)
    assert keyring is not None
    advance(stores, keyring, limit=2)
    with stores.main.writing() as db:
        store.replace(db, keyring, ids[0], Item(term="pd:Name", label="", value="replaced", note="", previous=()), now=NOW)
        store.remove(db, keyring, Item, ids[1])
    fill(stores, keyring, 2)
    finish(stores, keyring)
    assert len(values(stores, Keyring(keyring.account_id, 2, keyring.export_amk()))) == 5


def test_a_batch_ends_by_number_or_by_size(stores: Stores, owner: NewAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stores, owner.keyring, 4)
    rotate(stores, owner.keyring)
    keyring = opened(stores, NEW)
    assert keyring is not None
    monkeypatch.setattr(resealing, "BATCH_BYTES", 1)
    assert advance(stores, keyring, limit=100) == Progress(1, 5)
    monkeypatch.setattr(resealing, "BATCH_BYTES", 1 << 20)
    assert advance(stores, keyring, limit=2) == Progress(3, 5)
    assert advance(stores, keyring, limit=100) == Progress(5, 5, finished=True)


def test_compromised_again_before_the_end(stores: Stores, owner: NewAccount) -> None:
    """Keys of three generations open what is there; the third takes over all of it."""
    fill(stores, owner.keyring, 5)
    rotate(stores, owner.keyring, "the second")
    second = opened(stores, "the second")
    assert second is not None
    advance(stores, second, limit=2)
    fill(stores, second, 1)
    rotate(stores, second, NEW)
    third = opened(stores, NEW)
    assert third is not None and third.generation == 3 and opened(stores, "the second") is None
    assert len(values(stores, third)) == 6
    finish(stores, third)
    assert len(values(stores, Keyring(third.account_id, 3, third.export_amk()))) == 6


def test_a_value_that_came_in_late_under_the_old_key_is_found(stores: Stores, owner: NewAccount) -> None:
    """Behind the place where the pass has got to, from somebody who had opened the account before."""
    fill(stores, owner.keyring, 2)
    rotate(stores, owner.keyring)
    keyring = opened(stores, NEW)
    assert keyring is not None
    advance(stores, keyring, limit=2)
    item = Item(term="pd:Name", label="", value="late", note="", previous=())
    with stores.main.writing() as db:
        store.add(db, owner.keyring, item, now=NOW, record_id="0" * 32, import_id="a" * 32)
    assert advance(stores, keyring, limit=100) == Progress(3, 3)
    assert finish(stores, keyring).finished
    with stores.main.reading() as db:
        alone = Keyring(keyring.account_id, 2, keyring.export_amk())
        assert [found.fields.value for found in store.staged(db, alone, Item, "a" * 32)] == ["late"]


def test_a_damaged_value_keeps_the_retired_keys(stores: Stores, owner: NewAccount) -> None:
    """It is passed over, told, and waited for; the rest goes on, and once it is gone the old key goes too."""
    broken = fill(stores, owner.keyring, 3)[1]
    with stores.main.writing() as db:
        row = db.get_one(Record, (owner.account.account_id, broken))
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
        db.add(row)
    rotate(stores, owner.keyring)
    keyring = opened(stores, NEW)
    assert keyring is not None
    assert advance(stores, keyring, limit=100) == Progress(3, 4, damaged=1, resting=True)
    assert advance(stores, keyring, limit=100) == Progress(3, 4, damaged=1, resting=True)
    with stores.main.writing() as db:
        assert len(db.exec(select(RetiredKey)).all()) == 1
        db.delete(db.get_one(Record, (owner.account.account_id, broken)))
        resealing.again(db, keyring.account_id)
    with stores.main.reading() as db:
        assert resealing.progress(db, keyring.account_id, SCOPE) == Progress(3, 4)
    assert finish(stores, keyring).finished
    with stores.main.writing() as db:
        resealing.again(db, keyring.account_id)
        assert db.exec(select(RetiredKey)).all() == []
        assert db.exec(select(Resealing)).all() == []


def test_retired_mailbox_keys_stay_while_something_refers_to_them(stores: Stores, owner: NewAccount) -> None:
    """What was sealed to the old mailbox opens; the mailbox to which nothing was sealed is destroyed at the end."""
    letter = owner.mailbox.seal("ledger", ("l", "1"), b"first")
    with stores.main.writing() as db:
        db.add(entry(owner.account.account_id, 1, letter))
    for passphrase in ("the second", NEW):
        keyring = opened(stores, OLD) or opened(stores, "the second")
        assert keyring is not None
        rotate(stores, keyring, passphrase)
    keyring = opened(stores, NEW)
    assert keyring is not None
    with stores.main.reading() as db:
        assert len(db.exec(select(MailboxKey)).all()) == 3
        assert accounts.open_mailbox(db, keyring).open("ledger", ("l", "1"), letter) == b"first"
    finish(stores, keyring)
    with stores.main.reading() as db:
        kept = {key.key_id: key.retired_at for key in db.exec(select(MailboxKey))}
        current = accounts.mailbox(db, keyring.account_id)
        assert kept == {owner.mailbox.key_id: NOW, current.key_id: None}
        alone = accounts.open_mailbox(db, Keyring(keyring.account_id, 3, keyring.export_amk()))
        assert alone.open("ledger", ("l", "1"), letter) == b"first"
        assert alone.open("x", (), current.seal("x", (), b"now")) == b"now"


def entry(account_id: str, seq: int, sealed: bytes) -> LedgerEntry:
    some: dict[str, Any] = {name: bytes(32) for name in ("commitment", "previous", "hash")}
    return LedgerEntry(account_id=account_id, seq=seq, at=NOW, type="slot.changed", actor="owner", sealed=sealed, **some)


def test_a_foreign_mailbox_key_is_not_taken_over(stores: Stores, owner: NewAccount) -> None:
    with stores.main.writing() as db:
        key = db.exec(select(MailboxKey)).one()
        key.public = bytes(32)
        db.add(key)
    with pytest.raises(Sealed):
        rotate(stores, owner.keyring)
    assert opened(stores, OLD) is not None


def test_a_tampered_set_or_a_second_rotation_at_the_same_time_is_refused(stores: Stores, owner: NewAccount) -> None:
    drafted = rotation.draft(owner.keyring, "too late", cost=FLOOR, now=NOW)
    rotate(stores, owner.keyring)
    with pytest.raises(SlotsTampered), stores.main.writing() as db:
        rotation.begin(db, owner.keyring, drafted, SCOPE, now=NOW)
    keyring = opened(stores, NEW)
    assert keyring is not None
    with stores.main.writing() as db:
        db.delete(slots.slots_of(db, keyring.account_id)[0])
    with pytest.raises(SlotsTampered):
        rotate(stores, keyring)


def test_who_goes_along_is_called_once_for_each_value_sealed_again(stores: Stores, owner: NewAccount) -> None:
    """In the same transaction, with a keyring that still opens the value as it was."""
    ids = fill(stores, owner.keyring, 4)
    seen: list[str] = []

    def along(_db: object, keyring: Keyring, row: Any, now: datetime) -> None:
        assert keyring.open(store.place(row), row.sealed)["term"] == "pd:Name" and now == NOW
        seen.append(row.record_id)

    scope = Scope((Holding(Record, ("record_id",), store.place, along=along), *HOLDINGS[1:]), SCOPE.letters)
    drafted = rotate(stores, owner.keyring)
    for _ in range(2):
        with stores.main.writing() as db:
            resealing.advance(db, drafted.keyring, scope, now=NOW, limit=3)
    assert sorted(seen) == sorted(ids)


def test_other_accounts_are_left_alone(stores: Stores, owner: NewAccount) -> None:
    with stores.main.writing() as db:
        wren = accounts.create(db, "wren", OLD, operator=False, cost=FLOOR, now=NOW)
        store.add(db, wren.keyring, Item(term="pd:Name", label="", value="of wren", note="", previous=()), now=NOW)
        drafted = rotation.draft(owner.keyring, NEW, cost=FLOOR, now=NOW)
        rotation.begin(db, owner.keyring, drafted, SCOPE, now=NOW)
    finish(stores, drafted.keyring)
    with stores.main.reading() as db:
        assert [found.fields.value for found in store.all_of(db, wren.keyring, Item)] == ["of wren"]
        assert accounts.by_login(db, "wren") == wren.account


def test_secrets_show_nowhere(owner: NewAccount) -> None:
    drafted = rotation.draft(owner.keyring, NEW, cost=FLOOR, now=NOW)
    assert drafted.recovery_code not in repr(drafted) and drafted.keyring.export_amk().hex() not in repr(drafted)
    assert "mailbox_key" not in repr(drafted)


def test_only_older_keys_of_the_same_account_are_remembered() -> None:
    keyring = Keyring("a", 2, bytes(32))
    for other in (Keyring("b", 1, bytes(32)), Keyring("a", 2, bytes(32)), Keyring("a", 3, bytes(32))):
        with pytest.raises(ValueError, match="older key"):
            keyring.remember(other)
