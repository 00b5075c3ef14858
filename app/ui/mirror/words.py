"""The words of the mirror: verdicts, how they came by things, and what groups and figures usually mean."""

from collections.abc import Mapping

from app.exchange.importers.answers import TERMS
from app.i18n import Lazy, _, lazy
from app.relationships import kinds
from app.relationships.crm_mirror import Line, Verdict
from app.relationships.rights import Right
from app.ui.items.handlers import FRIENDLY
from app.ui.wording import Tone

BASIS: Mapping[str, Lazy] = {
    "stated": lazy("you told them"),
    "observed": lazy("they saw it"),
    "inferred": lazy("they concluded it"),
    "bought": lazy("they got it from others"),
    "unsaid": lazy("they do not say"),
}
CHANGE: Mapping[str, Lazy] = {"came": lazy("new"), "went": lazy("gone"), "changed": lazy("changed")}
VERDICT: Mapping[Verdict, Lazy] = {
    "wrong": lazy("wrong"),
    "not_allowed": lazy("not allowed"),
    "inferred": lazy("concluded by them"),
    "unknown": lazy("unknown to you"),
    "agrees": lazy("agrees"),
}
TONE: Mapping[Verdict, Tone] = {"wrong": "bad", "not_allowed": "bad", "inferred": "theirs", "unknown": "neutral", "agrees": "good"}

RIGHT: Mapping[Verdict, Right] = {
    "wrong": Right.RECTIFICATION,
    "not_allowed": Right.ERASURE,
    "inferred": Right.OBJECTION,
    "unknown": Right.ACCESS,
}
"""What a line asks for first; the others are one tick further."""
ACT: Mapping[Right, Lazy] = {
    Right.RECTIFICATION: lazy("Correct it"),
    Right.ERASURE: lazy("Erase it"),
    Right.OBJECTION: lazy("Object"),
    Right.ACCESS: lazy("Ask about it"),
}
ASKS: Mapping[Right, Lazy] = {
    Right.RECTIFICATION: lazy("Have what is ticked corrected"),
    Right.ERASURE: lazy("Have it erased"),
    Right.OBJECTION: lazy("Object to it"),
    Right.ACCESS: lazy("Ask where it comes from"),
}

_ABOUT: Mapping[str, Lazy] = {
    "churn leave attrition cancel cancellation": lazy(
        "How likely they think you are to leave. Who seems likely may get offers; who does not pays the price."
    ),
    "clv ltv lifetime value worth revenue profit": lazy("How much money they expect from you. It may decide how well you are served."),
    "credit bonitat solvency default scoring schufa payment": lazy(
        "How well they think you pay. It may decide whether you get a contract, and on which terms."
    ),
    "risk fraud abuse trust": lazy("How dangerous they think you are to them. It may block an order or a claim."),
    "propensity buy purchase conversion affinity interest next": lazy("What they think you will buy next. It decides what you are shown."),
    "price sensitivity discount bargain premium": lazy("How they think you look at prices. It may decide the price that you are shown."),
    "satisfaction nps happiness sentiment promoter detractor": lazy("How content they think you are."),
    "engagement active activity dormant lapsed rfm recency frequency loyal loyalty regular regulars vip gold": lazy(
        "How often and how much you use them. It decides how they court you."
    ),
    "lookalike audience household income age gender education family": lazy(
        "Whom they take you for, by what others are like. It need not be true of you."
    ),
}
"""What groups and figures usually mean, by a word in their name."""


def about(name: str, group: str) -> str:
    """A plain word about a group or a figure, by its name; a general one where the name says nothing."""
    said = set(kinds.plain(name).split("_"))
    known = next((words for marks, words in _ABOUT.items() if said & set(marks.split())), None)
    if known is not None:
        return str(known)
    if group == "score":
        return _("A figure about you that they have worked out. Ask what goes into it and what it decides.")
    return _("A group that they put you into. Ask what follows from being in it.")


def why(line: Line) -> str:
    """What a verdict rests on, in a sentence."""
    if line.verdict == "wrong" and line.until is not None:
        return _("It was right once.")
    if line.verdict == "not_allowed":
        return (
            _("They got it from others, and no permission of yours covers it.")
            if line.basis == "bought"
            else _("No live permission of yours covers it.")
        )
    if line.verdict == "inferred":
        return _("You never told them.")
    return ""


def meanings() -> tuple[tuple[str, str], ...]:
    """What a column of an answer may be, in the order of the list."""
    said: tuple[tuple[str, object], ...] = (
        ("", _("leave out")),
        ("fact", _("a fact about me")),
        *((term, FRIENDLY.get(term, lazy("User name"))) for term in TERMS),
        ("observed", _("something that they saw me do")),
        ("inferred", _("something that they concluded")),
        ("bought", _("something that they got from others")),
        ("segment", _("a group that they put me into")),
        ("score", _("a figure that they worked out")),
        ("name", _("what each line is about")),
        ("value", _("what each line says")),
        ("source", _("where each line comes from")),
        ("basis", _("how they came by each line")),
        ("collected", _("when they came by each line")),
    )
    return tuple((code, str(words)) for code, words in said)
