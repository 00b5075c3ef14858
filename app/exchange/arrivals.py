"""What has come since the owner was last here, and what must be put in order now that the account is open."""

from datetime import datetime

from sqlmodel import Session

from app.exchange import crm_records, letters, missed, pledges
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox


def waiting(db: Session, account_id: str) -> bool:
    """Whether an answer or a version of a CRM record is still sealed: one look before a write transaction is opened."""
    return letters.waiting(db, account_id) or crm_records.waiting(db, account_id) or pledges.waiting(db, account_id)


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Open all of it into the owner's own records; how many."""
    return sum(noun.collect(db, keyring, mailbox, now=now) for noun in (letters, crm_records, missed, pledges))
