"""Rights letters with what follows from them: each that has gone starts a promise with the law's day, and every step goes into it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.exchange import clocks
from app.relationships import commitments, matters, rights_words
from app.relationships.matters import IllegalStep, Matter, Step
from app.relationships.rights import Law, Right
from consent import ledger
from consent.act import Act
from vault import store
from vault.keyring import Keyring
from vault.records import Commitment, CommitmentEvent, LetterRecord
from vault.store import Opened

GONE: dict[str, Step] = {"reminder": "reminded", "complaint": "complained"}
"""The step of a matter that a further letter is."""


@dataclass(frozen=True)
class Found:
    """A matter as it is kept: its promise, what was asked, its first letter, and all of its letters, oldest first."""

    matter_id: str
    commitment: Commitment
    matter: Matter
    first: Opened[LetterRecord]
    letters: tuple[Opened[LetterRecord], ...]


def begin(db: Session, act: Act, keyring: Keyring, letter: LetterRecord, *, way: str, zone: str) -> str:
    """A letter that asks for a right has gone: start the promise to answer it; its id. The caller ties the letter to it.

    The letter has a vendor, a right and a law, and is not tied yet. Raises NoSuchRight, UnknownCountry.
    """
    right, law = Right(letter.right), Law(letter.law)
    arrived = matters.arrival(act.now.astimezone(ZoneInfo(zone)).date(), way)
    made = Commitment(
        vendor_id=letter.vendor_id or "",
        promise=rights_words.promise(law, right),
        source="law",
        due_date=matters.due_on(Matter(right, law, letter.where, arrived)),
        time_zone=zone,
        events=(CommitmentEvent(type="accepted", happened_at=act.now, recorded_at=act.now),),
    )
    matter_id = store.add(db, keyring, made, now=act.now)
    clocks.set_clock(db, act.account_id, matter_id, made)
    ledger.append(db, act, "commitment.made", {"commitment_id": matter_id, "promise": made.promise})
    return matter_id


def went(db: Session, act: Act, keyring: Keyring, letter: LetterRecord) -> None:
    """A further letter of a matter has gone: a step of its promise. Nothing where the matter is gone or takes no more."""
    found = find(db, keyring, letter.commitment_id or "")
    if found is None or letter.step not in GONE:
        return
    zone = ZoneInfo(found.commitment.time_zone)
    with suppress(IllegalStep):
        take(db, act, keyring, found, GONE[letter.step], on=act.now.astimezone(zone).date(), happened_at=act.now)


def take(db: Session, act: Act, keyring: Keyring, found: Found, step: Step, *, on: date, happened_at: datetime) -> None:
    """Write a step of a matter down. Raises IllegalStep."""
    after = matters.with_step(found.commitment, found.matter, step, on=on, happened_at=happened_at, now=act.now)
    store.replace(db, keyring, found.matter_id, after, now=act.now)
    clocks.set_clock(db, act.account_id, found.matter_id, after)
    noted = {"commitment_id": found.matter_id, "promise": after.promise, "step": step}
    ledger.append(db, act, f"commitment.{after.events[-1].type}", noted)


def find(db: Session, keyring: Keyring, matter_id: str) -> Found | None:
    """A matter by the id of its promise; None where no letter of the owner's began it."""
    if not matter_id:
        return None
    ids = [one.record_id for one in store.digests(db, keyring, LetterRecord) if one.values.get("commitment_id") == matter_id]
    return _found(store.get(db, keyring, Commitment, matter_id), store.get_many(db, keyring, LetterRecord, ids).values())


def all_of(db: Session, keyring: Keyring, *, vendor_id: str | None = None) -> list[Found]:
    """Every matter, or every one with one company, the newest last."""
    begun: dict[str, datetime] = {}
    threads: dict[str, list[str]] = {}
    for one in store.digests(db, keyring, LetterRecord):
        matter_id = str(one.values.get("commitment_id") or "")
        threads.setdefault(matter_id, []).append(one.record_id)
        if matter_id and one.values.get("step") == "request" and vendor_id in {None, one.values.get("vendor_id")}:
            begun[matter_id] = one.created_at
    promises = store.get_many(db, keyring, Commitment, begun)
    letters = store.get_many(db, keyring, LetterRecord, [letter_id for matter_id in begun for letter_id in threads[matter_id]])
    oldest_first = sorted(begun, key=lambda one: (begun[one], one))
    threaded = ((one, [letters[letter_id] for letter_id in threads[one] if letter_id in letters]) for one in oldest_first)
    return [found for matter_id, thread in threaded if (found := _found(promises.get(matter_id), thread))]


def _found(promise: Opened[Commitment] | None, thread: Iterable[Opened[LetterRecord]]) -> Found | None:
    letters = sorted(thread, key=lambda one: (one.fields.sent_at or one.fields.written_at, one.record_id))
    first = next((one for one in letters if one.fields.step == "request" and one.fields.sent_at and one.fields.law), None)
    if promise is None or first is None:
        return None
    return Found(promise.record_id, promise.fields, _matter(promise.fields, first.fields), first, tuple(letters))


def _matter(commitment: Commitment, letter: LetterRecord) -> Matter:
    zone = ZoneInfo(commitment.time_zone)
    said = matters.arrived_on(commitment.events)
    sent = (letter.sent_at or letter.written_at).astimezone(zone).date()
    arrived = said.astimezone(zone).date() if said else matters.arrival(sent, letter.way)
    return Matter(Right(letter.right), Law(letter.law), letter.where, arrived)


def is_open(found: Found) -> bool:
    """Whether somebody still has something to do."""
    return commitments.state(found.commitment.events) in commitments.OPEN
