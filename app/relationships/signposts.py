"""The signposts compared: what was answered of either side, what was answered before, and where one side gives more. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.relationships.evidence import Asking, Moment
from vault.records import Answer, Signpost

QUESTIONS = ("care", "long_term", "proactive", "trust", "give_up")
_ORDER: tuple[Answer, ...] = ("no", "partly", "yes")


@dataclass(frozen=True)
class Compared:
    """One question. `before` are the last answers that were given to it earlier, "unsaid" without any."""

    question: str
    them: Answer
    me: Answer
    them_before: Answer
    me_before: Answer

    @property
    def more(self) -> int:
        """Who gives more: above nothing I do, below it they do, by so many steps; nothing while one is open."""
        if "unsaid" in {self.them, self.me}:
            return 0
        return _ORDER.index(self.me) - _ORDER.index(self.them)


@dataclass(frozen=True)
class Course:
    """The signposts as of a moment: when they were asked last, and each question that was ever answered."""

    at: datetime
    questions: tuple[Compared, ...]


def course(asked: Iterable[Asking], moment: Moment) -> Course | None:
    """What the signposts say as of a moment; None when they were never asked. An open answer does not undo an earlier one."""
    seen = [one for one in asked if moment.sees(one.signpost.happened_at, one.signpost.recorded_at)]
    if not seen:
        return None
    ordered = [one.signpost for one in sorted(seen, key=lambda one: (one.signpost.happened_at, one.signpost.recorded_at, one.record_id))]
    found = (_compared(question, ordered) for question in QUESTIONS)
    return Course(ordered[-1].happened_at, tuple(one for one in found if {one.them, one.me} != {"unsaid"}))


def _compared(question: str, ordered: list[Signpost]) -> Compared:
    them, them_before = _two(ordered, question, "them")
    me, me_before = _two(ordered, question, "me")
    return Compared(question, them, me, them_before, me_before)


def _two(ordered: list[Signpost], question: str, side: str) -> tuple[Answer, Answer]:
    """The last answer and the one before it, as far as there are any."""
    said: list[Answer] = [getattr(getattr(one, question), side) for one in ordered]
    given = [answer for answer in said if answer != "unsaid"]
    return (given[-1] if given else "unsaid"), (given[-2] if len(given) > 1 else "unsaid")
