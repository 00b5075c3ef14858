"""The constructions of vault/FORMAT.md from bare primitives, none of the vault's code.

They make the pinned bytes and open what the vault seals, so that two implementations of one page check each other.
"""

import base64
import hashlib
import hmac
import json
import unicodedata
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def join(*parts: bytes) -> bytes:
    return b"".join(u32(len(part)) + part for part in parts)


def extract(salt: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), secret, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    out, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


def hkdf(secret: bytes, length: int, salt: bytes, *labels: bytes) -> bytes:
    return expand(extract(salt, secret), join(*labels), length)


def pad(data: bytes) -> bytes:
    framed = u32(len(data)) + data
    size = 256
    while size < len(framed):
        size = size * 2 if size < 1 << 20 else size + (1 << 20)
    return framed + bytes(size - len(framed))


def unpad(data: bytes) -> bytes:
    return data[4 : 4 + int.from_bytes(data[:4], "big")]


def mac(amk: bytes, label: str, data: bytes) -> bytes:
    return hmac.digest(hkdf(amk, 32, b"", b"bothways/mac/v1", label.encode()), data, "sha256")


def envelope_parts(amk: bytes, place: dict[str, Any], generation: int, salt: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Header, key, nonce and aad of suite 0x01."""
    kind_key = hkdf(amk, 32, b"", b"bothways/kind/v1", place["table"].encode(), place["kind"].encode())
    derived = hkdf(kind_key, 44, salt, b"bothways/envelope/v1")
    header = b"\x01\x01" + u32(generation)
    names = [place[name].encode() for name in ("table", "kind", "record_id", "account_id")]
    return header, derived[:32], derived[32:], join(header, *names, u32(place["schema_version"]))


def seal_envelope(amk: bytes, place: dict[str, Any], generation: int, salt: bytes, padded: bytes) -> bytes:
    header, key, nonce, aad = envelope_parts(amk, place, generation, salt)
    return header + salt + AESGCM(key).encrypt(nonce, padded, aad)


def open_envelope(amk: bytes, place: dict[str, Any], sealed: bytes) -> bytes:
    generation = int.from_bytes(sealed[2:6], "big")
    _header, key, nonce, aad = envelope_parts(amk, place, generation, sealed[6:30])
    return unpad(AESGCM(key).decrypt(nonce, sealed[30:], aad))


def hpke_context(shared: bytes, encapsulated: bytes, public: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce of RFC 9180, sections 4.1 and 5.1, mode base."""
    kem = b"KEM" + (0x0020).to_bytes(2, "big")
    eae = extract(b"", b"HPKE-v1" + kem + b"eae_prk" + shared)
    secret = expand(eae, (32).to_bytes(2, "big") + b"HPKE-v1" + kem + b"shared_secret" + encapsulated + public, 32)
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))
    id_hash = extract(b"", b"HPKE-v1" + suite + b"psk_id_hash")
    info_hash = extract(b"", b"HPKE-v1" + suite + b"info_hash" + info)
    schedule = b"\x00" + id_hash + info_hash
    key_secret = extract(secret, b"HPKE-v1" + suite + b"secret")
    key = expand(key_secret, (32).to_bytes(2, "big") + b"HPKE-v1" + suite + b"key" + schedule, 32)
    return key, expand(key_secret, (12).to_bytes(2, "big") + b"HPKE-v1" + suite + b"base_nonce" + schedule, 12)


def mailbox_info(account_id: str, key_id: bytes, purpose: str, context: list[str]) -> bytes:
    return join(b"bothways/mailbox/v1", b"\x01\x02", key_id, *(part.encode() for part in (account_id, purpose, *context)))


def seal_mailbox(public: bytes, key_id: bytes, info: bytes, ephemeral: bytes, padded: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(ephemeral)
    encapsulated = private.public_key().public_bytes_raw()
    key, nonce = hpke_context(private.exchange(X25519PublicKey.from_public_bytes(public)), encapsulated, public, info)
    return b"\x01\x02" + key_id + encapsulated + AESGCM(key).encrypt(nonce, padded, b"")


def open_mailbox(private: bytes, info: bytes, sealed: bytes) -> bytes:
    key_pair, encapsulated = X25519PrivateKey.from_private_bytes(private), sealed[10:42]
    public = key_pair.public_key().public_bytes_raw()
    key, nonce = hpke_context(key_pair.exchange(X25519PublicKey.from_public_bytes(encapsulated)), encapsulated, public, info)
    return unpad(AESGCM(key).decrypt(nonce, sealed[42:], b""))


def passkey_secret(output: bytes) -> bytes:
    """What the browser makes of the PRF's output."""
    return hkdf(output, 32, b"", b"bothways/passkey/v1")


def slot_secret(kind: str, parameters: dict[str, Any], given: str) -> bytes:
    if kind == "passkey":
        return passkey_secret(bytes.fromhex(given))
    salt = base64.urlsafe_b64decode(parameters["salt"])
    if kind == "recovery":
        return hkdf(given.encode(), 32, salt, b"bothways/recovery/v1")
    cost = {"memory_cost": parameters["m"], "iterations": parameters["t"], "lanes": parameters["p"]}
    return Argon2id(salt=salt, length=32, **cost).derive(unicodedata.normalize("NFKC", given).encode())


def slot_aad(slot: dict[str, Any]) -> bytes:
    names = [slot[name].encode() for name in ("account_id", "slot_id", "kind", "parameters")]
    return join(b"bothways/slot/v1", *names, u32(1), u32(slot["generation"]))


def slot_keys(slot: dict[str, Any], given: str) -> tuple[bytes, bytes, bytes]:
    """Key, nonce and commitment."""
    secret = slot_secret(slot["kind"], json.loads(slot["parameters"]), given)
    derived = hkdf(secret, 76, b"", b"bothways/slot/v1", slot_aad(slot))
    return derived[:32], derived[32:44], derived[44:]


def seal_slot(slot: dict[str, Any], given: str, amk: bytes) -> dict[str, Any]:
    key, nonce, commitment = slot_keys(slot, given)
    return {**slot, "commitment": commitment.hex(), "wrapped": AESGCM(key).encrypt(nonce, amk, slot_aad(slot)).hex()}


def open_slot(slot: dict[str, Any], given: str) -> bytes:
    key, nonce, commitment = slot_keys(slot, given)
    assert commitment.hex() == slot["commitment"]
    return AESGCM(key).decrypt(nonce, bytes.fromhex(slot["wrapped"]), slot_aad(slot))


def slot_set(account_id: str, generation: int, counter: int, slots: list[dict[str, Any]]) -> bytes:
    ordered = sorted(slots, key=lambda slot: str(slot["slot_id"]))
    encoded = [
        join(slot_aad(slot), bytes.fromhex(slot["commitment"]), bytes.fromhex(slot["wrapped"]), slot["created_us"].to_bytes(8, "big"))
        for slot in ordered
    ]
    return join(account_id.encode(), u32(generation), counter.to_bytes(8, "big"), *encoded)


def slot_set_mac(amk: bytes, account_id: str, generation: int, counter: int, slots: list[dict[str, Any]]) -> bytes:
    return mac(amk, "slots", slot_set(account_id, generation, counter, slots))


def slot_mark(account_id: str, generation: int, counter: int, slots: list[dict[str, Any]], set_mac: bytes) -> bytes:
    return hashlib.sha256(join(b"bothways/slot-mark/v1", slot_set(account_id, generation, counter, slots), set_mac)).digest()


def recovery_code(secret: str) -> str:
    first = int.from_bytes(hashlib.sha256(join(b"bothways/recovery-check/v1", secret.encode())).digest()[:2], "big") >> 6
    letters = secret + ALPHABET[first >> 5] + ALPHABET[first & 31]
    return "-".join(letters[start : start + 4] for start in range(0, 32, 4))


def wrap_instance(secret: bytes, purpose: str, context: str, nonce: bytes, data: bytes) -> bytes:
    label = b"bothways/instance/v1"
    head = b"\x01\x03" + hkdf(secret, 8, b"", label, b"key id") + nonce
    return head + AESGCM(hkdf(secret, 32, b"", label, b"wrap", purpose.encode(), context.encode())).encrypt(nonce, data, head)


def unwrap_instance(secret: bytes, purpose: str, context: str, wrapped: bytes) -> bytes:
    key = hkdf(secret, 32, b"", b"bothways/instance/v1", b"wrap", purpose.encode(), context.encode())
    return AESGCM(key).decrypt(wrapped[10:22], wrapped[22:], wrapped[:22])
