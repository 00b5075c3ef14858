"""What each kind of record tells the timeline: when, whose move, and the words of the same step."""

from datetime import UTC, datetime, timedelta

import pytest

from app.relationships import timeline
from app.relationships.timeline import LEDGER, SOURCES, Mark, Moment, Source
from consent import ledger
from tests.samples import sample
from vault.records import Commitment, CommitmentEvent, Elsewhere, Fields, Held, Interaction, LetterRecord, Reply
from vault.segments import Digest

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "a" * 32


def told(fields: Fields) -> list[Mark]:
    """The marks of a record, by its digest."""
    source = next(source for source in SOURCES.values() if isinstance(fields, source.model))
    return list(source.marks(Digest(ID, AT, AT, fields.digest())))


def both(source: Source, fields: Fields) -> list[tuple[Mark, Moment]]:
    """Each mark with the moment that its step leads to."""
    moments = source.moments(fields)
    return [(mark, moments[mark.step]) for mark in told(fields)]


@pytest.mark.parametrize("code", SOURCES)
def test_every_kind_says_the_same_in_its_digest_and_opened(code: str) -> None:
    """Of a record with every field filled each mark finds its moment; it names its source and a party, and shares its step with none."""
    fields = sample(SOURCES[code].model, "bread", **({"waiting": False} if code == "held" else {}))
    found = both(SOURCES[code], fields)
    assert found
    assert {mark.source for mark, _moment in found} == {code}
    assert len({mark.step for mark, _moment in found}) == len(found)
    assert all(mark.what.removesuffix("_by_clock") == moment.what for mark, moment in found)
    assert all(len(mark.party) == 32 for mark, _moment in found)


def test_the_initiative_is_a_side() -> None:
    """Who began an interaction; who promised, and who judges; what the clock did is nobody's."""
    visit = Interaction(vendor_id=ID, kind="visit", title="Bought rolls", initiative="me", happened_at=AT, recorded_at=AT)
    assert told(visit)[0].side == "mine"
    assert told(visit.model_copy(update={"initiative": "them"}))[0].side == "theirs"
    steps = (
        CommitmentEvent(type="accepted", happened_at=AT, recorded_at=AT),
        CommitmentEvent(type="broken", happened_at=AT, recorded_at=AT, by="clock"),
        CommitmentEvent(type="claimed", happened_at=AT, recorded_at=AT),
        CommitmentEvent(type="remedied", happened_at=AT, recorded_at=AT),
    )
    theirs = Commitment(vendor_id=ID, promise="Bread by nine", events=steps)
    assert [(mark.what, mark.side) for mark in told(theirs)] == [
        ("accepted", "theirs"),
        ("broken_by_clock", "neutral"),
        ("claimed", "mine"),
        ("remedied", "theirs"),
    ]
    assert told(theirs.model_copy(update={"by": "me"}))[0].side == "mine"


def test_of_a_long_story_the_last_steps_lead_to_themselves() -> None:
    """A digest has twenty steps; they are the last twenty of the record. An old one does not say when a step was written down."""
    notes = [
        CommitmentEvent(type="kept", happened_at=AT + timedelta(days=day), recorded_at=AT + timedelta(days=day + 1), note=str(day))
        for day in range(30)
    ]
    promise = Commitment(vendor_id=ID, promise="Bread by nine", events=tuple(notes))
    found = both(SOURCES["commitment"], promise)
    assert [moment.text for _mark, moment in found] == [str(day) for day in range(10, 30)]
    assert [mark.at for mark, _moment in found] == [note.happened_at for note in notes[10:]]
    assert found[0][0].recorded_at == notes[10].recorded_at
    old = {**promise.digest(), "events": [{"type": "kept", "happened_at": AT.isoformat()}]}
    assert [mark.recorded_at for mark in timeline.SOURCES["commitment"].marks(Digest(ID, AT, AT, old))] == [AT]


def test_a_letter_and_its_answer() -> None:
    """Written until it is said to be sent; the last answer is theirs. A letter that is nobody's has no party."""
    letter = LetterRecord(to="The shop", way="post", subject="Where is it?", body="?", written_at=AT)
    assert [(mark.what, mark.side, mark.party, mark.step) for mark in told(letter)] == [("written", "mine", "", -1)]
    reply = Reply(answer_id=ID, sender="Shop", body="Here", received_at=AT + timedelta(days=2))
    answered = letter.model_copy(update={"sent_at": AT + timedelta(days=1), "client_id": ID, "replies": (reply,)})
    assert [(mark.what, mark.at) for mark in told(answered)] == [("sent", AT + timedelta(days=1)), ("answered", AT + timedelta(days=2))]
    assert [moment.title for _mark, moment in both(SOURCES["letter"], answered)] == ["Where is it?", "Where is it?"]


def test_what_is_not_yet_read_or_dated_says_what_it_can() -> None:
    """A sheet whose columns wait tells nothing; consent without a day stands where it was written down."""
    assert told(Held(version=1, received_at=AT, vendor_id=ID, waiting=True)) == []
    undated = Elsewhere(vendor_id=ID, what="Their card", recorded_at=AT)
    assert [(mark.what, mark.at) for mark in told(undated)] == [("given", AT)]


def test_the_history_speaks_of_consent_in_its_own_types() -> None:
    """Every type exists; permissions, requests, counter-offers and fetched data are all there."""
    assert set(LEDGER) <= ledger.TYPES
    prefixes = ("request.", "grant.", "counter.")
    assert {type for type in ledger.TYPES if type.startswith(prefixes)} <= set(LEDGER)
    mark = timeline.of_ledger("data.read", AT, record_id=ID, party="b" * 32, seq=7)
    assert (mark.side, mark.group, mark.step, mark.party) == ("theirs", "data", 7, "b" * 32)
