"""The usefulness proviso: a grant under which too little of use came suspends itself, and nobody can read from it what was read.

Useful / rated, over at least `LEAST` rated messages of the grant, location offers left out; looked at when the owner votes,
taken at the next midnight UTC, together with whatever else happens at that moment. The counts are the owner's own and are
handed in; in the clear stands only that the step will be taken (`Foreseen`), and afterwards its class of reason.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session

from consent import grants, ledger
from consent.act import Act
from consent.canonical import dumps
from consent.store import Foreseen, Grant

REASON = "usefulness"
LEAST = 5
_SHARE = re.compile(r"0\.[0-9]{1,4}|1(?:\.0{1,4})?")
_STOPPABLE = frozenset({"given", "paused"})


def proviso(share: str) -> str:
    """The bytes that a grant keeps for an agreed share, such as "0.5". Raises ValueError unless it lies in (0, 1]."""
    return dumps({"usefulness_share": str(_decimal(share))}).decode()


def share_of(grant: Grant) -> Decimal | None:
    """The share agreed for a grant; None where none was."""
    return None if grant.proviso is None else Decimal(json.loads(grant.proviso)["usefulness_share"])


def enough(useful: int, rated: int, share: Decimal) -> bool:
    """Whether so many useful out of so many rated reach the share. Fewer than `LEAST` always do: that is too few to tell."""
    return rated < LEAST or useful >= share * rated


def judge(db: Session, act: Act, grant: Grant, *, useful: int, rated: int) -> Foreseen | None:
    """After a vote: foresee the suspension at the next midnight UTC, or call it off. What was due before is taken first."""
    take(db, replace(act, actor="instance"), grant.grant_id)
    row = db.get(Foreseen, (act.account_id, grant.grant_id, REASON))
    share = share_of(grant)
    if share is None or enough(useful, rated, share) or not _running(grant, act.now):
        if row is not None:
            db.delete(row)
            db.flush()
        return None
    if row is None:
        row = Foreseen(account_id=act.account_id, grant_id=grant.grant_id, reason=REASON, due_at=midnight_after(act.now))
        db.add(row)
        db.flush()
    return row


def foreseen(db: Session, grant: Grant) -> datetime | None:
    """When the grant will suspend itself, unless the votes change."""
    row = db.get(Foreseen, (grant.account_id, grant.grant_id, REASON))
    return None if row is None else row.due_at


def take(db: Session, act: Act, grant_id: str) -> bool:
    """Suspend a grant whose foreseen moment has come, once. Whether it did: what has ended or stopped meanwhile stays as it is."""
    ledger.lock(db, act.account_id)
    row = db.get(Foreseen, (act.account_id, grant_id, REASON), populate_existing=True)
    if row is None or row.due_at > act.now:
        return False
    db.delete(row)
    db.flush()
    grant = db.get_one(Grant, (act.account_id, grant_id), populate_existing=True)
    if not _running(grant, act.now):
        return False
    grants.suspend(db, act, grant, reason=REASON)
    return True


def midnight_after(now: datetime) -> datetime:
    """The next midnight UTC, strictly after `now`."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _running(grant: Grant, now: datetime) -> bool:
    return grant.status in _STOPPABLE and now < grant.expires_at


def _decimal(share: str) -> Decimal:
    if not _SHARE.fullmatch(share) or not Decimal(share):
        raise ValueError("a share is a decimal number above 0 and at most 1, such as 0.5")
    return Decimal(share)
