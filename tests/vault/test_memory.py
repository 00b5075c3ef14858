"""What is kept in memory while an account is unlocked: never anything else than what the database would say now."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest

from app.database import Stores
from vault import accounts, segments, store
from vault.cipher import FLOOR
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.memory import Memory
from vault.records import Interaction, Item, Vendor
from vault.segments import Digest
from vault.store import Segment

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Names:
    """The names in one segment."""

    names: tuple[str, ...]
    size: int = 100


class Counting:
    """Makes `Names` and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, rows: list[Digest]) -> Names:
        """Of one segment."""
        self.times += 1
        return Names(tuple(str(row.values["name"]) for row in rows))


@pytest.fixture
def keyring(stores: Stores) -> Keyring:
    return account(stores, "robin")


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two digests fill a segment."""
    monkeypatch.setattr(segments, "ROOM", 2)


def account(stores: Stores, login: str) -> Keyring:
    with stores.main.writing() as db:
        return accounts.create(db, login, "a passphrase", operator=False, cost=FLOOR, now=NOW).keyring


def keep(stores: Stores, keyring: Keyring, *names: str) -> list[str]:
    with stores.main.writing() as db:
        return [store.add(db, keyring, Vendor(name=name), now=NOW) for name in names]


def read(stores: Stores, keyring: Keyring, memory: Memory, make: Counting) -> list[str]:
    with stores.main.reading() as db:
        return sorted(name for piece in memory.pieces(db, keyring, Vendor, "names", make) for name in piece.names)


def test_what_has_not_changed_is_made_once_and_what_has_is_made_again(stores: Stores, keyring: Keyring) -> None:
    """A change, an addition and a removal are seen at the next look, and cost their own segment only."""
    memory, make = Memory(), Counting()
    first, second, _third = keep(stores, keyring, "a", "b", "c")
    assert read(stores, keyring, memory, make) == ["a", "b", "c"]
    assert read(stores, keyring, memory, make) == ["a", "b", "c"]
    assert make.times == 2
    with stores.main.writing() as db:
        store.replace(db, keyring, first, Vendor(name="A"), now=NOW)
    assert read(stores, keyring, memory, make) == ["A", "b", "c"]
    assert make.times == 3
    with stores.main.writing() as db:
        store.remove_many(db, keyring, Vendor, [first, second])
    assert read(stores, keyring, memory, make) == ["c"]
    assert make.times == 3
    with stores.main.reading() as db:
        assert memory.pieces(db, keyring, Interaction, "names", make) == []


ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@ON_ONE
def test_digests_are_those_of_the_store(stores: Stores, keyring: Keyring) -> None:
    """The same rows; and a segment that does not open is told, and nothing in its place."""
    memory = Memory()
    keep(stores, keyring, "a", "b", "c")
    with stores.main.reading() as db:
        once, again = memory.digests(db, keyring, Vendor), memory.digests(db, keyring, Vendor)
        assert once == again == store.digests(db, keyring, Vendor)
        assert once[0].values is again[0].values
    with stores.main.writing() as db:
        row = db.get(Segment, (keyring.account_id, "vendor", 2))
        assert row is not None
        row.sealed = row.sealed[:10] + bytes(20) + row.sealed[30:]
        db.add(row)
    with stores.main.reading() as db, pytest.raises(Sealed):
        memory.digests(db, keyring, Vendor)


@ON_ONE
def test_only_who_shows_the_key_is_told(stores: Stores, keyring: Keyring) -> None:
    """Another key of the same account finds nothing kept, and opens nothing; another account has its own."""
    memory, make = Memory(), Counting()
    keep(stores, keyring, "a")
    read(stores, keyring, memory, make)
    wren = account(stores, "wren")
    assert read(stores, wren, memory, make) == []
    assert set(memory.accounts()) == {keyring.account_id, wren.account_id}
    with stores.main.reading() as db, pytest.raises(Sealed):
        memory.pieces(db, Keyring(keyring.account_id, 1, bytes(32)), Vendor, "names", make)
    assert "a'" not in repr(memory)
    assert repr(memory) == "Memory(2 accounts)"


@ON_ONE
def test_what_is_locked_is_forgotten(stores: Stores, keyring: Keyring) -> None:
    """At a lock at once, at the end of the process altogether; afterwards it is made again."""
    memory, make = Memory(), Counting()
    keep(stores, keyring, "a")
    read(stores, keyring, memory, make)
    memory.forget(keyring.account_id)
    memory.forget(keyring.account_id)
    assert memory.accounts() == ()
    assert read(stores, keyring, memory, make) == ["a"]
    assert make.times == 2
    memory.clear()
    assert memory.accounts() == ()


@ON_ONE
def test_memory_is_bounded(stores: Stores, keyring: Keyring) -> None:
    """Past the room the account that was not used for longest goes; one that is too large alone is not kept, and still answered."""
    memory, make = Memory(room=250), Counting()
    wren = account(stores, "wren")
    keep(stores, keyring, "a", "b", "c")
    keep(stores, wren, "d")
    read(stores, keyring, memory, make)
    assert memory.accounts() == (keyring.account_id,)
    read(stores, wren, memory, make)
    assert memory.accounts() == (wren.account_id,)
    keep(stores, keyring, "e", "f")
    assert read(stores, keyring, memory, make) == ["a", "b", "c", "e", "f"]
    assert memory.accounts() == ()


@ON_ONE
def test_a_value_is_made_again_for_another_version(stores: Stores, keyring: Keyring) -> None:
    memory = Memory()
    made = [memory.value(keyring, "documents", version.encode(), partial(Names, (version,))) for version in "112"]
    assert [piece.names for piece in made] == [("1",), ("1",), ("2",)]
    assert made[0] is made[1]


@ON_ONE
def test_two_at_once_make_it_once(stores: Stores, keyring: Keyring) -> None:
    memory, make = Memory(), Counting()
    keep(stores, keyring, "a", "b", "c")
    threads = [threading.Thread(target=read, args=(stores, keyring, memory, make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.times == 2


def test_some_records_are_opened_together(stores: Stores, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are there and of that kind, in pages of any size."""
    monkeypatch.setattr(store, "PAGE", 2)
    ids = keep(stores, keyring, "a", "b", "c")
    with stores.main.writing() as db:
        other = store.add(db, keyring, Item(term="pd:Name", value="x"), now=NOW)
        hidden = store.add(db, keyring, Vendor(name="hidden"), now=NOW, import_id="1" * 32)
    with stores.main.reading() as db:
        found = store.get_many(db, keyring, Vendor, [*ids, other, hidden, "f" * 32])
        assert {record_id: opened.fields.name for record_id, opened in found.items()} == dict(zip(ids, "abc", strict=True))
        told = store.values_of(db, keyring, Vendor, [*ids, other])
        assert [told[record_id]["name"] for record_id in ids] == ["a", "b", "c"]
        assert store.segment(db, keyring, Vendor, 9) == []
