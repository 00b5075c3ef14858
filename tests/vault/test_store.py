"""Records, and the digest segments that change with them or not at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func
from sqlmodel import Session, col, select, update

from app.database import Stores
from consent.store import LedgerHead
from vault import accounts, segments, store
from vault.cipher import FLOOR
from vault.envelope import Place
from vault.errors import NoSuchRecord, Sealed
from vault.keyring import Keyring
from vault.records import Item, Kit, Vendor
from vault.store import Record, Segment

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
IMPORT = "1" * 32


@pytest.fixture
def keyring(stores: Stores) -> Keyring:
    return account(stores, "robin")


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three digests fill a segment."""
    monkeypatch.setattr(segments, "ROOM", 3)


def account(stores: Stores, login: str) -> Keyring:
    with stores.main.writing() as db:
        return accounts.create(db, login, "a passphrase", operator=False, cost=FLOOR, now=NOW).keyring


def names(db: Session, keyring: Keyring) -> list[str]:
    return sorted(str(digest.values["name"]) for digest in store.digests(db, keyring, Vendor))


def filled(db: Session, keyring: Keyring) -> list[tuple[int, int]]:
    rows = select(Segment.number, Segment.count).where(Segment.account_id == keyring.account_id).order_by(col(Segment.number))
    return [(number, count) for number, count in db.exec(rows)]


def test_a_record_is_kept_changed_and_removed(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        record_id = store.add(db, keyring, Vendor(name="Corner Shop"), now=NOW)
    with stores.main.writing() as db:
        opened = store.get(db, keyring, Vendor, record_id)
        assert opened == store.Opened(record_id, Vendor(name="Corner Shop"), NOW, NOW)
        store.replace(db, keyring, record_id, Vendor(name="Corner Shop & Son"), now=LATER)
    with stores.main.writing() as db:
        assert store.get(db, keyring, Vendor, record_id) == store.Opened(record_id, Vendor(name="Corner Shop & Son"), NOW, LATER)
        (digest,) = store.digests(db, keyring, Vendor)
        assert digest[:3] == (record_id, NOW, LATER) and digest.values["name"] == "Corner Shop & Son"
        assert store.remove(db, keyring, Vendor, record_id)
    with stores.main.writing() as db:
        assert store.get(db, keyring, Vendor, record_id) is None
        assert store.digests(db, keyring, Vendor) == [] == filled(db, keyring)
        assert not store.remove(db, keyring, Vendor, record_id)
        with pytest.raises(NoSuchRecord):
            store.replace(db, keyring, record_id, Vendor(name="x"), now=LATER)


def test_an_id_can_be_given(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        assert store.add(db, keyring, Kit(code="c"), now=NOW, record_id="a" * 32) == "a" * 32


def test_kinds_do_not_answer_for_each_other(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        record_id = store.add(db, keyring, Item(term="pd:Age", value="7"), now=NOW)
        assert store.get(db, keyring, Vendor, record_id) is None
        assert not store.remove(db, keyring, Vendor, record_id)
        with pytest.raises(NoSuchRecord):
            store.replace(db, keyring, record_id, Vendor(name="x"), now=NOW)
        assert store.digests(db, keyring, Vendor) == [] == list(store.all_of(db, keyring, Vendor))


def test_accounts_do_not_see_each_other(stores: Stores, keyring: Keyring) -> None:
    other = account(stores, "wren")
    with stores.main.writing() as db:
        mine, theirs = (store.add(db, owner, Vendor(name=owner.account_id), now=NOW) for owner in (keyring, other))
        assert store.get(db, keyring, Vendor, theirs) is None and not store.remove(db, keyring, Vendor, theirs)
        assert names(db, keyring) == [keyring.account_id]
        assert [opened.record_id for opened in store.all_of(db, other, Vendor)] == [theirs]
        assert store.get(db, keyring, Vendor, mine) is not None


@pytest.mark.usefixtures("small_segments")
def test_segments_fill_shrink_and_are_filled_again(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        ids = [store.add(db, keyring, Vendor(name=f"V{number}"), now=NOW) for number in range(7)]
        assert filled(db, keyring) == [(1, 3), (2, 3), (3, 1)]
        assert (store.count(db, keyring.account_id, Vendor), store.count(db, keyring.account_id, Item)) == (7, 0)
        assert store.remove(db, keyring, Vendor, ids[0]) and store.remove(db, keyring, Vendor, ids[6])
        assert filled(db, keyring) == [(1, 2), (2, 3)]
        assert [store.add(db, keyring, Vendor(name=f"W{number}"), now=NOW) for number in range(2)]
        assert filled(db, keyring) == [(1, 3), (2, 3), (3, 1)]
        for record_id in ids[3:6]:
            store.remove(db, keyring, Vendor, record_id)
        assert filled(db, keyring) == [(1, 3), (3, 1)]
        store.replace(db, keyring, ids[1], Vendor(name="changed"), now=LATER)
        assert names(db, keyring) == ["V2", "W0", "W1", "changed"]


@pytest.mark.usefixtures("small_segments")
def test_an_import_shows_nothing_until_it_is_applied_and_then_everything(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        store.add(db, keyring, Vendor(name="before"), now=NOW)
    staged = []
    for number in range(8):
        with stores.main.writing() as db:
            staged.append(store.add(db, keyring, Vendor(name=f"V{number}"), now=NOW, import_id=IMPORT))
            store.add(db, keyring, Item(term="pd:Age", value=str(number)), now=NOW, import_id=IMPORT)
            store.add(db, keyring, Vendor(name="of another import"), now=NOW, import_id="2" * 32)
    with stores.main.writing() as db:
        assert names(db, keyring) == ["before"] and store.digests(db, keyring, Item) == []
        assert store.get(db, keyring, Vendor, staged[0]) is None and not store.remove(db, keyring, Vendor, staged[0])
        assert len(list(store.all_of(db, keyring, Vendor))) == 1
        with pytest.raises(NoSuchRecord):
            store.replace(db, keyring, staged[0], Vendor(name="x"), now=NOW)
        assert [opened.record_id for opened in store.staged(db, keyring, Vendor, IMPORT)] == sorted(staged)
        assert store.publish(db, keyring, IMPORT, now=LATER) == 16
    with stores.main.writing() as db:
        assert names(db, keyring) == sorted(["before", *(f"V{number}" for number in range(8))])
        assert len(store.digests(db, keyring, Item)) == 8
        opened = store.get(db, keyring, Vendor, staged[0])
        assert opened is not None and (opened.created_at, opened.updated_at) == (NOW, LATER)
        assert store.publish(db, keyring, IMPORT, now=LATER) == 0
        for record_id in staged:
            store.replace(db, keyring, record_id, Vendor(name="after"), now=LATER)
        assert names(db, keyring) == ["after"] * 8 + ["before"]


def test_a_discarded_import_leaves_nothing(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        store.add(db, keyring, Vendor(name="stays"), now=NOW)
        for _ in range(3):
            store.add(db, keyring, Vendor(name="goes"), now=NOW, import_id=IMPORT)
        assert store.discard(db, "f" * 32, IMPORT) == 0
        assert store.discard(db, keyring.account_id, IMPORT) == 3
        assert list(store.staged(db, keyring, Vendor, IMPORT)) == [] and names(db, keyring) == ["stays"]
        assert db.exec(select(func.count()).select_from(Record)).one() == 1


def test_abandoned_imports_are_found_by_their_last_record(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        store.add(db, keyring, Vendor(name="no import"), now=NOW)
        store.add(db, keyring, Vendor(name="old"), now=NOW, import_id=IMPORT)
        for moment in (NOW, LATER):
            store.add(db, keyring, Vendor(name="still running"), now=moment, import_id="2" * 32)
        assert store.abandoned(db, before=LATER) == [(keyring.account_id, IMPORT)]
        assert store.abandoned(db, before=NOW) == []


def test_an_import_that_does_not_open_shows_none_of_itself(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        for number in range(3):
            store.add(db, keyring, Vendor(name=f"V{number}"), now=NOW, import_id=IMPORT, record_id=str(number) * 32)
        db.exec(update(Record).where(col(Record.record_id) == "1" * 32).values(sealed=b"\x01"))
    with pytest.raises(Sealed), stores.main.writing() as db:
        store.publish(db, keyring, IMPORT, now=NOW)
    with stores.main.reading() as db:
        assert store.digests(db, keyring, Vendor) == []


def test_a_rolled_back_write_changes_neither_record_nor_digest(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        record_id = store.add(db, keyring, Vendor(name="first"), now=NOW)
    with pytest.raises(ZeroDivisionError), stores.main.writing() as db:
        store.replace(db, keyring, record_id, Vendor(name="second"), now=NOW)
        store.add(db, keyring, Vendor(name="third"), now=NOW)
        raise ZeroDivisionError
    with stores.main.reading() as db:
        assert names(db, keyring) == ["first"]
        assert [opened.fields.name for opened in store.all_of(db, keyring, Vendor)] == ["first"]


def test_every_record_comes_in_pages(stores: Stores, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAGE", 3)
    with stores.main.writing() as db:
        ids = [store.add(db, keyring, Vendor(name=f"V{number}"), now=NOW) for number in range(6)]
        assert [opened.record_id for opened in store.all_of(db, keyring, Vendor)] == sorted(ids)


def test_a_record_whose_fields_do_not_fit_its_model_is_sealed(stores: Stores, keyring: Keyring) -> None:
    """Pydantic's error would repeat what the record says."""
    with stores.main.writing() as db:
        record_id = store.add(db, keyring, Vendor(name="x"), now=NOW)
        record = db.exec(select(Record)).one()
        record.sealed = keyring.seal(Place("record", "vendor", record_id, keyring.account_id, 1), {"name": "x", "colour": "canary"})
        db.flush()
        with pytest.raises(Sealed) as refused:
            store.get(db, keyring, Vendor, record_id)
        assert refused.value.__cause__ is None and refused.value.__suppress_context__


@pytest.mark.parametrize("count", [1, 3])
def test_a_segment_with_another_count_than_lines_is_sealed(count: int, stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        ids = [store.add(db, keyring, Vendor(name=name), now=NOW) for name in "ab"]
        db.exec(update(Segment).values(count=count))
    with stores.main.writing() as db:
        for touch in (
            lambda: store.digests(db, keyring, Vendor),
            lambda: store.add(db, keyring, Vendor(name="c"), now=NOW),
            lambda: store.remove(db, keyring, Vendor, ids[0]),
        ):
            with pytest.raises(Sealed):
                touch()


def test_a_record_whose_digest_is_missing_is_sealed(stores: Stores, keyring: Keyring) -> None:
    with stores.main.writing() as db:
        ids = [store.add(db, keyring, Vendor(name=name), now=NOW) for name in "ab"]
        db.exec(update(Record).where(col(Record.record_id) == ids[0]).values(segment=None))
        with pytest.raises(Sealed):
            store.replace(db, keyring, ids[0], Vendor(name="c"), now=NOW)


def test_writers_at_once_lose_nothing(stores: Stores, keyring: Keyring) -> None:
    """Two writers of one account, each under the account's lock as the doors take it: every digest is there."""
    with stores.main.writing() as db:
        db.add(LedgerHead(account_id=keyring.account_id, ledger_id="1" * 32, head=bytes(32)))

    def write(name: str) -> None:
        for _ in range(12):
            with stores.main.writing() as db:
                db.exec(select(LedgerHead).where(LedgerHead.account_id == keyring.account_id).with_for_update()).one()
                store.add(db, keyring, Vendor(name=name), now=NOW)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, "abc"))
    with stores.main.reading() as db:
        assert names(db, keyring) == [*"a" * 12, *"b" * 12, *"c" * 12]
        assert filled(db, keyring) == [(1, 36)]


def swapped(db: Session, stores: Stores, keyring: Keyring) -> Iterator[str]:
    """Every sealed value of records and segments put in the place of every other, one at a time."""
    rows: list[Record | Segment] = [*db.exec(select(Record)).all(), *db.exec(select(Segment)).all()]
    values = [row.sealed for row in rows]
    for (at, row), (other, _row) in permutations(enumerate(rows), 2):
        row.sealed = values[other]
        db.flush()
        yield f"{type(row).__name__} {at} <- {other}"
        row.sealed = values[at]
    db.flush()


def test_no_sealed_value_opens_in_the_place_of_another(stores: Stores, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, kinds, tables and accounts: the whole matrix, one error."""
    monkeypatch.setattr(segments, "ROOM", 2)
    other = account(stores, "wren")
    with stores.main.writing() as db:
        for owner in (keyring, other):
            for number in range(3):
                store.add(db, owner, Vendor(name=f"V{number}"), now=NOW)
            store.add(db, owner, Item(term="pd:Age", value="7"), now=NOW)
        refused = 0
        for _move in swapped(db, stores, keyring):
            for owner in (keyring, other):
                for read in (
                    lambda owner=owner: list(store.all_of(db, owner, Vendor)),
                    lambda owner=owner: list(store.all_of(db, owner, Item)),
                    lambda owner=owner: store.digests(db, owner, Vendor),
                    lambda owner=owner: store.digests(db, owner, Item),
                ):
                    try:
                        read()
                    except Sealed:
                        refused += 1
        assert refused == 14 * 13
        assert len(names(db, keyring)) == 3


class Shelf(RuleBasedStateMachine):
    """Whatever is done in whatever order, digests and records tell the same story, and it is the right one."""

    stores: Stores
    keyring: Keyring

    @initialize()
    def begin(self) -> None:
        self.model: dict[str, str] = {}
        self.hidden: dict[str, str] = {}
        self.session = Session(self.stores.main.writer, expire_on_commit=False)
        self.step = 0

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.rollback()
            self.session.close()

    def tick(self) -> datetime:
        self.step += 1
        return NOW + timedelta(seconds=self.step)

    @rule(name=st.sampled_from("abc"), staged=st.booleans())
    def add(self, name: str, staged: bool) -> None:
        record_id = store.add(self.session, self.keyring, Vendor(name=name), now=self.tick(), import_id=IMPORT if staged else None)
        (self.hidden if staged else self.model)[record_id] = name

    @precondition(lambda self: self.model)
    @rule(name=st.sampled_from("def"), data=st.data())
    def replace(self, name: str, data: st.DataObject) -> None:
        record_id = data.draw(st.sampled_from(sorted(self.model)))
        store.replace(self.session, self.keyring, record_id, Vendor(name=name), now=self.tick())
        self.model[record_id] = name

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        record_id = data.draw(st.sampled_from(sorted(self.model)))
        assert store.remove(self.session, self.keyring, Vendor, record_id)
        del self.model[record_id]

    @rule(applied=st.booleans())
    def end_import(self, applied: bool) -> None:
        if applied:
            assert store.publish(self.session, self.keyring, IMPORT, now=self.tick()) == len(self.hidden)
            self.model |= self.hidden
        else:
            assert store.discard(self.session, self.keyring.account_id, IMPORT) == len(self.hidden)
        self.hidden = {}

    @invariant()
    def tells_the_truth(self) -> None:
        if not hasattr(self, "model"):
            return
        assert {digest.record_id: digest.values["name"] for digest in store.digests(self.session, self.keyring, Vendor)} == self.model
        opened = list(store.all_of(self.session, self.keyring, Vendor))
        assert {record.record_id: record.fields.name for record in opened} == self.model
        assert {digest[:3] for digest in store.digests(self.session, self.keyring, Vendor)} == {
            (record.record_id, record.created_at, record.updated_at) for record in opened
        }
        assert all(0 < count <= segments.ROOM for _number, count in filled(self.session, self.keyring))


@pytest.mark.usefixtures("small_segments")
def test_digests_and_records_always_tell_the_same_story(stores: Stores, keyring: Keyring) -> None:
    Shelf.stores, Shelf.keyring = stores, keyring
    run_state_machine_as_test(Shelf, settings=profile(max_examples=15, stateful_step_count=20))
