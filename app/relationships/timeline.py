"""What passed between the owner and one vendor, newest first, with whose side each thing came from. Pure.

Every maker takes opened values and gives `Moment`s; `merged` puts them in one order. Words are the page's business: a
moment carries a code (`what`) and, in `title` and `text`, only what a person wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Literal

from vault.records import Commitment, Interaction, MessageRecord

Side = Literal["mine", "theirs", "neutral"]
Source = Literal["interaction", "message", "commitment", "grant"]

_OWNER_ACTS = frozenset({"kept", "broken", "claimed", "waived", "disputed"})
"""Steps of a promise that the owner records, whoever made it."""


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `record_id` is of what it belongs to; `recorded_at` is when it was written down, if that differs."""

    at: datetime
    side: Side
    source: Source
    what: str
    title: str
    record_id: str
    text: str = ""
    feeling: str = "unsaid"
    amount: str | None = None
    currency: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class GrantFact:
    """A permission's story in what the timeline needs of it: `what` is `given` or the status that it has now, `mine` whose act that was."""

    grant_id: str
    at: datetime
    what: str
    mine: bool
    title: str = ""


def of_interaction(record_id: str, interaction: Interaction) -> Moment:
    """An interaction, on the side that took the initiative."""
    return Moment(
        at=interaction.happened_at,
        side="mine" if interaction.initiative == "me" else "theirs",
        source="interaction",
        what=interaction.kind,
        title=interaction.title,
        record_id=record_id,
        text=interaction.note,
        feeling=interaction.feeling,
        amount=interaction.amount,
        currency=interaction.currency,
        recorded_at=interaction.recorded_at,
    )


def of_message(record_id: str, message: MessageRecord) -> Moment:
    """A message: always the vendor's move."""
    return Moment(at=message.received_at, side="theirs", source="message", what=message.kind, title=message.title, record_id=record_id)


def of_commitment(record_id: str, commitment: Commitment) -> list[Moment]:
    """Every step of a promise. Made, offered and remedied are the promiser's moves; judging it is the owner's."""
    promiser: Side = "mine" if commitment.by == "me" else "theirs"
    return [
        Moment(
            at=event.happened_at,
            side="mine" if event.type in _OWNER_ACTS else promiser,
            source="commitment",
            what=event.type,
            title=commitment.promise,
            record_id=record_id,
            text=event.note,
            recorded_at=event.recorded_at,
        )
        for event in commitment.events
    ]


def of_grant(fact: GrantFact) -> Moment:
    """A step of a permission."""
    return Moment(
        at=fact.at, side="mine" if fact.mine else "theirs", source="grant", what=fact.what, title=fact.title, record_id=fact.grant_id
    )


def merged(*streams: Iterable[Moment], limit: int | None = None) -> list[Moment]:
    """All moments, newest first; of one instant, the one written down last comes first."""
    ordered = [sorted(stream, key=_newest, reverse=True) for stream in streams]
    everything = list(merge(*ordered, key=_newest, reverse=True))
    return everything if limit is None else everything[:limit]


def _newest(moment: Moment) -> tuple[datetime, datetime, str]:
    return moment.at, moment.recorded_at or moment.at, moment.record_id
