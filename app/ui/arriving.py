"""A short transaction beside a page's own, for what opening a page means by itself: what came in moves under its letter or company."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from app.auth.owner import Owner, locked
from app.exchange import arrivals, reminders
from vault import accounts


@contextmanager
def writing(owner: Owner) -> Iterator[Session]:
    """The transaction, as a form's; the page's own looks again behind it. Raises NotUnlocked when the session has ended."""
    # A snapshot that this page itself still held would keep the log from being emptied of what is deleted.
    owner.db.rollback()
    with locked(owner.stores, owner.session, now=owner.now) as db:
        yield db
    owner.db.rollback()


def collect(owner: Owner) -> None:
    """Let in what has come since the unlock."""
    if arrivals.waiting(owner.db, owner.account_id):
        with writing(owner) as db:
            arrivals.collect(db, owner.keyring, accounts.open_mailbox(db, owner.keyring), now=owner.now)
            reminders.renew(db, owner.keyring, lambda: owner.profile, owner.instance, now=owner.now)
