"""Compiled statements: the same rows as SQLAlchemy's own way, on both databases, in the transaction at hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, literal, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.database import Stores
from consent import canonical, ledger
from consent.ledger import Line, Verified
from consent.statements import Lookup, Statement, together
from consent.store import LedgerEntry, LedgerHead
from tests.factories import NOW, make_account, owner_act
from vault.store import Account

_COLUMNS = (col(LedgerEntry.seq), col(LedgerEntry.at), col(LedgerEntry.hash), col(LedgerEntry.type))
_AFTER = Statement(
    lambda: sa_select(*_COLUMNS, literal("x")).where(col(LedgerEntry.seq) > bindparam("seq")).order_by(_COLUMNS[0]).limit(bindparam("most"))
)
_BY_TYPE = Lookup(lambda keys: select(*_COLUMNS).where(col(LedgerEntry.type).in_([bindparam(key) for key in keys])))
_TOUCH = Statement(lambda: update(Account).where(col(Account.account_id) == bindparam("account")).values(created_at=bindparam("at")))
_ACCOUNT = Statement(lambda: insert(Account))


def filled(stores: Stores, count: int) -> str:
    account, _keyring, mailbox = make_account(stores)
    with stores.main.writing() as db:
        act, types = owner_act(account, mailbox), sorted(ledger.TYPES)
        head = ledger.lock(db, account.account_id)
        ledger.append_all(db.connection(), {account.account_id: head}, [Line(act, types[n % len(types)], {"n": n}) for n in range(count)])
    return account.account_id


def test_rows_are_those_of_sqlalchemy(stores: Stores) -> None:
    """Instants come back aware and in UTC, bytes as bytes; a limit has its default beside it."""
    filled(stores, 5)
    with stores.main.reading() as db:
        expected = [(*row, "x") for row in db.execute(select(*_COLUMNS).where(_COLUMNS[0] > 2).order_by(_COLUMNS[0]).limit(2))]
        assert _AFTER.rows(db.connection(), {"seq": 2, "most": 2}) == expected
        assert len(expected) == 2
        assert expected[0][1] == NOW
        many = [{"seq": 4, "most": 9}, {"seq": 5, "most": 9}, {"seq": 0, "most": 1}]
        assert [[row[0] for row in rows] for rows in _AFTER.rows_each(db.connection(), many)] == [[5], [], [1]]
        assert _AFTER.rows_each(db.connection(), []) == []


def test_lookup_takes_any_number_of_keys(stores: Stores) -> None:
    """None, one, a few, more than go into one statement; keys that are there twice, and keys that are not there."""
    types = sorted(ledger.TYPES)
    filled(stores, len(types))
    with stores.main.reading() as db:

        def found(keys: Sequence[str]) -> list[str]:
            return sorted(row[3] for row in _BY_TYPE.rows(db.connection(), keys))

        for wanted in ([], types[:1], types[:3], types[:17]):
            assert found(wanted) == wanted
        assert found([types[0], types[0], "nothing"]) == types[:1]
        assert found([*(f"nothing-{n}" for n in range(64)), types[4]]) == [types[4]]


def test_what_goes_in_is_translated(stores: Stores) -> None:
    """An instant of another zone is stored as its UTC; nothing stays nothing; no rows are no statement."""
    account_id = filled(stores, 0)
    there = datetime(2027, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    with stores.main.writing() as db:
        _TOUCH.run_each(db.connection(), [{"account": account_id, "at": there}])
        _ACCOUNT.run_each(db.connection(), [])
    with stores.main.reading() as db:
        assert db.get_one(Account, account_id).created_at == there.astimezone(UTC)


def test_statements_that_are_sent_together(stores: Stores) -> None:
    """A lock, rows that come back, rows that go in: in order, and an error undoes what went before it."""
    account_id = filled(stores, 3)
    mine = Lookup(
        lambda keys: select(LedgerHead.account_id).where(col(LedgerHead.account_id).in_([bindparam(key) for key in keys])).with_for_update()
    )
    with stores.main.writing() as db, together(db.connection()):
        mine.run(db.connection(), [account_id])
        assert mine.rows(db.connection(), [account_id, "nobody"]) == [(account_id,)]
        assert [row[0] for row in _AFTER.rows(db.connection(), {"seq": 1, "most": 9})] == [2, 3]
        _TOUCH.run_each(db.connection(), [{"account": account_id, "at": NOW}, {"account": "nobody", "at": NOW}])
    twice = {
        "account_id": "b" * 32,
        "operator": False,
        "generation": 1,
        "slot_counter": 0,
        "slot_mac": b"",
        "mailbox_key_id": "",
        "created_at": NOW,
    }
    with pytest.raises(Exception, match=r"(?i)unique"), stores.main.writing() as db, together(db.connection()):
        _ACCOUNT.run_each(db.connection(), [{**twice, "login": login} for login in ("wren", "sparrow")])
    with stores.main.reading() as db:
        assert [account.login for account in db.exec(select(Account))] == ["robin"]


def entries(db: Session, account_id: str) -> list[LedgerEntry]:
    return list(db.exec(select(LedgerEntry).where(LedgerEntry.account_id == account_id).order_by(col(LedgerEntry.seq))))


def test_entries_written_together_hold(stores: Stores) -> None:
    """Two ledgers in one batch, lines mixed: each chain holds, and goes on by `append`."""
    made = [make_account(stores, login) for login in ("robin", "wren")]
    acts = [owner_act(account, mailbox) for account, _keyring, mailbox in made]
    with stores.main.writing() as db:
        heads = {act.account_id: ledger.lock(db, act.account_id) for act in acts}
        ledger.append_all(db.connection(), heads, [Line(acts[n % 2], "message.accepted", {"n": n}) for n in range(7)])
        ledger.append_all(db.connection(), heads, [])
    with stores.main.writing() as db:
        ledger.append(db, acts[0], "message.voted", {})
    with stores.main.reading() as db:
        for act, size in zip(acts, (5, 3), strict=True):
            head = db.get_one(LedgerHead, act.account_id)
            assert ledger.verify(head, entries(db, act.account_id)) == Verified(size, head.head)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT, TEXT | st.booleans() | st.none() | st.integers(-9, 9) | st.lists(TEXT)))
def test_short_way_to_canonical_bytes_is_the_same(value: dict[str, canonical.JSON]) -> None:
    """Flat objects are written by the standard library: byte for byte what RFC 8785 says."""
    assert canonical.dumps(value) == rfc8785.dumps(value)


def test_lone_surrogate_is_refused_in_the_same_words() -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical.dumps({"a": "\ud800"})
