"""What an import would do to the vendors that are there: which are new, which gain something, which stay. Pure.

Nothing is decided when a file is read: the plan is made from what is staged and what is there now, once for the preview
and again in the transaction that applies it. So it is true at the moment it is used, and applying twice adds nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from app.relationships.vendors import Added, Index, added, merge
from vault.records import Item, Vendor


@dataclass(frozen=True)
class Change:
    """A known vendor that would gain something, from one or more staged ones (`keys`)."""

    known_id: str
    before: Vendor
    after: Vendor
    gains: tuple[Added, ...]
    keys: tuple[str, ...]


@dataclass
class Plan:
    """Staged keys by what becomes of them. `full` ones would grow a vendor past what a record holds and are left out.

    `home` leads from a key to the known vendor that it is the same as.
    """

    new: list[tuple[str, Vendor]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    full: list[tuple[str, Vendor]] = field(default_factory=list)
    home: dict[str, str] = field(default_factory=dict)


class TooFull(Exception):
    """Two vendors in one would be more than a record holds."""


@dataclass(frozen=True)
class Folded:
    """One vendor of a file, with the positions of the entries it came from."""

    vendor: Vendor
    positions: tuple[int, ...]


def fold(incoming: Iterable[Vendor]) -> tuple[list[Folded], list[int]]:
    """Bring together what one file says about one vendor; and the positions of entries that did not fit into theirs.

    An entry with the domains of two vendors makes them one: otherwise both would hold that domain, and the next import of
    the same file would find the other one.
    """
    index = Index()
    groups: dict[str, Folded] = {}
    became: dict[str, str] = {}
    left_out: list[int] = []
    for position, vendor in enumerate(incoming):
        found = list(dict.fromkeys(_now(became, key) for key in index.matches(vendor.name, vendor.domains)))
        entry = Folded(vendor, (position,))
        home, others = (found[0], found[1:]) if found else (str(position), [])
        try:
            groups[home] = _together([*(groups[key] for key in found), entry])
        except TooFull:
            left_out.append(position)
            continue
        for key in others:
            del groups[key]
            became[key] = home
        index.add(home, vendor.name, vendor.domains)
    return list(groups.values()), left_out


def _now(became: Mapping[str, str], key: str) -> str:
    while key in became:
        key = became[key]
    return key


def _together(groups: Sequence[Folded]) -> Folded:
    first, *others = groups
    vendor = first.vendor
    for other in others:
        vendor = joined(vendor, other.vendor)
    return Folded(vendor, tuple(sorted(position for group in groups for position in group.positions)))


def plan(staged: Iterable[tuple[str, Vendor]], index: Index, known: Callable[[str], Vendor]) -> Plan:
    """Sort staged vendors. `known` opens a vendor that `index` found by its id."""
    made = Plan()
    before: dict[str, Vendor] = {}
    after: dict[str, Vendor] = {}
    keys: dict[str, list[str]] = {}
    for key, vendor in staged:
        known_id = index.match(vendor.name, vendor.domains)
        if known_id is None:
            made.new.append((key, vendor))
            continue
        made.home[key] = known_id
        if known_id not in before:
            before[known_id] = after[known_id] = known(known_id)
        try:
            grown = joined(after[known_id], vendor)
        except TooFull:
            made.full.append((key, vendor))
            continue
        if _gains(after[known_id], grown):
            after[known_id] = grown
            keys.setdefault(known_id, []).append(key)
        else:
            made.same.append(key)
    made.changed = [
        Change(known_id, before[known_id], after[known_id], _gains(before[known_id], after[known_id]), tuple(of))
        for known_id, of in keys.items()
    ]
    return made


def new_items(staged: Sequence[tuple[str, Item]], there: Iterable[Item]) -> tuple[list[str], list[str]]:
    """(keys to add, keys that are there already): an item is the same when term and value are."""
    seen = {(item.term, item.value) for item in there}
    fresh: list[str] = []
    same: list[str] = []
    for key, item in staged:
        (same if (item.term, item.value) in seen else fresh).append(key)
        seen.add((item.term, item.value))
    return fresh, same


def joined(mine: Vendor, incoming: Vendor) -> Vendor:
    """`merge`, checked against what a record holds. Raises TooFull."""
    try:
        return Vendor.model_validate(merge(mine, incoming).model_dump())
    except ValidationError:
        raise TooFull from None


def _gains(before: Vendor, after: Vendor) -> tuple[Added, ...]:
    # That one more file knows of a vendor is no change worth a line.
    gains = added(before, after)
    return gains if any(gain.field != "sources" for gain in gains) else ()
