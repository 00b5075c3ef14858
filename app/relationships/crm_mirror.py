"""What a company says that it holds, read as a mirror: what changed between two versions of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vault.records import Held

Group = Literal["field", "segment", "score"]
Value = tuple[str, str, str]
"""What it says; and of a field how they came by it (a code) and from where."""


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
