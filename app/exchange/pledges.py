"""Promises of clients, sealed to an owner who is away: made, reported as kept or made good, and opened at the next unlock.

The record of a promise is built when it is made, and waits whole in the mailbox; which of the owner's companies the client
is, only the owner's records say. Reports wait beside it and become steps of its history.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import rfc8785
from sqlmodel import Session, col, func, select

from app.exchange import clocks
from app.relationships import commitments
from app.tables import CommitmentClock, Pledge, PledgeReport
from consent import ledger
from consent.act import Act
from consent.store import Grant
from consent.terms import Promise, duration
from vault import shredding, store
from vault.envelope import JSON
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.mailbox import OpenMailbox
from vault.records import Commitment, CommitmentEvent, Remedy, Vendor

PURPOSE, REPORT_PURPOSE = "pledge", "pledge report"
NOBODY = "0" * 32
"""Where the vendor's id will stand, and stays where the owner has removed that company."""

MOST_A_DAY = 50
"""Promises of one grant in a day."""
MOST_REPORTS, REPORTS_A_DAY = 100, 20
"""Reports on one promise, ever and in a day."""
DAY = timedelta(days=1)

Kind = Literal["evidence", "made_good"]
OPEN_TO: Mapping[Kind, frozenset[str]] = {
    "evidence": frozenset({"offered", "active", "broken", "disputed"}),
    "made_good": frozenset({"broken", "disputed"}),
}
"""The states in which each kind of report says something."""


@dataclass(frozen=True)
class Report:
    """What a client reports of its promise, in its own words."""

    kind: Kind
    text: str = field(repr=False)
    url: str | None = field(default=None, repr=False)


def make(db: Session, act: Act, grant: Grant, promise: Promise, *, due: datetime | None) -> CommitmentClock | None:
    """A client binds itself. None when it has done so too often today. Its promise is offered until the owner takes it up.

    A time that the client gives with an event of its own (`after`) runs once the owner says so.
    """
    since = act.now - DAY
    today = _count(db, Pledge, Pledge.account_id == act.account_id, Pledge.grant_id == grant.grant_id, col(Pledge.made_at) > since)
    if today >= MOST_A_DAY:
        return None
    runs = promise.within if promise.after in {None, "grant"} else None
    commitment = Commitment(
        vendor_id=NOBODY,
        promise=promise.promise,
        metric=_metric(promise),
        source="api",
        due_at=due or (duration(runs).after(act.now) if runs else None),
        remedy=Remedy.model_validate(vars(promise.remedy)) if promise.remedy else None,
        grant_id=grant.grant_id,
        events=(CommitmentEvent(type="offered", happened_at=act.now, recorded_at=act.now, by="them"),),
    )
    return hold(db, act, grant, secrets.token_hex(16), commitment)


def hold(
    db: Session, act: Act, grant: Grant, commitment_id: str, commitment: Commitment, *, in_return: int | None = None
) -> CommitmentClock:
    """Seal a promise to its owner, start its clock and write it down in the ledger."""
    db.add(
        Pledge(
            account_id=act.account_id,
            commitment_id=commitment_id,
            grant_id=grant.grant_id,
            client_id=grant.client_id,
            made_at=act.now,
            sealed=act.seal(PURPOSE, (grant.client_id, commitment_id), rfc8785.dumps(commitment.model_dump(mode="json"))),
        )
    )
    return clocks.start(db, act, commitment_id, commitment, in_return=in_return)


def report(db: Session, act: Act, clock: CommitmentClock, client_id: str, said: Report) -> Literal["taken", "too many", "no use"]:
    """A client reports on its promise; the clock stands still until the owner decides. Refused when there is nothing to decide,
    or when it has reported too often."""
    clocks.settle(db, replace(act, actor="instance"), clock)
    if clock.state not in OPEN_TO[said.kind]:
        return "no use"
    of_this = (PledgeReport.account_id == act.account_id, PledgeReport.commitment_id == clock.commitment_id)
    today = _count(db, PledgeReport, *of_this, col(PledgeReport.reported_at) > act.now - DAY)
    if today >= REPORTS_A_DAY or _count(db, PledgeReport, *of_this) >= MOST_REPORTS:
        return "too many"
    report_id = secrets.token_hex(16)
    words = {"text": said.text, "url": said.url}
    db.add(
        PledgeReport(
            account_id=act.account_id,
            report_id=report_id,
            commitment_id=clock.commitment_id,
            client_id=client_id,
            kind=said.kind,
            reported_at=act.now,
            sealed=act.seal(REPORT_PURPOSE, (client_id, report_id), rfc8785.dumps(words)),
        )
    )
    clocks.stop(db, act, clock)
    noted = {"commitment_id": clock.commitment_id, "grant_id": clock.grant_id, "kind": said.kind, "report_id": report_id}
    ledger.append(db, act, "commitment.reported", noted)
    return "taken"


def page(db: Session, grant: Grant, *, after: str, limit: int) -> list[tuple[CommitmentClock, datetime | None]]:
    """The promises of a grant by id, each with when the client made it; None for those made in return when it was given."""
    made = (
        select(CommitmentClock, Pledge.made_at)
        .join(
            Pledge,
            (col(Pledge.account_id) == col(CommitmentClock.account_id)) & (col(Pledge.commitment_id) == col(CommitmentClock.commitment_id)),
            isouter=True,
        )
        .where(CommitmentClock.account_id == grant.account_id, CommitmentClock.grant_id == grant.grant_id)
        .where(col(CommitmentClock.commitment_id) > after)
    )
    return [(clock, at) for clock, at in db.exec(made.order_by(col(CommitmentClock.commitment_id)).limit(limit))]


def of_grant(db: Session, grant: Grant, commitment_id: str) -> CommitmentClock | None:
    """The clock of a promise of this grant."""
    clock = clocks.find(db, grant.account_id, commitment_id)
    return clock if clock is not None and clock.grant_id == grant.grant_id else None


def waiting(db: Session, account_id: str) -> bool:
    """Whether something of a promise is not yet in its record: one look before a write transaction is opened."""
    looks = (
        select(Pledge.commitment_id).where(Pledge.account_id == account_id, col(Pledge.sealed).is_not(None)),
        select(PledgeReport.report_id).where(PledgeReport.account_id == account_id, col(PledgeReport.sealed).is_not(None)),
        select(CommitmentClock.commitment_id).where(CommitmentClock.account_id == account_id, col(CommitmentClock.ahead_at).is_not(None)),
    )
    return any(db.exec(look.limit(1)).first() is not None for look in looks)


def collect(db: Session, keyring: Keyring, mailbox: OpenMailbox, *, now: datetime) -> int:
    """Write into the records what clients promised and reported, and what the clocks did; how many steps. The clocks stay as they are.

    What does not open (its row was tampered with) is left where it is; the ledger still shows that it came.
    """
    steps = _pledges(db, keyring, mailbox, now) + _breaches(db, keyring, now) + _reports(db, keyring, mailbox, now)
    if steps:
        shredding.mark(db, "pledge", "pledge_report")
    return steps


def _pledges(db: Session, keyring: Keyring, mailbox: OpenMailbox, now: datetime) -> int:
    held = select(Pledge).where(Pledge.account_id == keyring.account_id, col(Pledge.sealed).is_not(None))
    rows = db.exec(held.order_by(col(Pledge.made_at), col(Pledge.commitment_id))).all()
    vendors = _vendors(db, keyring) if rows else {}
    written = 0
    for row in rows:
        try:
            words = json.loads(mailbox.open(PURPOSE, (row.client_id, row.commitment_id), row.sealed or b""))
        except Sealed:
            continue
        commitment = Commitment.model_validate({**words, "vendor_id": vendors.get(row.client_id, NOBODY)})
        store.add(db, keyring, commitment, now=now, record_id=row.commitment_id)
        row.sealed = None
        db.add(row)
        written += 1
    return written


def _breaches(db: Session, keyring: Keyring, now: datetime) -> int:
    ahead = select(CommitmentClock).where(CommitmentClock.account_id == keyring.account_id, col(CommitmentClock.ahead_at).is_not(None))
    written = 0
    for clock in db.exec(ahead).all():
        if clock.broken_at is not None and clock.ahead_at is not None:
            broken = CommitmentEvent(type="broken", happened_at=clock.broken_at, recorded_at=clock.ahead_at, by="clock")
            written += _append(db, keyring, clock.commitment_id, (broken,), now=now)
        clock.ahead_at = None
        db.add(clock)
    return written


def _reports(db: Session, keyring: Keyring, mailbox: OpenMailbox, now: datetime) -> int:
    held = select(PledgeReport).where(PledgeReport.account_id == keyring.account_id, col(PledgeReport.sealed).is_not(None))
    written = 0
    for row in db.exec(held.order_by(col(PledgeReport.reported_at), col(PledgeReport.report_id))).all():
        try:
            words = json.loads(mailbox.open(REPORT_PURPOSE, (row.client_id, row.report_id), row.sealed or b""))
        except Sealed:
            continue
        note = "\n".join(part for part in (words["text"], words["url"]) if part)
        at = row.reported_at
        step = CommitmentEvent.model_validate({"type": row.kind, "happened_at": at, "recorded_at": at, "note": note, "by": "them"})
        written += _append(db, keyring, row.commitment_id, (step,), now=now)
        row.sealed = None
        db.add(row)
    return written


def _append(db: Session, keyring: Keyring, commitment_id: str, steps: Sequence[CommitmentEvent], *, now: datetime) -> int:
    """Add steps to a record; one whose record is gone, or whose history is full, is told by the ledger alone."""
    opened = store.get(db, keyring, Commitment, commitment_id)
    if opened is None or len(opened.fields.events) + len(steps) > commitments.MOST_EVENTS:
        return 0
    grown = opened.fields.model_copy(update={"events": (*opened.fields.events, *steps)})
    store.replace(db, keyring, commitment_id, grown, now=now)
    return len(steps)


def _vendors(db: Session, keyring: Keyring) -> dict[str, str]:
    found: dict[str, str] = {}
    for digest in store.digests(db, keyring, Vendor):
        of_vendor: Any = digest.values["client_ids"]
        found |= dict.fromkeys(of_vendor, digest.record_id)
    return found


def _metric(promise: Promise) -> str:
    """What the time runs from, where that is an event that only the two of them know."""
    if promise.after in {None, "grant"} or promise.within is None:
        return ""
    return f"{promise.after}: {promise.within}"


def _count(db: Session, table: type[Pledge] | type[PledgeReport], *conditions: Any) -> int:
    found: JSON = db.exec(select(func.count()).select_from(table).where(*conditions)).one()
    return int(found) if isinstance(found, int) else 0
