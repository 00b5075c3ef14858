"""Makes `consent/ledger.json` and `consent/receipts.json`: the pinned bytes of ledger entries and receipts.

Written from their descriptions alone (the docstrings of consent/ledger.py and consent/receipts.py), with bare primitives and
none of the room's code, so that two implementations check each other. RFC 8785 of text and whole numbers is what the
standard library writes with sorted keys and no blanks.
Run it to write the files anew: `python -m tests.vectors.make_consent`. A released format only gains versions.
"""

import base64
import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER = Path(__file__).parent / "consent"
LEDGER_ID = "00112233445566778899aabbccddeeff"
SEED = bytes(range(32))
WRITTEN = (
    ("2026-11-21T12:00:00+00:00", "account.opened", "owner", {"login": "robin"}),
    ("2026-11-21T12:00:00.000001+00:00", "request.received", "client:" + "c" * 32, {"client_id": "c" * 32, "request_id": "1" * 32}),
    ("2026-11-22T09:30:00+00:00", "grant.given", "owner", {"grant_id": "2" * 32, "note": "Café – ja"}),
    ("2026-11-22T09:29:00+00:00", "message.refused_again", "instance", {"grant_id": "2" * 32, "repeats": 7}),
)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def join(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ledger() -> dict[str, Any]:
    """Four entries of one ledger, with everything that leads to their hashes."""
    previous = sha(join(b"bothways/ledger/genesis", LEDGER_ID.encode()))
    entries = []
    for seq, (at, kind, actor, details) in enumerate(WRITTEN, start=1):
        salt = sha(b"salt %d" % seq)
        commitment = sha(salt + canonical(details))
        moment = datetime.fromisoformat(at)
        micros = int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
        hashed = join(
            b"bothways/ledger/entry", (1).to_bytes(4, "big"), LEDGER_ID.encode(), seq.to_bytes(8, "big"),
            micros.to_bytes(8, "big", signed=True), kind.encode(), actor.encode(), commitment, previous,
        )  # fmt: skip
        entries.append(
            {
                "seq": seq, "at": at, "type": kind, "actor": actor, "details": details, "salt": salt.hex(),
                "commitment": commitment.hex(), "previous": previous.hex(), "hashed": hashed.hex(), "hash": sha(hashed).hex(),
            }
        )  # fmt: skip
        previous = sha(hashed)
    size = len(entries)
    return {
        "what": "Hash-chained entries, version 1; `hashed` is what SHA-256 is taken of.",
        "ledger_id": LEDGER_ID,
        "entries": entries,
        "checkpoint": join(b"bothways/ledger/checkpoint", LEDGER_ID.encode(), size.to_bytes(8, "big"), previous).hex(),
    }


TERMS: list[dict[str, Any]] = [
    {
        "type": "https://bothways.example/terms/v1",
        "statement": "We tell you about openings near you.",
        "expires": "2027-06-30T00:00:00Z",
        "notice": {"url": "https://shop.example/privacy", "version": "2026-10", "sha256": "ab" * 32, "language": "en"},
        "jurisdiction": "IE",
        "storage": {"locations": ["IE"]},
        "agreement": "SD-BASE-DP",
    },
    {
        "type": "https://bothways.example/purpose/v1",
        "purpose": "dpv:DirectMarketing",
        "actions": ["send_message", "read_data"],
        "channels": ["inbox"],
        "frequency": {"count": 2, "per": "P1W"},
        "datatypes": ["pd:Name"],
        "retention": "P6M",
        "recipients": [{"name": "An Post", "country": "IE"}],
    },
]
GIVEN: dict[str, Any] = {
    "@type": ["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
    "dpv:isIndicatedAtTime": "2026-11-21T12:00:00Z",
    "dpv:isIndicatedBy": "dpv:DataSubject",
    "dpv:hasDuration": {"@type": "dpv:UntilTimeDuration", "rdf:value": "2027-06-30T00:00:00Z"},
}
RECORD: dict[str, Any] = {
    "@type": "dpv:ConsentRecord",
    "dct:identifier": "a6f58318-72e6-46a2-bfd7-f36d795e30cd",
    "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
    "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dpv:hasIdentifier": "5" * 32},
    "dct:language": "en",
    "dpv:hasNotice": [
        {
            "@type": "dpv:ConsentNotice",
            "dct:language": "en",
            "bw:textSha256": sha(b"Corner Shop may send you messages.").hex(),
            "bw:rulesVersion": "1",
        },
        {
            "@type": "dpv:PrivacyNotice",
            "schema:url": "https://shop.example/privacy",
            "schema:version": "2026-10",
            "dct:language": "en",
            "bw:sha256": "ab" * 32,
        },
    ],
    "dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent",
    "dpv:hasJurisdiction": "loc:IE",
    "dpv:hasDataController": {
        "@type": ["dpv:Organisation", "dpv:DataController"],
        "dpv:hasIdentifier": "c" * 32,
        "dpv:hasName": "Corner Shop Ltd",
        "schema:name": "Corner Shop",
        "schema:url": "https://shop.example/",
        "bw:policy": "https://shop.example/privacy",
        "schema:address": "1 Main Street, Dublin",
        "schema:addressCountry": "IE",
        "schema:contactPoint": {
            "@type": "schema:ContactPoint",
            "schema:email": "privacy@shop.example",
            "schema:telephone": "+353 1 5550100",
        },
    },
    "dpv:hasProcess": [
        {
            "@type": "dpv:Process",
            "dpv:hasPurpose": "dpv:DirectMarketing",
            "dpv:hasPersonalData": ["pd:Name"],
            "dpv:hasStorageCondition": [
                {"@type": "dpv:StorageDuration", "dpv:hasDuration": "P6M"},
                {"@type": "dpv:StorageLocation", "dpv:hasLocation": ["loc:IE"]},
            ],
            "dpv:hasRecipient": ["dpv:DataController", {"@type": "dpv:ThirdParty", "dpv:hasName": "An Post", "dpv:hasLocation": "loc:IE"}],
            "bw:actions": ["send_message", "read_data"],
            "bw:channels": ["inbox"],
        }
    ],
    "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": "https://robin.example/grants"},
    "dpv:hasRight": {
        "@type": "dpv:DataSubjectRight",
        "schema:name": "withdrawal of consent at any time",
        "dpv:isExercisedAt": "https://robin.example/grants",
    },
    "dpv:hasConsentStatus": [
        {"@type": "dpv:ConsentRequested", "dpv:isIndicatedAtTime": "2026-11-20T12:00:00Z", "dpv:isIndicatedBy": "dpv:DataController"},
        GIVEN,
    ],
    "bw:agreement": "ieee-7012:SD-BASE-DP",
}
IRI = {"@type": "@id"}
RECEIPT: dict[str, Any] = {
    "@context": {
        "@version": 1.1,
        "dpv": "https://w3id.org/dpv#",
        "pd": "https://w3id.org/dpv/pd#",
        "loc": "https://w3id.org/dpv/loc#",
        "ieee-7012": "https://w3id.org/dpv/standards/ieee/7012#",
        "dct": "http://purl.org/dc/terms/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "schema": "https://schema.org/",
        "bw": "https://bothways.example/receipt/v1#",
        "dct:conformsTo": IRI,
        "dpv:hasPurpose": IRI,
        "dpv:hasPersonalData": IRI,
        "dpv:hasLegalBasis": IRI,
        "dpv:hasJurisdiction": IRI,
        "dpv:hasLocation": IRI,
        "dpv:hasRecipient": IRI,
        "dpv:isIndicatedBy": IRI,
        "schema:recipient": IRI,
        "bw:agreement": IRI,
        "bw:terms": {"@type": "@json"},
    },
    "@type": "dpv:ConsentReceipt",
    "dct:identifier": "0760c9ba-8bca-4ff9-b5c6-52f7d79f4095",
    "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
    "dct:created": "2026-11-21T12:00:00Z",
    "dct:publisher": {"@type": "dpv:DataSubject", "dpv:hasIdentifier": "5" * 32},
    "schema:recipient": ["dpv:DataSubject", "dpv:DataController"],
    "dpv:hasRecordOfActivity": RECORD,
    "bw:version": 1,
    "bw:event": "grant.given",
    "bw:attestedBy": "owner",
    "bw:requestId": "1" * 32,
    "bw:grantId": "2" * 32,
    "bw:clientReference": "customer 4711",
    "bw:terms": TERMS,
    "bw:termsSha256": sha(canonical(TERMS)).hex(),
    "bw:rulesVersion": "1",
    "bw:ledgerCheckpoint": "cd" * 32,
}


def jws(payload: bytes, *, seed: bytes = SEED, cut: int = 0, **header: Any) -> str:
    """A compact JWS (RFC 7515) signed with Ed25519; a header value of None takes that member out."""
    members = {"alg": "Ed25519", "kid": jwk()["kid"], "typ": "consent-receipt+jwt"} | header
    signed = f"{base64url(canonical({key: value for key, value in members.items() if value is not None}))}.{base64url(payload)}"
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode())
    return f"{signed}.{base64url(signature[: 64 - cut])}"


def jwk(seed: bytes = SEED) -> dict[str, str]:
    """The public JWK (RFC 8037) with its thumbprint (RFC 7638)."""
    x = base64url(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": base64url(sha(canonical({"crv": "Ed25519", "kty": "OKP", "x": x})))}


def receipts() -> dict[str, Any]:
    """A receipt as it must be, one with the older name of its algorithm, and receipts with one thing wrong each."""
    good = canonical(RECEIPT)
    small = canonical({"@type": "dpv:ConsentReceipt", "bw:terms": TERMS[:1], "bw:termsSha256": sha(canonical(TERMS[:1])).hex()})
    made = jws(small)
    head, body, signature = made.split(".")
    other = canonical({"@type": "dpv:ConsentReceipt", "bw:terms": [], "bw:termsSha256": sha(b"[]").hex()})
    unspare = signature[:-1] + chr(ord(signature[-1]) + 1)
    refused = [
        ("the payload of another receipt", f"{head}.{base64url(other)}.{signature}", "signature"),
        ("signed by another key", jws(small, seed=bytes(32)), "signature"),
        ("an algorithm that is not taken", jws(small, alg="ES256"), "signature"),
        ("algorithm none with a signature", jws(small, alg="none"), "signature"),
        ("no algorithm", jws(small, alg=None), "signature"),
        ("an algorithm that is a number", jws(small, alg=1), "signature"),
        ("a header member that is not known", jws(small, zip="DEF"), "signature"),
        ("a critical extension that is not known", jws(small, crit=["exp"], exp=1), "signature"),
        ("a critical extension that is known elsewhere", jws(small, crit=["b64"], b64=True), "header"),
        ("a header that is no JSON", f"{base64url(b'header')}.{body}.{signature}", "signature"),
        ("a header that is a list", f"{base64url(b'[]')}.{body}.{signature}", "signature"),
        ("another type", jws(small, typ="JWT"), "type"),
        ("no type", jws(small, typ=None), "type"),
        ("half a signature", jws(small, cut=32), "form"),
        ("no signature", f"{head}.{body}.", "form"),
        ("a signature with a spare bit set", f"{head}.{body}.{unspare}", "form"),
        ("two parts", f"{head}.{body}", "form"),
        ("four parts", f"{made}.{signature}", "form"),
        ("not base64url", f"{head}.{body}.{signature[:-2]}!A", "form"),
        ("a line break after it", f"{made}\n", "form"),
        ("nothing", "", "form"),
        ("letters of no alphabet", "ключ", "form"),
        ("a payload that is no JSON", jws(b"receipt"), "payload"),
        ("a payload that is no text", jws(b"\xff\xfe"), "payload"),
        ("a payload that is a list", jws(b"[]"), "payload"),
        ("a payload of another kind", jws(small.replace(b"dpv:ConsentReceipt", b"dpv:ConsentRecord")), "payload"),
        ("terms changed beside their hash", jws(small.replace(b"SD-BASE-DP", b"SD-BASE-AT")), "payload"),
        ("terms without hash", jws(small.replace(b"bw:termsSha256", b"bw:termsSha512")), "payload"),
        ("terms with a number that JSON cannot say", jws(small.replace(b'"SD-BASE-DP"', b"NaN")), "payload"),
    ]
    keys = [
        ("no key", {}),
        ("a curve for agreement", jwk() | {"crv": "X25519"}),
        ("another Edwards curve", jwk() | {"crv": "Ed448"}),
        ("a symmetric key", {"kty": "oct", "k": jwk()["x"]}),
        ("half a key", jwk() | {"x": jwk()["x"][:20]}),
        ("a key without its point", {"kty": "OKP", "crv": "Ed25519"}),
        ("a point that is a number", jwk() | {"x": 5}),
    ]
    return {
        "what": "Compact JWS over canonical JSON. Each refused one has one thing wrong, and the code it is refused with.",
        "seed": SEED.hex(),
        "jwk": jwk(),
        "payload": RECEIPT,
        "jws": jws(good),
        "eddsa": jws(good, alg="EdDSA"),
        "refused": [{"what": what, "jws": text, "code": code} for what, text, code in refused],
        "refused_keys": [{"what": what, "jwk": key} for what, key in keys],
    }


FILES = {"ledger": ledger, "receipts": receipts}


def text_of(name: str) -> str:
    """What the file of this name holds."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    for each in FILES:
        (FOLDER / f"{each}.json").write_text(text_of(each), encoding="ascii")
