"""A matter in a line, for the pages that lead to it: what was asked of whom, where it stands, how long they still have."""

from datetime import date

from app.auth.owner import Owner
from app.exchange import matters as kept
from app.exchange.matters import Found
from app.relationships import matters, rights_words
from app.relationships.matters import Standing
from app.ui import dates
from app.ui.letters import matter_words
from app.ui.view import view
from app.ui.wording import Tone
from vault.records import LetterRecord

BAR = 100.0
"""Length of the bar, in units of its picture."""


@view
class MatterLine:
    """A matter in a list. `bar` is how much of their time has gone, of 100; `days_left` counts down and is negative when late."""

    matter_id: str
    title: str
    article: str
    vendor_id: str
    company: str
    state: str
    tone: Tone
    due: date
    days_left: int
    bar: float
    open: bool
    next: str


def line(owner: Owner, found: Found) -> MatterLine:
    """A matter as of today."""
    standing = matters.standing(found.commitment, found.matter, today=dates.today(owner))
    return of_standing(found, standing)


def of_standing(found: Found, standing: Standing) -> MatterLine:
    """A matter where it stands."""
    return MatterLine(
        matter_id=found.matter_id,
        title=str(matter_words.RIGHT[found.matter.right]),
        article=rights_words.article(found.matter.law, found.matter.right),
        vendor_id=found.commitment.vendor_id,
        company=found.first.fields.to,
        state=str(matter_words.STATE[standing.state]),
        tone=matter_words.TONE[standing.state],
        due=standing.due,
        days_left=standing.days_left,
        bar=round(standing.gone * BAR, 1),
        open=standing.state not in {"answered", "closed"},
        next=str(matter_words.NEXT[standing.next]),
    )


def of_letter(owner: Owner, letter: LetterRecord) -> MatterLine | None:
    """The matter that a letter belongs to."""
    return of_promise(owner, letter.commitment_id) if letter.commitment_id else None


def of_promise(owner: Owner, commitment_id: str) -> MatterLine | None:
    """The matter that a promise tracks; None where it is a promise of another kind."""
    found = kept.find(owner.db, owner.keyring, commitment_id)
    return line(owner, found) if found else None


def of_vendor(owner: Owner, vendor_id: str) -> tuple[MatterLine, ...]:
    """The matters with one company, the open ones first, the newest first."""
    lines = [line(owner, found) for found in reversed(kept.all_of(owner.db, owner.keyring, vendor_id=vendor_id))]
    return tuple(sorted(lines, key=lambda one: not one.open))
