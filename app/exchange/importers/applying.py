"""What a staged import would do, and doing it: whole, in the caller's transaction, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, delete, select

from app.exchange.importers import happened, undoing
from app.exchange.importers.happened import Known, Told, placed
from app.exchange.importers.staging import Staged
from app.relationships.joining import Plan, TooFull, joined, new_items, plan
from app.relationships.vendors import Index
from consent import ledger
from consent.act import Act
from vault import store
from vault.keyring import Keyring
from vault.records import Commitment, Import, Interaction, Item, Vendor
from vault.store import Record

CHUNK = 400
"""Ids in one SQL statement; SQLite takes 32,766 variables, older ones 999."""

MANY = 300
"""From so many staged vendors on, opening all known ones in pages beats fetching each that matches."""


@dataclass(frozen=True)
class Preview:
    """A staged import against what is there now. `sorts` leads from a staged vendor to its heading where the owner chooses;
    `told` are the purchases and promises that are new, by the staged vendor that they are with.
    """

    head: Staged
    plan: Plan = field(repr=False)
    items: tuple[Item, ...] = field(repr=False)
    same_items: int
    vendors: tuple[tuple[str, Vendor], ...] = field(repr=False)
    sorts: Mapping[str, str]
    told: Mapping[str, tuple[Told, ...]] = field(repr=False)


@dataclass(frozen=True)
class Choice:
    """What the owner ticked. `keys` are staged vendors; None takes all, which is only right where nothing is chosen one by one."""

    keep_login_notes: bool = False
    keep_told: bool = False
    keys: frozenset[str] | None = None


@dataclass(frozen=True)
class _Staging:
    head: Staged
    vendors: list[tuple[str, Vendor]]
    items: list[tuple[str, Item]]
    notes: dict[str, list[str]]
    sorts: dict[str, str]
    told: list[Told]


def preview(db: Session, keyring: Keyring, import_id: str) -> Preview | None:
    """What applying would do, login notes left aside. None when nothing waits under this id."""
    staging = _staged(db, keyring, import_id)
    if staging is None:
        return None
    fresh, same = new_items(staging.items, (opened.fields for opened in store.all_of(db, keyring, Item)))
    wanted = set(fresh)
    items = tuple(item for key, item in staging.items if key in wanted)
    made = _plan(db, keyring, staging.vendors)
    return Preview(staging.head, made, items, len(same), tuple(staging.vendors), staging.sorts, _told(db, keyring, staging.told, made.home))


def apply(db: Session, keyring: Keyring, act: Act, import_id: str, *, choice: Choice, now: datetime) -> Import | None:
    """Do it: new vendors and items become visible, known vendors gain what is new, the history gets one line.

    The plan is made again from what is there now, so that what changed since the preview is neither lost nor doubled.
    What is done is noted, so that it can be undone. Returns the import as it is kept, or None when nothing waits under
    this id. The caller holds the account's lock and commits.
    """
    staging = _staged(db, keyring, import_id)
    if staging is None:
        return None
    chosen = [one for one in staging.vendors if choice.keys is None or one[0] in choice.keys]
    vendors, kept, too_long = _with_notes(chosen, staging.notes, keep=choice.keep_login_notes)
    made = _plan(db, keyring, vendors)
    fresh, same = new_items(staging.items, (opened.fields for opened in store.all_of(db, keyring, Item)))
    unchanged = dict(staging.vendors)
    restaged = [(key, vendor) for key, vendor in made.new if vendor != unchanged[key]]
    published = {key for key, vendor in made.new if vendor == unchanged[key]} | set(fresh)
    _discard_others(db, keyring.account_id, import_id, published)
    ids = {key: store.add(db, keyring, vendor, now=now, import_id=import_id) for key, vendor in restaged}
    for change in made.changed:
        store.replace(db, keyring, change.known_id, change.after, now=now)
    store.publish(db, keyring, import_id, now=now)
    homes = {key: ids.get(key, key) for key, _vendor in made.new} | made.home
    full = {key for key, _vendor in made.full}
    told = happened.keep(
        db, keyring, placed(staging.told if choice.keep_told else (), {key: to for key, to in homes.items() if key not in full}), now=now
    )
    undoing.note(
        db,
        keyring,
        import_id,
        made=[
            *((homes[key], vendor) for key, vendor in made.new),
            *((key, item) for key, item in staging.items if key in set(fresh)),
            *told,
        ],
        merged=((change.known_id, change.before, change.after) for change in made.changed),
        now=now,
    )
    counts = {
        "added": len(made.new),
        "changed": len(made.changed),
        "same": len(made.same) + len(same),
        "items": len(fresh),
        "interactions": sum(isinstance(one, Interaction) for _id, one in told),
        "commitments": sum(isinstance(one, Commitment) for _id, one in told),
        "full": len(made.full),
        "notes_kept": kept,
        "notes_full": too_long,
    }
    head = staging.head
    done = Import(
        import_id=import_id,
        format=head.format,
        file_name=head.file_name,
        state="applied",
        summary={**head.summary, **counts},
        notes=head.notes,
    )
    store.add(db, keyring, done, now=now, record_id=import_id)
    noted = {name: counts[name] for name in ("added", "changed", "items", "interactions", "commitments")}
    ledger.append(db, act, "import.applied", {"import_id": import_id, "format": head.format, **noted})
    return done


def sorts(db: Session, keyring: Keyring, import_id: str) -> dict[str, str]:
    """Headings by staged vendor, where the owner chooses one by one; empty where a file is taken whole."""
    return {one.key: one.sort for opened in store.staged(db, keyring, Staged, import_id) for one in opened.fields.sorts}


def applied(db: Session, keyring: Keyring, import_id: str) -> Import | None:
    """An import that was applied, as its closing page shows it."""
    opened = store.get(db, keyring, Import, import_id)
    return opened.fields if opened else None


def _staged(db: Session, keyring: Keyring, import_id: str) -> _Staging | None:
    heads = {opened.record_id: opened.fields for opened in store.staged(db, keyring, Staged, import_id)}
    head = heads.pop(import_id, None)
    if head is None or head.state != "staged":
        return None
    notes: dict[str, list[str]] = {}
    for note in (note for part in heads.values() for note in part.login_notes):
        notes.setdefault(note.key, []).append(note.text)
    vendors = [(opened.record_id, opened.fields) for opened in store.staged(db, keyring, Vendor, import_id)]
    items = [(opened.record_id, opened.fields) for opened in store.staged(db, keyring, Item, import_id)]
    told: list[Told] = [opened.fields for opened in store.staged(db, keyring, Interaction, import_id)]
    told += [opened.fields for opened in store.staged(db, keyring, Commitment, import_id)]
    return _Staging(head, vendors, items, notes, {one.key: one.sort for part in heads.values() for one in part.sorts}, told)


def _told(db: Session, keyring: Keyring, told: Sequence[Told], home: Mapping[str, str]) -> dict[str, tuple[Told, ...]]:
    """What is new of these, by staged vendor: a known vendor may have it already."""
    if not told:
        return {}
    known, found = Known.of(db, keyring), dict[str, list[Told]]()
    for one in told:
        if known.fresh(one.model_copy(update={"vendor_id": home.get(one.vendor_id, one.vendor_id)})):
            found.setdefault(one.vendor_id, []).append(one)
    return {key: tuple(ones) for key, ones in found.items()}


def _with_notes(
    chosen: list[tuple[str, Vendor]], notes: Mapping[str, Sequence[str]], *, keep: bool
) -> tuple[list[tuple[str, Vendor]], int, int]:
    """The vendors with their login notes, when they are to be kept; how many were, and how many did not fit."""
    if not keep:
        return chosen, 0, 0
    vendors, kept, too_long = [], 0, 0
    for key, plain in chosen:
        vendor = plain
        for text in notes.get(key, ()):
            try:
                vendor = joined(vendor, Vendor(name=vendor.name, domains=vendor.domains, notes=text))
                kept += 1
            except TooFull:
                too_long += 1
        vendors.append((key, vendor))
    return vendors, kept, too_long


def _plan(db: Session, keyring: Keyring, vendors: Sequence[tuple[str, Vendor]]) -> Plan:
    # In the order of their making: where two known vendors share a domain, it is always the same one that gains.
    oldest_first = sorted(store.digests(db, keyring, Vendor), key=lambda digest: (digest.created_at, digest.record_id))
    index = Index.of((digest.record_id, str(digest.values["name"]), _strings(digest.values["domains"])) for digest in oldest_first)
    everyone = {opened.record_id: opened.fields for opened in store.all_of(db, keyring, Vendor)} if len(vendors) > MANY else {}

    def known(record_id: str) -> Vendor:
        if record_id in everyone:
            return everyone[record_id]
        opened = store.get(db, keyring, Vendor, record_id)
        if opened is None:
            raise LookupError(record_id)
        return opened.fields

    return plan(vendors, index, known)


def _strings(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, (list, tuple)) else []


def _discard_others(db: Session, account_id: str, import_id: str, published: set[str]) -> None:
    """Delete what is staged and will not be published: what is there already, what goes into known vendors, login notes, the head."""
    chosen = db.exec(select(Record.record_id).where(Record.account_id == account_id, Record.import_id == import_id)).all()
    gone = [record_id for record_id in chosen if record_id not in published]
    for start in range(0, len(gone), CHUNK):
        some = gone[start : start + CHUNK]
        db.exec(
            delete(Record).where(col(Record.account_id) == account_id, col(Record.import_id) == import_id, col(Record.record_id).in_(some))
        )
