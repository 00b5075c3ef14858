"""Consent given elsewhere, for the pages that show it: in a line, and in words."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from app.auth.owner import Owner
from app.i18n import Lazy, lazy
from app.relationships import elsewhere
from app.relationships.elsewhere import Standing, State, Written
from app.ui import dates
from app.ui.requests import terms_in_words
from app.ui.vendors import clients
from app.ui.view import view
from app.ui.wording import Tone
from vault.records import Elsewhere, LetterRecord
from vault.segments import Digest

CHANNEL: Mapping[str, Lazy] = {
    "website": lazy("on a website"),
    "app": lazy("in an app"),
    "shop": lazy("in a shop"),
    "paper": lazy("on paper"),
    "phone": lazy("by telephone"),
    "mail": lazy("by mail"),
    "other": lazy("another way"),
}
PURPOSE: Mapping[str, Lazy] = {
    "dpv:DirectMarketing": lazy("Advertising that comes to me: newsletters, calls, post"),
    "dpv:PersonalisedAdvertising": lazy("Offers made to fit me, from what they know of me"),
    "dpv:SellDataToThirdParties": lazy("Passing my data on to others"),
    "dpv:ServiceUsageAnalytics": lazy("Statistics, and making their service better"),
    "dpv:RequestedServiceProvision": lazy("What I buy or order from them"),
}
"""What most consents are for, in plain words; every other DPV purpose can be chosen below them."""
STATE: Mapping[State, Lazy] = {
    State.GIVEN: lazy("given"),
    State.SENT: lazy("withdrawal sent"),
    State.ACKNOWLEDGED: lazy("acknowledged"),
    State.ENDED: lazy("ended"),
    State.EXPIRED: lazy("ran out"),
}
TONE: Mapping[State, Tone] = {
    State.GIVEN: "theirs",
    State.SENT: "wait",
    State.ACKNOWLEDGED: "good",
    State.ENDED: "neutral",
    State.EXPIRED: "neutral",
}
MEANS: Mapping[State, Lazy] = {
    State.GIVEN: lazy("They may rest on it. Bothways cannot stop what they do by it; the law can, once you withdraw."),
    State.SENT: lazy("You withdrew it. From the day on which they read it they may do no more by it; that they confirm is still open."),
    State.ACKNOWLEDGED: lazy("They confirmed that they have your withdrawal. Say that it has ended when nothing more comes."),
    State.ENDED: lazy("It is over: they may do nothing more by it."),
    State.EXPIRED: lazy("Its own time is over. If they go on as before, write to them."),
}


@view
class Row:
    """A consent in a list. `over` when a company may no longer rest on it; `answered` when they wrote back and no step says so;
    `letter` is where it is withdrawn, empty when it already was.
    """

    consent_id: str
    vendor: str
    what: str
    channel: str
    place: str
    given_on: date | None
    expires_on: date | None
    state: str
    tone: str
    over: bool
    letter: str
    answered: bool
    since: datetime


def rows(owner: Owner, *, vendor_id: str = "") -> tuple[Row, ...]:
    """Every consent given elsewhere, or those of one company; what holds first, the latest first."""
    found = [one for one in owner.digests(Elsewhere) if not vendor_id or one.values["vendor_id"] == vendor_id]
    if not found:
        return ()
    names = {key: one.name for key, one in clients.vendors(owner).items()}
    letters = written(owner, {one.record_id for one in found})
    today = dates.today(owner)
    made = [_row(one, names, letters.get(one.record_id, ()), today) for one in found]
    return tuple(sorted(made, key=lambda row: (not row.over, row.since, row.consent_id), reverse=True))


def written(owner: Owner, consent_ids: Iterable[str]) -> dict[str, tuple[Written, ...]]:
    """The letters about these consents that have gone out."""
    wanted = frozenset(consent_ids)
    found: dict[str, tuple[Written, ...]] = {}
    for one in owner.digests(LetterRecord):
        values: Mapping[str, Any] = one.values
        if values["about"] in wanted and values["sent_at"]:
            answered = datetime.fromisoformat(values["replied_at"]) if values["replied_at"] else None
            letter = Written(one.record_id, datetime.fromisoformat(values["sent_at"]), answered)
            found[values["about"]] = (*found.get(values["about"], ()), letter)
    return found


def purpose(term: str) -> str:
    """A purpose as it reads on the page; empty where none is known."""
    return str(PURPOSE[term]) if term in PURPOSE else terms_in_words.purpose(term) if term else ""


def letter_to_withdraw(vendor_id: str, consent_id: str) -> str:
    """Where the letter that withdraws a consent is written."""
    return f"/letters/new?to={vendor_id}&right=withdrawal&consent={consent_id}"


def _row(digest: Digest, names: Mapping[str, str], letters: tuple[Written, ...], today: date) -> Row:
    values: Mapping[str, Any] = digest.values
    steps = {name: value for name, value in values.items() if name in Elsewhere.model_fields}
    consent = Elsewhere.model_validate(steps)
    standing: Standing = elsewhere.standing(consent, letters, today=today)
    return Row(
        consent_id=digest.record_id,
        vendor=names.get(consent.vendor_id, ""),
        what=consent.what,
        channel=str(CHANNEL[consent.channel]),
        place=consent.place,
        given_on=consent.given_on,
        expires_on=consent.expires_on,
        state=str(STATE[standing.state]),
        tone=TONE[standing.state],
        over=standing.state in elsewhere.OVER,
        letter=letter_to_withdraw(consent.vendor_id, digest.record_id) if standing.state is State.GIVEN else "",
        answered=standing.answered_at is not None and standing.state is State.SENT,
        since=standing.since,
    )
