"""The lopsided line of Today: companies on which the owner leans past their own measure, or more than three months ago.

Weighed from digests and from those few records that could make it certain. What was paid counts while there are few
purchases to read; with more of them it is left open, so that nothing is said here that the balance itself would not say.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.auth.owner import Owner
from app.i18n import _
from app.relationships import advice as advising
from app.relationships import balance as scales
from app.relationships import leaning
from app.relationships.advice import Advice
from app.relationships.balance import Balance
from app.relationships.evidence import Evidence, Moment, spending
from app.relationships.leaning import Leaning
from app.ui.balance import weighing, words
from app.ui.today.parts import Task
from vault import store
from vault.records import Commitment, Interaction, Job

FEW = 2000
"""So many interactions are read for what was paid; beyond, the share of spend stays open."""


def tasks(
    owner: Owner, vendors: Mapping[str, Mapping[str, Any]], promises: Iterable[store.Opened[Commitment]], works: Iterable[store.Opened[Job]]
) -> list[Task]:
    """One line for each company that leans too far, the most lopsided for certain first. `vendors` are the digests by id."""
    evidence = weighing.of_leaning(owner, vendors, promises, works)
    paid = weighing.purchases(owner) if evidence and store.count(owner.db, owner.account_id, Interaction) <= FEW else []
    yardsticks = weighing.yardsticks(owner) if evidence else []
    now, then = Moment(owner.now, owner.now), Moment(owner.now - leaning.LATELY, owner.now - leaning.LATELY)
    spent, before = spending(paid, now), spending(paid, then)
    found: list[tuple[Leaning, Balance]] = []
    for vendor_id, one in evidence.items():
        weighed = scales.weigh(one, spent, now)
        lean = leaning.leaning(weighed, scales.weigh(one, before, then), scales.measure(yardsticks, now, vendor_id=vendor_id))
        if lean is not None:
            found.append((lean, weighed))
    by_id = {lean.vendor_id: weighed for lean, weighed in found}
    return [
        _task(one, str(vendors[one.vendor_id]["name"]), by_id[one.vendor_id], evidence[one.vendor_id])
        for one in leaning.order(lean for lean, _weighed in found)
    ]


def _task(lean: Leaning, name: str, weighed: Balance, evidence: Evidence) -> Task:
    act, href = _act(weighed, evidence)
    by = words.span(lean.asymmetry)
    if lean.reason == "lopsided":
        text = _("You lean on them by %(by)s more than they on you.") % {"by": by}
    else:
        text = _("You lean on them by %(by)s; three months ago it was %(before)s.") % {"by": by, "before": words.span(lean.before)}
    return Task(
        title=_("You lean on %(name)s") % {"name": name},
        text=text,
        href=f"/vendors/{lean.vendor_id}/balance",
        act=act,
        act_href=href,
        side="mine",
        badge=_("lopsided") if lean.reason == "lopsided" else _("growing"),
        tone="wait",
    )


def _act(weighed: Balance, evidence: Evidence) -> tuple[str, str]:
    """The first thing that would take weight off, and where it is done."""
    here = f"/vendors/{weighed.vendor_id}/balance#advice"
    return next(_acts(advising.advise(weighed, evidence, scales.Measure()), weighed), (_("See what would help"), here))


def _acts(advised: Iterable[Advice], weighed: Balance) -> Iterator[tuple[str, str]]:
    for one in advised:
        if one.code == "second_source" and weighed.job_id is not None:
            yield _("Note who else would do"), f"/jobs/{weighed.job_id}#alternatives"
        elif one.code == "ask_commitment":
            yield _("Ask for a commitment"), f"/letters/new?to={weighed.vendor_id}"
        elif one.code == "narrow":
            yield _("Narrow what they may do"), f"/grants/{one.refs[0].record_id}"
