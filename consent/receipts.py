"""Receipts: signed, the same bytes on both sides, checked with nothing but the receipt and a public key.

A receipt is a compact JWS (RFC 7515) over RFC 8785 JSON, algorithm Ed25519 (RFC 9864), typed "consent-receipt+jwt".
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from consent.act import Signer
from consent.canonical import dumps
from consent.errors import ReceiptError
from consent.records import CONTEXT, ClientFacts, Record, Shown, accepted, ended, receipt, record

TYPE = "consent-receipt+jwt"
ALGORITHM = "Ed25519"
ACCEPTED = ("Ed25519", "EdDSA")  # EdDSA is the name before RFC 9864; the curve is fixed below
MAX_BYTES = 256 * 1024  # the largest terms that can be read make a receipt of nearly that

# Three parts, and a signature of 64 bytes whose last letter has no spare bit set: one receipt, one text.
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")


class _Registry(JWSRegistry):
    """The two accepted names and no other, our own size limit, and no warning about the older name, which is meant."""

    max_payload_length = MAX_BYTES

    def get_alg(self, name: str) -> Any:
        if name not in ACCEPTED:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_REGISTRY = _Registry(algorithms=ACCEPTED)

__all__ = [
    "CONTEXT",
    "ClientFacts",
    "ReceiptError",
    "Record",
    "Shown",
    "accepted",
    "ended",
    "jwk",
    "receipt",
    "record",
    "sign",
    "sign_as",
    "thumbprint",
    "thumbprint_of",
    "unverified",
    "verify",
    "verify_as",
]


def sign(payload: Record, signer: Signer) -> str:
    """The receipt as compact JWS. Raises ReceiptError when the signer's signature does not fit its own public key."""
    made = sign_as(TYPE, dumps(payload), signer)
    verify(made, jwk(signer.public))  # a receipt that nobody can check must not leave the house
    return made


def sign_as(type: str, payload: bytes, signer: Signer) -> str:
    """Any payload as compact JWS of a type of its own, so that no signature can be passed off as one of another type."""
    header = dumps({"alg": ALGORITHM, "kid": signer.kid, "typ": type})
    signed = f"{_base64url(header)}.{_base64url(payload)}"
    return f"{signed}.{_base64url(signer.sign(signed.encode()))}"


def verify(jws_text: str, jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Check a receipt against a public Ed25519 JWK and return its payload.

    Raises ReceiptError with code "oversize", "form", "key", "signature", "header", "type" or "payload". What a key may
    sign with is said here, never by the header alone.
    """
    return _payload(verify_as(TYPE, jws_text, jwk))


def unverified(jws_text: str) -> dict[str, Any]:
    """What a JWS of our own says, of a row of ours: the key it was signed with may be sealed just now."""
    middle = jws_text.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def verify_as(type: str, jws_text: str, jwk: Mapping[str, Any]) -> bytes:
    """The payload of a compact JWS of that type. Raises ReceiptError like `verify`, but for what is inside."""
    if len(jws_text) > MAX_BYTES:
        raise ReceiptError("oversize", f"a receipt has at most {MAX_BYTES} characters")
    if _FORM.fullmatch(jws_text) is None:
        raise ReceiptError("form", "this is not a compact JWS with an Ed25519 signature")
    key = _key(jwk)
    try:
        found = jws.deserialize_compact(jws_text.encode(), key, algorithms=ACCEPTED, registry=_REGISTRY)
    except (JoseError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
        # Foreign bytes make the parser stumble in more ways than it names; none of them is a receipt.
        raise ReceiptError("signature", "this is not a receipt signed by that key") from fault
    header = found.headers()
    if "crit" in header:
        raise ReceiptError("header", "a receipt has no critical extensions")
    if header.get("typ") != type:
        raise ReceiptError("type", f"the type is not {type}")
    return bytes(found.payload)


def jwk(public: bytes) -> dict[str, str]:
    """The public JWK (RFC 8037) of a raw Ed25519 public key (32 bytes), with its thumbprint as `kid`."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public), "kid": thumbprint(public), "alg": ALGORITHM, "use": "sig"}


def thumbprint(public: bytes) -> str:
    """The RFC 7638 thumbprint (SHA-256, base64url) of a raw Ed25519 public key."""
    return thumbprint_of({"x": _base64url(public)})


def thumbprint_of(jwk: Mapping[str, Any]) -> str:
    """The RFC 7638 thumbprint of an Ed25519 key given as a JWK, whatever the JWK calls itself."""
    return _base64url(sha256(dumps({"crv": "Ed25519", "kty": "OKP", "x": jwk.get("x")})).digest())


def _key(jwk: Mapping[str, Any]) -> OKPKey:
    x = jwk.get("x")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or not isinstance(x, str):
        raise ReceiptError("key", "a public Ed25519 JWK is needed")
    try:
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    except (JoseError, ValueError) as fault:
        raise ReceiptError("key", "a public Ed25519 JWK is needed") from fault


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload)
        fits = found["@type"] == "dpv:ConsentReceipt" and found["bw:termsSha256"] == sha256(dumps(found["bw:terms"])).hexdigest()
    except (ValueError, LookupError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise ReceiptError("payload", "what was signed is not a receipt whose terms match their hash")
    checked: dict[str, Any] = found
    return checked


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
