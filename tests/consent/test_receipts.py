"""Receipts: pinned bytes, checked by anybody with a public key, in words that the vocabulary knows."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent import receipts, vocabulary
from consent.act import Signer
from consent.canonical import dumps
from consent.records import EVENTS, STRUCTURE
from consent.terms import Promise, Purpose, Recipient, Terms, parse
from tests.consent.samples import NOW
from tests.consent.samples import terms as sample_terms
from tests.vectors import make_consent as reference

PINNED: dict[str, Any] = json.loads((reference.FOLDER / "receipts.json").read_text(encoding="ascii"))
CLIENT = receipts.ClientFacts(
    client_id="c" * 32,
    name="Corner Shop",
    uri="https://shop.example/",
    policy_uri="https://shop.example/privacy",
    organisation={
        "name": "Corner Shop Ltd",
        "address": "1 Main Street, Dublin",
        "email": "privacy@shop.example",
        "phone": "+353 1 5550100",
        "country": "IE",
    },
)
SHOWN = receipts.Shown.of("Corner Shop may send you messages.", "en", "1")


def signer(seed: bytes = reference.SEED, *, attested_by: str = "owner") -> Signer:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    return Signer(receipts.thumbprint(public), public, attested_by, key.sign)


def built(
    terms: Terms, *, client: receipts.ClientFacts = CLIENT, client_reference: str | None = None, withdraw_at: str | None = None
) -> receipts.Record:
    record = receipts.record(
        record_id="a6f58318-72e6-46a2-bfd7-f36d795e30cd",
        subject="5" * 32,
        client=client,
        terms=terms,
        shown=SHOWN,
        requested_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        given_at=NOW,
        withdraw_at=withdraw_at,
    )
    return receipts.receipt(
        record,
        receipt_id="0760c9ba-8bca-4ff9-b5c6-52f7d79f4095",
        created=NOW,
        event="grant.given",
        attested_by="owner",
        request_id="1" * 32,
        grant_id="2" * 32,
        client_reference=client_reference,
        terms=terms,
        rules_version="1",
        checkpoint=bytes.fromhex("cd" * 32),
    )


def pinned_receipt() -> receipts.Record:
    terms = parse(PINNED["payload"]["bw:terms"], now=NOW)
    return built(terms, client_reference="customer 4711", withdraw_at="https://robin.example/grants")


def words(value: Any) -> set[str]:
    """Every term of DPV in a receipt, as key or value. The terms as asked are the client's and stand as they are."""
    if isinstance(value, dict):
        return set().union(*(words(key) | words(inner) for key, inner in value.items() if key not in {"bw:terms", "@context"}))
    if isinstance(value, list):
        return set().union(*(words(inner) for inner in value))
    return {value} if isinstance(value, str) and re.match(r"(dpv|pd):", value) else set()


@pytest.mark.parametrize("name", reference.FILES)
def test_pinned_files_are_what_their_program_makes(name: str) -> None:
    assert (reference.FOLDER / f"{name}.json").read_text(encoding="ascii") == reference.text_of(name)


def test_receipt_is_built_as_pinned() -> None:
    assert pinned_receipt() == PINNED["payload"]


def test_receipt_is_signed_as_pinned() -> None:
    """Ed25519 is deterministic: the same receipt has the same bytes on both sides, and in every version that makes this one."""
    assert receipts.sign(pinned_receipt(), signer()) == PINNED["jws"]


@pytest.mark.parametrize("name", ["jws", "eddsa"])
def test_receipt_needs_only_itself_and_a_public_key(name: str) -> None:
    assert receipts.verify(PINNED[name], PINNED["jwk"]) == PINNED["payload"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["what"]) for case in PINNED["refused"]])
def test_receipt_with_one_thing_wrong_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(receipts.ReceiptError) as refused:
        receipts.verify(case["jws"], PINNED["jwk"])
    assert refused.value.code == case["code"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["what"]) for case in PINNED["refused_keys"]])
def test_key_of_another_kind_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(receipts.ReceiptError) as refused:
        receipts.verify(PINNED["jws"], case["jwk"])
    assert refused.value.code == "key"


def test_receipt_nested_without_end_is_refused() -> None:
    """Signed as it should be: with a key of their own, anybody can sign anything."""
    with pytest.raises(receipts.ReceiptError) as refused:
        receipts.verify(receipts.sign_as(receipts.TYPE, b"[" * 5000, signer()), receipts.jwk(signer().public))
    assert refused.value.code == "payload"


def test_receipt_of_any_length_is_refused_unread() -> None:
    with pytest.raises(receipts.ReceiptError) as refused:
        receipts.verify("a" * (receipts.MAX_BYTES + 1), PINNED["jwk"])
    assert refused.value.code == "oversize"


def test_key_is_told_as_rfc_8037_and_7638_say() -> None:
    told = receipts.jwk(signer().public)
    assert {key: told[key] for key in PINNED["jwk"]} == PINNED["jwk"]
    assert "d" not in told


def test_signer_with_a_foreign_public_key_signs_nothing() -> None:
    with pytest.raises(receipts.ReceiptError):
        receipts.sign(pinned_receipt(), replace(signer(), public=signer(bytes(32)).public))


def test_every_word_of_a_receipt_is_in_the_vocabulary() -> None:
    given = built(sample_terms(), withdraw_at="https://robin.example/grants")
    known = STRUCTURE | set(vocabulary.PURPOSES) | set(vocabulary.DATATYPES) | set(vocabulary.CONSENT_STATUSES)
    used = words(given)
    for event in EVENTS:
        used |= words(receipts.ended(given, receipt_id="x", created=NOW, event=event, attested_by="instance", checkpoint=bytes(32)))
    assert used <= known
    assert used >= STRUCTURE, "a word that no receipt uses is no part of its structure"


def test_every_prefix_of_a_receipt_is_in_its_context() -> None:
    """Nothing has to be fetched to read a receipt."""
    given = pinned_receipt()
    rest = dumps({key: value for key, value in given.items() if key not in {"@context", "bw:terms"}}).decode()
    keys = set(re.findall(r'"([a-z0-9-]+):[A-Za-z]', rest))
    assert keys - {"https", "http"} <= set(given["@context"])


def test_receipt_says_what_27560_demands() -> None:
    """The mandatory fields of header, processing, party and event (ISO/IEC TS 27560:2023 in the words of the W3C guide)."""
    given = pinned_receipt()
    record = given["dpv:hasRecordOfActivity"]
    assert {"dct:identifier", "dct:conformsTo", "dct:created", "dpv:hasRecordOfActivity"} <= set(given)
    assert {
        "dct:identifier", "dct:conformsTo", "dct:language", "dpv:hasDataSubject", "dpv:hasNotice", "dpv:hasProcess",
        "dpv:hasDataController", "dpv:hasJurisdiction", "dpv:hasConsentControl", "dpv:hasRight",
        "dpv:hasLegalBasis", "dpv:hasConsentStatus",
    } <= set(record)  # fmt: skip
    for process in record["dpv:hasProcess"]:
        assert {"dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasStorageCondition", "dpv:hasRecipient"} <= set(process)
    assert {"dpv:hasIdentifier", "dpv:hasName", "schema:contactPoint", "schema:address"} <= set(record["dpv:hasDataController"])
    assert {"dpv:isIndicatedAtTime", "dpv:isIndicatedBy", "dpv:hasDuration"} <= set(record["dpv:hasConsentStatus"][-1])


def test_client_that_says_little_makes_a_short_receipt() -> None:
    terms = replace(sample_terms(), jurisdiction=None, agreement=None, storage_locations=())
    record = built(terms, client=receipts.ClientFacts("c" * 32, "Corner Shop"))["dpv:hasRecordOfActivity"]
    assert set(record["dpv:hasDataController"]) == {"@type", "dpv:hasIdentifier", "dpv:hasName", "schema:name"}
    assert not {"dpv:hasJurisdiction", "bw:agreement"} & set(record)
    assert "dpv:isExercisedAt" not in record["dpv:hasConsentControl"]


@pytest.mark.parametrize(("country", "place"), [("IE", "loc:IE"), ("Ireland", None), (353, None)])
def test_jurisdiction_falls_back_to_the_country_of_the_organisation(country: object, place: str | None) -> None:
    client = replace(CLIENT, organisation={"country": country})
    record = built(replace(sample_terms(), jurisdiction=None), client=client)["dpv:hasRecordOfActivity"]
    assert record.get("dpv:hasJurisdiction") == place


def test_end_adds_one_event_and_names_the_receipt_it_replaces() -> None:
    given = pinned_receipt()
    before = json.loads(dumps(given))
    ended = receipts.ended(given, receipt_id="e", created=NOW, event="grant.withdrawn", attested_by="instance", checkpoint=bytes(32))
    assert given == before, "the receipt of the consent itself stays as it was"
    *earlier, last = ended["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    assert earlier == given["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    at = "2026-11-21T12:00:00Z"
    assert last == {"@type": "dpv:ConsentWithdrawn", "dpv:isIndicatedAtTime": at, "dpv:isIndicatedBy": "dpv:DataSubject"}
    assert ended["dct:replaces"] == given["dct:identifier"]
    assert (ended["bw:event"], ended["bw:attestedBy"], ended["bw:ledgerCheckpoint"]) == ("grant.withdrawn", "instance", "00" * 32)
    assert ended["bw:termsSha256"] == given["bw:termsSha256"]


def test_largest_terms_fit_into_a_receipt() -> None:
    """What the parser lets in at most can still be signed and verified."""
    data, purposes = list(vocabulary.DATATYPES), list(vocabulary.PURPOSES)
    recipients = tuple(Recipient("🜨" * 117 + f"{number:03}", "IE") for number in range(16))
    line = Purpose("", ("send_message", "read_data"), "P10Y", ("inbox",), None, None, None, tuple(data[:32]), recipients)
    terms = replace(
        sample_terms(),
        statement="🜨" * 280,
        in_return=tuple(Promise("🜨" * 279 + str(number)) for number in range(8)),
        purposes=tuple(replace(line, purpose=purpose) for purpose in purposes[:8]),
    )
    text = receipts.sign(built(terms), signer())
    assert receipts.verify(text, receipts.jwk(signer().public))["bw:termsSha256"] == sha256(dumps(built(terms)["bw:terms"])).hexdigest()
