"""The account's history: append-only, hash-chained, details sealed to the owner under salted commitments.

An entry's hash covers ledger id, sequence, time, type, actor, the commitment to its details, and the hash before it;
never ciphertext, so that resealing under new keys changes no hash. Bytes: `entry_hash` and `checkpoint`, pinned in
tests/vectors/consent/ledger.json.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, insert, text, update
from sqlmodel import Session, col, select

from consent.act import Act
from consent.canonical import JSON, dumps, join
from consent.errors import NoLedger
from consent.statements import Statement
from consent.store import WATCHED, LedgerEntry, LedgerHead, RefusalCount

VERSION = 1
SALT_BYTES = 32
SEAL_PURPOSE = "ledger"
HOUR = timedelta(hours=1)
_NOTE = "ledgers added to"

TYPES: frozenset[str] = frozenset(
    {
        "account.opened", "slot.changed", "keys.rotated", "keys.resealed", "key.succeeded",
        "session.ended", "profile.changed", "address.opened", "address.closed",
        "request.received", "request.declined", "request.expired", "request.dropped", "request.turned_away", "request.countered",
        "counter.accepted", "counter.refused", "standing.changed",
        "grant.given", "grant.changed", "grant.paused", "grant.resumed", "grant.suspended", "grant.withdrawn", "grant.expired",
        "grant.handed_back", "gate.paused", "gate.resumed",
        "message.accepted", "message.refused", "message.refused_again", "message.taken_back", "message.voted",
        "commitment.made", "commitment.accepted", "commitment.reported", "commitment.due", "commitment.kept", "commitment.broken",
        "commitment.claimed", "commitment.remedied", "commitment.waived", "commitment.disputed", "commitment.ended",
        "commitment.refused", "commitment.started", "commitment.cancelled", "commitment.noted",
        "offer.matched", "offer.redeemed", "device.added", "device.removed",
        "calendar.linked", "calendar.unlinked", "calendar.changed", "reminders.started", "reminders.ended",
        "data.released", "data.read", "key.accepted", "letter.sent", "letter.answered", "crm.recorded", "client.tied",
        "elsewhere.noted", "elsewhere.changed",
        "token.replaced", "export.made", "import.applied", "import.undone", "restore.confirmed", "alarm.raised", "alarm.settled",
    }
)  # fmt: skip

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class End(Protocol):
    """Where a ledger ends: what the next entry hangs on, and what it moves."""

    ledger_id: str
    size: int
    head: bytes


@dataclass(frozen=True)
class Line:
    """An entry to be: who did what, and details for the owner."""

    act: Act
    type: str
    details: Mapping[str, JSON]


@dataclass(frozen=True)
class Verified:
    """The chain holds from its beginning to this size and head."""

    size: int
    head: bytes


@dataclass(frozen=True)
class Broken:
    """Where the chain does not hold (`seq`, None where no single entry is to blame) and what is wrong there."""

    seq: int | None
    what: str


def entry_hash(  # noqa: PLR0917 - the fields in the order in which they are hashed
    ledger_id: str, seq: int, at: datetime, type: str, actor: str, commitment: bytes, previous: bytes, version: int = VERSION
) -> bytes:
    """SHA-256 over the length-prefixed fields of one entry. Time counts in microseconds since 1970 (i64), numbers are big-endian."""
    micros = (at - _EPOCH) // _MICROSECOND
    return sha256(
        join(
            b"bothways/ledger/entry",
            version.to_bytes(4, "big"),
            ledger_id.encode(),
            seq.to_bytes(8, "big"),
            micros.to_bytes(8, "big", signed=True),
            type.encode(),
            actor.encode(),
            commitment,
            previous,
        )
    ).digest()


def genesis(ledger_id: str) -> bytes:
    """The head of an empty ledger, which its first entry names as previous: no two ledgers begin alike."""
    return sha256(join(b"bothways/ledger/genesis", ledger_id.encode())).digest()


def checkpoint(ledger_id: str, size: int, head: bytes) -> bytes:
    """The bytes to sign or compare when somebody vouches for a ledger's state."""
    return join(b"bothways/ledger/checkpoint", ledger_id.encode(), size.to_bytes(8, "big"), head)


def salted_checkpoint(size: int, head: bytes) -> tuple[bytes, bytes]:
    """(commitment, opening): the commitment is SHA-256 of the opening, which is 32 random bytes, the size (u64) and the head.

    Receipts carry the commitment alone: the bare head would show two clients that they share a person.
    """
    opening = secrets.token_bytes(SALT_BYTES) + size.to_bytes(8, "big") + head
    return sha256(opening).digest(), opening


def open_ledger(db: Session, act: Act) -> LedgerHead:
    """Begin the ledger of a new account: empty, with a random id. The account row must be there already."""
    ledger_id = secrets.token_hex(16)
    head = LedgerHead(account_id=act.account_id, ledger_id=ledger_id, size=0, head=genesis(ledger_id))
    db.add(head)
    db.flush()
    return head


def lock(db: Session, account_id: str) -> LedgerHead:
    """Take the account's only lock until the transaction ends, and read the head as it is then. Raises NoLedger."""
    query = select(LedgerHead).where(LedgerHead.account_id == account_id).with_for_update()
    head = db.exec(query.execution_options(populate_existing=True)).one_or_none()
    if head is None:
        raise NoLedger(account_id)
    return head


def append(db: Session, act: Act, type: str, details: Mapping[str, JSON]) -> LedgerEntry:
    """Add one entry, under the account's lock. `details` is sealed to the owner; only its salted commitment is hashed.

    Raises NoLedger, and ValueError for a type that `TYPES` does not list.
    """
    head = lock(db, act.account_id)
    entry = LedgerEntry(**_next(head, Line(act, type, details)))
    db.add(entry)
    db.add(head)
    db.flush()
    db.info.setdefault(_NOTE, set()).add(act.account_id)
    return entry


def touched(db: Session) -> frozenset[str]:
    """The accounts whose ledgers this session added to since the last call; the note is taken off.

    Among them those of a savepoint that was rolled back: the ledger's head says how far it got.
    """
    return frozenset(db.info.pop(_NOTE, ()))


def append_all(db: Connection, ends: Mapping[str, End], lines: Sequence[Line]) -> None:
    """Add entries to several accounts' ledgers in this order, by one statement for each table, and move `ends` (by account id).

    The transaction holds the lock of every one of these accounts, and `ends` were read under it. Raises as `append`.
    """
    _INSERT.run_each(db, [_next(ends[line.act.account_id], line) for line in lines])
    moved = sorted({line.act.account_id for line in lines})
    _MOVE.run_each(db, [{"account": account_id, "to": ends[account_id].size, "at": ends[account_id].head} for account_id in moved])


_INSERT = Statement(lambda: insert(LedgerEntry))
_MOVE = Statement(
    lambda: update(LedgerHead).where(col(LedgerHead.account_id) == bindparam("account")).values(size=bindparam("to"), head=bindparam("at"))
)


def _next(end: End, line: Line) -> dict[str, Any]:
    """The entry after `end`, as the columns of its row; `end` moves onto it."""
    act, type = line.act, line.type
    if type not in TYPES:
        raise ValueError(f"no such ledger type: {type}")
    seq, previous = end.size + 1, end.head
    opened = secrets.token_bytes(SALT_BYTES) + dumps(line.details)
    commitment = sha256(opened).digest()
    sealed = act.seal(SEAL_PURPOSE, (end.ledger_id, str(seq)), opened)
    end.size, end.head = seq, entry_hash(end.ledger_id, seq, act.now, type, act.actor, commitment, previous)
    return {
        "account_id": act.account_id,
        "seq": seq,
        "version": VERSION,
        "at": act.now,
        "type": type,
        "actor": act.actor,
        "commitment": commitment,
        "sealed": sealed,
        "previous": previous,
        "hash": end.head,
    }


def newest(db: Session, account_id: str, *types: str) -> LedgerEntry | None:
    """The last entry of one of these types, which must be watched ones (`consent.store.WATCHED`); None when there is none."""
    chosen = select(LedgerEntry).where(LedgerEntry.account_id == account_id, text(WATCHED), col(LedgerEntry.type).in_(types))
    return db.exec(chosen.order_by(col(LedgerEntry.seq).desc()).limit(1)).first()


def append_refusal(db: Session, act: Act, grant_id: str, reason: str, details: Mapping[str, JSON]) -> LedgerEntry | None:
    """Note a refusal. The first of its grant, reason and hour becomes an entry; a repeat is counted and None returned."""
    lock(db, act.account_id)
    line = refusal(db.connection(), act, grant_id, reason, details)
    return append(db, act, line.type, line.details) if line else None


def refusal(db: Connection, act: Act, grant_id: str, reason: str, details: Mapping[str, JSON]) -> Line | None:
    """Count a refusal, under the account's lock. Returns the entry that the first of its grant, reason and hour becomes."""
    place = {
        "account_id": act.account_id,
        "grant_id": grant_id,
        "reason": reason,
        "hour": act.now.replace(minute=0, second=0, microsecond=0),
    }
    again = update(RefusalCount).where(*(getattr(RefusalCount, name) == value for name, value in place.items()))
    if db.execute(again.values(repeats=col(RefusalCount.repeats) + 1)).rowcount:
        return None
    db.execute(insert(RefusalCount).values(repeats=0, **place))
    return Line(act, "message.refused", {**details, "grant_id": grant_id, "reason": reason})


def close_hours(db: Session, act: Act) -> int:
    """Turn the counts of this account's finished hours into one entry each, where there were repeats. Returns how many."""
    lock(db, act.account_id)
    finished = (
        select(RefusalCount)
        .where(RefusalCount.account_id == act.account_id, col(RefusalCount.hour) <= act.now - HOUR)
        .order_by(col(RefusalCount.hour), col(RefusalCount.grant_id), col(RefusalCount.reason))
    )
    entries = 0
    for count in db.exec(finished).all():
        if count.repeats:
            hour = count.hour.isoformat()
            details: dict[str, JSON] = {"grant_id": count.grant_id, "reason": count.reason, "hour": hour, "repeats": count.repeats}
            append(db, act, "message.refused_again", details)
            entries += 1
        db.delete(count)
    db.flush()
    return entries


def verify(
    head: LedgerHead,
    entries: Iterable[LedgerEntry],
    *,
    mark: tuple[int, bytes] | None = None,
    open_details: Callable[[LedgerEntry], bytes] | None = None,
) -> Verified | Broken:
    """Walk the whole chain, entries in the order of `seq`.

    `mark` is a (size, head) that somebody else remembers: without one, a ledger rewritten whole from any point on looks
    sound. `open_details` opens an entry's sealed details (salt and canonical JSON), which must then match their commitment.
    """
    previous, size = genesis(head.ledger_id), 0
    if mark is not None and mark[0] == 0 and mark[1] != previous:
        return Broken(None, "fork")
    for entry in entries:
        what = _fault(entry, head, size + 1, previous)
        if what is None and open_details is not None and not _details_match(entry, open_details):
            what = "details"
        if what is None and mark is not None and mark[0] == entry.seq and mark[1] != entry.hash:
            what = "fork"
        if what is not None:
            return Broken(size + 1, what)
        previous, size = entry.hash, entry.seq
    return _end_fault(head, size, previous, mark) or Verified(size, previous)


def _end_fault(head: LedgerHead, size: int, last: bytes, mark: tuple[int, bytes] | None) -> Broken | None:
    if size < max(head.size, mark[0] if mark else 0):
        return Broken(None, "truncated")
    if size > head.size:
        return Broken(head.size + 1, "beyond head")
    return None if last == head.head else Broken(None, "head")


def _fault(entry: LedgerEntry, head: LedgerHead, expected: int, previous: bytes) -> str | None:
    if entry.account_id != head.account_id:
        return "another account"
    if entry.seq != expected:
        return "missing" if entry.seq > expected else "out of order"
    if entry.version != VERSION:
        return "unknown version"
    if entry.previous != previous:
        return "chain"
    known = entry_hash(head.ledger_id, entry.seq, entry.at, entry.type, entry.actor, entry.commitment, previous, entry.version)
    return None if entry.hash == known else "changed"


def _details_match(entry: LedgerEntry, open_details: Callable[[LedgerEntry], bytes]) -> bool:
    try:
        opened = open_details(entry)
    except Exception:
        # Why sealed bytes do not open is the sealer's secret, and its error a class of the vault that this room does
        # not know. Either way these are not the details that were written.
        return False
    return len(opened) >= SALT_BYTES and sha256(opened).digest() == entry.commitment
