"""*I was compromised*: a new account key and new ways in. What is sealed follows, see `resealing`.

`begin` is one transaction: before it the account opens with the old secrets, after it with the new ones, and the old key
is kept sealed under the new one, so that nothing has to wait to be opened. The caller holds the account's lock.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, delete, select

from vault import cipher, mailbox, resealing, slots
from vault.cipher import Cost
from vault.errors import SlotsTampered
from vault.keyring import Keyring
from vault.resealing import Scope
from vault.slot_set import set_mac
from vault.store import Account, MailboxKey, RetiredKey, Slot


@dataclass(frozen=True)
class Draft:
    """Everything new, made without a database because the derivation is slow."""

    keyring: Keyring
    slots: tuple[Slot, ...] = field(repr=False)
    recovery_code: str = field(repr=False)
    mailbox_key: MailboxKey = field(repr=False)


def draft(old: Keyring, passphrase: str, *, cost: Cost, now: datetime) -> Draft:
    """A new key of the next generation, a passphrase slot and a recovery slot for it, a new mailbox key. Slow and pure."""
    keyring = old.successor()
    recovery_slot, code = slots.new_recovery_slot(keyring, now=now)
    both = (slots.new_passphrase_slot(keyring, passphrase, cost=cost, now=now), recovery_slot)
    return Draft(keyring, both, code, mailbox.new_mailbox(keyring, now=now))


def begin(db: Session, old: Keyring, drafted: Draft, scope: Scope, *, now: datetime) -> Account:
    """Put the new slots in place of all old ones and keep the old key sealed under the new one. Returns the account.

    Raises `SlotsTampered` when the set of slots is not the one last written, or another rotation came first; `Sealed` when
    a mailbox key is not the account's own.
    """
    new = drafted.keyring
    chosen = select(Account).where(Account.account_id == old.account_id).with_for_update().execution_options(populate_existing=True)
    account = db.exec(chosen).one()
    before = slots.slots_of(db, account.account_id)
    if account.generation != old.generation or not cipher.same(account.slot_mac, set_mac(account, before, old)):
        raise SlotsTampered
    db.add_all(drafted.slots)
    db.flush()
    db.exec(delete(Slot).where(col(Slot.account_id) == account.account_id, col(Slot.slot_id).in_([slot.slot_id for slot in before])))
    _hand_over(db, old, new, now=now)
    db.add(drafted.mailbox_key)
    account.generation, account.mailbox_key_id = new.generation, drafted.mailbox_key.key_id
    account.slot_counter += 1
    account.slot_mac = set_mac(account, drafted.slots, new)
    db.add(account)
    db.flush()
    resealing.expect(db, new, scope, now=now)
    resealing.remember(db, new)
    return account


def _hand_over(db: Session, old: Keyring, new: Keyring, *, now: datetime) -> None:
    """Keep under the new key what the old one kept: keys retired before it, itself, and the mailbox keys."""
    for retired in resealing.retired_keys(db, old):
        retired.sealed = new.seal_bytes(resealing.retired_place(retired), old.open_bytes(resealing.retired_place(retired), retired.sealed))
        db.add(retired)
    own = RetiredKey(account_id=old.account_id, generation=old.generation, sealed=b"", retired_at=now)
    own.sealed = new.seal_bytes(resealing.retired_place(own), old.export_amk())
    db.add(own)
    for key in db.exec(select(MailboxKey).where(MailboxKey.account_id == old.account_id).execution_options(populate_existing=True)):
        mailbox.reseal(key, old, new)
        key.retired_at = key.retired_at or now
        db.add(key)
    db.flush()
