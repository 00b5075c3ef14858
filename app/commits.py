"""What must follow a commit: journals and keys in the other database, which may never run ahead of the main one."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

_WAITING = "after commit"


@dataclass(frozen=True)
class _Waiting:
    """One thing to be done, and the transaction or savepoint that asked for it."""

    within: SessionTransaction
    act: Callable[[], None]


def after_commit(db: Session, act: Callable[[], None]) -> None:
    """Do something as soon as the whole transaction of `db` is committed, before its session answers anybody.

    In the order of asking. A savepoint that is released is no commit; what was asked within a savepoint, or a transaction,
    that is rolled back is not done. Raises RuntimeError outside a transaction.
    """
    within = db.get_nested_transaction() or db.get_transaction()
    if within is None:
        raise RuntimeError("nothing will be committed: the session is in no transaction")
    waiting = db.info.get(_WAITING)
    if waiting is None:
        waiting = db.info[_WAITING] = []
        event.listen(db, "after_commit", _committed)
        event.listen(db, "after_soft_rollback", _rolled_back)
    waiting.append(_Waiting(within, act))


def _committed(db: Session) -> None:
    # SQLAlchemy tells of a released savepoint by the same event, while it is still the session's current one.
    if db.in_nested_transaction():
        return
    waiting: list[_Waiting] = db.info[_WAITING]
    due, waiting[:] = list(waiting), []
    for each in due:
        each.act()


def _rolled_back(db: Session, ended: SessionTransaction) -> None:
    waiting: list[_Waiting] = db.info[_WAITING]
    waiting[:] = [each for each in waiting if not _inside(each.within, ended)]


def _inside(transaction: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while transaction is not None and transaction is not ended:
        transaction = transaction.parent
    return transaction is ended
