"""What a company says that it holds, read as a mirror: line by line beside what the owner holds and what the owner allowed, and
what changed between two versions. Pure.

A line may be true of several ways at once, and counts in each; by the first of its verdicts it is sorted and acted on:

- `inferred`: they concluded it, or it is a group or a figure of theirs. It may be right or wrong; nobody told them.
- `wrong`: the owner holds this kind of thing, there is one right answer to it, and theirs is none of them.
- `not_allowed`: no live permission covers it, and either one that did has ended, or they bought it, or permissions say what they
  may have and this is something else. What the owner told them without any permission is not counted against them.
- `agrees`: it is what the owner holds, or a part of it.
- `unknown`: the owner holds nothing to compare it with.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.relationships import alike, kinds
from app.relationships.alike import Writing
from consent import vocabulary
from vault.records import Held, HeldField

Verdict = Literal["inferred", "wrong", "not_allowed", "agrees", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("wrong", "not_allowed", "inferred", "unknown", "agrees")
"""In the order of the page: what to act on first."""

Side = Literal["theirs", "mine", "allowed"]
Group = Literal["field", "segment", "score"]
Value = tuple[str, str, str]
"""What it says; and of a field how they came by it (a code) and from where."""


ONE_ANSWER = frozenset(
    {"pd:EmailAddress", "pd:TelephoneNumber", "pd:PhysicalAddress", "pd:Name", "pd:BirthDate", "pd:Identifier", "pd:Username"}
)
"""Kinds of data that are right or wrong. Of anything else, a preference say, another value is only another one."""

IN_PARTS = frozenset({"pd:PhysicalAddress", "pd:Name"})


@dataclass(frozen=True)
class Mine:
    """Something that the owner holds: of which kind, what it says, and `until` when it was so, None for what is so now."""

    term: str
    value: str
    until: datetime | None = None


@dataclass(frozen=True)
class Allowed:
    """A kind of data that the owner allowed them to have; `live` while the permission or consent holds."""

    term: str
    live: bool


@dataclass(frozen=True)
class Line:
    """One thing that they hold, beside what is the owner's. `key` finds it in its record; `mine` are the owner's present values
    of that kind, `agreeing` those of them that it agrees with, `until` is when theirs was right, where it once was; `allowed`
    whether a live permission covers it."""

    key: str
    group: Group
    name: str
    value: str
    term: str
    basis: str
    source: str
    collected_at: datetime | None
    verdicts: tuple[Verdict, ...]
    mine: tuple[str, ...]
    agreeing: frozenset[str]
    until: datetime | None
    allowed: bool

    @property
    def verdict(self) -> Verdict:
        """The first: what it is sorted by, and what it asks for."""
        return self.verdicts[0]


@dataclass(frozen=True)
class Overlap:
    """How many things are in which of the three sets: what they hold, what the owner holds, what the owner allowed."""

    counts: Mapping[frozenset[Side], int]

    def of(self, *sides: Side) -> int:
        """How many are in exactly these sets."""
        return self.counts.get(frozenset(sides), 0)

    def whole(self, side: Side) -> int:
        """How many are in one set, whatever other sets they are in."""
        return sum(count for sides, count in self.counts.items() if side in sides)


def lines(held: Held, mine: Sequence[Mine], allowed: Sequence[Allowed]) -> tuple[Line, ...]:
    """A version line by line, in its own order; what a line says of itself depends on no other line."""
    # Each value of the owner's is read once for all lines; what was read goes with the end of this call.
    read: dict[str, list[_Read]] = {}
    for one in mine:
        read.setdefault(one.term, []).append(_Read(one, Writing(one.value)))
    found = [_line(f"f{place}", said, read, allowed) for place, said in enumerate(held.fields)]
    found += [_concluded(f"g{place}", "segment", name, "", "") for place, name in enumerate(held.segments)]
    found += [_concluded(f"s{place}", "score", one.name, one.value, one.meaning) for place, one in enumerate(held.scores)]
    return tuple(found)


def counts(of: Iterable[Line]) -> dict[Verdict, int]:
    """How many lines have which verdict, a line with several in each, in the order of the page."""
    found = Counter(verdict for line in of for verdict in line.verdicts)
    return {verdict: found[verdict] for verdict in VERDICTS}


def overlap(of: Sequence[Line], mine: Sequence[Mine], allowed: Sequence[Allowed]) -> Overlap:
    """The three sets: every line of theirs, every present value of the owner's that no line agrees with, and every kind that a
    live permission covers without either side naming a value."""
    found: Counter[frozenset[Side]] = Counter()
    matched: set[tuple[str, str]] = set()
    present = {(one.term, one.value) for one in mine if one.until is None}
    for line in of:
        same = {(line.term, value) for value in line.agreeing} & present
        matched |= same
        found[_sides(theirs=True, mine=bool(same), allowed=line.allowed)] += 1
    for term, _value in present - matched:
        found[_sides(theirs=False, mine=True, allowed=covered(term, allowed))] += 1
    named = {line.term for line in of} | {term for term, _value in present}
    for term in {one.term for one in allowed if one.live}:
        if not any(term == other or term in vocabulary.ancestors(other) for other in named):
            found[_sides(theirs=False, mine=False, allowed=True)] += 1
    return Overlap(dict(found))


def covered(term: str, allowed: Iterable[Allowed], *, live: bool = True) -> bool:
    """Whether a permission that is live (or, without `live`, one that has ended) names this kind of data or one above it."""
    above = {term, *vocabulary.ancestors(term)} if term else set()
    return any(one.live is live and one.term in above for one in allowed)


@dataclass(frozen=True)
class _Read:
    """Something that the owner holds, read once."""

    of: Mine
    writing: Writing


def _line(key: str, said: HeldField, mine: Mapping[str, Sequence[_Read]], allowed: Sequence[Allowed]) -> Line:
    term, theirs = said.term or kinds.of_name(said.name), Writing(said.value)
    of_kind = mine.get(term, ())
    agreeing = frozenset(one.of.value for one in of_kind if one.of.until is None and _agrees(term, theirs, one.writing))
    same = bool(agreeing)
    once = (one.of.until for one in of_kind if one.of.until is not None and _agrees(term, theirs, one.writing))
    until = None if same else max(once, default=None)
    present = tuple(sorted({one.of.value for one in of_kind if one.of.until is None}))
    wrong = not same and term in ONE_ANSWER and bool(present)
    may = covered(term, allowed)
    found: dict[Verdict, bool] = {
        "inferred": said.basis == "inferred",
        "wrong": wrong,
        "not_allowed": not may and _against(term, said.basis, allowed),
        "agrees": same,
    }
    verdicts: tuple[Verdict, ...] = tuple(verdict for verdict, holds in found.items() if holds) or ("unknown",)
    return Line(
        key, "field", said.name, said.value, term, said.basis, said.source, said.collected_at, verdicts, present, agreeing, until, may
    )


def _against(term: str, basis: str, allowed: Sequence[Allowed]) -> bool:
    if basis == "bought" or covered(term, allowed, live=False):
        return True
    return basis != "stated" and bool(term) and any(one.live for one in allowed)


def _concluded(key: str, group: Group, name: str, value: str, meaning: str) -> Line:
    return Line(key, group, name, value, "", "inferred", meaning, None, ("inferred",), (), frozenset(), None, allowed=False)


def _agrees(term: str, theirs: Writing, mine: Writing) -> bool:
    return bool(term) and (alike.alike(term, theirs, mine) or (term in IN_PARTS and alike.within(theirs, mine)))


def _sides(*, theirs: bool, mine: bool, allowed: bool) -> frozenset[Side]:
    held: dict[Side, bool] = {"theirs": theirs, "mine": mine, "allowed": allowed}
    return frozenset(side for side, is_in in held.items() if is_in)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: no `before` for what came, no `after` for what went. A name that stands several times
    is one thing with several values."""

    group: Group
    name: str
    before: tuple[Value, ...]
    after: tuple[Value, ...]

    @property
    def kind(self) -> Literal["came", "went", "changed"]:
        """What happened to it."""
        if not self.before:
            return "came"
        return "changed" if self.after else "went"

    @property
    def same_words(self) -> bool:
        """Whether it says the same, and only how they came by it is told differently."""
        return [value[0] for value in self.before] == [value[0] for value in self.after]


def differences(before: Held | None, after: Held) -> tuple[Difference, ...]:
    """What changed from one version to the next, in the order of the later one; nothing for the first of all."""
    if before is None:
        return ()
    then, now = _said(before), _said(after)
    keys = [*now, *(key for key in then if key not in now)]
    return tuple(Difference(*key, then.get(key, ()), now.get(key, ())) for key in keys if then.get(key) != now.get(key))


def _said(held: Held) -> Mapping[tuple[Group, str], tuple[Value, ...]]:
    found: dict[tuple[Group, str], tuple[Value, ...]] = {}
    rows: list[tuple[Group, str, Value]] = [
        *(("field", one.name, (one.value, one.basis, one.source)) for one in held.fields),
        *(("segment", name, (name, "", "")) for name in held.segments),
        *(("score", one.name, (one.value, "", one.meaning)) for one in held.scores),
    ]
    for group, name, value in rows:
        found[group, name] = tuple(sorted((*found.get((group, name), ()), value)))
    return found
