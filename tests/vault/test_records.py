"""The models of records: their limits, and what a digest keeps of them."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from vault import segments
from vault.envelope import canonical
from vault.records import (
    DIGEST_TEXT,
    MODELS,
    AddressRecord,
    Alternative,
    Asked,
    Commitment,
    CommitmentEvent,
    Contact,
    Correction,
    CsvColumns,
    Elsewhere,
    ElsewhereStep,
    Field,
    Fields,
    Held,
    HeldField,
    HeldScore,
    Hired,
    Import,
    Incident,
    Interaction,
    Item,
    Job,
    Kind,
    Kit,
    Layer,
    LetterRecord,
    Looked,
    Made,
    MailSeen,
    Merged,
    MessageRecord,
    MyTerms,
    Past,
    PastValue,
    Policy,
    Price,
    Prices,
    PrivacyContact,
    Profile,
    Proof,
    ReleaseRecord,
    ReleaseVersion,
    Remedy,
    Reply,
    Revealed,
    Sheet,
    Signpost,
    Undo,
    Vendor,
    Warranty,
    Weighed,
    Yardstick,
    Zone,
)

ID = "0123456789abcdef" * 2
THEN = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)

WHOLE: dict[Kind, Fields] = {
    Kind.VENDOR: Vendor(
        name="Corner Shop",
        domains=("shop.example",),
        customer_numbers=("C-1",),
        contacts=(Contact(label="desk", kind="phone", value="+353 1 000"),),
        since=date(2020, 2, 29),
        job="feed me",
        closeness="close",
        notes="nice people",
        tags=("food",),
        client_ids=(ID,),
        fields=(Field(name="shoe size", value="43"),),
        sources=("vcard:1",),
        mail=MailSeen(first=date(2020, 2, 29), last=date(2026, 11, 1), count=30, unsubscribe=("https://shop.example/u",), one_click=True),
        owned_by="Corner Group",
        privacy=PrivacyContact(name="Data office", email="privacy@shop.example", address="1 Quay", url="https://shop.example/privacy"),
        substitutes=("The market",),
    ),
    Kind.ITEM: Item(
        term="pd:EmailAddress", label="home", value="me@home.example", note="old", previous=(PastValue(value="x", until=THEN),)
    ),
    Kind.INTERACTION: Interaction(
        vendor_id=ID, kind="purchase", title="Bread", note="n", amount="2.50", currency="EUR", happened_at=THEN, recorded_at=THEN
    ),
    Kind.COMMITMENT: Commitment(
        vendor_id=ID,
        promise="Refund within a fortnight",
        due_at=THEN,
        due_date=date(2026, 12, 1),
        time_zone="Europe/Dublin",
        schedule=Warranty(layers=(Layer(by="maker", starts=date(2026, 1, 1), until=date(2028, 1, 1), what="the motor"),)),
        remedy=Remedy(kind="refund", amount="20.00", currency="EUR", within="P14D", note=""),
        grant_id=ID,
        said_in=ID,
        said_on=date(2026, 11, 20),
        proofs=(Proof(record_id=ID, document_id=ID, shows="the date", added_at=THEN),),
        events=tuple(CommitmentEvent(type="offered", happened_at=THEN, recorded_at=THEN, note="said so") for _ in range(25)),
    ),
    Kind.MESSAGE: MessageRecord(
        grant_id=ID,
        client_id=ID,
        sender="Corner Shop",
        kind="offer",
        purpose="dpv:DirectMarketing",
        channel="inbox",
        title="Cake",
        body="b" * 1000,
        received_at=THEN,
    ),
    Kind.ADDRESS: AddressRecord(handle="h", vendor_id=ID, label="till", created_at=THEN, expires_at=THEN),
    Kind.IMPORT: Import(import_id=ID, format="vcard", file_name="a.vcf", summary={"added": 3}, notes=("one dropped",)),
    Kind.PROFILE: Profile(time_zone="Etc/GMT+1", language="en_IE", idle_minutes=5),
    Kind.KIT: Kit(code="0123"),
    Kind.CSV_COLUMNS: CsvColumns(fingerprint="ab" * 32, names=("Company", "PIN"), meanings=("name", "")),
    Kind.UNDO: Undo(
        import_id=ID,
        made=(Made(kind="vendor", record_id=ID, was="cd" * 32),),
        merged=(Merged(record_id=ID, before=Vendor(name="Corner Shop"), after="ef" * 32),),
    ),
    Kind.ZONE: Zone(name="home", area='{"coordinates":[-6.26,53.35],"radius_m":300,"type":"Point"}'),
    Kind.MY_TERMS: MyTerms(
        agreements=("SD-BASE-DP", "SD-BASE"),
        may_ask="known",
        count=2,
        per="P1W",
        hours_from="09:00",
        hours_to="20:00",
        retention="P6M",
        life="P1Y",
        usefulness_share="0.5",
    ),
    Kind.RELEASE: ReleaseRecord(
        grant_id=ID,
        client_id=ID,
        item_ids=(ID,),
        versions=(ReleaseVersion(etag=ID, sealed_at=THEN, contents=(Revealed(item_id=ID, term="pd:EmailAddress", since=THEN),)),),
    ),
    Kind.LETTER: LetterRecord(
        to="Corner Shop",
        way="api",
        subject="Where is it?",
        body="I wait.",
        written_at=THEN,
        sent_at=THEN,
        grant_id=ID,
        client_id=ID,
        replies=(Reply(answer_id=ID, sender="Corner Shop", title="Soon", body="On its way", received_at=THEN),),
    ),
    Kind.HELD: Held(
        grant_id=ID,
        client_id=ID,
        version=2,
        received_at=THEN,
        segments=("loyal",),
        sheet=Sheet(file_name="answer.csv", names=("Street",), rows=(("1 Harbour Street",),), meanings=("pd:PhysicalAddress",)),
        fields=(
            HeldField(
                name="Street", value="1 Harbour Street", source="an order", basis="stated", collected_at=THEN, term="pd:PhysicalAddress"
            ),
        ),
        scores=(HeldScore(name="churn", value="0.7", meaning="of 1"),),
    ),
    Kind.JOB: Job(
        title="a line that does not drop",
        outcomes=("calls hold",),
        note="n",
        steps=(
            Weighed(ordinary="much", need="all", happened_at=THEN, recorded_at=THEN),
            Hired(vendor_id=ID, bound="until", bound_until=date(2027, 1, 31), happened_at=THEN, recorded_at=THEN),
            Alternative(alternative_id=ID, name="another", effort="some", ways=("ring",), happened_at=THEN, recorded_at=THEN),
            Looked(happened_at=THEN, recorded_at=THEN, note="all of them"),
        ),
    ),
    Kind.CORRECTION: Correction(
        vendor_id=ID, factor="kept", says="range", low="0.25", high="1", day="need", why="I asked", happened_at=THEN, recorded_at=THEN
    ),
    Kind.SIGNPOST: Signpost(vendor_id=ID, care=Asked(them="no", me="yes"), competes="yes", note="n", happened_at=THEN, recorded_at=THEN),
    Kind.YARDSTICK: Yardstick(vendor_id=ID, lopsided="0.2", close="0.35", why="w", happened_at=THEN, recorded_at=THEN),
    Kind.ELSEWHERE: Elsewhere(
        vendor_id=ID,
        what="News by e-mail",
        purpose="dpv:DirectMarketing",
        data="e-mail address",
        place="the till",
        channel="shop",
        given_on=date(2020, 2, 29),
        expires_on=date(2030, 1, 1),
        wording="Keep me posted.",
        note="n",
        recorded_at=THEN,
        steps=tuple(ElsewhereStep(type="sent", happened_at=THEN, recorded_at=THEN, letter_id=ID, note="m") for _ in range(25)),
    ),
    Kind.INCIDENT: Incident(
        vendor_id=ID, kind="breach", title="Addresses copied", source="the paper", happened_on=date(2026, 5, 6), recorded_at=THEN
    ),
    Kind.PRICES: Prices(
        vendor_id=ID,
        what="Line 500",
        mine=Price(amount="45", currency="EUR", per="P1M"),
        new=Price(amount="79", currency="EUR"),
        seen_on=date(2026, 5, 6),
        recorded_at=THEN,
    ),
    Kind.POLICY: Policy(
        vendor_id=ID, kind="terms", title="Terms", seen_on=date(2026, 5, 6), agreed_on=date(2026, 5, 6), text="t" * 1000, recorded_at=THEN
    ),
    Kind.PAST: Past(ledger_id=ID, part="ledger", number=0, rows=('{"seq":1}', '{"seq":2}')),
}


def test_every_kind_has_one_model() -> None:
    assert set(MODELS) == set(Kind) == set(WHOLE)
    assert all(type(WHOLE[kind]) is model and kind == model.KIND for kind, model in MODELS.items())


@pytest.mark.parametrize("kind", Kind)
def test_a_record_survives_its_json(kind: Kind) -> None:
    record = WHOLE[kind]
    assert MODELS[kind].model_validate(json.loads(canonical(record.model_dump(mode="json")))) == record


@pytest.mark.parametrize("kind", Kind)
def test_a_digest_is_json_and_survives_its_line(kind: Kind) -> None:
    digest = WHOLE[kind].digest()
    (read,) = segments.digests([segments.line(ID, THEN, THEN, digest)])
    assert read == (ID, THEN, THEN, json.loads(json.dumps(digest)))


def test_a_digest_clips_long_texts_and_holds_no_more_than_lists_need() -> None:
    assert WHOLE[Kind.VENDOR].digest() == {
        "name": "Corner Shop",
        "domains": ["shop.example"],
        "tags": ["food"],
        "job": "feed me",
        "closeness": "close",
        "since": "2020-02-29",
        "client_ids": [ID],
        "sources": ["vcard:1"],
        "text": "C-1 +353 1 000 Corner Group The market nice people",
    }
    assert WHOLE[Kind.MESSAGE].digest()["text"] == "b" * DIGEST_TEXT
    events = WHOLE[Kind.COMMITMENT].digest()["events"]
    assert isinstance(events, list) and events == [STEP] * 20
    assert "text" not in WHOLE[Kind.POLICY].digest()
    told = WHOLE[Kind.ELSEWHERE].digest()["steps"]
    assert isinstance(told, list) and told == [{**SENT, "letter_id": ID}] * 20
    assert WHOLE[Kind.KIT].digest() == {}


def test_a_record_of_before_a_field_was_thought_of_opens() -> None:
    """What is not there has the default of its model."""
    old = {"name": "Corner Shop", "domains": ["shop.example"]}
    assert Vendor.model_validate(old) == Vendor(name="Corner Shop", domains=("shop.example",), owned_by="", privacy=None, substitutes=())


def test_times_become_utc() -> None:
    there = THEN.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert (
        Interaction(vendor_id=ID, kind="visit", title="t", happened_at=there, recorded_at=there)
        .model_dump_json()
        .count("2026-11-21T12:30:00Z")
        == 2
    )


STEP = {"type": "offered", "happened_at": "2026-11-21T12:30:00Z", "recorded_at": "2026-11-21T12:30:00Z", "by": "me"}
SENT = {"type": "sent", "happened_at": "2026-11-21T12:30:00Z", "recorded_at": "2026-11-21T12:30:00Z"}
BACKWARDS = {"by": "maker", "starts": "2027-01-02", "until": "2027-01-01"}
REFUSED: list[tuple[type[Fields], dict[str, Any], str]] = [
    (Vendor, {"name": ""}, "name"),
    (Vendor, {"name": " \t"}, "name"),
    (Vendor, {"name": "x" * 201}, "name"),
    (Vendor, {"name": "x", "domains": ("a b",)}, "domains"),
    (Vendor, {"name": "x", "domains": ("d",) * 101}, "domains"),
    (Vendor, {"name": "x", "notes": "x" * 20_001}, "notes"),
    (Vendor, {"name": "x", "client_ids": ("X",)}, "client_ids"),
    (Vendor, {"name": "x", "closeness": "toothbrush"}, "closeness"),
    (Vendor, {"name": "x", "colour": "red"}, "colour"),
    (Vendor, {"name": "\ud800"}, "name"),
    (Vendor, {}, "name"),
    (Item, {"term": "dpv:Email", "value": "x"}, "term"),
    (Item, {"term": "pd:Email", "value": ""}, "value"),
    (
        Interaction,
        {"vendor_id": ID, "kind": "visit", "title": "t", "happened_at": datetime(2026, 1, 1), "recorded_at": THEN},
        "happened_at",
    ),
    (Interaction, {"vendor_id": ID, "kind": "visit", "title": "t", "happened_at": THEN, "recorded_at": THEN, "amount": "1,5"}, "amount"),
    (
        Interaction,
        {"vendor_id": ID, "kind": "visit", "title": "t", "happened_at": THEN, "recorded_at": THEN, "currency": "eur"},
        "currency",
    ),
    (Commitment, {"vendor_id": ID, "promise": "p", "remedy": {"kind": "refund", "within": "14 days"}}, "remedy"),
    (Commitment, {"vendor_id": ID, "promise": "p", "remedy": {"kind": "refund", "within": "PT"}}, "remedy"),
    (Commitment, {"vendor_id": "x", "promise": "p"}, "vendor_id"),
    (Commitment, {"vendor_id": ID, "promise": "p", "schedule": {"kind": "cycle", "unit": "month", "first": "soon"}}, "schedule"),
    (Commitment, {"vendor_id": ID, "promise": "p", "schedule": {"kind": "warranty", "layers": [BACKWARDS]}}, "schedule"),
    (Profile, {"time_zone": "../etc"}, "time_zone"),
    (Job, {"title": "x", "steps": ({"type": "hoped", "happened_at": THEN, "recorded_at": THEN},)}, "steps"),
    (Yardstick, {"lopsided": "1.5", "close": "0.5", "happened_at": THEN, "recorded_at": THEN}, "lopsided"),
    (Signpost, {"vendor_id": ID, "competes": "perhaps", "happened_at": THEN, "recorded_at": THEN}, "competes"),
    (Profile, {"idle_minutes": 0}, "idle_minutes"),
    (Profile, {"idle_minutes": 721}, "idle_minutes"),
]


@pytest.mark.parametrize(("model", "values", "field"), REFUSED)
def test_a_bad_value_is_refused_by_the_name_of_its_field(model: type[Fields], values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        model(**values)
    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize("ends", [{}, {"low": "0.5"}, {"high": "0.5"}, {"low": "0.5", "high": "0.4"}])
def test_a_corrected_range_has_both_ends_the_lower_first(ends: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Correction.model_validate(
            {"vendor_id": ID, "factor": "kept", "says": "range", "why": "w", "happened_at": THEN, "recorded_at": THEN, **ends}
        )


def test_limits_at_their_edges() -> None:
    assert len(Vendor(name="x" * 200, notes="x" * 20_000, domains=("d",) * 100).name) == 200
    assert [Profile(idle_minutes=minutes).idle_minutes for minutes in (1, 720)] == [1, 720]


def test_an_error_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(ValidationError) as refused:
        Item(term="canary-term", value="canary-value" * 9999)
    assert "canary" not in str(refused.value)


def test_records_are_frozen() -> None:
    with pytest.raises(ValidationError):
        WHOLE[Kind.KIT].code = "x"  # type: ignore[attr-defined]  # the declared type is any record


def test_a_letters_digest_says_what_came_back() -> None:
    digest = WHOLE[Kind.LETTER].digest()
    assert (digest["replies"], digest["unread"], digest["replied_at"]) == (1, 1, THEN.isoformat())
    assert LetterRecord(to="x", way="post", subject="x", body="x", written_at=THEN).digest()["replied_at"] is None
