"""The consent record and receipt as JSON-LD: ISO/IEC TS 27560:2023 in DPV words (W3C guide "consent-27560").

Dictionaries in, dictionaries out. What DPV has no word for stands under `bw:`. The context is inline, so that nothing has
to be fetched to read a receipt.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

from consent.terms.shapes import Purpose, Terms, as_details, canonical, instant

Record: TypeAlias = dict[str, Any]

RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"

_IRI = {"@type": "@id"}
CONTEXT: Record = {
    "@version": 1.1,
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "loc": "https://w3id.org/dpv/loc#",
    "ieee-7012": "https://w3id.org/dpv/standards/ieee/7012#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "bw": "https://bothways.example/receipt/v1#",
    "dct:conformsTo": _IRI,
    "dpv:hasPurpose": _IRI,
    "dpv:hasPersonalData": _IRI,
    "dpv:hasLegalBasis": _IRI,
    "dpv:hasJurisdiction": _IRI,
    "dpv:hasLocation": _IRI,
    "dpv:hasRecipient": _IRI,
    "dpv:isIndicatedBy": _IRI,
    "schema:recipient": _IRI,
    "bw:agreement": _IRI,
    "bw:terms": {"@type": "@json"},
}

# Every other dpv: word a receipt may use, each looked up in DPV 2.3; purposes, data and statuses come from the vocabulary.
STRUCTURE: frozenset[str] = frozenset(
    {
        "dpv:ConsentNotice", "dpv:ConsentReceipt", "dpv:ConsentRecord", "dpv:DataController", "dpv:DataSubject", "dpv:DataSubjectRight",
        "dpv:ExplicitlyExpressedConsent", "dpv:Organisation", "dpv:PrivacyNotice", "dpv:Process", "dpv:StorageDuration",
        "dpv:StorageLocation", "dpv:ThirdParty", "dpv:UntilTimeDuration", "dpv:WithdrawConsent", "dpv:hasConsentControl",
        "dpv:hasConsentStatus", "dpv:hasDataController", "dpv:hasDataSubject", "dpv:hasDuration", "dpv:hasIdentifier",
        "dpv:hasJurisdiction", "dpv:hasLegalBasis", "dpv:hasLocation", "dpv:hasName", "dpv:hasNotice", "dpv:hasPersonalData",
        "dpv:hasProcess", "dpv:hasPurpose", "dpv:hasRecipient", "dpv:hasRecordOfActivity", "dpv:hasRight", "dpv:hasStorageCondition",
        "dpv:isExercisedAt", "dpv:isIndicatedAtTime", "dpv:isIndicatedBy",
    }
)  # fmt: skip

# Event to (consent status, who indicated it). `ConsentRevoked` is an end by somebody else than the data subject.
EVENTS: Mapping[str, tuple[str, str]] = {
    "grant.given": ("dpv:ConsentGiven", "dpv:DataSubject"),
    "grant.changed": ("dpv:RenewedConsentGiven", "dpv:DataSubject"),
    "grant.withdrawn": ("dpv:ConsentWithdrawn", "dpv:DataSubject"),
    "grant.expired": ("dpv:ConsentExpired", "bw:Instance"),
    "grant.handed_back": ("dpv:ConsentRevoked", "dpv:DataController"),
    "request.declined": ("dpv:ConsentRefused", "dpv:DataSubject"),
    "counter.refused": ("dpv:ConsentRefused", "dpv:DataController"),
}
REFUSALS = frozenset({"request.declined", "counter.refused"})


@dataclass(frozen=True)
class ClientFacts:
    """A client's own, unverified words about itself. `organisation` may have name, address, email, phone, country (text)."""

    client_id: str
    name: str
    uri: str | None = None
    policy_uri: str | None = None
    organisation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What the owner saw when deciding: the SHA-256 (hex) of the text, its language, the version of the decision rules."""

    text_sha256: str
    language: str
    rules_version: str

    @classmethod
    def of(cls, text: str, language: str, rules_version: str) -> "Shown":
        """Of the text itself, which stays here."""
        return cls(sha256(text.encode()).hexdigest(), language, rules_version)


def record(
    *,
    record_id: str,
    subject: str,
    client: ClientFacts,
    terms: Terms,
    shown: Shown | None,
    requested_at: datetime,
    given_at: datetime,
    event: str = "grant.given",
    withdraw_at: str | None = None,
) -> Record:
    """A DPV-27560 consent record. `subject` is the pairwise one; `withdraw_at` the URL where consent ends, where there is one.

    Of a refusal (`event` in REFUSALS) nothing is told but that it is one: `shown` is None, and the language is the notice's.
    """
    built: Record = {
        "@type": "dpv:ConsentRecord",
        "dct:identifier": record_id,
        "dct:conformsTo": RECORD_PROFILE,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dpv:hasIdentifier": subject},
        "dct:language": shown.language if shown else terms.notice.language or "und",
        "dpv:hasNotice": [*([_consent_notice(shown)] if shown else ()), _privacy_notice(terms)],
        "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent",
        "dpv:hasDataController": _controller(client),
        "dpv:hasProcess": [_process(line, terms) for line in terms.purposes],
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent"},
        "dpv:hasRight": {"@type": "dpv:DataSubjectRight", "schema:name": "withdrawal of consent at any time"},
        "dpv:hasConsentStatus": [
            {"@type": "dpv:ConsentRequested", "dpv:isIndicatedAtTime": instant(requested_at), "dpv:isIndicatedBy": "dpv:DataController"},
            _status(event, given_at, terms),
        ],
    }
    if withdraw_at is not None:
        built["dpv:hasConsentControl"]["dpv:isExercisedAt"] = withdraw_at
        built["dpv:hasRight"]["dpv:isExercisedAt"] = withdraw_at
    place = terms.jurisdiction or client.organisation.get("country")
    if isinstance(place, str) and re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", place):
        built["dpv:hasJurisdiction"] = f"loc:{place}"
    if terms.agreement is not None:
        built["bw:agreement"] = f"ieee-7012:{terms.agreement}"
    return built


def receipt(
    record: Record,
    *,
    receipt_id: str,
    created: datetime,
    event: str,
    attested_by: str,
    request_id: str,
    grant_id: str | None,
    client_reference: str | None,
    terms: Terms,
    rules_version: str,
    checkpoint: bytes,
    counter_offer: str | None = None,
) -> Record:
    """A receipt around a record: ids, event, the exact terms with their hash, and the salted commitment to the ledger's state.

    A refusal has no `grant_id`; its terms are those that were asked. `counter_offer` is the owner's own, a JWS, where one was
    accepted or refused (consent/counters.py).
    """
    built: Record = {
        "@context": CONTEXT,
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": receipt_id,
        "dct:conformsTo": RECEIPT_PROFILE,
        "dct:created": instant(created),
        "dct:publisher": record["dpv:hasDataSubject"],
        "schema:recipient": ["dpv:DataSubject", "dpv:DataController"],
        "dpv:hasRecordOfActivity": record,
        "bw:version": 1,
        "bw:event": event,
        "bw:attestedBy": attested_by,
        "bw:requestId": request_id,
        "bw:terms": as_details(terms),
        "bw:termsSha256": sha256(canonical(terms)).hexdigest(),
        "bw:rulesVersion": rules_version,
        "bw:ledgerCheckpoint": checkpoint.hex(),
    }
    more = {"bw:grantId": grant_id, "bw:clientReference": client_reference, "bw:counterOffer": counter_offer}
    return built | {name: value for name, value in more.items() if value is not None}


def ended(given: Record, *, receipt_id: str, created: datetime, event: str, attested_by: str, checkpoint: bytes) -> Record:
    """The receipt of an end: the last receipt of the grant, with one more event in its record and a reference to what it replaces."""
    built = copy.deepcopy(given)
    status, by = EVENTS[event]
    built["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"].append(
        {"@type": status, "dpv:isIndicatedAtTime": instant(created), "dpv:isIndicatedBy": by}
    )
    return built | {
        "dct:identifier": receipt_id,
        "dct:created": instant(created),
        "dct:replaces": given["dct:identifier"],
        "bw:event": event,
        "bw:attestedBy": attested_by,
        "bw:ledgerCheckpoint": checkpoint.hex(),
    }


def accepted(
    given: Record, *, receipt_id: str, created: datetime, attested_by: str, checkpoint: bytes, commitment_id: str, promise: Record
) -> Record:
    """The receipt of a promise that the company made beside the terms and the owner took up: the last receipt of the grant, with
    the promise beside those taken up before. `promise` has `bw:promise`, and `bw:due` and `bw:remedy` where it has them.
    """
    built = copy.deepcopy(given)
    taken = {"bw:commitmentId": commitment_id, "bw:acceptedAt": instant(created), **promise}
    return built | {
        "dct:identifier": receipt_id,
        "dct:created": instant(created),
        "dct:replaces": given["dct:identifier"],
        "bw:event": "commitment.accepted",
        "bw:attestedBy": attested_by,
        "bw:ledgerCheckpoint": checkpoint.hex(),
        "bw:acceptedPromises": [*built.get("bw:acceptedPromises", ()), taken],
    }


def _status(event: str, at: datetime, terms: Terms) -> Record:
    status, by = EVENTS[event]
    if event in REFUSALS:
        return {"@type": status, "dpv:isIndicatedAtTime": instant(at), "dpv:isIndicatedBy": by}
    return {
        "@type": [status, "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedAtTime": instant(at),
        "dpv:isIndicatedBy": by,
        "dpv:hasDuration": {"@type": "dpv:UntilTimeDuration", "rdf:value": instant(terms.expires)},
    }


def _consent_notice(shown: Shown) -> Record:
    hashed = shown.text_sha256
    return {"@type": "dpv:ConsentNotice", "dct:language": shown.language, "bw:textSha256": hashed, "bw:rulesVersion": shown.rules_version}


def _privacy_notice(terms: Terms) -> Record:
    notice = terms.notice
    named = {"schema:version": notice.version, "dct:language": notice.language, "bw:sha256": notice.sha256}
    return {"@type": "dpv:PrivacyNotice", "schema:url": notice.url, **{key: value for key, value in named.items() if value is not None}}


def _controller(client: ClientFacts) -> Record:
    organisation = client.organisation
    named = {
        "schema:url": client.uri,
        "bw:policy": client.policy_uri,
        "schema:address": organisation.get("address"),
        "schema:addressCountry": organisation.get("country"),
    }
    contact = {"schema:email": organisation.get("email"), "schema:telephone": organisation.get("phone")}
    built: Record = {
        "@type": ["dpv:Organisation", "dpv:DataController"],
        "dpv:hasIdentifier": client.client_id,
        "dpv:hasName": organisation.get("name") or client.name,
        "schema:name": client.name,
        **{key: value for key, value in named.items() if value},
    }
    if any(contact.values()):
        built["schema:contactPoint"] = {"@type": "schema:ContactPoint", **{key: value for key, value in contact.items() if value}}
    return built


def _process(line: Purpose, terms: Terms) -> Record:
    storage: list[Record] = [{"@type": "dpv:StorageDuration", "dpv:hasDuration": line.retention}]
    if terms.storage_locations:
        places = [f"loc:{place}" for place in terms.storage_locations]
        storage.append({"@type": "dpv:StorageLocation", "dpv:hasLocation": places})
    others = [
        {"@type": "dpv:ThirdParty", "dpv:hasName": other.name, "dpv:hasLocation": f"loc:{other.country}"} for other in line.recipients
    ]
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": line.purpose,
        "dpv:hasPersonalData": list(line.datatypes),
        "dpv:hasStorageCondition": storage,
        "dpv:hasRecipient": ["dpv:DataController", *others],
        "bw:actions": list(line.actions),
        "bw:channels": list(line.channels),
    }
