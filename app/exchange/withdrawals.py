"""Withdrawing a permission: whole in the main database first, then in the journal that no backup holds, then the answer.

The journal makes it stick: a main database restored from before the withdrawal cannot bring the permission back.
"""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.commits import after_commit
from app.database import Store
from app.exchange import offers, outbox, releases
from app.state import Withdrawal
from consent import grants
from consent.act import Act, Signer
from consent.store import Grant
from vault import accounts
from vault.instance import InstanceKeys


def withdraw(db: Session, state: Store, act: Act, grant: Grant) -> None:
    """Withdraw a permission for good. Its journal entry follows the commit of `db` and precedes the answer; so does the end of
    what is just being sent about it.

    Raises `consent.errors.IllegalTransition` when the permission has already ended; `act.signer` signs the receipt.
    """
    account_id, grant_id, now = grant.account_id, grant.grant_id, act.now
    grants.withdraw(db, act, grant)
    releases.forget(db, account_id, grant_id)
    offers.forget(db, account_id, grant_id)

    def before_the_answer() -> None:
        journal(state, account_id, grant_id, now=now)
        outbox.wait_until_quiet(db.get_bind(), account_id, grant_id)

    after_commit(db, before_the_answer)


def journal(state: Store, account_id: str, grant_id: str, *, now: datetime) -> None:
    """Note a withdrawal that has been committed, and destroy the key around what was released by it. Twice changes nothing."""
    with state.writing() as db:
        releases.destroy_key(db, account_id, grant_id)
        if db.get(Withdrawal, (account_id, grant_id)) is None:
            try:
                with db.begin_nested():
                    db.add(Withdrawal(account_id=account_id, grant_id=grant_id, at=now))
            except IntegrityError:  # another process noted it first
                db.expire_all()


def apply_journal(db: Session, state: Store, instance: InstanceKeys, *, account_id: str | None = None, now: datetime) -> int:
    """End every permission, of one account or of all, that the journal knows as withdrawn and a restored database does not.

    The instance signs: it repeats what the owner did, and the owner may be away. Returns how many were alive again.
    """
    chosen = select(Withdrawal).order_by(col(Withdrawal.account_id), col(Withdrawal.grant_id))
    with state.reading() as journalled_:
        rows = journalled_.exec(chosen if account_id is None else chosen.where(Withdrawal.account_id == account_id)).all()
    ended = 0
    for row in rows:
        grant = grants.find(db, row.account_id, row.grant_id)
        if grant is not None and grant.status in grants.LIVE:
            signer = Signer(kid=instance.kid, public=instance.signing_public, attested_by="instance", sign=instance.sign)
            act = Act(row.account_id, "instance", now, accounts.mailbox(db, row.account_id).seal, signer)
            grants.withdraw(db, act, grant)
            releases.forget(db, row.account_id, row.grant_id)
            offers.forget(db, row.account_id, row.grant_id)
            releases.destroy_after(db, state, grant)
            ended += 1
    return ended
