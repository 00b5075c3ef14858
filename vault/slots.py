"""Key slots: ways to open an account. Making and opening one is pure; only the functions that take `db` touch tables."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from sqlmodel import Session, col, delete, select, update

from vault import cipher, recovery, shredding
from vault.cipher import Cost
from vault.envelope import Place
from vault.errors import LastWayIn, Sealed, SlotsTampered
from vault.keyring import Keyring
from vault.slot_set import (
    LABEL,
    PASSKEY,
    PASSPHRASE,
    PRF_VERSION,
    RECOVERY,
    SALT_BYTES,
    SECOND_FACTOR,
    VERSION,
    aad,
    b64,
    check,
    parameters,
    set_mac,
)
from vault.store import Account, Slot


@dataclass(frozen=True)
class Opening:
    """An account opened by one of its slots. `second_factor`: the owner wants a passkey shown as well before it counts."""

    keyring: Keyring
    slot_id: str
    kind: str
    second_factor: bool = False


@dataclass(frozen=True)
class Credential:
    """A passkey as its slot remembers it: the id and the COSE public key that the authenticator gave, and the owner's name for it."""

    credential_id: bytes
    public_key: bytes
    label: str
    sign_count: int = 0


def new_passphrase_slot(keyring: Keyring, passphrase: str, *, cost: Cost, now: datetime) -> Slot:
    """A slot row for a passphrase. Slow and pure: it belongs in a thread, outside any transaction."""
    salt = cipher.random_bytes(SALT_BYTES)
    stored: dict[str, int | str] = {"m": cost.memory_kib, "t": cost.passes, "p": cost.lanes, "salt": b64(salt)}
    return _new(keyring, PASSPHRASE, stored, cipher.stretch(passphrase, salt, cost), now=now)


def new_recovery_slot(keyring: Keyring, *, now: datetime) -> tuple[Slot, str]:
    """A slot row and its code, which is shown once and kept nowhere in the clear."""
    code, salt = recovery.new_code(), cipher.random_bytes(SALT_BYTES)
    return _new(keyring, RECOVERY, {"salt": b64(salt)}, _from_code(code, salt), now=now), code


def new_passkey_slot(keyring: Keyring, credential: Credential, secret: bytes, *, now: datetime) -> Slot:
    """A slot row for a passkey. `secret` is the 32 bytes that the browser derived from the authenticator's PRF output.

    Raises ValueError when `secret` has another length.
    """
    if len(secret) != cipher.KEY_BYTES:
        raise ValueError("a passkey's secret has 32 bytes")
    return _labelled(keyring, credential, _new(keyring, PASSKEY, {**_of(credential), "prf": PRF_VERSION}, secret, now=now))


def new_second_factor(keyring: Keyring, credential: Credential, *, now: datetime) -> Slot:
    """A row for a passkey that opens nothing: the passphrase alone shall no longer do."""
    return _labelled(keyring, credential, _new(keyring, SECOND_FACTOR, _of(credential), None, now=now))


def open_with_passphrase(account: Account, slots: Sequence[Slot], passphrase: str) -> Opening | None:
    """Open the account, None when the passphrase is wrong. Slow and pure.

    Raises `SlotsTampered` when a stored slot is not such as are written here (before any derivation), or the set of slots
    is not the one that the account last wrote.
    """
    check(account, slots)
    for slot in slots:
        if slot.kind == PASSPHRASE:
            read = parameters(slot)
            if opening := _try(account, slots, slot, cipher.stretch(passphrase, read.salt, read.cost)):
                return opening
    return None


def open_with_recovery(account: Account, slots: Sequence[Slot], code: str) -> Opening | None:
    """Open the account, None when the code is mistyped or wrong. Raises `SlotsTampered` as above."""
    check(account, slots)
    written = recovery.parse(code)
    if written is None:
        return None
    for slot in slots:
        if slot.kind == RECOVERY and (opening := _try(account, slots, slot, _from_code(written, parameters(slot).salt))):
            return opening
    return None


def open_with_passkey(account: Account, slots: Sequence[Slot], slot_id: str, secret: bytes) -> Opening | None:
    """Open the account by one of its passkeys, None when `secret` is not that slot's. Raises `SlotsTampered` as above."""
    check(account, slots)
    for slot in slots:
        if slot.kind == PASSKEY and slot.slot_id == slot_id:
            return _try(account, slots, slot, secret)
    return None


def by_credential(slots: Sequence[Slot], credential_id: bytes) -> Slot | None:
    """The slot of a passkey, of either kind."""
    passkeys = (slot for slot in slots if slot.kind in {PASSKEY, SECOND_FACTOR})
    return next((slot for slot in passkeys if parameters(slot).credential == credential_id), None)


def burn_time(cost: Cost) -> None:
    """One derivation for an account that does not exist, so that it costs the same time as one that does."""
    cipher.stretch("", cipher.random_bytes(SALT_BYTES), cost)


def label_of(keyring: Keyring, slot: Slot) -> str:
    """The owner's name for a passkey, empty where there is none. Raises `Sealed`."""
    return keyring.open_bytes(label_place(slot), slot.label).decode() if slot.label is not None else ""


def label_place(slot: Slot) -> Place:
    """Where a passkey's name is sealed."""
    return Place("slot", "label", slot.slot_id, slot.account_id, 1)


def slots_of(db: Session, account_id: str) -> list[Slot]:
    """The account's slots, oldest first."""
    return list(db.exec(select(Slot).where(Slot.account_id == account_id).order_by(col(Slot.created_at), col(Slot.slot_id))))


def change_passphrase(db: Session, account: Account, keyring: Keyring, new: str, *, cost: Cost, now: datetime) -> None:
    """A new passphrase slot in place of all old ones, in the caller's transaction: the old or the new opens, never neither."""
    replace(db, account, keyring, new_passphrase_slot(keyring, new, cost=cost, now=now))


def replace(db: Session, account: Account, keyring: Keyring, *new: Slot) -> None:
    """New slots, each in place of all old ones of its kind: the short half of a change, for who made them before the transaction."""
    kinds = {slot.kind for slot in new}
    rewrite(db, account, keyring, add=new, remove=[old.slot_id for old in slots_of(db, account.account_id) if old.kind in kinds])


def remove(db: Session, account: Account, keyring: Keyring, slot_id: str) -> None:
    """Delete a slot. Raises `LastWayIn` for the last passphrase or recovery slot."""
    rewrite(db, account, keyring, remove=[slot_id])


def rewrite(
    db: Session, account: Account, keyring: Keyring, *, add: Sequence[Slot] = (), remove: Sequence[str] = (), at_least: int = 0
) -> None:
    """Write new slots, then delete old ones, then count and MAC the set anew. The counter ends above `at_least`.

    Raises `SlotsTampered` when the set found is not the one last written: a new MAC must never bless a foreign slot.
    Raises `LastWayIn` when no passphrase or recovery slot would be left, or a second factor without a recovery slot.
    """
    fresh = select(Account).where(Account.account_id == account.account_id).with_for_update().execution_options(populate_existing=True)
    current = db.exec(fresh).one()
    before = slots_of(db, current.account_id)
    if not cipher.same(current.slot_mac, set_mac(current, before, keyring)):
        raise SlotsTampered
    after = {slot.kind for slot in [*before, *add] if slot.slot_id not in remove}
    if not after & {PASSPHRASE, RECOVERY} or (SECOND_FACTOR in after and RECOVERY not in after):
        raise LastWayIn
    db.add_all(add)
    db.flush()
    if remove:
        db.exec(delete(Slot).where(col(Slot.account_id) == current.account_id, col(Slot.slot_id).in_(remove)))
        shredding.mark(db, "slot")
    current.slot_counter = max(current.slot_counter, at_least) + 1
    current.slot_mac = set_mac(current, slots_of(db, current.account_id), keyring)
    db.add(current)
    db.flush()


def rename(db: Session, keyring: Keyring, slot: Slot, label: str) -> None:
    """Another name for a passkey. Names lie outside the MAC; each is sealed for its own slot."""
    here = (col(Slot.account_id) == slot.account_id, col(Slot.slot_id) == slot.slot_id)
    db.exec(update(Slot).where(*here).values(label=keyring.seal_bytes(label_place(slot), label.encode())))


def note_use(db: Session, account_id: str, slot_id: str, *, now: datetime, sign_count: int | None = None) -> None:
    """Remember when a slot last opened the account, and how often its passkey says it was used.

    Both lie outside the MAC: a host could write what it likes here. An update of these columns alone: it brings back no
    slot that is gone and undoes no change of one that stays.
    """
    values = {"last_used_at": now} if sign_count is None else {"last_used_at": now, "sign_count": sign_count}
    db.exec(update(Slot).where(col(Slot.account_id) == account_id, col(Slot.slot_id) == slot_id).values(**values))


def _of(credential: Credential) -> dict[str, int | str]:
    return {"credential": b64(credential.credential_id), "key": b64(credential.public_key)}


def _labelled(keyring: Keyring, credential: Credential, slot: Slot) -> Slot:
    parameters(slot)
    slot.label, slot.sign_count = keyring.seal_bytes(label_place(slot), credential.label.encode()), credential.sign_count
    return slot


def _new(keyring: Keyring, kind: str, stored: dict[str, int | str], secret: bytes | None, *, now: datetime) -> Slot:
    slot = Slot(
        account_id=keyring.account_id,
        slot_id=secrets.token_hex(16),
        kind=kind,
        version=VERSION,
        generation=keyring.generation,
        parameters=rfc8785.dumps(stored).decode(),
        commitment=b"",
        wrapped=b"",
        created_at=now,
    )
    if secret is not None:
        bound = aad(slot)
        key, nonce, slot.commitment = _keys(secret, bound)
        slot.wrapped = cipher.seal(key, nonce, keyring.export_amk(), bound)
    return slot


def _try(account: Account, slots: Sequence[Slot], slot: Slot, secret: bytes) -> Opening | None:
    # AES-GCM alone does not commit to its key: one ciphertext can be made to open under two. The commitment, compared
    # first, pins the one secret that belongs to this slot.
    bound = aad(slot)
    key, nonce, commitment = _keys(secret, bound)
    if not cipher.same(commitment, slot.commitment):
        return None
    try:
        keyring = Keyring(account.account_id, slot.generation, cipher.open_(key, nonce, slot.wrapped, bound))
    except Sealed:
        raise SlotsTampered from None
    if not cipher.same(account.slot_mac, set_mac(account, slots, keyring)):
        raise SlotsTampered
    asked = slot.kind == PASSPHRASE and any(other.kind == SECOND_FACTOR for other in slots)
    return Opening(keyring=keyring, slot_id=slot.slot_id, kind=slot.kind, second_factor=asked)


def _keys(secret: bytes, bound: bytes) -> tuple[bytes, bytes, bytes]:
    # Wrapping key, nonce and commitment from one derivation over everything the slot says. `bound` holds the slot's random
    # id, and passphrases and codes hang on a random salt besides, so the pair (key, nonce) seals once in all time.
    derived = cipher.derive(secret, LABEL, bound, length=2 * cipher.KEY_BYTES + cipher.NONCE_BYTES)
    return derived[:32], derived[32:44], derived[44:]


def _from_code(code: str, salt: bytes) -> bytes:
    # 150 random bits need no stretching.
    return cipher.derive(code.encode(), b"bothways/recovery/v1", salt=salt)
