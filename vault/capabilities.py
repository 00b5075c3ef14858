"""What a capability opens: a secret that a device holds, and no slot, opens the one sealed projection that it was made for.

The bytes stand in FORMAT.md, suite 0x04. A capability is 32 random bytes or a token that carries as many.
"""

from vault import cipher, envelope
from vault.errors import Sealed
from vault.padding import pad, unpad

_LABEL = b"bothways/capability/v1"
_MARK = b"bothways/capability-mark/v1"
_HEADER = bytes([envelope.VERSION, envelope.SUITE_CAPABILITY])
_START = len(_HEADER) + envelope.SALT_BYTES


def new_key() -> bytes:
    """A new secret: 32 random bytes."""
    return cipher.random_bytes(cipher.KEY_BYTES)


def seal(secret: bytes, purpose: str, account_id: str, data: bytes, *, context: str = "") -> bytes:
    """Seal `data`, padded, for one purpose of one account; `context` names what else it belongs to (a device's id)."""
    head = _HEADER + cipher.random_bytes(envelope.SALT_BYTES)
    key, nonce = _once(secret, head, purpose)
    return head + cipher.seal(key, nonce, pad(data), _aad(purpose, account_id, context))


def open_(secret: bytes, purpose: str, account_id: str, sealed: bytes, *, context: str = "") -> bytes:
    """Open what was sealed for this purpose, account and context. Raises `Sealed` for every failure."""
    if not sealed.startswith(_HEADER) or len(sealed) < _START:
        raise Sealed
    key, nonce = _once(secret, sealed[:_START], purpose)
    try:
        return unpad(cipher.open_(key, nonce, sealed[_START:], _aad(purpose, account_id, context)))
    except ValueError:
        raise Sealed from None


def mark(secret: bytes, purpose: str, data: bytes) -> bytes:
    """HMAC-SHA256 under a subkey of its own for each purpose: the same for the same data, and for nobody else."""
    return cipher.mac(cipher.derive(secret, _MARK, purpose.encode()), data)


def _once(secret: bytes, head: bytes, purpose: str) -> tuple[bytes, bytes]:
    # Key and nonce both hang on the 192 random bits of the salt, as in the envelope of a record: a pair repeats only when a
    # salt does. What a token or a zone key seals in its life is a handful.
    derived = cipher.derive(
        secret, _LABEL, purpose.encode(), length=cipher.KEY_BYTES + cipher.NONCE_BYTES, salt=head[len(_HEADER) : _START]
    )
    return derived[: cipher.KEY_BYTES], derived[cipher.KEY_BYTES :]


def _aad(purpose: str, account_id: str, context: str) -> bytes:
    return cipher.join(_HEADER, purpose.encode(), account_id.encode(), context.encode())
