"""A message arrives: decide, seal, write down. Whatever waits shares one transaction and is answered after its commit.

A refusal is a value, not an exception: raising would roll its ledger entry back, and those of everybody in the batch.
"""

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, insert, select
from sqlmodel import Session, col

from app.database import Stores
from app.exchange import bearers, idempotency, marks, offers
from app.exchange.bearers import Bearer, Caller, Gone, Nobody
from app.exchange.group_commit import Both, Done, GroupCommit
from app.exchange.idempotency import Attempt, Conflict, Kept
from app.exchange.offers import Offered
from app.tables import Message
from consent import grants, ledger
from consent.act import Act
from consent.canonical import dumps
from consent.decision import Ask, Refused, Usage, decide
from consent.ledger import Line
from consent.places import text_of
from consent.statements import Statement
from consent.store import Grant
from vault import shredding
from vault.instance import InstanceKeys
from vault.mailbox import Agreements

PURPOSE: Final = "message"
FORMATS: Final = ("text", "markdown", "html")
# These say "not now". A repeat of what was accepted sends nothing now, so they do not concern it.
ABOUT_THE_MOMENT: Final = frozenset({"outside-hours", "over-frequency"})
AGREED: Final = 10.0
"""Seconds for which what arrives for one owner is sealed with one agreement on a key."""
ENDED: Final = frozenset({"consent-withdrawn", "consent-expired"})


@dataclass(frozen=True)
class Sender:
    """Who sends: the grant that it calls on, and the name under which the client registered."""

    act: Act
    grant: Grant
    name: str


@dataclass(frozen=True)
class Draft:
    """A message as it came, validated. `channel` other than `inbox` means that the vendor delivers it, after our yes."""

    kind: str
    purpose: str
    channel: str
    title: str = field(repr=False)
    body: str = field(default="", repr=False)
    format: str = "text"
    url: str | None = field(default=None, repr=False)
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    thread: str | None = None
    offer: Offered | None = field(default=None, repr=False)

    @property
    def ask(self) -> Ask:
        """What the gate is asked."""
        radius = self.offer.area.radius_m if self.offer else None
        return Ask(self.kind, self.purpose, self.channel, radius)  # type: ignore[arg-type]  # a kind that decide() knows, checked by the schema


@dataclass(frozen=True, slots=True)
class Accepted:
    """The message is in."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate would say: nothing, or the slug of its reason."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class Repeatable:
    """The `Idempotency-Key` of a call, its exact body, and how its answer reads: status and bytes."""

    route: str
    key: str
    body: bytes = field(repr=False)
    render: "Callable[[Accepted | Verdict], Kept]"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came with a grant token (its hash): a message, or without a draft the question whether one would be let in."""

    token: bytes
    ask: Ask
    now: datetime
    draft: Draft | None = None
    repeatable: Repeatable | None = None


Outcome: TypeAlias = Accepted | Verdict | Refused | Kept | Conflict | Nobody | Gone
LookUp: TypeAlias = Callable[[Both, Sequence[bytes]], dict[bytes, Caller]]
Counted: TypeAlias = dict[tuple[str, str], "_Counted"]


class Intake:
    """The gate of one process."""

    def __init__(self, stores: Stores, instance: InstanceKeys) -> None:
        self._instance = instance
        self._agreements = Agreements()
        self._forgetting: threading.Timer | None = None
        self._writing = GroupCommit(stores, self._take_all, name="intake")
        self._reading = GroupCommit(stores, self._weigh_all, name="decisions", writes=False)
        self._waits_for_nobody = stores.main.sqlite

    async def take(self, arrival: Arrival) -> Outcome:
        """Weigh it under the account's lock and write down what came of it; answers after the commit. Raises Conflict."""
        return await self._writing.do(arrival)

    async def weigh(self, arrival: Arrival) -> Outcome:
        """What the gate would say. Only what must be written down, the refusal of an ended consent, is."""
        # In SQLite's write-ahead log a reader waits for nobody and takes microseconds: a thread would cost more. PostgreSQL answers
        # over a wire, and the event loop does not wait for one.
        outcome = self._reading.at_once(arrival) if self._waits_for_nobody else await self._reading.do(arrival)
        return outcome if not isinstance(outcome, Refused) else await self.take(arrival)

    def close(self) -> None:
        """Finish what waits."""
        self._writing.close()
        self._reading.close()
        timer = self._forgetting
        if timer is not None:
            timer.cancel()
        self._agreements.forget()

    def _forget_soon(self) -> None:
        """What has been agreed upon is forgotten within `AGREED` seconds, whatever becomes of who sent it."""
        if self._forgetting is None:
            self._forgetting = threading.Timer(AGREED, self._forget)
            self._forgetting.daemon = True
            self._forgetting.start()

    def _forget(self) -> None:
        # In this order: whoever sees that it is still to come has agreed before it.
        self._forgetting = None
        self._agreements.forget()

    def _take_all(self, both: Both, arrivals: Sequence[Arrival]) -> Done[Outcome]:
        batch = _Batch(both.main, self._instance, self._agreements, _present(both, arrivals, bearers.locked))
        try:
            answers = [batch.take(arrival) for arrival in arrivals]
        finally:
            self._forget_soon()
        return Done(answers, lambda: marks.raise_all(both.state, batch.reached, now=arrivals[-1].now), batch.write)

    def _weigh_all(self, both: Both, arrivals: Sequence[Arrival]) -> Done[Outcome]:
        present = _present(both, arrivals, bearers.unchanged)
        return Done([_dry(present, arrival) for arrival in arrivals])


@dataclass(slots=True)
class _Counted:
    """What was accepted of one purpose, as `Usage` has it, and what of the batch is."""

    recent: list[datetime]
    skipped: int

    def add(self, at: datetime) -> None:
        """One more."""
        if self.skipped:
            self.skipped += 1
        else:
            self.recent.insert(0, at)


@dataclass(frozen=True, slots=True)
class _Present:
    """Who calls, and what was accepted before, as of this transaction."""

    callers: Mapping[bytes, Caller]
    counted: Counted

    def verdict(self, bearer: Bearer, ask: Ask, now: datetime) -> Refused | None:
        counted = self.counted.get((bearer.grant_id, ask.purpose or ""))
        usage = Usage(counted.recent, counted.skipped) if counted else Usage()
        verdict = decide(ask, grants.standing(bearer), usage, now)
        return verdict if isinstance(verdict, Refused) else None


class _Batch:
    """The arrivals of one transaction, taken one after the other; their rows gather and are written by one statement each."""

    def __init__(self, db: Connection, instance: InstanceKeys, agreements: Agreements, present: _Present) -> None:
        self._db, self._instance, self._agreements, self._present = db, instance, agreements, present
        self._messages: list[dict[str, Any]] = []
        self._lines: list[Line] = []
        self._bearers: dict[str, Bearer] = {}

    def take(self, arrival: Arrival) -> Outcome:
        """Decide on one, knowing those before it."""
        bearer = bearers.who(self._present.callers, arrival.token, arrival.now)
        if not isinstance(bearer, Bearer):
            return bearer
        self._bearers[bearer.account_id] = bearer
        no = self._present.verdict(bearer, arrival.ask, arrival.now)
        if arrival.draft is None and no is not None and no.reason in ENDED:
            return self._refuse(bearer, arrival, no)
        return self._once(bearer, arrival, no) if arrival.repeatable else self._do(bearer, arrival, no)

    def write(self) -> None:
        """Put everything down."""
        _MESSAGES.run_each(self._db, self._messages)
        ledger.append_all(self._db, {account_id: bearer.end for account_id, bearer in self._bearers.items()}, self._lines)

    @property
    def reached(self) -> dict[str, tuple[int, bytes]]:
        """Where the ledgers end now, of accounts whose mark is to be raised."""
        moved = {line.act.account_id for line in self._lines}
        return {each: (bearer.end.size, bearer.end.head) for each, bearer in self._bearers.items() if each in moved and not bearer.held}

    def _once(self, bearer: Bearer, arrival: Arrival, no: Refused | None) -> Outcome:
        """Do it, or give the answer that it had before under the same key; the gate is asked again before that."""
        assert arrival.repeatable is not None
        attempt = Attempt(f"grant:{bearer.grant_id}", arrival.repeatable.route, arrival.repeatable.key, arrival.repeatable.body)
        try:
            kept = idempotency.earlier(self._db, self._instance, attempt, now=arrival.now)
        except Conflict as conflict:
            return conflict
        if kept is not None:
            shut_out = arrival.draft is not None and no is not None and no.reason not in ABOUT_THE_MOMENT
            return self._refuse(bearer, arrival, no) if shut_out and no is not None else kept
        outcome = self._do(bearer, arrival, no)
        if isinstance(outcome, Accepted | Verdict):
            idempotency.keep(self._db, self._instance, attempt, arrival.repeatable.render(outcome), now=arrival.now)
        return outcome

    def _do(self, bearer: Bearer, arrival: Arrival, no: Refused | None) -> Outcome:
        if arrival.draft is None:
            return Verdict(no.reason if no else None)
        no = no or (offers.full(self._db, bearer, now=arrival.now) if arrival.draft.offer else None)
        if no is not None:
            return self._refuse(bearer, arrival, no)
        return self._accept(bearer, arrival, arrival.draft)

    def _accept(self, bearer: Bearer, arrival: Arrival, draft: Draft) -> Accepted:
        message_id = secrets.token_hex(16)
        purpose = offers.PURPOSE if draft.offer else PURPOSE
        sealed = self._agreements.with_(bearer.mailbox).seal(purpose, (bearer.client_id, message_id), _words(bearer, draft, arrival.now))
        self._messages.append(
            {
                "account_id": bearer.account_id,
                "message_id": message_id,
                "grant_id": bearer.grant_id,
                "client_id": bearer.client_id,
                "kind": draft.kind,
                "purpose": draft.purpose,
                "channel": draft.channel,
                "accepted_at": arrival.now,
                "valid_until": draft.valid_until,
                "taken_back_at": None,
                "sealed": None if draft.offer else sealed,
            }
        )
        if draft.offer:
            # The offer stands on its message's row, and the next of the batch counts it.
            _MESSAGES.run_each(self._db, [self._messages.pop()])
            offers.put(self._db, bearer, message_id, draft.offer, sealed, now=arrival.now)
        self._lines.append(
            Line(self._act(bearer, arrival), "message.accepted", {"message_id": message_id, **_about(bearer.grant_id, arrival.ask)})
        )
        self._present.counted[bearer.grant_id, draft.purpose].add(arrival.now)
        return Accepted(message_id)

    def _refuse(self, bearer: Bearer, arrival: Arrival, no: Refused) -> Refused:
        details = {"rule": no.rule, **_about(bearer.grant_id, arrival.ask)}
        line = ledger.refusal(self._db, self._act(bearer, arrival), bearer.grant_id, no.reason, details)
        if line is not None:
            self._lines.append(line)
        return no

    def _act(self, bearer: Bearer, arrival: Arrival) -> Act:
        seal = self._agreements.with_(bearer.mailbox).seal
        return Act(account_id=bearer.account_id, actor=f"client:{bearer.client_id}", now=arrival.now, seal=seal)


def refuse(db: Session, sender: Sender, refused: Refused, ask: Ask) -> None:
    """Write a refusal into the owner's ledger; repeats of one reason in one hour become one counted entry."""
    ledger.append_refusal(
        db, sender.act, sender.grant.grant_id, refused.reason, {"rule": refused.rule, **_about(sender.grant.grant_id, ask)}
    )


def take_back(db: Session, sender: Sender, message_id: str, *, now: datetime) -> bool:
    """Take back a message of this grant. What the owner has not opened is erased; what was, stays, marked at the next unlock."""
    message = find(db, sender.grant, message_id)
    if message is None or message.taken_back_at is not None:
        return False
    message.taken_back_at, message.sealed = now, None
    db.flush()
    if message.kind == offers.KIND:
        offers.take_back(db, message.account_id, message_id)
    shredding.mark(db, "message")
    ledger.append(db, sender.act, "message.taken_back", {"message_id": message_id, "grant_id": sender.grant.grant_id})
    return True


def find(db: Session, grant: Grant, message_id: str) -> Message | None:
    """A message of this grant."""
    message = db.get(Message, (grant.account_id, message_id))
    return message if message and message.grant_id == grant.grant_id else None


def _present(both: Both, arrivals: Sequence[Arrival], look_up: LookUp) -> _Present:
    callers = look_up(both, list({arrival.token for arrival in arrivals}))
    asked: dict[tuple[str, str], int] = {}
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    for arrival in arrivals:
        bearer, purpose = callers.get(arrival.token), arrival.ask.purpose
        if not isinstance(bearer, Bearer) or purpose is None:
            continue
        _index, line = grants.standing(bearer).terms.lines.get(purpose, (0, None))
        if line is None or line.frequency is None:
            continue
        place, cap = (bearer.grant_id, purpose), line.frequency.count
        asked[place] = asked.get(place, 0) + 1
        # Of a cap of 1,000 that two ask about, the 999th and the 1,000th newest tell whether it is reached; nobody reads the others.
        skipped = max(0, cap - asked[place])
        start = line.frequency.window.before(arrival.now)
        at = {"account": bearer.account_id, "grant": bearer.grant_id, "purpose": purpose}
        wanted[place] = {**at, "start": start, "skip": skipped, "most": cap - skipped}
    found = _COUNTED.rows_each(both.main, list(wanted.values()))
    counted = zip(wanted.items(), found, strict=True)
    return _Present(callers, {place: _Counted([at for (at,) in rows], sought["skip"]) for (place, sought), rows in counted})


def _dry(present: _Present, arrival: Arrival) -> Outcome:
    bearer = bearers.who(present.callers, arrival.token, arrival.now)
    if not isinstance(bearer, Bearer):
        return bearer
    no = present.verdict(bearer, arrival.ask, arrival.now)
    return no if no is not None and no.reason in ENDED else Verdict(no.reason if no else None)


def _about(grant_id: str, ask: Ask) -> dict[str, str | None]:
    return {"grant_id": grant_id, "kind": ask.kind, "purpose": ask.purpose, "channel": ask.channel}


def _words(bearer: Bearer, draft: Draft, now: datetime) -> bytes:
    """The fields of the owner's message record; who sent it is what the token said, not what the message says."""
    return dumps(
        {
            "grant_id": bearer.grant_id,
            "client_id": bearer.client_id,
            "sender": bearer.name,
            "kind": draft.kind,
            "purpose": draft.purpose,
            "channel": draft.channel,
            "title": draft.title,
            "body": draft.body,
            "format": draft.format,
            "url": draft.url,
            "valid_from": draft.valid_from.isoformat() if draft.valid_from else None,
            "valid_until": draft.valid_until.isoformat() if draft.valid_until else None,
            "thread": draft.thread,
            "received_at": now.isoformat(),
            **({"area": text_of(draft.offer.area), "code": draft.offer.code} if draft.offer else {}),
        }
    )


_MESSAGES = Statement(lambda: insert(Message))
# When messages of a purpose came inside its window, newest first, without the newest few.
_COUNTED = Statement(
    lambda: (
        select(col(Message.accepted_at))
        .where(col(Message.account_id) == bindparam("account"), col(Message.grant_id) == bindparam("grant"))
        .where(col(Message.purpose) == bindparam("purpose"), col(Message.accepted_at) > bindparam("start"))
        .order_by(col(Message.accepted_at).desc())
        .limit(bindparam("most"))
        .offset(bindparam("skip"))
    )
)
