"""Opening an account and finding it again."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from app.database import Stores
from vault import accounts, slots
from vault.cipher import FLOOR
from vault.errors import BadLogin, LoginTaken
from vault.mailbox import new_mailbox
from vault.store import Account, MailboxKey, Slot

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_account_is_made_whole(stores: Stores) -> None:
    with stores.main.writing() as db:
        made = accounts.create(db, "  Robin ", "a passphrase", operator=True, cost=FLOOR, now=NOW)
    with stores.main.reading() as db:
        account = accounts.by_login(db, "ROBIN")
        assert account is not None
        assert (account.login, account.operator, account.created_at, account.account_id) == ("robin", True, NOW, made.keyring.account_id)
        found = slots.slots_of(db, account.account_id)
        opening = slots.open_with_passphrase(account, found, "a passphrase")
        assert opening is not None and slots.open_with_recovery(account, found, made.recovery_code) is not None
        mailbox = accounts.mailbox(db, account.account_id)
        assert mailbox == made.mailbox
        sealed = mailbox.seal("message", ["client"], b"hello")
        assert accounts.open_mailbox(db, opening.keyring).open("message", ["client"], sealed) == b"hello"


def test_the_current_mailbox_key_is_the_accounts(stores: Stores) -> None:
    with stores.main.writing() as db:
        made = accounts.create(db, "robin", "a passphrase", operator=False, cost=FLOOR, now=NOW)
        other = accounts.create(db, "wren", "a passphrase", operator=False, cost=FLOOR, now=NOW)
        db.add(new_mailbox(made.keyring, now=NOW))
    with stores.main.reading() as db:
        assert accounts.mailbox(db, made.account.account_id) == made.mailbox
        assert accounts.mailbox(db, other.account.account_id) == other.mailbox


def test_a_login_is_taken_once_and_the_transaction_goes_on(stores: Stores) -> None:
    with stores.main.writing() as db:
        accounts.create(db, "robin", "a passphrase", operator=False, cost=FLOOR, now=NOW)
    with stores.main.writing() as db:
        with pytest.raises(LoginTaken):
            accounts.create(db, "\uff32obin", "another", operator=False, cost=FLOOR, now=NOW)
        accounts.create(db, "wren", "another", operator=False, cost=FLOOR, now=NOW)
    with stores.main.reading() as db:
        assert sorted(db.exec(select(Account.login))) == ["robin", "wren"]
        assert len(db.exec(select(Slot)).all()) == 4
        assert len(db.exec(select(MailboxKey)).all()) == 2


@pytest.mark.parametrize("login", ["", "   ", "a b", "a\tb", "a\x00", "a\u202eb", "x" * 65])
def test_a_bad_login_is_refused_and_finds_nobody(login: str, stores: Stores) -> None:
    with stores.main.writing() as db:
        with pytest.raises(BadLogin):
            accounts.create(db, login, "a passphrase", operator=False, cost=FLOOR, now=NOW)
        assert accounts.by_login(db, login) is None


def test_limits_at_their_edges() -> None:
    assert accounts.normal_login("x" * 64) == "x" * 64
    assert accounts.normal_login("STRASSE") == accounts.normal_login("stra\u00dfe")


def test_an_unknown_login_is_none(stores: Stores) -> None:
    with stores.main.reading() as db:
        assert accounts.by_login(db, "nobody") is None


def test_a_new_account_shows_no_secret() -> None:
    draft = accounts.draft("robin", "a passphrase", operator=False, cost=FLOOR, now=NOW)
    assert repr(draft) == f"Draft(NewAccount(account_id={draft.new.account.account_id!r}, <redacted>))"
    assert draft.new.recovery_code not in repr(draft)
