"""What follows from a balance, as its page shows it: advice with the act, warnings and who cared with their evidence, signposts."""

from collections.abc import Sequence

from app.i18n import _
from app.relationships import advice as advising
from app.relationships import signposts
from app.relationships.advice import Advice, Nurture, Outlook
from app.relationships.balance import Balance, Measure
from app.relationships.evidence import Evidence, Moment, Spending
from app.ui.balance import words
from app.ui.commitments import evidence_lines
from app.ui.commitments.evidence_lines import EvidenceLine
from app.ui.view import view
from vault.records import Alternative

Link = tuple[str, str]


@view
class AdviceLine:
    """One thing to do: what, why, by which numbers, what it would move, where it is done, and what the owner noted for it."""

    title: str
    because: str
    numbers: str
    outlook: str
    links: tuple[Link, ...]
    alternatives: tuple[Alternative, ...]
    noted: tuple[str, ...] = ()


@view
class WarningLine:
    """One thing to beware of, with what it rests on."""

    text: str
    evidence: tuple[EvidenceLine, ...]


@view
class CareLine:
    """One row of who has cared: by me and by them, each with its evidence."""

    text: str
    mine: tuple[EvidenceLine, ...]
    theirs: tuple[EvidenceLine, ...]


@view
class SignLine:
    """One question of the signposts, both ways: what holds of them and of me, and what was said before where that differs."""

    them_text: str
    them: str
    them_before: str
    me_text: str
    me: str
    me_before: str
    more: str


def advice(
    found: Balance, evidence: Evidence, measure: Measure, spending: Spending, *, noted: Sequence[str] = ()
) -> tuple[AdviceLine, ...]:
    """What to do, the most telling first. `noted` are others who would do that stand in the record of the company."""
    return tuple(
        _advised(one, found, evidence, advising.foresee(one, found, evidence, spending), tuple(noted))
        for one in advising.advise(found, evidence, measure)
    )


def warnings(evidence: Evidence, moment: Moment) -> tuple[WarningLine, ...]:
    """What to beware of; what the owner said of it leads to the signposts."""
    said = EvidenceLine(_("What you answered to the signposts"), f"/vendors/{evidence.vendor_id}/signposts", None)
    return tuple(
        WarningLine(words.beware(one.code, one.figures, one.names), evidence_lines.lines(one.refs, evidence) or (said,))
        for one in advising.warnings(evidence, moment)
    )


def care(found: Nurture, evidence: Evidence) -> tuple[CareLine, ...]:
    """Who has cared, row by row."""
    rows = (
        (_("Took the initiative"), found.started),
        (_("Named a problem"), found.problems),
        (_("Made something good"), found.solved),
        (_("Kept a promise"), found.kept),
    )
    return tuple(
        CareLine(text, evidence_lines.lines(mine, evidence), evidence_lines.lines(theirs, evidence)) for text, (mine, theirs) in rows
    )


def cared(found: Nurture) -> str:
    """Who did more of it, in a sentence."""
    mine, theirs = found.done
    if not mine + theirs:
        return _("Nothing is written down of that half year: neither side has tended it, or nobody has said so.")
    counted = {"n": max(mine, theirs), "of": mine + theirs}
    if mine == theirs:
        return _("Each side did as much as the other.")
    return (_("You did %(n)d of %(of)d things that keep it alive.") if mine > theirs else _("They did %(n)d of %(of)d.")) % counted


def signs(evidence: Evidence, moment: Moment) -> tuple[SignLine, ...]:
    """The signposts that were answered, compared."""
    course = signposts.course(evidence.signposts, moment)
    return tuple(_sign(one) for one in course.questions) if course else ()


def _sign(one: signposts.Compared) -> SignLine:
    them_text, me_text = (str(text) for text in words.QUESTION[one.question])
    more = _("you give more") if one.more > 0 else _("they give more") if one.more < 0 else ""
    return SignLine(
        them_text, str(words.ANSWER[one.them]), _before(one.them, one.them_before),
        me_text, str(words.ANSWER[one.me]), _before(one.me, one.me_before), more,
    )  # fmt: skip


def _before(now: str, before: str) -> str:
    return "" if before in {now, "unsaid"} else str(words.ANSWER[before])


def _advised(one: Advice, found: Balance, evidence: Evidence, outlook: Outlook | None, noted: tuple[str, ...]) -> AdviceLine:
    here = f"/vendors/{found.vendor_id}/balance"
    factor = str(words.FACTOR[one.factor])
    because = str(words.BECAUSE.get(one.code, ""))
    if one.code == "find_out":
        because = _("What would settle most: “%(factor)s” is still open.") % {"factor": factor}
    return AdviceLine(
        title=str(words.ADVICE[one.code]),
        because=because,
        numbers=_numbers(one, found, factor),
        outlook=_outlook(outlook),
        links=(*_acts(one, found, evidence), (_("Why: %(factor)s") % {"factor": factor}, f"{here}/{one.factor}")),
        alternatives=one.alternatives,
        noted=noted if one.code in {"second_source", "leave"} else (),
    )


def _numbers(one: Advice, found: Balance, factor: str) -> str:
    """The numbers that an advice follows from."""
    told = {"mine": words.span(found.mine), "theirs": words.span(found.theirs), "factor": factor}
    told["n"] = words.span(found.factors[one.factor].range)
    if one.code == "ask_commitment":
        return _("Your dependence %(mine)s, theirs %(theirs)s.") % told
    return _("Your dependence %(mine)s; %(factor)s: %(n)s.") % told


def _outlook(outlook: Outlook | None) -> str:
    if outlook is None:
        return ""
    told = {"now": words.dash(outlook.now), "then": words.dash(outlook.then)}
    if outlook.side == "mine":
        return _("Your dependence: now %(now)s, then %(then)s.") % told
    return _("Theirs: now %(now)s, then %(then)s, if it also lets you go when it is broken.") % told


def _acts(one: Advice, found: Balance, evidence: Evidence) -> tuple[Link, ...]:
    """Where it is done."""
    vendor_id = found.vendor_id
    write = (_("Write to them"), f"/letters/new?to={vendor_id}")
    match one.code:
        case "ask_commitment":
            promised = {promise.record_id: promise.commitment.promise for promise in evidence.promises}
            loose = (
                (_("“%(promise)s” is just words") % {"promise": promised[ref.record_id]}, f"/commitments/{ref.record_id}")
                for ref in one.refs
            )
            return (write, *loose, (_("Write down what they promise"), f"/commitments/new?vendor={vendor_id}"))
        case "narrow":
            return tuple((_("Their permission"), f"/grants/{ref.record_id}") for ref in one.refs)
        case "second_source":
            return _of_jobs(_("Note who else would do"), "alternatives", found, evidence)
        case "leave":
            return (*_of_jobs(_("See what else would do, and let them go"), "alternatives", found, evidence), write)
    return ()


def _of_jobs(text: str, anchor: str, found: Balance, evidence: Evidence) -> tuple[Link, ...]:
    """A link to the job that weighs; to every job they were hired for where none does; without a job to the first."""
    titles = {work.record_id: work.job.title for work in evidence.jobs}
    ids = [found.job_id] if found.job_id else sorted(titles)
    return tuple((f"{text}: {titles[job_id]}", f"/jobs/{job_id}#{anchor}") for job_id in ids) or ((_("Name a job"), "/jobs/new"),)
