"""Moments of the timeline in words: what a mark leads to, opened, with whose move it was and where to read on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from app.auth.owner import Owner
from app.i18n import Lazy, lazy
from app.relationships.timeline import SOURCES, Mark, Moment
from app.ui import wording
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.vendors.known_parts import INCIDENT
from app.ui.vendors.words import plain
from app.ui.view import view
from vault import store

INTERACTION: Mapping[str, Lazy] = {
    "purchase": lazy("Purchase"),
    "contact": lazy("Contact"),
    "problem": lazy("Problem"),
    "praise": lazy("Praise"),
    "visit": lazy("Visit"),
}
FEELING: Mapping[str, Lazy] = {"good": lazy("felt good"), "neutral": lazy("felt neither good nor bad"), "bad": lazy("felt bad")}
LETTER: Mapping[str, Lazy] = {
    "written": lazy("You wrote a letter"),
    "sent": lazy("You sent a letter"),
    "answered": lazy("They answered"),
}
ELSEWHERE: Mapping[str, Lazy] = {
    "given": lazy("You gave permission elsewhere"),
    "sent": lazy("You withdrew what you had given elsewhere"),
    "acknowledged": lazy("They acknowledged the withdrawal"),
    "ended": lazy("A permission given elsewhere ended"),
}
POLICY: Mapping[str, Lazy] = {
    "terms": lazy("A copy of their terms"),
    "privacy": lazy("A copy of their privacy notice"),
    "prices": lazy("A copy of their price list"),
    "other": lazy("A copy of what they laid down"),
}
HELD: Mapping[str, Lazy] = {"held": lazy("They told you what they hold on you")}
WORDS: Mapping[str, Mapping[str, Lazy]] = {
    "interaction": INTERACTION,
    "message": wording.MESSAGE,
    "commitment": {**wording.EVENT, "broken_by_clock": wording.BY_CLOCK["broken"]},
    "letter": LETTER,
    "elsewhere": ELSEWHERE,
    "held": HELD,
    "incident": INCIDENT,
    "policy": POLICY,
    "ledger": wording.LEDGER,
}
PLACES: Mapping[str, str] = {
    "message": "/inbox/{record}",
    "commitment": "/commitments/{record}",
    "letter": "/letters/{record}",
    "elsewhere": "/elsewhere/{record}",
    "held": "/vendors/{vendor}/mirror",
    "policy": "/vendors/{vendor}/policies/{record}",
    "ledger": "/grants/{record}",
    "request": "/requests/{record}",
}
"""Where to read on. What happened by word of mouth is told whole in its line."""

LATE = timedelta(days=1)
"""From when on it is worth saying that something was written down later than it happened."""

BAD = frozenset({"problem", "broken", "broken_by_clock", "disputed", "breach", "grant.suspended"})


@view
class Entry:
    """A moment in words. `side` is mine, theirs or neutral; `late` when it was written down on a later day; `vendor` whose it is."""

    at: datetime
    side: str
    bad: bool
    what: str
    title: str
    text: str
    href: str
    amount: str | None
    currency: str | None
    late: datetime | None
    vendor_id: str
    vendor: str


def entries(owner: Owner, marks: Sequence[Mark]) -> tuple[Entry, ...]:
    """Open what these marks lead to, each record once, and put them into words. Of what has gone meanwhile nothing is said."""
    known = clients.of_parties(owner, {mark.party for mark in marks})
    strangers = clients.names(owner, {mark.party for mark in marks if mark.source in {"message", "ledger"} and mark.party not in known})
    moments = _opened(owner, marks)
    return tuple(
        _entry(mark, moment, known.get(mark.party) or Known("", strangers.get(mark.party, "")))
        for mark, moment in zip(marks, moments, strict=True)
        if moment is not None
    )


def _opened(owner: Owner, marks: Iterable[Mark]) -> list[Moment | None]:
    listed = list(marks)
    found: dict[tuple[str, str], Sequence[Moment]] = {}
    for code, source in SOURCES.items():
        ids = {mark.record_id for mark in listed if mark.source == code}
        if ids:
            opened = store.get_many(owner.db, owner.keyring, source.model, ids)
            found |= {(code, record_id): source.moments(one.fields) for record_id, one in opened.items()}
    return [Moment(mark.what) if mark.source == "ledger" else _step(found.get((mark.source, mark.record_id), ()), mark) for mark in listed]


def _step(moments: Sequence[Moment], mark: Mark) -> Moment | None:
    return moments[mark.step] if -mark.step <= len(moments) else None


def _entry(mark: Mark, moment: Moment, vendor: Known) -> Entry:
    feeling = str(FEELING[moment.feeling]) if moment.feeling in FEELING else ""
    place = "request" if mark.what.startswith(("request.", "counter.")) else mark.source
    return Entry(
        at=mark.at,
        side=mark.side,
        bad=mark.what in BAD or moment.feeling == "bad",
        what=", ".join(part for part in (words(mark), feeling) if part),
        title=plain(moment.title),
        text=moment.text,
        href=PLACES[place].format(record=mark.record_id, vendor=vendor.vendor_id) if place in PLACES else "",
        amount=moment.amount,
        currency=moment.currency,
        late=mark.recorded_at if mark.recorded_at - mark.at > LATE else None,
        vendor_id=vendor.vendor_id,
        vendor=vendor.name,
    )


def words(mark: Mark) -> str:
    """What happened, in a few words."""
    said = wording.of_code(WORDS[mark.source], mark.what)
    return said[:1].upper() + said[1:]
