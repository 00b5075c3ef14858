"""One dated list of what passed, each on the side it came from."""

from datetime import UTC, datetime, timedelta

from app.relationships import timeline
from app.relationships.timeline import GrantFact
from vault.records import Commitment, CommitmentEvent, Interaction, MessageRecord

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "a" * 32


def test_everything_in_one_order() -> None:
    """Newest first; of one instant, what was written down last comes first."""
    interaction = Interaction(
        vendor_id=ID, kind="problem", title="No bread", initiative="them", feeling="bad", happened_at=AT, recorded_at=AT + timedelta(days=1)
    )
    message = MessageRecord(
        grant_id=ID,
        client_id=ID,
        sender="Shop",
        kind="offer",
        purpose="dpv:Marketing",
        channel="inbox",
        title="Rolls",
        received_at=AT + timedelta(hours=1),
    )
    commitment = Commitment(
        vendor_id=ID,
        promise="Bread by nine",
        events=(
            CommitmentEvent(type="accepted", happened_at=AT, recorded_at=AT),
            CommitmentEvent(type="broken", happened_at=AT + timedelta(hours=2), recorded_at=AT + timedelta(hours=2), note="none"),
        ),
    )
    merged = timeline.merged(
        [timeline.of_interaction("i", interaction)],
        [timeline.of_message("m", message)],
        timeline.of_commitment("c", commitment),
        [
            timeline.of_grant(GrantFact("g", AT + timedelta(hours=3), "given", mine=True)),
            timeline.of_grant(GrantFact("g", AT, "handed_back", mine=False)),
        ],
    )
    assert [(moment.source, moment.what, moment.side) for moment in merged] == [
        ("grant", "given", "mine"),
        ("commitment", "broken", "mine"),
        ("message", "offer", "theirs"),
        ("interaction", "problem", "theirs"),
        ("grant", "handed_back", "theirs"),
        ("commitment", "accepted", "theirs"),
    ]
    assert timeline.merged(merged, limit=2) == merged[:2]


def test_my_own_side() -> None:
    """What I began and what I promised is mine."""
    interaction = Interaction(
        vendor_id=ID, kind="visit", title="Bought rolls", happened_at=AT, recorded_at=AT, amount="3.20", currency="EUR"
    )
    moment = timeline.of_interaction("i", interaction)
    assert (moment.side, moment.amount, moment.currency) == ("mine", "3.20", "EUR")
    mine = Commitment(
        vendor_id=ID, promise="I pay monthly", by="me", events=(CommitmentEvent(type="offered", happened_at=AT, recorded_at=AT),)
    )
    assert timeline.of_commitment("c", mine)[0].side == "mine"
