"""Checking a receipt as anybody can: with its text and a set of public keys, and nothing else.

Where keys followed one another, each that says so must have been signed by the one before and by itself; a set that breaks
that is not believed at all, whichever of its keys signed the receipt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent import receipts, successions
from consent.errors import ReceiptError


@dataclass(frozen=True)
class Checked:
    """A receipt that holds: what it says, the id of the key that signed it, and the ids of the keys before it, oldest first."""

    payload: Mapping[str, Any]
    kid: str
    followed: tuple[str, ...] = ()


def check(text: str, keys: Sequence[Mapping[str, Any]]) -> Checked:
    """Find the key that signed a receipt and follow it back through its successions.

    `keys` are public JWKs, as `GET /grant` lists them (`succession` beside a key that followed another). Raises ReceiptError:
    like `receipts.verify`; "key" when there is no key at all, "succession" when a key says falsely that it followed another.
    """
    before = _before(keys)
    found = ReceiptError("key", "a public Ed25519 JWK is needed")
    for jwk in keys:
        try:
            payload = receipts.verify(text.strip(), jwk)
        except ReceiptError as refused:
            found = refused
            continue
        return Checked(payload, _kid(jwk), _line(_kid(jwk), before))
    raise found


def keys_in(offered: object) -> list[Mapping[str, Any]]:
    """The keys of a JWK set, of an answer that holds one under `jwks`, or of a single JWK; none in anything else."""
    if not isinstance(offered, Mapping):
        return []
    held = offered.get("jwks", offered)
    listed = held.get("keys", [held]) if isinstance(held, Mapping) else []
    return [jwk for jwk in listed if isinstance(jwk, Mapping)] if isinstance(listed, list) else []


def _before(keys: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Which key came before which, by their ids, as far as it was signed."""
    known = {_kid(jwk): jwk for jwk in keys if isinstance(x := jwk.get("x"), str) and x.isascii()}
    found = {}
    for kid, jwk in known.items():
        statements = jwk.get("succession") or ()
        if not statements:
            continue
        try:
            said = _verified(tuple(statements), known)
        except (ReceiptError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
            raise ReceiptError("succession", "a key says that it followed another, and the other has not signed that") from None
        if _kid(said["to"]) != kid:
            raise ReceiptError("succession", "a key carries the succession of another key")
        found[kid] = _kid(said["from"])
    return found


def _verified(statements: tuple[str, ...], known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    old, new = statements
    for jwk in known.values():
        try:
            return successions.verify((old, new), jwk)
        except ReceiptError:
            continue
    raise LookupError(old)


def _line(kid: str, before: Mapping[str, str]) -> tuple[str, ...]:
    line: list[str] = []
    while kid in before and before[kid] not in line:
        kid = before[kid]
        line.insert(0, kid)
    return tuple(line)


def _kid(jwk: Mapping[str, Any]) -> str:
    """The thumbprint, computed: what a key calls itself proves nothing."""
    return receipts.thumbprint_of(jwk)
