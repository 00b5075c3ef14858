"""The clocks of promises: what falls due, breaks and lapses while the owner is away, and what that does to a grant.

A clock knows only what stands in the clear beside the sealed promise. Every moment is counted from the terms, not from when
somebody looked: a worker that was off for a year finds the same as one that never slept, and writes each step down once.
"""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.relationships import commitments
from app.tables import CommitmentClock
from consent import events, grants, ledger
from consent.act import Act
from consent.store import Grant
from consent.terms import Terms
from vault.records import Commitment

REASON = "commitment"
"""The class of reason of a suspension, as the client is told it."""

MENDABLE = frozenset({"broken", "disputed"})


def set_clock(db: Session, account_id: str, commitment_id: str, commitment: Commitment, *, in_return: int | None = None) -> CommitmentClock:
    """Bring the clock of a commitment up to where its record stands. `in_return`: its number among the promises of the terms.

    What was noticed once is not noticed again.
    """
    clock = find(db, account_id, commitment_id) or CommitmentClock(
        account_id=account_id, commitment_id=commitment_id, state="", in_return=in_return
    )
    breach, report = commitments.breach_of(commitment.events), commitments.waiting(commitment.events)
    clock.state = commitments.state(commitment.events)
    clock.grant_id = commitment.grant_id
    clock.remedy_seconds = commitments.remedy_seconds(commitment)
    clock.due_at = commitments.due(commitment)
    clock.broken_at = None if breach is None else breach.happened_at if breach.by == "clock" else breach.recorded_at
    clock.stopped_at = None if report is None else report.happened_at
    at = commitments.next_due(commitment, after=clock.noticed_at)
    clock.next_due_at = None if at is None or _noticed(clock, at) else at
    clock.lapsed_at = clock.lapsed_at if clock.state in MENDABLE else None
    clock.ahead_at = None
    db.add(clock)
    db.flush()
    return clock


def start(db: Session, act: Act, commitment_id: str, commitment: Commitment, *, in_return: int | None = None) -> CommitmentClock:
    """Start the clock of a promise of a client and write the promise down in the ledger."""
    clock = set_clock(db, act.account_id, commitment_id, commitment, in_return=in_return)
    backed = commitments.backing(commitment).backed
    made = {"commitment_id": commitment_id, "grant_id": commitment.grant_id, "promise": commitment.promise, "backed": backed}
    ledger.append(db, act, "commitment.made", made)
    return clock


def find(db: Session, account_id: str, commitment_id: str) -> CommitmentClock | None:
    """The clock of a commitment."""
    return db.get(CommitmentClock, (account_id, commitment_id))


def suspends(clock: CommitmentClock) -> bool:
    """Whether a grant rests on this promise: it was made in return, and is backed by a remedy with a time. Just words never suspend."""
    return clock.in_return is not None and clock.remedy_seconds is not None


def settle(db: Session, act: Act, clock: CommitmentClock) -> None:
    """Everything of one clock that is due by `act.now`, in its order, each step once. The caller holds the account's lock."""
    while clock.next_due_at is not None and clock.next_due_at <= act.now:
        at, clock.noticed_at, clock.next_due_at = clock.next_due_at, clock.next_due_at, None
        grant = grants.find(db, act.account_id, clock.grant_id) if clock.grant_id else None
        if clock.broken_at is not None:
            _lapse(db, act, clock, grant, at)
        else:
            _fall_due(db, act, clock, grant, at)
    db.add(clock)
    db.flush()


def stop(db: Session, act: Act, clock: CommitmentClock) -> None:
    """A report of the client came: the clock stands still until the owner decides. What was due before is settled first."""
    settle(db, act, clock)
    clock.stopped_at = clock.stopped_at or act.now
    clock.next_due_at = None
    db.add(clock)
    db.flush()


def let_go(db: Session, act: Act, grant_id: str) -> bool:
    """Lift the suspension of a grant when no promise that it rests on is past its remedy any more. Whether it was lifted."""
    grant = grants.find(db, act.account_id, grant_id)
    if grant is None or grant.status != "suspended" or grant.suspended_for != REASON or act.now >= grant.expires_at:
        return False
    if lapsed(db, grant):
        return False
    grants.lift(db, act, grant)
    return True


def forgive(db: Session, grant: Grant) -> None:
    """The owner lets a grant go on in spite of what lapsed: those promises stand as they are, and hold it up no more."""
    for clock in lapsed(db, grant):
        clock.lapsed_at = None
        db.add(clock)


def lapsed(db: Session, grant: Grant) -> list[CommitmentClock]:
    """The promises for which a grant is suspended: broken, and not made good in time."""
    return list(db.exec(_of(grant).where(col(CommitmentClock.lapsed_at).is_not(None)).order_by(col(CommitmentClock.lapsed_at))))


def carry_over(db: Session, grant: Grant, after: Terms) -> None:
    """A grant changes: promises that the new terms repeat are counted by them and go on; on others the grant rests no more."""
    before = grants.standing(grant).terms.in_return
    for clock in db.exec(_of(grant).where(col(CommitmentClock.in_return).is_not(None))):
        promise = before[clock.in_return or 0]
        clock.in_return = after.in_return.index(promise) if promise in after.in_return else None
        clock.lapsed_at = None
        db.add(clock)


def _of(grant: Grant):  # type: ignore[no-untyped-def]  # a select of clocks, whose name SQLModel keeps to itself
    return select(CommitmentClock).where(CommitmentClock.account_id == grant.account_id, CommitmentClock.grant_id == grant.grant_id)


def _ended(grant: Grant) -> datetime:
    """Until when the grant holds, or held: whoever wrote down its end may have come late."""
    return grant.expires_at if grant.status in grants.LIVE else min(grant.expires_at, grant.changed_at)


def _noticed(clock: CommitmentClock, at: datetime) -> bool:
    return clock.noticed_at is not None and at <= clock.noticed_at


def _fall_due(db: Session, act: Act, clock: CommitmentClock, grant: Grant | None, at: datetime) -> None:
    """The promise is due. Of one that a grant rested on then nothing was shown, or the clock would stand: so it is broken."""
    ledger.append(db, act, "commitment.due", {"commitment_id": clock.commitment_id, "due_at": at.isoformat()})
    _tell(db, act, grant, clock, "commitment.due")
    if clock.due_at is None:
        # Of a promise with a schedule only the sealed record knows what comes next, see `missed`.
        clock.ahead_at = act.now
    if not suspends(clock) or grant is None or _ended(grant) <= at:
        return
    clock.state, clock.broken_at, clock.ahead_at = "broken", at, act.now
    clock.next_due_at = at + timedelta(seconds=clock.remedy_seconds or 0)
    ledger.append(db, act, "commitment.broken", {"commitment_id": clock.commitment_id, "happened_at": at.isoformat()})
    _tell(db, act, grant, clock, "commitment.broken")


def _lapse(db: Session, act: Act, clock: CommitmentClock, grant: Grant | None, at: datetime) -> None:
    """The time to make it good is over: the grant that rests on it stops by its own terms."""
    ledger.append(db, act, "commitment.due", {"commitment_id": clock.commitment_id, "due_at": at.isoformat(), "of": "remedy"})
    if not suspends(clock) or grant is None or grant.status not in grants.LIVE:
        return
    clock.lapsed_at = at
    if grant.status != "suspended" and act.now < grant.expires_at:
        grants.suspend(db, act, grant, reason=REASON, commitment_id=clock.commitment_id)


def tell(db: Session, act: Act, clock: CommitmentClock, type: str) -> None:
    """Tell the client of a commitment that something became of it: its id and its state, nothing of the owner's words."""
    grant = grants.find(db, act.account_id, clock.grant_id) if clock.grant_id else None
    _tell(db, act, grant, clock, type)


def _tell(db: Session, act: Act, grant: Grant | None, clock: CommitmentClock, type: str) -> None:
    if grant is not None:
        events.tell(db, act, type, grant.client_id, grant=grant, commitment_id=clock.commitment_id, state=clock.state)
