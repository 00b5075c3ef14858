"""What arrived while the owner was away moves from the mailbox into the owner's own records, once the vault is open."""

import json
from datetime import datetime

from sqlmodel import Session, col, select

from app.exchange import matched, offers
from app.tables import Message
from vault import shredding, store
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import MessageRecord

PURPOSE = "message"


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Open every sealed message of the account into a record, and apply what vendors took back. Returns how many came in.

    A message that does not open (its row was tampered with) is left where it is; the ledger still shows that it came.
    """
    waiting = select(Message).where(Message.account_id == keyring.account_id, col(Message.sealed).is_not(None))
    came = 0
    for row in db.exec(waiting.order_by(col(Message.accepted_at))):
        try:
            words = json.loads(mailbox.open(PURPOSE, (row.client_id, row.message_id), row.sealed or b""))
        except Sealed:
            continue
        store.add(db, keyring, MessageRecord.model_validate(words), now=now, record_id=row.message_id)
        row.sealed = None
        db.add(row)
        came += 1
    if came:
        shredding.mark(db, "message")
    came += matched.collect(db, keyring, mailbox, now=now)
    _take_back(db, keyring, now=now)
    return came


def waiting(db: Session, account_id: str) -> bool:
    """Whether anything is sealed in the mailbox or was taken back since: one look before a write transaction is opened."""
    sealed = select(Message.message_id).where(Message.account_id == account_id, col(Message.sealed).is_not(None)).limit(1)
    return db.exec(sealed).first() is not None or matched.waiting(db, account_id)


def _take_back(db: Session, keyring: Keyring, *, now: datetime) -> None:
    """An offer that the owner never opened goes; one that was opened stays with the owner, marked."""
    taken = select(Message.message_id, Message.kind, Message.taken_back_at).where(
        Message.account_id == keyring.account_id, col(Message.taken_back_at).is_not(None)
    )
    offered = matched.records(db, keyring)
    for sent_as, kind, at in db.exec(taken):
        message_id = offered.get(sent_as, "") if kind == offers.KIND else sent_as
        opened = store.get(db, keyring, MessageRecord, message_id)
        if opened is None or opened.fields.taken_back_at is not None:
            continue
        if opened.fields.read_at is None:
            store.remove(db, keyring, MessageRecord, message_id)
        else:
            store.replace(db, keyring, message_id, opened.fields.model_copy(update={"taken_back_at": at}), now=now)
