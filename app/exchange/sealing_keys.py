"""The public key of a client to which data and letters are sealed (JWE), and how one is followed by another.

A key is named by its RFC 7638 thumbprint, never by the `kid` that its owner chose: a new key under an old name is a new key.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jwe, jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import JWKRegistry, KeySet
from joserfc.jws import JWSRegistry
from sqlmodel import Session, select

from app.database import Store
from app.exchange import key_addresses
from app.tables import Client, KeySuccession, Recipient
from consent.canonical import dumps
from consent.store import Grant

CURVES: Final = frozenset({("EC", "P-256"), ("EC", "P-384"), ("EC", "P-521"), ("OKP", "X25519")})
ALGORITHM: Final = "ECDH-ES"
ENCRYPTION: Final = "A256GCM"
SUCCESSION_TYPE: Final = "client-key-succession+jws"
# Asymmetric only, and named one by one: an algorithm chosen by the sender is how signatures are forged.
SIGNATURES: Final = ("Ed25519", "EdDSA", "ES256", "ES384", "PS256", "RS256")


class SignatureRegistry(JWSRegistry):
    """Only the algorithms above. "EdDSA" is Ed25519's older name (RFC 9864), which most libraries still write."""

    def get_alg(self, name: str) -> Any:
        """The algorithm of this name. Raises UnsupportedAlgorithmError."""
        if name not in SIGNATURES:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_SIGNATURES = SignatureRegistry(algorithms=list(SIGNATURES))


@dataclass(frozen=True)
class SealingKey:
    """A public key to which something can be sealed: its thumbprint, and the key as canonical JSON (RFC 7517)."""

    kid: str
    jwk: str

    def seal(self, payload: bytes) -> bytes:
        """A compact JWE (RFC 7516, ECDH-ES with A256GCM); its `kid` is the client's own name for the key, else the thumbprint."""
        key: dict[str, Any] = json.loads(self.jwk)
        header = {"alg": ALGORITHM, "enc": ENCRYPTION, "cty": "application/json", "kid": key.get("kid", self.kid)}
        return jwe.encrypt_compact(header, payload, JWKRegistry.import_key(key)).encode()


@dataclass(frozen=True)
class Change:
    """That a client's key is no longer the one that the owner knows. `present` is None when there is none any more; `signed`
    tells whether the keys of the known one's time said that this one follows."""

    present: SealingKey | None
    signed: bool


class BadSuccession(ValueError):
    """A statement of succession that does not say what it should, or is not signed by a key of the time before."""


def sealing_key(keys: Iterable[Mapping[str, Any]]) -> SealingKey | None:
    """The first key of `use: enc` to which can be sealed; None when there is none."""
    for jwk in keys:
        if jwk.get("use") != "enc" or (jwk.get("kty"), jwk.get("crv")) not in CURVES or jwk.get("alg", ALGORITHM) != ALGORITHM:
            continue
        public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "kid") if isinstance(jwk.get(name), str)}
        try:
            return SealingKey(JWKRegistry.import_key(public).thumbprint(), dumps(public).decode())
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return None


def of_client(state: Store, client: Client, *, now: datetime) -> SealingKey | None:
    """The key to which a client wants data sealed now, as it is known here: the network is not asked."""
    return sealing_key(key_addresses.known(state, client, now=now))


def of_grant(db: Session, grant: Grant) -> SealingKey | None:
    """The key for which the owner gave this permission, or accepted since."""
    row = db.get(Recipient, (grant.account_id, grant.grant_id))
    return SealingKey(row.kid, row.jwk) if row else None


def settle(db: Session, grant: Grant, key: SealingKey, *, now: datetime) -> None:
    """From now on what this grant reveals is sealed to this key."""
    known = of_grant(db, grant)
    if known is None or known.kid != key.kid:
        mine = {"account_id": grant.account_id, "grant_id": grant.grant_id, "client_id": grant.client_id}
        db.merge(Recipient(**mine, kid=key.kid, jwk=key.jwk, since=now))
        db.flush()


def changed(db: Session, grant: Grant, present: SealingKey | None) -> Change | None:
    """How the client's present key differs from the one that the owner knows; None when it does not, or when none is known."""
    known = of_grant(db, grant)
    if known is None or (present is not None and present.kid == known.kid):
        return None
    return Change(present, present is not None and _follows(db, grant.client_id, known.kid, present.kid))


def check_succession(client_id: str, before: Mapping[str, Any], after: Mapping[str, Any], statement: str) -> tuple[str, str]:
    """Read a statement that the sealing key of one registration follows that of the one before: a compact JWS, `typ`
    SUCCESSION_TYPE, by a key of `before` that is no `use: enc`, saying `{"sub": client id, "from": thumbprint, "to": thumbprint}`.

    Returns the two thumbprints. Raises BadSuccession.
    """
    keys = [(words.get("jwks") or {}).get("keys", []) for words in (before, after)]
    old, new = (sealing_key(found) for found in keys)
    if old is None or new is None:
        raise BadSuccession("there is no key of use enc both before and after")
    try:
        signers = KeySet.import_key_set({"keys": [jwk for jwk in keys[0] if jwk.get("use") != "enc"]})
        read = jws.deserialize_compact(statement, signers, registry=_SIGNATURES)
        said = json.loads(read.payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise BadSuccession("it is not signed by a signing key of the registration before") from None
    if read.headers().get("typ") != SUCCESSION_TYPE:
        raise BadSuccession(f"its typ is not {SUCCESSION_TYPE}")
    if said != {"sub": client_id, "from": old.kid, "to": new.kid}:
        raise BadSuccession("it must say sub (the client id), from and to (the RFC 7638 thumbprints of both enc keys), no more")
    return old.kid, new.kid


def note_succession(db: Session, client_id: str, steps: tuple[str, str], statement: str, *, now: datetime) -> None:
    """Keep a statement that was checked."""
    before, after = steps
    db.merge(KeySuccession(client_id=client_id, from_kid=before, to_kid=after, statement=statement, at=now))
    db.flush()


def _follows(db: Session, client_id: str, known: str, present: str) -> bool:
    """Whether a chain of statements leads from one key to the other."""
    rows = db.exec(select(KeySuccession).where(KeySuccession.client_id == client_id)).all()
    reached, before = {known}, set[str]()
    while reached != before:
        before = reached
        reached = before | {row.to_kid for row in rows if row.from_kid in before}
    return present in reached
