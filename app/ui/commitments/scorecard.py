"""`/commitments/scorecard`: how promises turned out, of each company and across all, and the owner's own beside them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlencode

from babel.numbers import format_percent
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app.auth.owner import Reader
from app.errors import NotFound
from app.i18n import Lazy, _, lazy
from app.relationships import scorecard
from app.relationships.scorecard import OUTCOMES, Card
from app.ui import arriving
from app.ui.commitments import promises
from app.ui.locale import locale
from app.ui.pages import Page
from app.ui.render import as_money, render
from app.ui.requests import terms_in_words
from app.ui.vendors import clients
from app.ui.view import view
from vault.records import Commitment

router = APIRouter(include_in_schema=False)

OUTCOME: Mapping[str, Lazy] = {
    "kept": lazy("kept"),
    "remedied": lazy("broken, made good"),
    "broken": lazy("broken"),
    "disputed": lazy("disputed"),
    "overdue": lazy("overdue, nothing said"),
    "open": lazy("still open"),
    "waived": lazy("let go"),
    "decided": lazy("kept or broken"),
    "backed": lazy("backed"),
    "words": lazy("just words"),
    "law": lazy("asked by law"),
    "claimed": lazy("claimed"),
}
LEFT, WIDE, HIGH = 4.0, 392.0, 34
"""The bars: where they begin, how long a whole one is, and how far apart they stand (SVG units)."""


@view
class Number:
    """A number that opens to the promises it counts; no link where there are none."""

    text: str
    href: str


@view
class Bar:
    """A kept rate drawn: the bar to `end`, the range from `low` to `high`; `y` is the top of its row."""

    name: str
    said: str
    y: int
    end: float
    low: float
    high: float
    drawn: bool
    mine: bool


@view
class Line:
    """One side's promises in numbers: how many turned out how, and what stands behind them. Nothing that is none is in it."""

    name: str
    href: str
    mine: bool
    rate: str
    range: str
    decided: Number
    counts: tuple[Number, ...]
    behind: tuple[Number, ...]


@view(kw_only=True)
class ScorecardPage(Page):
    """The whole. `vendor` is the company that alone is looked at, if one is."""

    template: ClassVar[str] = "commitments/scorecard.html"
    vendor: str
    bars: tuple[Bar, ...]
    height: int
    lines: tuple[Line, ...]


@router.get("/commitments/scorecard")
def show(request: Request, owner: Reader, vendor: str = "") -> HTMLResponse:
    """All companies and the owner, or one of them alone."""
    arriving.collect(owner)
    known = clients.vendors(owner)
    if vendor and vendor not in known:
        raise NotFound
    every = promises.of_owner(owner, vendor_id=vendor or None)
    lines: list[Line] = []
    bars: list[Bar] = []
    for name, query, mine, found in _sides(every, {one.vendor_id: one.name for one in known.values()}, vendor):
        card = scorecard.card(found, now=owner.now)
        lines.append(_line(name, query, card, mine=mine))
        bars.append(_bar(name, card, len(bars), mine=mine))
    page = ScorecardPage(
        vendor=known[vendor].name if vendor else "",
        bars=tuple(bars),
        height=HIGH * len(bars) + 16,
        lines=tuple(lines),
    )
    return render(request, page, owner=owner)


Side = tuple[str, Mapping[str, str], bool, Sequence[tuple[str, Commitment]]]


def _sides(every: Sequence[tuple[str, Commitment]], names: Mapping[str, str], vendor: str) -> Iterable[Side]:
    """All of theirs, all of mine, then each company's; of one company its own and mine towards it."""
    theirs, mine = ([(record_id, one) for record_id, one in every if one.by == by] for by in ("them", "me"))
    about = {"vendor": vendor} if vendor else {}
    if theirs:
        yield (names[vendor] if vendor else _("All companies")), {**about, "by": "them"}, False, theirs
    if mine:
        yield (_("You, towards them") if vendor else _("You")), {**about, "by": "me"}, True, mine
    if vendor:
        return
    by_vendor: dict[str, list[tuple[str, Commitment]]] = {}
    for record_id, one in theirs:
        by_vendor.setdefault(one.vendor_id, []).append((record_id, one))
    for vendor_id, found in sorted(by_vendor.items(), key=lambda one: names.get(one[0], "").casefold()):
        yield names.get(vendor_id, _("A company that you removed")), {"vendor": vendor_id, "by": "them"}, False, found


def _line(name: str, query: Mapping[str, str], card: Card, *, mine: bool) -> Line:
    def number(text: str, turned: str) -> Number:
        return Number(text, f"/commitments?{urlencode({**query, 'turned': turned})}")

    words = {code: _("%(n)d %(what)s") % {"n": card.count(code), "what": OUTCOME[code]} for code in OUTCOMES if card.count(code)}
    behind = [] if mine else [number(text, turned) for text, turned in _credible(card)]
    behind += [number(text, turned) for text, turned in _mended(card)]
    return Line(
        name=name,
        href=f"/commitments?{urlencode(query)}",
        mine=mine,
        rate=_percent(card.rate) if card.rate is not None else _("not known"),
        range=_("%(low)s to %(high)s") % {"low": _percent(card.range.low), "high": _percent(card.range.high)} if card.decided else "",
        decided=number(str(card.decided), "decided"),
        counts=tuple(number(text, code) for code, text in words.items()),
        behind=tuple(behind),
    )


def _credible(card: Card) -> Iterable[tuple[str, str]]:
    """How many are backed, how many just words, and how many a law asks, which are neither."""
    words = card.promises - card.backed
    if card.backed:
        share = {"n": card.backed, "share": _percent(card.backed / card.promises)}
        yield _("%(n)d backed (%(share)s)") % share, "backed"
    if words:
        yield _("%(n)d just words") % {"n": words}, "words"
    if card.lawful:
        yield _("%(n)d asked by law") % {"n": card.lawful}, "law"


def _mended(card: Card) -> Iterable[tuple[str, str]]:
    """How soon they were made good, and in money what was claimed and what came."""
    if card.middle_days is not None:
        yield _("made good after %(time)s, in the middle") % {"time": _days(card.middle_days)}, "remedied"
    if card.claimed:
        yield _("%(money)s claimed") % {"money": _money(card.claimed)}, "claimed"
    if card.received:
        yield _("%(money)s received") % {"money": _money(card.received)}, "remedied"


def _bar(name: str, card: Card, number: int, *, mine: bool) -> Bar:
    said = _("no promise has turned out yet")
    if card.rate is not None:
        counted = {"kept": card.count("kept"), "decided": card.decided, "rate": _percent(card.rate)}
        said = _("%(kept)s of %(decided)s kept, %(rate)s") % counted
    ends = (LEFT + WIDE * share for share in (card.rate or 0.0, card.range.low, card.range.high))
    end, low, high = (round(one, 1) for one in ends)
    return Bar(name, said, HIGH * number, end, low, high, drawn=card.rate is not None, mine=mine)


def _days(days: float) -> str:
    return terms_in_words.duration(f"P{round(days)}D") if round(days) else _("no more than a day")


def _money(amounts: Mapping[str, Decimal]) -> str:
    return terms_in_words.listed([as_money(amount, currency) for currency, amount in sorted(amounts.items())])


def _percent(share: float) -> str:
    return str(format_percent(share, locale=locale()))
