"""A pause of everything: one switch of the owner that makes every grant answer as paused, and leaves each as it is.

It stands beside the grants, not in them, so that resuming gives each back what it was: given, paused by itself, suspended.
"""

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, select

from consent import events, ledger
from consent.act import Act
from consent.store import Gate, Grant


def paused(db: Session, account_id: str) -> bool:
    """Whether the owner has paused everything."""
    gate = db.get(Gate, account_id)
    return gate is not None and gate.paused_at is not None


def as_seen(status: str, *, everything: bool) -> str:
    """The status of a grant as its client sees it: while everything is paused, what is given is paused."""
    return "paused" if everything and status == "given" else status


def pause_all(db: Session, act: Act) -> bool:
    """Pause everything. Whether that changed something; each client whose grant it stops is told."""
    return _turn(db, act, "consent.paused", lambda gate: gate.paused_at is None)


def resume_all(db: Session, act: Act) -> bool:
    """Let go of the pause. Each client whose grant lets in again is told; grants that were paused one by one stay so."""
    return _turn(db, act, "consent.resumed", lambda gate: gate.paused_at is not None)


def _turn(db: Session, act: Act, event: str, changes: Callable[[Gate], bool]) -> bool:
    ledger.lock(db, act.account_id)
    gate = db.get(Gate, act.account_id, populate_existing=True) or Gate(account_id=act.account_id)
    if not changes(gate):
        return False
    gate.paused_at = act.now if event == "consent.paused" else None
    db.add(gate)
    stopped = _given(db, act)
    noted = {"grants": len(stopped)}
    ledger.append(db, act, "gate.paused" if event == "consent.paused" else "gate.resumed", noted)
    for grant in stopped:
        events.tell(db, act, event, grant.client_id, grant=grant)
    return True


def _given(db: Session, act: Act) -> Sequence[Grant]:
    """Grants that only this switch holds back."""
    held = select(Grant).where(Grant.account_id == act.account_id, Grant.status == "given", col(Grant.expires_at) > act.now)
    return db.exec(held.order_by(col(Grant.grant_id))).all()
