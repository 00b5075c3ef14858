"""How close a company keeps beside how close the owner wants it, gathered and in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.auth.owner import Owner
from app.i18n import Lazy, _, lazy, ngettext
from app.relationships import closeness
from app.relationships.closeness import Shown, Sign
from app.ui.vendors import happened
from app.ui.vendors.form import CLOSENESS_SHORT
from app.ui.view import view
from vault.records import LetterRecord, Vendor

VERDICT: Mapping[str, Lazy] = {
    "unknown": lazy("Nothing is known yet of what they send."),
    "undecided": lazy("You have not said how close you want them."),
    "as_wanted": lazy("They keep the distance that you want."),
    "closer": lazy("They come closer than you want."),
    "further": lazy("They keep further away than you want."),
    "open": lazy("It may be as you want it; what is known does not settle it."),
}
TONE: Mapping[str, str] = {"as_wanted": "good", "closer": "bad", "further": "wait"}


@view
class ClosenessInWords:
    """Shown beside wanted. `shown` is a level, or two that it lies between; `verdict` is a sentence; `closer` when they
    come nearer than wanted.
    """

    wanted: str
    shown: str
    verdict: str
    tone: str
    closer: bool


def signs(owner: Owner, vendor_id: str, vendor: Vendor) -> list[Sign]:
    """Everything that passed between the owner and one company, as the engine reads it."""
    hides, parties = happened.hidden(owner), happened.parties(vendor_id, vendor)
    marks = (mark for source in ("interaction", "message") for mark in happened.of_vendor(owner, source, parties))
    found = [closeness.of_mark(mark) for mark in marks if not hides(mark)]
    for letter in owner.digests(LetterRecord):
        said: Mapping[str, Any] = letter.values
        if said["vendor_id"] == vendor_id and said["sent_at"] and said["kind"] != "answer":
            found.append(Sign(datetime.fromisoformat(said["sent_at"]), "letter", "me", "letter", letter.record_id))
    return found


def shown(owner: Owner, vendor_id: str, vendor: Vendor, *, known_since: datetime) -> Shown:
    """How close they keep."""
    return closeness.shown(signs(owner, vendor_id, vendor), vendor.mail, known_since=known_since, now=owner.now)


def in_words(vendor: Vendor, found: Shown) -> ClosenessInWords:
    """For the company's page."""
    verdict = closeness.verdict(vendor.closeness, found)
    return ClosenessInWords(
        wanted=str(CLOSENESS_SHORT[vendor.closeness]),
        shown=levels(found),
        verdict=str(VERDICT[verdict]),
        tone=TONE.get(verdict, "neutral"),
        closer=verdict == "closer",
    )


def levels(found: Shown) -> str:
    """`arm's length`, or `just service to arm's length`; `not known`."""
    if found.levels is None:
        return _("not known")
    low, high = (str(CLOSENESS_SHORT[level.code]) for level in found.levels)  # type: ignore[index]  # the codes of Level are those of Vendor.closeness
    return low if low == high else _("%(least)s to %(most)s") % {"least": low, "most": high}


def known_for(found: Shown) -> str:
    """How long is known."""
    if found.days >= closeness.YEAR.days:
        return _("the last year")
    return ngettext("%(n)d day", "%(n)d days", found.days) % {"n": found.days}
