"""The slots of an account as a set: what is checked before any key is derived, and the MAC and the mark over all of them.

Pure. Whoever can write to the database can write rows; none of it may cost a derivation or memory before it has been
looked at as a whole.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785

from vault import cipher
from vault.cipher import CEILING, FLOOR, Cost
from vault.errors import SlotsTampered
from vault.keyring import Keyring
from vault.store import Account, Slot

PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind
RECOVERY = "recovery"
PASSKEY = "passkey"
SECOND_FACTOR = "second-factor"
LABEL = b"bothways/slot/v1"
VERSION = 1
PRF_VERSION = 1
SALT_BYTES = 24
MOST = 32
"""Slots of one account. More would be a way to have one unlock derive for hours."""

_MARK = b"bothways/slot-mark/v1"
_ID = re.compile(r"[0-9a-f]{32}")
_WRAPPED = cipher.KEY_BYTES + cipher.TAG_BYTES
_LONGEST_PARAMETERS = 8192
_CREDENTIAL = range(16, 1024)
_PUBLIC_KEY = range(32, 2049)
_LARGEST_COUNTER = (1 << 63) - 1


@dataclass(frozen=True)
class Parameters:
    """What a slot says about how its secret is had; each kind fills its own part."""

    salt: bytes = b""
    cost: Cost = FLOOR
    credential: bytes = b""
    public_key: bytes = b""


@dataclass(frozen=True)
class Mark:
    """What somebody outside the database remembers of a set: its counter, its MAC, and a hash of every row that needs no key."""

    counter: int
    mac: bytes
    digest: bytes


class Standing(StrEnum):
    """How a set stands to what is remembered of it."""

    LEVEL = "level"
    AHEAD = "ahead"
    BACK = "back"
    UNKNOWN = "unknown"


def parameters(slot: Slot) -> Parameters:
    """The parameters of a stored slot. Raises `SlotsTampered` unless they are exactly what this version writes, within bounds."""
    try:
        if len(slot.parameters) > _LONGEST_PARAMETERS:
            raise SlotsTampered
        stored = json.loads(slot.parameters)
        if rfc8785.dumps(stored).decode() != slot.parameters:
            raise SlotsTampered
        return _READERS[slot.kind](stored)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SlotsTampered from None


def check(account: Account, slots: Sequence[Slot]) -> None:
    """Raises `SlotsTampered` unless every row is one that this version could have written for this account; derives nothing."""
    sound = (
        0 <= account.slot_counter <= _LARGEST_COUNTER
        and account.generation >= 1
        and len(account.slot_mac) == cipher.KEY_BYTES
        and len(slots) <= MOST
        and len({slot.slot_id for slot in slots}) == len(slots)
        and all(_whole(account, slot) for slot in slots)
    )
    if not sound:
        raise SlotsTampered
    for slot in slots:
        parameters(slot)


def compare(account: Account, slots: Sequence[Slot], remembered: Mark | None) -> Standing:
    """How the set found stands to the set remembered. Keyless: nothing is derived.

    BACK and AHEAD still need the MAC, which only the account key checks. Raises `SlotsTampered` when the rows are not
    such as are written here, or are not those of which the counter or the MAC is remembered.
    """
    check(account, slots)
    if remembered is None:
        return Standing.UNKNOWN
    here = mark(account, slots)
    if here == remembered:
        return Standing.LEVEL
    # Every change counts up and has a MAC of its own: one of the two alike and the rest not is nobody's honest change.
    if here.counter == remembered.counter or cipher.same(here.mac, remembered.mac):
        raise SlotsTampered
    return Standing.AHEAD if here.counter > remembered.counter else Standing.BACK


def mark(account: Account, slots: Sequence[Slot]) -> Mark:
    """What to remember of a set."""
    digest = cipher.sha256(cipher.join(_MARK, _all(account, slots), account.slot_mac))
    return Mark(counter=account.slot_counter, mac=account.slot_mac, digest=digest)


def set_mac(account: Account, slots: Sequence[Slot], keyring: Keyring) -> bytes:
    """MAC over the account, its generation and slot counter, and every slot but for last use, sign count and label."""
    return keyring.mac("slots", _all(account, slots))


def aad(slot: Slot) -> bytes:
    """Everything that a slot says, as it is bound into its key."""
    names = (slot.account_id, slot.slot_id, slot.kind, slot.parameters)
    return cipher.join(LABEL, *(name.encode() for name in names), slot.version.to_bytes(4, "big"), slot.generation.to_bytes(4, "big"))


def b64(data: bytes) -> str:
    """base64url with `=`, as parameters hold bytes."""
    return base64.urlsafe_b64encode(data).decode()


def _all(account: Account, slots: Sequence[Slot]) -> bytes:
    head = (account.account_id.encode(), account.generation.to_bytes(4, "big"), account.slot_counter.to_bytes(8, "big"))
    return cipher.join(*head, *(_encoded(slot) for slot in sorted(slots, key=lambda slot: slot.slot_id)))


def _encoded(slot: Slot) -> bytes:
    microseconds = round(slot.created_at.timestamp() * 1_000_000)
    return cipher.join(aad(slot), slot.commitment, slot.wrapped, microseconds.to_bytes(8, "big"))


def _whole(account: Account, slot: Slot) -> bool:
    # A second factor wraps no key: it is a condition on the passphrase, nothing more.
    lengths = (0, 0) if slot.kind == SECOND_FACTOR else (cipher.KEY_BYTES, _WRAPPED)
    return (
        slot.account_id == account.account_id
        and slot.kind in _READERS
        and slot.version == VERSION
        and slot.generation == account.generation
        and bool(_ID.fullmatch(slot.slot_id))
        and (len(slot.commitment), len(slot.wrapped)) == lengths
        and slot.created_at.timestamp() >= 0
    )


def _passphrase(stored: Mapping[str, Any]) -> Parameters:
    memory, passes, lanes, salt = _exactly(stored, "m", "t", "p", "salt")
    cost = Cost(memory, passes, lanes)
    if any(type(number) is not int for number in (memory, passes, lanes)) or not cost.within(FLOOR, CEILING):
        raise SlotsTampered
    return Parameters(salt=_bytes(salt, range(SALT_BYTES, SALT_BYTES + 1)), cost=cost)


def _recovery(stored: Mapping[str, Any]) -> Parameters:
    (salt,) = _exactly(stored, "salt")
    return Parameters(salt=_bytes(salt, range(SALT_BYTES, SALT_BYTES + 1)))


def _passkey(stored: Mapping[str, Any]) -> Parameters:
    credential, key, version = _exactly(stored, "credential", "key", "prf")
    if type(version) is not int or version != PRF_VERSION:
        raise SlotsTampered
    return Parameters(credential=_bytes(credential, _CREDENTIAL), public_key=_bytes(key, _PUBLIC_KEY))


def _second_factor(stored: Mapping[str, Any]) -> Parameters:
    credential, key = _exactly(stored, "credential", "key")
    return Parameters(credential=_bytes(credential, _CREDENTIAL), public_key=_bytes(key, _PUBLIC_KEY))


def _exactly(stored: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    if set(stored) != set(names):
        raise SlotsTampered
    return tuple(stored[name] for name in names)


def _bytes(text: str, lengths: range) -> bytes:
    # The decoder passes over letters that are not of its alphabet; writing it again shows that there were none.
    data = base64.urlsafe_b64decode(text)
    if len(data) not in lengths or b64(data) != text:
        raise SlotsTampered
    return data


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Parameters]] = {
    PASSPHRASE: _passphrase,
    RECOVERY: _recovery,
    PASSKEY: _passkey,
    SECOND_FACTOR: _second_factor,
}
