"""Deleting an account: no row of it stays, in either database, and nothing that could be read."""

from sqlmodel import col, delete, func, select, update

from app.auth import instance_ledger, sessions
from app.auth.owner import Owner
from app.database import Stores
from app.exchange import outbox
from app.state import LedgerMark, ReleaseKey, SlotMark, Withdrawal
from app.tables import DeviceCode, GrantToken, IdempotentAnswer
from consent.store import Grant
from vault.store import Account


def last_operator(owner: Owner) -> bool:
    """Whether nobody would be left to run this instance from a browser."""
    operators = select(func.count()).where(col(Account.operator), col(Account.account_id) != owner.account_id)
    return owner.account.operator and owner.db.exec(operators).one() == 0


def leave(owner: Owner) -> None:
    """Delete the account. Companies' tokens become tombstones that lead to nobody and answer `gone` for thirty days.

    What the account's keys sealed is deleted with the slots that opened them; on SQLite the log is emptied as well. The
    instance ledger says that an owner left, not who. Sessions end before this transaction is committed.
    """
    db, account_id = owner.db, owner.account_id
    granted = [f"grant:{grant_id}" for grant_id in db.exec(select(Grant.grant_id).where(Grant.account_id == account_id))]
    mine = col(GrantToken.account_id) == account_id
    db.exec(update(GrantToken).where(mine).values(account_id=None, grant_id=None, client_id=None, gone_at=owner.now))
    db.exec(delete(DeviceCode).where(col(DeviceCode.account_id) == account_id))
    db.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.caller).in_(granted)))
    outbox.erase(db, account_id, now=owner.now)
    db.flush()
    db.expunge_all()
    # Every other table of an owner goes with the account: its foreign keys say so, and a test holds them to it.
    db.exec(delete(Account).where(col(Account.account_id) == account_id))
    instance_ledger.append(db, "owner.left", actor="owner", details={}, now=owner.now)
    db.flush()
    sessions.end_others(owner.stores.state, account_id, keep=None)
    owner.afterwards.append(lambda: _forget(owner.stores, account_id))
    owner.shred_after()


def _forget(stores: Stores, account_id: str) -> None:
    with stores.state.writing() as state:
        for table in (LedgerMark, ReleaseKey, SlotMark, Withdrawal):
            state.exec(delete(table).where(col(table.account_id) == account_id))
    stores.state.shred()
