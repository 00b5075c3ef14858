"""Key slots: ways to open an account. Making and opening one is pure; only the functions that take `db` touch tables."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from sqlmodel import Session, col, delete, select, update

from vault import cipher, recovery
from vault.cipher import CEILING, FLOOR, Cost
from vault.errors import LastWayIn, Sealed, SlotsTampered
from vault.keyring import Keyring
from vault.store import Account, Slot

PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind
RECOVERY = "recovery"
VERSION = 1
SALT_BYTES = 24
_LABEL = b"bothways/slot/v1"
_COST_KEYS = ("m", "t", "p")


@dataclass(frozen=True)
class Opening:
    """An account opened by one of its slots."""

    keyring: Keyring
    slot_id: str
    kind: str


def new_passphrase_slot(keyring: Keyring, passphrase: str, *, cost: Cost, now: datetime) -> Slot:
    """A slot row for a passphrase. Slow and pure: it belongs in a thread, outside any transaction."""
    salt = cipher.random_bytes(SALT_BYTES)
    parameters: dict[str, int | str] = dict(zip(_COST_KEYS, (cost.memory_kib, cost.passes, cost.lanes), strict=True))
    return _new(keyring, PASSPHRASE, {**parameters, "salt": _b64(salt)}, cipher.stretch(passphrase, salt, cost), now=now)


def new_recovery_slot(keyring: Keyring, *, now: datetime) -> tuple[Slot, str]:
    """A slot row and its code, which is shown once and kept nowhere in the clear."""
    code, salt = recovery.new_code(), cipher.random_bytes(SALT_BYTES)
    return _new(keyring, RECOVERY, {"salt": _b64(salt)}, _from_code(code, salt), now=now), code


def open_with_passphrase(account: Account, slots: Sequence[Slot], passphrase: str) -> Opening | None:
    """Open the account, None when the passphrase is wrong. Slow and pure.

    Raises `SlotsTampered` when stored parameters lie outside the bounds (before any derivation) or the set of slots is
    not the one that the account last wrote.
    """
    ways = [(slot, *_parameters(slot)) for slot in slots if slot.kind == PASSPHRASE]
    for slot, salt, cost in ways:
        if opening := _try(account, slots, slot, cipher.stretch(passphrase, salt, cost)):
            return opening
    return None


def open_with_recovery(account: Account, slots: Sequence[Slot], code: str) -> Opening | None:
    """Open the account, None when the code is mistyped or wrong. Raises `SlotsTampered` as above."""
    written = recovery.parse(code)
    if written is None:
        return None
    for slot in slots:
        if slot.kind == RECOVERY and (opening := _try(account, slots, slot, _from_code(written, _parameters(slot)[0]))):
            return opening
    return None


def burn_time(cost: Cost) -> None:
    """One derivation for an account that does not exist, so that it costs the same time as one that does."""
    cipher.stretch("", cipher.random_bytes(SALT_BYTES), cost)


def set_mac(account: Account, slots: Sequence[Slot], keyring: Keyring) -> bytes:
    """MAC over the account, its generation and slot counter, and every slot but for `last_used_at`."""
    head = (account.account_id.encode(), account.generation.to_bytes(4, "big"), account.slot_counter.to_bytes(8, "big"))
    return keyring.mac("slots", cipher.join(*head, *(_encoded(slot) for slot in sorted(slots, key=lambda slot: slot.slot_id))))


def slots_of(db: Session, account_id: str) -> list[Slot]:
    """The account's slots, oldest first."""
    return list(db.exec(select(Slot).where(Slot.account_id == account_id).order_by(col(Slot.created_at), col(Slot.slot_id))))


def enrol_passphrase(db: Session, account: Account, keyring: Keyring, passphrase: str, *, cost: Cost, now: datetime) -> Slot:
    """Add a passphrase slot."""
    slot = new_passphrase_slot(keyring, passphrase, cost=cost, now=now)
    rewrite(db, account, keyring, add=[slot])
    return slot


def enrol_recovery(db: Session, account: Account, keyring: Keyring, *, now: datetime) -> tuple[Slot, str]:
    """Add a recovery slot and hand out its code."""
    slot, code = new_recovery_slot(keyring, now=now)
    rewrite(db, account, keyring, add=[slot])
    return slot, code


def change_passphrase(db: Session, account: Account, keyring: Keyring, new: str, *, cost: Cost, now: datetime) -> None:
    """A new passphrase slot in place of all old ones, in the caller's transaction: the old or the new opens, never neither."""
    replace_passphrase(db, account, keyring, new_passphrase_slot(keyring, new, cost=cost, now=now))


def replace_passphrase(db: Session, account: Account, keyring: Keyring, slot: Slot) -> None:
    """The short half of `change_passphrase`, for a caller that made the slot before the transaction."""
    old = [old.slot_id for old in slots_of(db, account.account_id) if old.kind == PASSPHRASE]
    rewrite(db, account, keyring, add=[slot], remove=old)


def remove(db: Session, account: Account, keyring: Keyring, slot_id: str) -> None:
    """Delete a slot. Raises `LastWayIn` for the last passphrase or recovery slot."""
    rewrite(db, account, keyring, remove=[slot_id])


def rewrite(db: Session, account: Account, keyring: Keyring, *, add: Sequence[Slot] = (), remove: Sequence[str] = ()) -> None:
    """Write new slots, then delete old ones, then count and MAC the set anew.

    Raises `SlotsTampered` when the set found is not the one last written: a new MAC must never bless a foreign slot.
    Raises `LastWayIn` when no passphrase or recovery slot would be left.
    """
    fresh = select(Account).where(Account.account_id == account.account_id).with_for_update().execution_options(populate_existing=True)
    current = db.exec(fresh).one()
    before = slots_of(db, current.account_id)
    if not cipher.same(current.slot_mac, set_mac(current, before, keyring)):
        raise SlotsTampered
    if not any(slot.kind in {PASSPHRASE, RECOVERY} for slot in [*before, *add] if slot.slot_id not in remove):
        raise LastWayIn
    db.add_all(add)
    db.flush()
    db.exec(delete(Slot).where(col(Slot.account_id) == current.account_id, col(Slot.slot_id).in_(remove)))
    current.slot_counter += 1
    current.slot_mac = set_mac(current, slots_of(db, current.account_id), keyring)
    db.add(current)
    db.flush()


def note_use(db: Session, account_id: str, slot_id: str, *, now: datetime) -> None:
    """Remember when a slot last opened the account. This lies outside the MAC: a host could write what it likes here."""
    db.exec(update(Slot).where(col(Slot.account_id) == account_id, col(Slot.slot_id) == slot_id).values(last_used_at=now))


def _new(keyring: Keyring, kind: str, parameters: dict[str, int | str], secret: bytes, *, now: datetime) -> Slot:
    slot = Slot(
        account_id=keyring.account_id,
        slot_id=secrets.token_hex(16),
        kind=kind,
        version=VERSION,
        generation=keyring.generation,
        parameters=rfc8785.dumps(parameters).decode(),
        commitment=b"",
        wrapped=b"",
        created_at=now,
    )
    aad = _aad(slot)
    key, nonce, slot.commitment = _keys(secret, aad)
    slot.wrapped = cipher.seal(key, nonce, keyring.export_amk(), aad)
    return slot


def _try(account: Account, slots: Sequence[Slot], slot: Slot, secret: bytes) -> Opening | None:
    # AES-GCM alone does not commit to its key: one ciphertext can be made to open under two. The commitment, compared
    # first, pins the one secret that belongs to this slot.
    aad = _aad(slot)
    key, nonce, commitment = _keys(secret, aad)
    if slot.account_id != account.account_id or not cipher.same(commitment, slot.commitment):
        return None
    try:
        keyring = Keyring(account.account_id, slot.generation, cipher.open_(key, nonce, slot.wrapped, aad))
    except Sealed:
        raise SlotsTampered from None
    if slot.generation != account.generation or not cipher.same(account.slot_mac, set_mac(account, slots, keyring)):
        raise SlotsTampered
    return Opening(keyring=keyring, slot_id=slot.slot_id, kind=slot.kind)


def _keys(secret: bytes, aad: bytes) -> tuple[bytes, bytes, bytes]:
    # Wrapping key, nonce and commitment from one derivation over everything the slot says. The secret already hangs on
    # the slot's own random salt and `aad` holds its random id, so the pair (key, nonce) seals once in all time.
    derived = cipher.derive(secret, _LABEL, aad, length=2 * cipher.KEY_BYTES + cipher.NONCE_BYTES)
    return derived[:32], derived[32:44], derived[44:]


def _aad(slot: Slot) -> bytes:
    names = (slot.account_id, slot.slot_id, slot.kind, slot.parameters)
    return cipher.join(_LABEL, *(name.encode() for name in names), slot.version.to_bytes(4, "big"), slot.generation.to_bytes(4, "big"))


def _encoded(slot: Slot) -> bytes:
    microseconds = round(slot.created_at.timestamp() * 1_000_000)
    return cipher.join(_aad(slot), slot.commitment, slot.wrapped, microseconds.to_bytes(8, "big"))


def _from_code(code: str, salt: bytes) -> bytes:
    # 150 random bits need no stretching.
    return cipher.derive(code.encode(), b"bothways/recovery/v1", salt=salt)


def _parameters(slot: Slot) -> tuple[bytes, Cost]:
    """Salt and cost of a stored slot; a recovery slot costs nothing. Raises `SlotsTampered` before anything is derived."""
    try:
        stored = json.loads(slot.parameters)
        salt = base64.urlsafe_b64decode(stored["salt"])
        numbers = [stored[key] for key in _COST_KEYS] if slot.kind == PASSPHRASE else []
        cost = Cost(*numbers) if numbers else FLOOR
        whole = all(type(number) is int for number in numbers) and len(stored) == len(numbers) + 1
        sound = whole and slot.version == VERSION and len(salt) == SALT_BYTES and cost.within(FLOOR, CEILING)
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        raise SlotsTampered
    return salt, cost


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
