"""Taking an applied import back: what it made and nobody has changed since goes, what it added to is put back as it was.

What the owner has changed since, or hung something on, stays and is named. Everything happens in the caller's transaction.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlmodel import Session, col, delete, select

from app.tables import CommitmentClock
from consent import ledger
from consent.act import Act
from vault import cipher, store
from vault.attachments import Attachment
from vault.envelope import canonical
from vault.keyring import Keyring
from vault.records import MODELS, Commitment, Fields, Import, Interaction, Item, Job, Kind, Made, Merged, Undo, Vendor

MADE = 1_000
"""Made records in one part of the journal."""

MERGED = 40
"""Companies as they were, in one part of the journal."""

MANY = 300
"""From so many records on all of their kind are opened."""

NAMED = 900
"""Records that stay and are named; the rest is counted."""

ORDER = (Kind.COMMITMENT, Kind.INTERACTION, Kind.ITEM, Kind.VENDOR)
"""What hangs on a vendor goes before it."""


_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Outcome:
    """What undoing does: ids to remove by kind, companies to put back, and what stays as (why, name)."""

    gone: Mapping[Kind, Sequence[str]] = field(default_factory=dict)
    back: Sequence[Merged] = ()
    stay: tuple[tuple[str, str], ...] = ()

    @property
    def removed(self) -> int:
        """How many records go."""
        return sum(len(ids) for ids in self.gone.values())


def mark(fields: Fields) -> str:
    """The SHA-256 of what a record says. Fields at their defaults do not count, so that a new field of a model changes none."""
    return cipher.sha256(canonical(fields.model_dump(mode="json", exclude_defaults=True))).hex()


def note(
    db: Session,
    keyring: Keyring,
    import_id: str,
    *,
    made: Iterable[tuple[str, Fields]],
    merged: Iterable[tuple[str, Vendor, Vendor]],
    now: datetime,
) -> None:
    """Write down what an import did: records that it made, and companies as (id, before, after)."""
    entries = iter([_made(record_id, fields) for record_id, fields in made])
    while some := tuple(islice(entries, MADE)):
        store.add(db, keyring, Undo(import_id=import_id, made=some), now=now)
    changes = iter([Merged(record_id=record_id, before=before, after=mark(after)) for record_id, before, after in merged])
    while few := tuple(islice(changes, MERGED)):
        store.add(db, keyring, Undo(import_id=import_id, merged=few), now=now)


def can(db: Session, keyring: Keyring, import_id: str) -> bool:
    """Whether this import can still be undone."""
    return any(one.values["import_id"] == import_id for one in store.digests(db, keyring, Undo))


def outcome(db: Session, keyring: Keyring, import_id: str) -> Outcome:
    """What undoing would do now."""
    parts = [opened.fields for opened in _parts(db, keyring, import_id)]
    stay: list[tuple[str, str]] = []
    gone: dict[Kind, list[str]] = {kind: [] for kind in ORDER}
    made = [one for part in parts for one in part.made]
    for kind in ORDER:
        mine = [one for one in made if one.kind == kind.value]
        there = _there(db, keyring, MODELS[kind], [one.record_id for one in mine])
        for one in mine:
            fields = there.get(one.record_id)
            if fields is not None and mark(fields) != one.was:
                stay.append(("changed", _name(fields)))
            elif fields is not None:
                gone[kind].append(one.record_id)
    _spare_what_is_used(db, keyring, gone, stay)
    back = []
    for merged in (one for part in parts for one in part.merged):
        known = store.get(db, keyring, Vendor, merged.record_id)
        if known is not None and mark(known.fields) == merged.after:
            back.append(merged)
        elif known is not None:
            stay.append(("changed", known.fields.name))
    return Outcome(gone, tuple(back), tuple(stay))


def undo(db: Session, keyring: Keyring, act: Act, import_id: str, *, now: datetime) -> Import | None:
    """Do it, and keep the import as one that was undone. None when there is nothing to undo under this id."""
    opened = store.get(db, keyring, Import, import_id)
    parts = [part.record_id for part in _parts(db, keyring, import_id)]
    if opened is None or not parts:
        return None
    found = outcome(db, keyring, import_id)
    for start in range(0, len(promises := list(found.gone[Kind.COMMITMENT])), MADE // 2):
        some = promises[start : start + MADE // 2]
        mine = col(CommitmentClock.account_id) == keyring.account_id
        db.exec(delete(CommitmentClock).where(mine, col(CommitmentClock.commitment_id).in_(some)))
    for kind in ORDER:
        store.remove_many(db, keyring, MODELS[kind], found.gone[kind])
    for merged in found.back:
        store.replace(db, keyring, merged.record_id, merged.before, now=now)
    store.remove_many(db, keyring, Undo, parts)
    counts = {"undone_removed": found.removed, "undone_back": len(found.back), "undone_stayed": len(found.stay)}
    done = opened.fields.model_copy(
        update={
            "state": "undone",
            "summary": {**opened.fields.summary, **counts},
            "stayed": tuple(f"{why}\t{name}"[:NAMED] for why, name in found.stay[:NAMED]),
        }
    )
    store.replace(db, keyring, import_id, done, now=now)
    noted = {"removed": found.removed, "put_back": len(found.back), "stayed": len(found.stay)}
    ledger.append(db, act, "import.undone", {"import_id": import_id, **noted})
    return done


def forget(db: Session, keyring: Keyring, vendor_id: str, *, now: datetime) -> None:
    """A company is removed for good: what imports remember of how it was goes as well."""
    for digest in store.digests(db, keyring, Undo):
        if vendor_id in _strings(digest.values["merged"]) and (opened := store.get(db, keyring, Undo, digest.record_id)) is not None:
            kept = tuple(one for one in opened.fields.merged if one.record_id != vendor_id)
            store.replace(db, keyring, digest.record_id, opened.fields.model_copy(update={"merged": kept}), now=now)


def _there(db: Session, keyring: Keyring, model: type[Fields], record_ids: Sequence[str]) -> dict[str, Fields]:
    """Those of these records that are still there. Of many, opening all of the kind in pages beats fetching each."""
    if len(record_ids) > MANY:
        wanted = set(record_ids)
        return {opened.record_id: opened.fields for opened in store.all_of(db, keyring, model) if opened.record_id in wanted}
    found = (store.get(db, keyring, model, record_id) for record_id in record_ids)
    return {opened.record_id: opened.fields for opened in found if opened is not None}


def _made(record_id: str, fields: Fields) -> Made:
    return Made.model_validate({"kind": fields.KIND.value, "record_id": record_id, "was": mark(fields)})


def _parts(db: Session, keyring: Keyring, import_id: str) -> list[store.Opened[Undo]]:
    ids = [one.record_id for one in store.digests(db, keyring, Undo) if one.values["import_id"] == import_id]
    return [opened for record_id in ids if (opened := store.get(db, keyring, Undo, record_id)) is not None]


def _spare_what_is_used(db: Session, keyring: Keyring, gone: dict[Kind, list[str]], stay: list[tuple[str, str]]) -> None:
    """Vendors and items that have documents, or that some other record names which stays: a promise, a link, a release."""
    leaving = {record_id for kind in ORDER for record_id in gone[kind]}
    held = set(db.exec(select(Attachment.record_id).where(Attachment.account_id == keyring.account_id)))
    held |= {name for job in store.all_of(db, keyring, Job) for name in _ids(job.fields.model_dump(mode="json"))}
    for model in MODELS.values():
        if model not in {Undo, Import}:
            held |= {name for one in store.digests(db, keyring, model) if one.record_id not in leaving for name in _ids(one.values)}
    for kind in (Kind.VENDOR, Kind.ITEM):
        for record_id in [record_id for record_id in gone[kind] if record_id in held]:
            gone[kind].remove(record_id)
            used = store.get(db, keyring, MODELS[kind], record_id)
            stay.append(("used", _name(used.fields) if used else ""))


def _name(fields: Fields) -> str:
    match fields:
        case Vendor():
            return fields.name
        case Item():
            return fields.label or fields.value[:80]
        case Interaction():
            return fields.title
        case Commitment():
            return fields.promise[:200]
        case _:
            return ""


def _strings(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _ids(value: object) -> Iterator[str]:
    """Every record id that stands anywhere in a digest."""
    match value:
        case str():
            if _ID.fullmatch(value):
                yield value
        case dict():
            for inner in value.values():
                yield from _ids(inner)
        case list():
            for inner in value:
                yield from _ids(inner)
