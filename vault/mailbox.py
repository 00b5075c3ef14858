"""What arrives while the owner is away: sealed to a public key, opened when the owner unlocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vault import cipher, envelope
from vault.envelope import Place
from vault.errors import Sealed
from vault.keyring import Keyring
from vault.padding import pad, unpad
from vault.store import MailboxKey

_LABEL = b"bothways/mailbox/v1"
_HEADER = bytes([envelope.VERSION, envelope.SUITE_MAILBOX])
_KEY_ID_BYTES = 8
AGREED_FOR = 1000
"""How much is sealed under one agreement at most."""
KEPT = 4096
"""With how many mailboxes an agreement is kept at most."""


@dataclass(frozen=True)
class Mailbox:
    """The public half: anyone may seal to the owner, only the owner opens."""

    account_id: str
    key_id: str
    public: bytes

    def seal(self, purpose: str, context: Sequence[str], data: bytes) -> bytes:
        """Seal `data`, padded. It opens only with the same purpose and context (for a message: client id, message id)."""
        key_id = bytes.fromhex(self.key_id)
        return _HEADER + key_id + cipher.hpke_seal(self.public, _info(self.account_id, key_id, purpose, context), pad(data))


class Together:
    """Seals several things to a mailbox with one agreement on a key; each opens as if it were sealed alone.

    What shares an encapsulated key can be seen to have come within the same seconds, as its times say anyhow.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self._encapsulation: cipher.Encapsulation | None = None

    def seal(self, purpose: str, context: Sequence[str], data: bytes) -> bytes:
        """As `Mailbox.seal`."""
        if self._encapsulation is None or self._encapsulation.seals >= AGREED_FOR:
            self._encapsulation = cipher.Encapsulation(self.mailbox.public)
        key_id = bytes.fromhex(self.mailbox.key_id)
        info = _info(self.mailbox.account_id, key_id, purpose, context)
        return _HEADER + key_id + self._encapsulation.seal(info, pad(data))


class Agreements:
    """Agreements with the mailboxes that much is sealed to just now. Whoever keeps them calls `forget` every few seconds.

    An agreement is a secret that opens what was sealed with it. It lives in this process only, where whoever can read it reads
    what comes in as well: keeping it adds what came in the seconds before.
    """

    def __init__(self) -> None:
        self._kept: dict[Mailbox, Together] = {}

    def with_(self, mailbox: Mailbox) -> Together:
        """The agreement with a mailbox; a new one where none is kept."""
        kept = self._kept.get(mailbox)
        if kept is None:
            if len(self._kept) >= KEPT:
                self.forget()
            kept = self._kept[mailbox] = Together(mailbox)
        return kept

    def forget(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    def __repr__(self) -> str:
        return f"Agreements(<{len(self._kept)} redacted>)"


class OpenMailbox:
    """All mailbox keys of an opened account, the retired ones too."""

    def __init__(self, keyring: Keyring, keys: Sequence[MailboxKey]) -> None:
        """Raises `Sealed` when a public key is not one that this account made."""
        self._keyring = keyring
        self._keys = {bytes.fromhex(key.key_id): key for key in keys}
        self._privates: dict[bytes, bytes] = {}
        for key in keys:
            if not cipher.same(key.mac, _mac(keyring, key.key_id, key.public)):
                raise Sealed

    def open(self, purpose: str, context: Sequence[str], sealed: bytes) -> bytes:
        """Open what was sealed for this purpose and context. Raises `Sealed` for every failure."""
        start = len(_HEADER) + _KEY_ID_BYTES
        key_id = sealed[len(_HEADER) : start]
        if not sealed.startswith(_HEADER) or key_id not in self._keys:
            raise Sealed
        info = _info(self._keyring.account_id, key_id, purpose, context)
        try:
            return unpad(cipher.hpke_open(self._private(key_id), info, sealed[start:]))
        except ValueError:
            raise Sealed from None

    def _private(self, key_id: bytes) -> bytes:
        if key_id not in self._privates:
            place = _place(self._keyring.account_id, key_id.hex())
            self._privates[key_id] = self._keyring.open_bytes(place, self._keys[key_id].sealed)
        return self._privates[key_id]

    def __repr__(self) -> str:
        return f"OpenMailbox(account_id={self._keyring.account_id!r}, keys=<{len(self._keys)} redacted>)"


def new_mailbox(keyring: Keyring, *, now: datetime) -> MailboxKey:
    """A new key pair as a row: public half under a MAC, private half sealed. The caller stores it."""
    private, public = cipher.hpke_keypair()
    key_id = cipher.random_bytes(_KEY_ID_BYTES).hex()
    return MailboxKey(
        account_id=keyring.account_id,
        key_id=key_id,
        public=public,
        mac=_mac(keyring, key_id, public),
        sealed=keyring.seal_bytes(_place(keyring.account_id, key_id), private),
        created_at=now,
    )


def reseal(key: MailboxKey, old: Keyring, new: Keyring) -> None:
    """Put a key pair under another account key: its MAC and its private half. Raises `Sealed` when it is not the account's own."""
    if not cipher.same(key.mac, _mac(old, key.key_id, key.public)):
        raise Sealed
    place = _place(key.account_id, key.key_id)
    key.sealed = new.seal_bytes(place, old.open_bytes(place, key.sealed))
    key.mac = _mac(new, key.key_id, key.public)


def start_of(key_id: str) -> bytes:
    """The bytes with which everything begins that is sealed to this key."""
    return _HEADER + bytes.fromhex(key_id)


def mailbox_of(key: MailboxKey) -> Mailbox:
    """The public half of a row."""
    return Mailbox(account_id=key.account_id, key_id=key.key_id, public=key.public)


def _place(account_id: str, key_id: str) -> Place:
    return Place(table="mailbox_key", kind="mailbox", record_id=key_id, account_id=account_id, schema_version=1)


def _mac(keyring: Keyring, key_id: str, public: bytes) -> bytes:
    return keyring.mac("mailbox", cipher.join(keyring.account_id.encode(), key_id.encode(), public))


def _info(account_id: str, key_id: bytes, purpose: str, context: Sequence[str]) -> bytes:
    return cipher.join(_LABEL, _HEADER, key_id, account_id.encode(), purpose.encode(), *(part.encode() for part in context))
