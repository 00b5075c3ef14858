"""What a promise with a schedule missed while its owner was away.

The clock of such a promise knows its next date alone, for the schedule is sealed. It notices that one; the rest, however many
they are, are noticed in their order at the next unlock, each once.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from app.exchange import clocks
from app.relationships import commitments
from app.tables import CommitmentClock
from consent import ledger
from consent.act import Act
from vault import accounts, store
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import Commitment


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Write down every date that has passed since the clock noticed one, and set the clock to the next; how many.

    The caller holds the account's lock. The look before it is `pledges.waiting`.
    """
    stopped = select(CommitmentClock).where(
        CommitmentClock.account_id == keyring.account_id,
        col(CommitmentClock.ahead_at).is_not(None),
        col(CommitmentClock.broken_at).is_(None),
    )
    seal = accounts.mailbox(db, keyring.account_id).seal
    act = Act(account_id=keyring.account_id, actor="instance", now=now, seal=seal)
    return sum(_catch_up(db, act, keyring, clock) for clock in db.exec(stopped).all())


def _catch_up(db: Session, act: Act, keyring: Keyring, clock: CommitmentClock) -> int:
    opened = store.get(db, keyring, Commitment, clock.commitment_id)
    if opened is None or clock.noticed_at is None:
        return 0
    missed = commitments.passed(opened.fields, after=clock.noticed_at, now=act.now)
    for one in missed:
        noted = {"commitment_id": clock.commitment_id, "due_at": one.at.isoformat(), "of": one.of}
        ledger.append(db, act, "commitment.due", noted)
        clock.noticed_at = one.at
    clocks.set_clock(db, keyring.account_id, clock.commitment_id, opened.fields)
    return len(missed)
