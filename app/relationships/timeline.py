"""What passed between the owner and companies, newest first, with whose initiative each thing was. Pure.

A *mark* is what a digest tells of one thing that happened: when, whose move, of which record. Marks of many records are kept
sorted, so that a page finds its own without opening any. A *moment* is the same with words, from the opened record; of a
record with several steps a mark counts its step from the end, so that both mean the same one.

`SOURCES` says for each kind of record how it is read. Words are the page's business: `what` is a code, `title` and `text`
only what a person wrote.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal, NamedTuple, cast

from vault.records import Commitment, Elsewhere, Fields, Held, Incident, Interaction, LetterRecord, MessageRecord, Policy
from vault.segments import Digest

Side = Literal["mine", "theirs", "neutral"]
Group = Literal["contact", "message", "offer", "letter", "consent", "promise", "data", "known"]
"""What a reader chooses from."""

NOON = time(12, tzinfo=UTC)
"""Stands for "some time that day"."""

_OWNER_ACTS = frozenset({"claimed", "waived", "disputed", "started", "cancelled", "noted"})
"""Steps that the owner takes, whoever promised. Keeping and breaking are of the one who did, whoever wrote it down."""


class Mark(NamedTuple):
    """One thing that happened, without its words. `party` is the vendor, or the client of theirs; empty where it is nobody's."""

    at: datetime
    recorded_at: datetime
    record_id: str
    step: int
    party: str
    source: str
    group: Group
    side: Side
    what: str


@dataclass(frozen=True)
class Moment:
    """One thing that happened, in words. `recorded_at` is when it was written down."""

    what: str
    title: str = ""
    text: str = ""
    feeling: str = "unsaid"
    amount: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Source:
    """How a kind of record is read: `marks` from a digest, `moments` from the opened record, both in the order of its steps."""

    code: str
    model: type[Fields]
    marks: Callable[[Digest], Iterable[Mark]]
    moments: Callable[[Any], Sequence[Moment]]


def _interaction(digest: Digest) -> Iterable[Mark]:
    values = cast("Mapping[str, Any]", digest.values)
    side: Side = "mine" if values["initiative"] == "me" else "theirs"
    at, recorded_at = _instant(values["happened_at"]), _instant(values["recorded_at"])
    yield Mark(at, recorded_at, digest.record_id, -1, values["vendor_id"], "interaction", "contact", side, values["kind"])


def _interaction_moments(one: Interaction) -> Sequence[Moment]:
    return [Moment(one.kind, one.title, one.note, one.feeling, one.amount, one.currency)]


def _message(digest: Digest) -> Iterable[Mark]:
    """A message is always the vendor's move."""
    values = cast("Mapping[str, Any]", digest.values)
    at = _instant(values["received_at"])
    group: Group = "message" if values["kind"] == "service" else "offer"
    yield Mark(at, at, digest.record_id, -1, values["client_id"], "message", group, "theirs", values["kind"])


def _message_moments(one: MessageRecord) -> Sequence[Moment]:
    return [Moment(one.kind, one.title)]


def _commitment(digest: Digest) -> Iterable[Mark]:
    """Every step of a promise that its digest knows. Made, offered and made good are the promiser's moves; judging it is the owner's."""
    values = cast("Mapping[str, Any]", digest.values)
    promiser: Side = "mine" if values["by"] == "me" else "theirs"
    steps = values["events"]
    for number, step in enumerate(steps):
        at = _instant(step["happened_at"])
        recorded_at = _instant(step["recorded_at"]) if "recorded_at" in step else at
        clock = step.get("by") == "clock"
        side: Side = "neutral" if clock else "mine" if step["type"] in _OWNER_ACTS else promiser
        what = f"{step['type']}_by_clock" if clock else step["type"]
        yield Mark(at, recorded_at, digest.record_id, number - len(steps), values["vendor_id"], "commitment", "promise", side, what)


def _commitment_moments(one: Commitment) -> Sequence[Moment]:
    return [Moment(event.type, one.promise, event.note, amount=event.amount, currency=event.currency) for event in one.events]


def _letter(digest: Digest) -> Iterable[Mark]:
    """A letter of the owner's, and the last answer to it."""
    values = cast("Mapping[str, Any]", digest.values)
    party = values["vendor_id"] or values["client_id"] or ""
    written, sent = _instant(values["written_at"]), values["sent_at"]
    answered = values["replied_at"]
    what = "sent" if sent else "written"
    yield Mark(
        _instant(sent or values["written_at"]), written, digest.record_id, -2 if answered else -1, party, "letter", "letter", "mine", what
    )
    if answered:
        at = _instant(answered)
        yield Mark(at, at, digest.record_id, -1, party, "letter", "letter", "theirs", "answered")


def _letter_moments(one: LetterRecord) -> Sequence[Moment]:
    mine = Moment("sent" if one.sent_at else "written", one.subject)
    return [mine, *(Moment("answered", reply.title or one.subject) for reply in one.replies[-1:])]


def _elsewhere(digest: Digest) -> Iterable[Mark]:
    """Consent given outside of here, and the way out of it."""
    values = cast("Mapping[str, Any]", digest.values)
    steps, recorded_at = values["steps"], _instant(values["recorded_at"])
    given = _noon(values["given_on"]) if values["given_on"] else recorded_at
    party = values["vendor_id"]
    yield Mark(given, recorded_at, digest.record_id, -1 - len(steps), party, "elsewhere", "consent", "mine", "given")
    for number, step in enumerate(steps):
        at, known = _instant(step["happened_at"]), _instant(step["recorded_at"])
        side: Side = "theirs" if step["type"] == "acknowledged" else "mine"
        yield Mark(at, known, digest.record_id, number - len(steps), party, "elsewhere", "consent", side, step["type"])


def _elsewhere_moments(one: Elsewhere) -> Sequence[Moment]:
    # As many steps as the digest counts come last; before them, the giving.
    return [Moment("given", one.what, one.note), *(Moment(step.type, one.what, step.note) for step in one.steps[-20:])]


def _held(digest: Digest) -> Iterable[Mark]:
    """A version of what a company holds on the owner, once it has been read."""
    values = cast("Mapping[str, Any]", digest.values)
    if not values.get("waiting"):
        at, party = _instant(values["received_at"]), values.get("vendor_id") or values["client_id"] or ""
        yield Mark(at, at, digest.record_id, -1, party, "held", "data", "theirs", "held")


def _held_moments(one: Held) -> Sequence[Moment]:
    return [Moment("held")]


def _incident(digest: Digest) -> Iterable[Mark]:
    values = cast("Mapping[str, Any]", digest.values)
    at, recorded_at = _noon(values["happened_on"]), _instant(values["recorded_at"])
    yield Mark(at, recorded_at, digest.record_id, -1, values["vendor_id"], "incident", "known", "theirs", values["kind"])


def _incident_moments(one: Incident) -> Sequence[Moment]:
    return [Moment(one.kind, one.title, one.note)]


def _policy(digest: Digest) -> Iterable[Mark]:
    values = cast("Mapping[str, Any]", digest.values)
    at, recorded_at = _noon(values["seen_on"]), _instant(values["recorded_at"])
    yield Mark(at, recorded_at, digest.record_id, -1, values["vendor_id"], "policy", "known", "theirs", values["kind"])


def _policy_moments(one: Policy) -> Sequence[Moment]:
    return [Moment(one.kind, one.title)]


SOURCES: Mapping[str, Source] = {
    source.code: source
    for source in (
        Source("interaction", Interaction, _interaction, _interaction_moments),
        Source("message", MessageRecord, _message, _message_moments),
        Source("commitment", Commitment, _commitment, _commitment_moments),
        Source("letter", LetterRecord, _letter, _letter_moments),
        Source("elsewhere", Elsewhere, _elsewhere, _elsewhere_moments),
        Source("held", Held, _held, _held_moments),
        Source("incident", Incident, _incident, _incident_moments),
        Source("policy", Policy, _policy, _policy_moments),
    )
}
"""Every kind of record that tells of something that happened."""

LEDGER: Mapping[str, tuple[Group, Side]] = {
    "request.received": ("consent", "theirs"),
    "request.declined": ("consent", "mine"),
    "request.expired": ("consent", "neutral"),
    "request.dropped": ("consent", "theirs"),
    "request.turned_away": ("consent", "theirs"),
    "request.countered": ("consent", "mine"),
    "counter.accepted": ("consent", "theirs"),
    "counter.refused": ("consent", "theirs"),
    "grant.given": ("consent", "mine"),
    "grant.changed": ("consent", "mine"),
    "grant.paused": ("consent", "mine"),
    "grant.resumed": ("consent", "mine"),
    "grant.suspended": ("consent", "neutral"),
    "grant.withdrawn": ("consent", "mine"),
    "grant.expired": ("consent", "neutral"),
    "grant.handed_back": ("consent", "theirs"),
    "data.released": ("data", "mine"),
    "data.read": ("data", "theirs"),
    "offer.redeemed": ("offer", "mine"),
}
"""What the history tells of consent and data: the group of each entry, and whose move it was."""


def of_ledger(type: str, at: datetime, *, record_id: str, party: str, seq: int) -> Mark:
    """An entry of the history. `record_id` is of the grant or request that it concerns, `seq` tells apart what came at one instant."""
    group, side = LEDGER[type]
    return Mark(at, at, record_id, seq, party, "ledger", group, side, type)


def _instant(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _noon(value: object) -> datetime:
    return datetime.combine(date.fromisoformat(str(value)), NOON)
