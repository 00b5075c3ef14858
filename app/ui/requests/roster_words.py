"""The IEEE 7012 roster in plain words: what each agreement permits, and what of a request lies beyond the owner's terms."""

from collections.abc import Mapping

from app.i18n import Lazy, _, lazy
from app.ui.view import view
from consent.roster import PRACTICES, ROSTER

TITLES: Mapping[str, Lazy] = {
    "SD-BASE": lazy("Just the service"),
    "SD-BASE-A": lazy("The service, and counting how it is used"),
    "SD-BASE-AT": lazy("The service, counting and following"),
    "SD-BASE-ATP": lazy("The service, counting, following and profiling"),
    "SD-BASE-ATP-S3P": lazy("All of that, and sharing what is anonymous"),
    "PDC-INTENT": lazy("Answers to what I want to buy"),
    "PDC-AI": lazy("Data for training and running AI"),
    "PDC-GOOD": lazy("Data for the public good"),
}
PRACTICE: Mapping[str, Lazy] = {
    "service": lazy("Deliver the service"),
    "analytics": lazy("Count how I use it"),
    "tracking": lazy("Follow me around"),
    "profiling": lazy("Make a profile of me"),
    "sharing": lazy("Share anonymous data"),
}
_SHOWN = tuple(name for name in PRACTICES if name in PRACTICE)
RULE: Mapping[str, Lazy] = {"must": lazy("must"), "may": lazy("may"), "not": lazy("must not")}

REASONS: Mapping[str, Lazy] = {
    "analytics": lazy("They would count how you use it; your agreement does not permit that."),
    "tracking": lazy("They would follow what you do; your agreement does not permit that."),
    "profiling": lazy("They would make a profile of you; your agreement does not permit that."),
    "sharing": lazy("They would share it with others; your agreement does not permit that."),
    "selling": lazy("They would sell data about you; no agreement permits that."),
    "recipients": lazy("Others would get it; your agreement does not permit that."),
    "other-purpose": lazy("This is not needed for the service; your agreement does not speak of it."),
    "frequency": lazy("More often than you want."),
    "hours": lazy("At hours that you do not want."),
    "retention": lazy("They would keep it longer than you want."),
    "agreement": lazy("The agreement that they name permits more than yours."),
    "portability": lazy("They do not agree to hand you your data; your agreement asks for that."),
    "expiry": lazy("It would run longer than you want."),
}
MAY_ASK: Mapping[str, Lazy] = {
    "address": lazy("Anyone with a contact link of mine"),
    "known": lazy("Only companies I know already"),
    "nobody": lazy("Nobody"),
}


@view
class Cell:
    """What an agreement says to one practice: `rule` for the picture, `text` for the words."""

    rule: str
    text: str


@view
class Row:
    """One kind of agreement: its rules, and its forms (code, words), which differ in whether they must hand me my data."""

    title: str
    cells: tuple[Cell, ...]
    forms: tuple[tuple[str, str], ...]


def columns() -> tuple[str, ...]:
    """The practices, in the order of a row's cells."""
    return tuple(str(PRACTICE[name]) for name in _SHOWN)


def rows() -> tuple[Row, ...]:
    """The whole roster."""
    return tuple(_row(base, [code for code in ROSTER if code.removesuffix("-DP") == base]) for base in TITLES)


def title(code: str) -> str:
    """An agreement in words, with what its ending adds; the code itself where the roster does not have it."""
    base, portable = code.removesuffix("-DP"), code.endswith("-DP")
    if code not in ROSTER:
        return code
    return _("%(title)s; and they hand me my data") % {"title": TITLES[base]} if portable else str(TITLES[base])


def named(code: str) -> str:
    """An agreement by its words and its code."""
    return _("%(title)s (%(code)s)") % {"title": title(code), "code": code} if code in ROSTER else code


def reasons(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Why something lies beyond the owner's terms."""
    return tuple(str(REASONS[code]) for code in codes)


def _row(base: str, codes: list[str]) -> Row:
    cells = tuple(Cell(ROSTER[codes[0]].rules[name], str(RULE[ROSTER[codes[0]].rules[name]])) for name in _SHOWN)
    forms = tuple(
        (code, _("They must hand me my data") if ROSTER[code].rules["portability"] == "must" else _("They may hand me my data"))
        for code in codes
    )
    return Row(str(TITLES[base]), cells, forms)
