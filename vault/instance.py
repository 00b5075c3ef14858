"""The instance's own keys: what must work while every owner is away. They open nothing of an owner's own words."""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import NoReturn

import rfc8785

from vault import cipher, envelope
from vault.errors import BadInstanceSecret, Sealed

SECRET_BYTES = 32
_LABEL = b"bothways/instance/v1"
_HEADER = bytes([envelope.VERSION, envelope.SUITE_INSTANCE])
_KEY_ID_BYTES = 8


class InstanceKeys:
    """Subkeys of the instance secret: a signing key, wrapping keys, MAC keys. Shows none and cannot be pickled."""

    __slots__ = ("_key_id", "_secret", "_signing", "kid", "signing_public")

    def __init__(self, secret: bytes) -> None:
        """Raises `BadInstanceSecret` unless `secret` has 32 bytes."""
        if len(secret) != SECRET_BYTES:
            raise BadInstanceSecret("the instance secret must be 32 bytes")
        self._secret = secret
        self._key_id = cipher.derive(secret, _LABEL, b"key id", length=_KEY_ID_BYTES)
        self._signing, self.signing_public = cipher.signing_keypair(cipher.derive(secret, _LABEL, b"sign"))
        self.kid = _thumbprint(self.signing_public)

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature by the instance, 64 bytes."""
        return cipher.sign(self._signing, data)

    def wrap(self, purpose: str, context: str, data: bytes) -> bytes:
        """Seal `data` for one purpose and context (an id)."""
        # Each (purpose, context) has a key of its own and seals a handful of values in its life, so 96 random bits of
        # nonce stay far below the 2^32 sealings of one key that NIST SP 800-38D allows.
        nonce = cipher.random_bytes(cipher.NONCE_BYTES)
        head = _HEADER + self._key_id + nonce
        return head + cipher.seal(self._wrapping(purpose, context), nonce, data, head)

    def unwrap(self, purpose: str, context: str, wrapped: bytes) -> bytes:
        """Open what `wrap` made for the same purpose and context. Raises `Sealed`."""
        start = len(_HEADER) + _KEY_ID_BYTES
        head = wrapped[: start + cipher.NONCE_BYTES]
        if not wrapped.startswith(_HEADER + self._key_id) or len(head) < start + cipher.NONCE_BYTES:
            raise Sealed
        return cipher.open_(self._wrapping(purpose, context), head[start:], wrapped[len(head) :], head)

    def mac(self, label: str, data: bytes) -> bytes:
        """HMAC-SHA256 under a subkey of its own for each label."""
        return cipher.mac(cipher.derive(self._secret, _LABEL, b"mac", label.encode()), data)

    def _wrapping(self, purpose: str, context: str) -> bytes:
        return cipher.derive(self._secret, _LABEL, b"wrap", purpose.encode(), context.encode())

    def __repr__(self) -> str:
        return f"InstanceKeys(kid={self.kid!r}, secret=<redacted>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("instance keys stay in this process")


def load_or_create(path: Path, given: str | None) -> InstanceKeys:
    """The instance's keys: from `given` (base64), else from the file at `path`, else from a new file (mode 0600).

    Raises `BadInstanceSecret` when either does not hold 32 bytes, or others may read the file.
    """
    if given is not None:
        return InstanceKeys(_decode(given))
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise BadInstanceSecret(f"{path} can be read by others; run: chmod 600 {path}")
    return InstanceKeys(_decode(path.read_text(encoding="ascii", errors="replace")))


def _create(path: Path) -> None:
    # Written whole under another name, then linked: link() fails when the name exists, so of two processes that start
    # at once one wins and both read the winner's secret; a crash in between leaves no half-written secret behind.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(cipher.random_bytes(SECRET_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadInstanceSecret("the instance secret must be 32 bytes in base64") from None


def _thumbprint(public: bytes) -> str:
    """RFC 7638 thumbprint of an Ed25519 key (RFC 8037)."""
    x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
    return base64.urlsafe_b64encode(cipher.sha256(rfc8785.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}))).rstrip(b"=").decode()
