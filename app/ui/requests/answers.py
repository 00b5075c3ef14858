"""What an owner can answer a request with beside yes and no, and what helps to decide: the own terms, the difference, the offer."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from app.auth.form import Form
from app.auth.owner import Owner
from app.exchange import standing
from app.i18n import Lazy, _, lazy
from app.ui.requests import roster_words
from app.ui.requests import terms_in_words as words
from app.ui.requests.terms_in_words import Fact, TermsInWords
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import counters, filing, grants, roster
from consent.counters import Offer
from consent.store import Request as Asked
from consent.terms import Change, Purpose, Terms, difference

DIRECTION: Mapping[str, tuple[Lazy, str]] = {
    "added": (lazy("new"), "wait"),
    "removed": (lazy("gone"), "good"),
    "wider": (lazy("more"), "wait"),
    "narrower": (lazy("less"), "good"),
    "changed": (lazy("different"), "neutral"),
}
AS_ASKED, NO_AGREEMENT = "asked", "none"
# The keys of `authorization_details` that the facts of a line call otherwise.
_FACT = {"location": "radius"}


@view
class Beside:
    """A request beside the owner's terms: what of the whole and of each line lies beyond them. `any` when something does."""

    agreement: str
    whole: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    any: bool


@view
class Difference:
    """One thing that a request would change of a permission: line and question, now and then, and in which direction."""

    line: str
    label: str
    now: str
    then: str
    direction: str
    tone: str


@view
class Offered:
    """The owner's counter-offer: its words, when it was made and until when it stands; `stands` while nobody has answered."""

    terms: TermsInWords
    offered_at: datetime
    expires_at: datetime
    stands: bool


def beside(owner: Owner, terms: Terms, asked: Asked) -> Beside | None:
    """Hold a request against the owner's terms; None where the owner has said none."""
    mine = standing.of(owner.db, owner.keyring)
    if mine is None:
        return None
    found = roster.beyond(terms, standing.limits(mine, owner.profile.time_zone), now=asked.created_at)
    return Beside(
        agreement=roster_words.named(found.agreement) if found.agreement else "",
        whole=roster_words.reasons(found.whole),
        lines=tuple(roster_words.reasons(codes) for codes in found.lines),
        any=bool(found),
    )


def with_my_terms(owner: Owner, terms: Terms, form: Form) -> Form:
    """The form with the owner's limits filled in wherever they are narrower. No line is ticked by it."""
    mine = standing.of(owner.db, owner.keyring)
    if mine is None:
        return form
    zone = owner.profile.time_zone
    offer = roster.within(terms, standing.limits(mine, zone), now=owner.now)
    filled = {name: [value] for number, line in enumerate(terms.purposes) for name, value in _filled(number, line, offer, zone)}
    if offer.expires < terms.expires:
        # The day before, whose end is the last that still lies within.
        filled["expires"] = [_last_whole_day(offer.expires, zone)]
    return Form({**form.fields, **filled}, form.files)


def _filled(number: int, line: Purpose, offer: roster.Offer, zone: str) -> Iterator[tuple[str, str]]:
    choice = offer.choices[number]
    if choice.frequency is not None:
        yield f"count-{number}", str(choice.frequency.count)
        yield f"per-{number}", choice.frequency.per
    if choice.hours is not None and (line.hours is not None or choice.hours.time_zone == zone):
        yield f"from-{number}", f"{choice.hours.start:%H:%M}"
        yield f"to-{number}", f"{choice.hours.end:%H:%M}"
    yield f"retention-{number}", choice.retention or line.retention


def _last_whole_day(end: datetime, zone: str) -> str:
    local = end.astimezone(ZoneInfo(zone))
    return local.fromordinal(local.toordinal() - 1).date().isoformat()


def differences(owner: Owner, asked: Asked, terms: Terms) -> tuple[Difference, ...]:
    """What a request would change of the permission it names, line by line; nothing for a new one or one that is decided."""
    grant = grants.find(owner.db, owner.account_id, asked.grant_id) if asked.grant_id and asked.state in grants.OPEN else None
    if grant is None:
        return ()
    before = grants.standing(grant).terms
    now, then = _said(before), _said(terms)
    return tuple(_in_words(change, now, then) for change in difference(before, terms))


def agreements(terms: Terms) -> tuple[tuple[str, str], ...]:
    """What a counter-offer can stand under."""
    named = plain(terms.agreement) if terms.agreement else _("none")
    return (
        (AS_ASKED, _("as they ask (%(agreement)s)") % {"agreement": named}),
        *((code, roster_words.named(code)) for code in roster.ROSTER if code != terms.agreement),
        *(((NO_AGREEMENT, _("none")),) if terms.agreement else ()),
    )


def offered(asked: Asked, now: datetime) -> Offered | None:
    """The counter-offer that the owner made; None where there was none."""
    found: Offer | None = counters.offer_of(asked)
    if found is None:
        return None
    stands = asked.state == "countered" and now < asked.expires_at
    return Offered(words.in_words(found.terms), found.offered_at, found.expires_at, stands)


def refusal_receipt(owner: Owner, asked: Asked) -> str | None:
    """The id of the receipt of a no."""
    found = filing.refusal_of(owner.db, owner.account_id, asked.request_id)
    return found.receipt_id if found else None


def _in_words(change: Change, now: Mapping[tuple[str, str], Fact], then: Mapping[tuple[str, str], Fact]) -> Difference:
    text, tone = DIRECTION[change.direction]
    line = words.purpose(change.purpose) if change.purpose else ""
    if change.part == "in_return":
        came = change.direction == "added"
        said = plain(change.words)
        label, before, after = _("What you get for it"), "" if came else said, said if came else ""
        # More for the owner is no reason to wait, less of it is.
        tone = "good" if came else "wait"
    else:
        key = (change.purpose or "", _FACT.get(change.part, change.part))
        old, new = now.get(key), then.get(key)
        label = (new or old or Fact("", _("The whole line"), "")).label
        before, after = old.text if old else "", new.text if new else ""
    nothing = _("not at all")
    return Difference(line, label, before or nothing, after or nothing, str(text), tone)


def _said(terms: Terms) -> dict[tuple[str, str], Fact]:
    said = words.in_words(terms)
    found = {("", fact.key): fact for fact in said.facts}
    found["", "statement"] = Fact("statement", _("In their words"), said.statement)
    found["", "notice"] = Fact("notice", _("Their privacy notice"), ", ".join(fact.text for fact in said.notice_facts))
    for line, told in zip(terms.purposes, said.lines, strict=True):
        found |= {(line.purpose, fact.key): fact for fact in told.facts}
        found[line.purpose, ""] = Fact("", _("The whole line"), "; ".join(f"{fact.label}: {fact.text}" for fact in told.facts))
    return found
