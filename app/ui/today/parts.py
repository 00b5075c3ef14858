"""What Today is made of: tasks in groups, each short until the owner asks for all of it."""

from collections.abc import Iterable
from typing import Literal

from app.ui.view import view

Side = Literal["mine", "theirs", "neutral"]

SHORT = 5
"""Tasks of a group before the rest lies behind a link."""

MOST = 200
"""Tasks of a group at all: a page of more is a list of its own."""


@view
class Task:
    """One thing that waits, and the one act that settles it.

    `href` is where it is told whole; `act_href` where the act is done, the same when empty; with `post` the act is a form
    sent there. `side`: whose move brought it here; `tone` and `badge`: how urgent, in a word.
    """

    title: str
    text: str
    href: str
    act: str
    side: Side
    badge: str = ""
    tone: str = "neutral"
    act_href: str = ""
    post: bool = False


@view
class Group:
    """Things of one kind: those that are shown, and how many there are. `code` is its anchor, and what `?all=` names."""

    code: str
    title: str
    icon: str
    tasks: tuple[Task, ...]
    count: int


def group(code: str, title: str, icon: str, tasks: Iterable[Task], *, opened: str) -> Group:
    """A group, short unless it is the one that was asked for."""
    found = tuple(tasks)
    return Group(code, title, icon, found[: MOST if code == opened else SHORT], len(found))
