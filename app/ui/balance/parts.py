"""What the pages of the balance show: numbers, names and pictures ready to be drawn."""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from fastapi import Request

from app.auth.owner import Owner
from app.i18n import _
from app.relationships import balance as scales
from app.relationships.balance import Balance, Factored, Measure
from app.relationships.evidence import Moment
from app.relationships.factors import Day
from app.ui import charts
from app.ui.balance import words
from app.ui.charts import Band, Beam
from app.ui.view import view

EARLIEST = 1970


@view
class Look:
    """How a balance is looked at: which day, as of when, and with what is known when. `on` is the day typed, empty for now."""

    day: Day
    moment: Moment
    on: str = ""
    hindsight: bool = False

    def query(self, *, day: str | None = None, hindsight: bool | None = None) -> str:
        """The query of a link that looks the same way, perhaps at the other kind of day, or with other knowledge."""
        knowing = self.hindsight if hindsight is None else hindsight
        pairs = [("day", day or self.day), ("on", self.on), ("known", "now" if knowing else "")]
        kept = [f"{name}={value}" for name, value in pairs if value and (name, value) != ("day", "ordinary")]
        return f"?{'&'.join(kept)}" if kept else ""


@view
class FactorLine:
    """A factor in the table of one side."""

    factor: str
    text: str
    span: str
    weight: str
    why: str
    corrected: str
    least: float
    most: float


@view
class PartLines:
    """A part with its factors."""

    text: str
    span: str
    lines: tuple[FactorLine, ...]


@view
class Weighed:
    """A balance in words."""

    mine: str
    theirs: str
    magnitude: str
    lean: str
    names: tuple[tuple[str, str], ...]
    sentence: str
    my_parts: tuple[PartLines, ...]
    their_parts: tuple[PartLines, ...]
    beam: Beam


@view
class OverTime:
    """The chart over time: bands, marks of the years, and the rows of the table behind it, each with the day that shows it again."""

    mine: Band
    theirs: Band
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[tuple[datetime, str, str, str, str], ...]


def look(request: Request, owner: Owner) -> Look:
    """From the query: `day=need`, `on=2026-05-01` (the end of that day, where the owner lives), `known=now`. What does not fit is now."""
    asked = request.query_params
    day: Day = "need" if asked.get("day") == "need" else "ordinary"
    hindsight = asked.get("known") == "now"
    try:
        on = date.fromisoformat(asked.get("on", ""))
        at = datetime.combine(on, time.max, tzinfo=ZoneInfo(owner.profile.time_zone))
        if on.year >= EARLIEST and at < owner.now:
            return Look(day, Moment(at, owner.now if hindsight else at), on.isoformat(), hindsight)
    except (ValueError, OverflowError):
        pass
    return Look(day, Moment(owner.now, owner.now), hindsight=hindsight)


def weighed(found: Balance, measure: Measure) -> Weighed:
    """A balance, said."""
    called = scales.names(found, measure)
    return Weighed(
        mine=words.span(found.mine),
        theirs=words.span(found.theirs),
        magnitude=words.span(found.magnitude),
        lean=words.lean(found.asymmetry),
        names=named(called),
        sentence=str(words.NAMED[called[0]]) if len(called) == 1 else _undecided(called),
        my_parts=(_part(found, "my_stakes"), _part(found, "my_ties")),
        their_parts=(_part(found, "their_stakes"), _part(found, "their_ties")),
        beam=charts.beam(found.mine, found.theirs),
    )


def named(called: Sequence[scales.Name]) -> tuple[tuple[str, str], ...]:
    """Names with their tones."""
    return tuple((str(words.NAME[name]), words.TONE[name]) for name in called)


def line(one: Factored) -> FactorLine:
    """A factor, said."""
    over = one.correcting.correction if one.correcting else None
    return FactorLine(
        factor=one.factor,
        text=str(words.FACTOR[one.factor]),
        span=words.span(one.range),
        weight=words.number(one.weight),
        why=words.why(one.found),
        corrected=str(words.SAYS[over.says]) if over else "",
        least=charts.share(one.range.low),
        most=charts.share(one.range.high),
    )


def over_time(found: Sequence[Balance], zone: str) -> OverTime:
    """Balances of evenly spaced moments, the newest last."""
    ticks = charts.years([one.moment.at.astimezone(ZoneInfo(zone)).year for one in found])
    rows = tuple(
        (
            one.moment.at,
            one.moment.at.astimezone(ZoneInfo(zone)).date().isoformat(),
            words.span(one.mine),
            words.span(one.theirs),
            words.lean(one.asymmetry),
        )
        for one in _changes(found)
    )
    return OverTime(charts.band([one.mine for one in found]), charts.band([one.theirs for one in found]), ticks, tuple(reversed(rows)))


def _changes(found: Sequence[Balance]) -> list[Balance]:
    """The first, and each that differs from the one before as far as the page shows."""
    kept: list[Balance] = []
    for one in found:
        if not kept or _shown(one) != _shown(kept[-1]):
            kept.append(one)
    return kept


def _shown(one: Balance) -> tuple[str, str]:
    return words.span(one.mine), words.span(one.theirs)


def _part(found: Balance, part: str) -> PartLines:
    lines = tuple(line(found.factors[factor]) for factor in scales.WEIGHTS[part])
    return PartLines(str(words.PART[part]), words.span(found.parts[part]), lines)


def _undecided(called: Sequence[scales.Name]) -> str:
    if len(called) == len(words.NAME):
        return _("Too little is known to say who leans on whom. Nothing here guesses; what you write down narrows it.")
    return _("Each of these fits what is known so far.")
