"""Accounts: opening one, finding one."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from vault import slot_set, slots
from vault.cipher import Cost
from vault.errors import BadLogin, LoginTaken
from vault.keyring import Keyring
from vault.mailbox import Mailbox, OpenMailbox, mailbox_of, new_mailbox
from vault.store import Account, MailboxKey, Slot

LONGEST_LOGIN = 64


@dataclass(frozen=True)
class NewAccount:
    """A new account, opened. The recovery code is shown once."""

    account: Account
    keyring: Keyring
    mailbox: Mailbox
    recovery_code: str

    def __repr__(self) -> str:
        return f"NewAccount(account_id={self.account.account_id!r}, <redacted>)"


@dataclass(frozen=True)
class Draft:
    """Every row of an account that is not yet stored; made without a database, because the derivation is slow."""

    new: NewAccount
    slots: tuple[Slot, ...]
    mailbox_key: MailboxKey

    def __repr__(self) -> str:
        return f"Draft({self.new!r})"


def normal_login(login: str) -> str:
    """The one form of a login: NFKC, lower case, no space around it. Raises `BadLogin`."""
    normal = unicodedata.normalize("NFKC", login).casefold().strip()
    if not 1 <= len(normal) <= LONGEST_LOGIN or not normal.isprintable() or " " in normal:
        raise BadLogin
    return normal


def draft(login: str, passphrase: str, *, operator: bool, cost: Cost, now: datetime) -> Draft:
    """Everything of a new account but its storing. Slow and pure. Raises `BadLogin`."""
    name = normal_login(login)
    keyring = Keyring.create(secrets.token_hex(16))
    mailbox_key = new_mailbox(keyring, now=now)
    recovery_slot, code = slots.new_recovery_slot(keyring, now=now)
    both = (slots.new_passphrase_slot(keyring, passphrase, cost=cost, now=now), recovery_slot)
    account = Account(
        account_id=keyring.account_id,
        login=name,
        operator=operator,
        generation=keyring.generation,
        slot_counter=1,
        slot_mac=b"",
        mailbox_key_id=mailbox_key.key_id,
        created_at=now,
    )
    account.slot_mac = slot_set.set_mac(account, both, keyring)
    return Draft(NewAccount(account, keyring, mailbox_of(mailbox_key), code), both, mailbox_key)


def store(db: Session, drafted: Draft) -> NewAccount:
    """Store a drafted account in the caller's transaction. Raises `LoginTaken`; the transaction goes on as if nothing was tried."""
    try:
        with db.begin_nested():
            db.add(drafted.new.account)
            db.flush()
            db.add_all([*drafted.slots, drafted.mailbox_key])
            db.flush()
    except IntegrityError:
        raise LoginTaken from None
    return drafted.new


def create(db: Session, login: str, passphrase: str, *, operator: bool, cost: Cost, now: datetime) -> NewAccount:
    """Account, passphrase slot, recovery slot and mailbox key. Raises `BadLogin`, `LoginTaken`."""
    return store(db, draft(login, passphrase, operator=operator, cost=cost, now=now))


def by_login(db: Session, login: str) -> Account | None:
    """The account of that name, however it is typed."""
    try:
        name = normal_login(login)
    except BadLogin:
        return None
    return db.exec(select(Account).where(Account.login == name)).one_or_none()


def mailbox(db: Session, account_id: str) -> Mailbox:
    """The public half to which the account's mail is sealed now."""
    current = (col(MailboxKey.account_id) == col(Account.account_id)) & (col(MailboxKey.key_id) == col(Account.mailbox_key_id))
    return mailbox_of(db.exec(select(MailboxKey).join(Account, current).where(Account.account_id == account_id)).one())


def open_mailbox(db: Session, keyring: Keyring) -> OpenMailbox:
    """Every mailbox key of an opened account. Raises `Sealed` when one is not the account's own."""
    return OpenMailbox(keyring, db.exec(select(MailboxKey).where(MailboxKey.account_id == keyring.account_id)).all())
