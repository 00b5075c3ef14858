"""Choices as links: what a list can be narrowed to, for the template `_choices.html`."""

from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from app.i18n import Lazy
from app.ui.view import view

MOST = 12
"""Values of one facet that are offered: those that leave the most."""


@view
class Choice:
    """Something to choose, with how many there are of it. `href` chooses it, or everything when it is chosen already."""

    text: str
    count: int
    href: str
    chosen: bool


@view
class Facet:
    """What a list can be narrowed by, with its choices."""

    title: str
    choices: tuple[Choice, ...]


def address(path: str, said: Mapping[str, str], **changes: str) -> str:
    """A path with what the reader has said, and changes to it; what is empty is left out."""
    query = urlencode({name: value for name, value in {**said, **changes}.items() if value})
    return f"{path}?{query}" if query else path


def choices(counts: Counter[str], chosen: str, href: Callable[[str], str], words: Mapping[str, Lazy] | None = None) -> tuple[Choice, ...]:
    """The values of one facet: in the order of `words` where there are some, else the most frequent, and the chosen one in any case."""
    if words is None:
        values = [value for value, _count in sorted(counts.items(), key=lambda one: (-one[1], one[0].casefold()))[:MOST]]
        values += [chosen] if chosen and chosen not in values else []
    else:
        values = [value for value in words if counts[value] or value == chosen]
    return tuple(
        Choice(str(words[value]) if words else value, counts[value], href("" if value == chosen else value), value == chosen)
        for value in values
    )
