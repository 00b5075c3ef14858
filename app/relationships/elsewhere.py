"""Consent given outside of here: where it stands, and what a letter that withdraws it needs to say. Pure.

Bothways cannot stop what a company does by such a consent; the law can: it may be withdrawn at any time, as easily as it was
given (GDPR art. 7(3)), and direct marketing may be objected to (art. 21(2)).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from consent import vocabulary
from vault.records import Elsewhere, ElsewhereStep

MOST_STEPS = 100
"""As many as the record takes."""


class State(StrEnum):
    """Where a consent given elsewhere stands. `EXPIRED` when its own day has passed and nobody said that it is over."""

    GIVEN = "given"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"
    EXPIRED = "expired"


OVER = frozenset({State.ENDED, State.EXPIRED})
"""What a company may no longer rest on."""


@dataclass(frozen=True)
class Written:
    """A letter about a consent that has gone out: its id, when it went, and when the newest answer to it came, if one did."""

    letter_id: str
    sent_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """Where it stands. `since` is the moment of the step that brought it there, `sent_at` of the first withdrawal, `letter_id`
    of the letter that it went by; `answered_at` when they wrote back."""

    state: State
    since: datetime
    sent_at: datetime | None = None
    letter_id: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True)
class ConsentFacts:
    """What a letter of withdrawal needs to name the consent. Words are the owner's own; "" and None are not known.

    `purpose` is a DPV term, `purpose_label` its English words; `channel` is a code (`website`, `app`, `shop`, `paper`, `phone`,
    `mail`, `other`), to be worded by the page. `marketing` when the purpose is marketing or below it, so that the letter may
    object under GDPR art. 21(2) as well.
    """

    vendor_id: str
    what: str
    purpose: str
    purpose_label: str
    marketing: bool
    data: str
    place: str
    channel: str
    given_on: date | None
    expires_on: date | None
    wording: str


def facts(consent: Elsewhere) -> ConsentFacts:
    """What there is to say of a consent in the letter that withdraws it."""
    known = vocabulary.is_purpose(consent.purpose)
    return ConsentFacts(
        vendor_id=consent.vendor_id,
        what=consent.what,
        purpose=consent.purpose if known else "",
        purpose_label=vocabulary.purpose_label(consent.purpose) if known else "",
        marketing=known and "dpv:Marketing" in {consent.purpose, *vocabulary.ancestors(consent.purpose)},
        data=consent.data,
        place=consent.place,
        channel=consent.channel,
        given_on=consent.given_on,
        expires_on=consent.expires_on,
        wording=consent.wording,
    )


def standing(consent: Elsewhere, letters: Iterable[Written] = (), *, today: date) -> Standing:
    """Where a consent stands on a day of the owner's calendar.

    A letter about it that has gone is its withdrawal sent, whether a step says so or not; an answer alone acknowledges
    nothing, since what it says is for the owner to judge. Steps only lead onwards: `ended` stays.
    """
    gone = sorted(letters, key=lambda one: (one.sent_at, one.letter_id))
    first = {kind: _first(consent.steps, kind) for kind in ("sent", "acknowledged", "ended")}
    told, letter = first["sent"], gone[0] if gone else None
    sent_at = min((at for at in (told and told.happened_at, letter and letter.sent_at) if at), default=None)
    letter_id = letter.letter_id if letter else told.letter_id if told else None
    answered_at = max((one.answered_at for one in gone if one.answered_at), default=None)
    if ended := first["ended"]:
        return Standing(State.ENDED, ended.happened_at, sent_at, letter_id, answered_at)
    if consent.expires_on is not None and consent.expires_on < today:
        return Standing(State.EXPIRED, consent.recorded_at, sent_at, letter_id, answered_at)
    if acknowledged := first["acknowledged"]:
        return Standing(State.ACKNOWLEDGED, acknowledged.happened_at, sent_at, letter_id, answered_at)
    if sent_at:
        return Standing(State.SENT, sent_at, sent_at, letter_id, answered_at)
    return Standing(State.GIVEN, consent.recorded_at, answered_at=answered_at)


def next_steps(state: State) -> tuple[str, ...]:
    """Which steps the owner may write down from here, in the order of the page."""
    return {
        State.GIVEN: ("sent", "ended"),
        State.SENT: ("acknowledged", "ended"),
        State.ACKNOWLEDGED: ("ended",),
        State.ENDED: (),
        State.EXPIRED: ("ended",),
    }[state]


def with_step(consent: Elsewhere, step: ElsewhereStep) -> Elsewhere:
    """The consent with one more step."""
    return consent.model_copy(update={"steps": (*consent.steps, step)})


def _first(steps: Iterable[ElsewhereStep], kind: str) -> ElsewhereStep | None:
    return min((one for one in steps if one.type == kind), key=lambda one: (one.happened_at, one.recorded_at), default=None)
