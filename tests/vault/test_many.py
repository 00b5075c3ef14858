"""Many records removed at once, and what waits to be published: as one by one, and no other's."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.database import Stores
from tests.factories import NOW, make_account
from vault import store
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.records import Import, Item, Vendor
from vault.segments import ROOM
from vault.store import Record, Segment

ONE = "a" * 32


def names(db: Session, keyring: Keyring) -> set[str]:
    return {str(digest.values["name"]) for digest in store.digests(db, keyring, Vendor)}


def test_many_leave_together(stores: Stores) -> None:
    """Over several segments, with their digests; what is of another kind or account stays."""
    _account, keyring, _box = make_account(stores)
    _other, others, _box = make_account(stores, "sam")
    with stores.main.writing() as db:
        drafts = [
            store.draft(keyring, store.Opened(f"{number:032x}", Vendor(name=f"Shop {number}"), NOW, NOW)) for number in range(ROOM + 5)
        ]
        store.add_drafts(db, keyring, drafts)
        item = store.add(db, keyring, Item(term="pd:Name", value="x"), now=NOW)
        theirs = store.add(db, others, Vendor(name="Theirs"), now=NOW)
    with stores.main.writing() as db:
        wanted = [f"{number:032x}" for number in range(3, ROOM + 4)]
        assert store.remove_many(db, keyring, Vendor, [*wanted, item, theirs, "f" * 32]) == len(wanted)
    with stores.main.reading() as db:
        assert names(db, keyring) == {"Shop 0", "Shop 1", "Shop 2", f"Shop {ROOM + 4}"}
        assert sum(segment.count for segment in db.exec(select(Segment).where(Segment.account_id == keyring.account_id))) == 5
        assert store.get(db, keyring, Item, item) is not None
        assert names(db, others) == {"Theirs"}
    with stores.main.writing() as db:
        assert store.remove_many(db, keyring, Vendor, wanted) == 0


def test_a_segment_that_does_not_fit_its_records_is_refused(stores: Stores) -> None:
    """A digest that is missing stops the removal; nothing is gone."""
    _account, keyring, _box = make_account(stores)
    with stores.main.writing() as db:
        first, second = (store.add(db, keyring, Vendor(name=name), now=NOW) for name in ("One", "Two"))
        db.get_one(Record, (keyring.account_id, second)).segment = 1
        (segment,) = db.exec(select(Segment).where(col(Segment.account_id) == keyring.account_id)).all()
        kept = [digest for digest in store.digests(db, keyring, Vendor) if digest.record_id == first]
        assert len(kept) == 1
        record = db.get_one(Record, (keyring.account_id, second))
        store.remove(db, keyring, Vendor, second)
        db.add(Record(**{**record.model_dump(), "segment": segment.number}))
    with pytest.raises(Sealed), stores.main.writing() as db:
        store.remove_many(db, keyring, Vendor, [first, second])
    with stores.main.reading() as db:
        assert names(db, keyring) == {"One"}


def test_a_head_is_written_anew_while_it_waits(stores: Stores) -> None:
    """Only while it is there, still staged, of this kind and of this import."""
    _account, keyring, _box = make_account(stores)
    head = Import(import_id=ONE, format="mail", state="reading")
    later = NOW + timedelta(seconds=2)
    with stores.main.writing() as db:
        assert not store.restage(db, keyring, ONE, head, import_id=ONE, now=NOW)
        store.add(db, keyring, head, now=NOW, record_id=ONE, import_id=ONE)
        store.add(db, keyring, Vendor(name="Staged"), now=NOW, import_id=ONE)
        assert not store.restage(db, keyring, ONE, head, import_id="b" * 32, now=later)
        assert not store.restage(db, keyring, ONE, Vendor(name="x"), import_id=ONE, now=later)
        assert store.restage(db, keyring, ONE, head.model_copy(update={"file_name": "x"}), import_id=ONE, now=later)
    with stores.main.reading() as db:
        (found,) = store.heads(db, keyring, Import)
        assert (found.record_id, found.fields.file_name, found.created_at, found.updated_at) == (ONE, "x", NOW, later)
    with stores.main.writing() as db:
        store.publish(db, keyring, ONE, now=later)
        assert store.heads(db, keyring, Import) == []
        assert not store.restage(db, keyring, ONE, head, import_id=ONE, now=later)
