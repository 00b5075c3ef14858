"""The only AEAD, KDF, HPKE and signature calls of the vault, each with the reason why it is used the way it is."""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import Sealed

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def random_bytes(count: int) -> bytes:
    """`count` bytes from the operating system's generator."""
    return secrets.token_bytes(count)


def join(*parts: bytes) -> bytes:
    """Every part behind its length (u32, big-endian): no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def derive(secret: bytes, *labels: bytes, length: int = KEY_BYTES, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869) with `info` = `join(*labels)`. An empty salt is RFC 5869's string of zeros."""
    return HKDF(SHA256(), length, salt or None, join(*labels)).derive(secret)


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """AES-256-GCM: ciphertext and 16-byte tag. The caller proves that (key, nonce) is used once."""
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def open_(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Open what `seal` made. Raises `Sealed`; no plaintext leaves before the tag has been checked."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Sealed from None


@dataclass(frozen=True)
class Cost:
    """Argon2id parameters (RFC 9106): memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int

    def within(self, floor: "Cost", ceiling: "Cost") -> bool:
        """Whether no parameter lies below `floor` or above `ceiling`."""
        mine, low, high = ((cost.memory_kib, cost.passes, cost.lanes) for cost in (self, floor, ceiling))
        return all(least <= value <= most for least, value, most in zip(low, mine, high, strict=True))


# STRONG is RFC 9106's second recommended option; FLOOR is OWASP's first with 19 MiB. Above CEILING a stored
# parameter would be an attack on the host's memory rather than a defence of the owner.
STRONG = Cost(65536, 3, 4)
FLOOR = Cost(19456, 2, 1)
CEILING = Cost(1 << 20, 10, 16)


class Tally:
    """Counts, from any thread."""

    def __init__(self) -> None:
        self._lock, self._count = Lock(), 0

    def add(self) -> None:
        """One more."""
        with self._lock:
            self._count += 1

    def __int__(self) -> int:
        return self._count


derivations = Tally()
"""How many Argon2id derivations this process has begun; a refusal that comes before any derivation does not raise it."""


def stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """32 bytes from a passphrase by Argon2id; NFKC first, because keyboards differ in how they compose an accent.

    Raises ValueError when `cost` lies outside FLOOR and CEILING, before any work is done.
    """
    if not cost.within(FLOOR, CEILING):
        raise ValueError("Argon2id parameters lie outside the allowed range")
    derivations.add()
    normal = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return Argon2id(salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib).derive(normal)


def hpke_keypair() -> tuple[bytes, bytes]:
    """A new X25519 pair: (private, public), 32 raw bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def hpke_seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """HPKE base mode (RFC 9180), X25519, HKDF-SHA256, AES-256-GCM: 32 bytes of encapsulated key, then ciphertext.

    The key is new in every call, so the fixed first nonce of RFC 9180 never repeats under one key.
    """
    return _HPKE.encrypt(plaintext, _public(public), info)


_public = lru_cache(maxsize=4096)(X25519PublicKey.from_public_bytes)

_LABELLED = b"HPKE-v1"
_KEM_ID = b"KEM\x00\x20"
_SUITE_ID = b"HPKE\x00\x20\x00\x01\x00\x02"


class Encapsulation:
    """One encapsulated key with which several things are sealed to one public key: agreeing on it is most of what a seal costs.

    HPKE base mode as in `hpke_seal`, and `hpke_open` opens it. RFC 9180, section 5.1, derives key and nonce from the shared
    secret and `info` together, so what is sealed under different `info` shares nothing but the 32 bytes in front. The same
    `info` a second time would be the same nonce under the same key: that one gets an encapsulated key of its own.
    """

    def __init__(self, public: bytes) -> None:
        ephemeral = X25519PrivateKey.generate()
        self._to = public
        self._lock = Lock()
        self._encapsulated = ephemeral.public_key().public_bytes_raw()
        self._secret = _hpke_secret(ephemeral.exchange(_public(public)), self._encapsulated + public)
        self._used: set[bytes] = set()

    @property
    def seals(self) -> int:
        """Under how many different infos it has sealed."""
        return len(self._used)

    def seal(self, info: bytes, plaintext: bytes) -> bytes:
        """32 bytes of encapsulated key, then ciphertext."""
        with self._lock:
            again = info in self._used
            self._used.add(info)
        if again:
            return hpke_seal(self._to, info, plaintext)
        schedule = b"\x00" + _NO_PSK + mac(b"", _LABELLED + _SUITE_ID + b"info_hash" + info)
        key = _expand(self._secret, _SUITE_ID, b"key", schedule, KEY_BYTES)
        nonce = _expand(self._secret, _SUITE_ID, b"base_nonce", schedule, NONCE_BYTES)
        return self._encapsulated + AESGCM(key).encrypt(nonce, plaintext, None)


def _hpke_secret(shared: bytes, context: bytes) -> bytes:
    """RFC 9180: ExtractAndExpand of section 4.1, then the secret of section 5.1, without a pre-shared key."""
    eae = mac(b"", _LABELLED + _KEM_ID + b"eae_prk" + shared)
    return mac(_expand(eae, _KEM_ID, b"shared_secret", context, KEY_BYTES), _LABELLED + _SUITE_ID + b"secret")


def _expand(key: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand of RFC 9180, section 4, for up to 32 bytes: one block of HKDF (RFC 5869)."""
    return mac(key, length.to_bytes(2, "big") + _LABELLED + suite + label + info + b"\x01")[:length]


def hpke_open(private: bytes, info: bytes, sealed: bytes) -> bytes:
    """Open what `hpke_seal` made. Raises `Sealed`."""
    try:
        return _HPKE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError):
        raise Sealed from None


def mac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256, 32 bytes."""
    return hmac.digest(key, data, "sha256")


_NO_PSK = mac(b"", _LABELLED + _SUITE_ID + b"psk_id_hash")


def same(a: bytes, b: bytes) -> bool:
    """Compare without telling by time where the difference lies."""
    return hmac.compare_digest(a, b)


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def signing_keypair(seed: bytes | None = None) -> tuple[bytes, bytes]:
    """An Ed25519 pair (RFC 8032): (private seed, public), 32 raw bytes each; from `seed` when given."""
    private = Ed25519PrivateKey.from_private_bytes(seed) if seed is not None else Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def sign(private: bytes, data: bytes) -> bytes:
    """An Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(data)


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` over `data` is `public`'s."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
