"""What the digests of an unlocked account came to, kept in this process for as long as it is unlocked.

A kept piece is used only by whoever shows the account's key again, and only while the digests that it was made of are the
same: sealing a segment anew gives it another salt, so that a change made by another process is seen as well. Nothing here
touches a disk, and nothing is right or wrong by what is kept: what is forgotten is made again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, Protocol, TypeVar, cast

from sqlmodel import Session

from vault import cipher, store
from vault.keyring import Keyring
from vault.records import Fields
from vault.segments import Digest

ROOM: Final = 256 * 1024 * 1024
"""Bytes for all accounts together; of a hundred thousand records about a third of it is needed."""

_DIGEST: Final = 3000
"""Bytes that a digest takes when it has been read, roughly."""


class Piece(Protocol):
    """What is made of the digests of one segment. `size` is about how many bytes of memory it takes."""

    @property
    def size(self) -> int:
        """Bytes, roughly."""


P = TypeVar("P", bound=Piece)


@dataclass(frozen=True)
class _Digests:
    rows: tuple[Digest, ...] = field(repr=False)
    size: int


@dataclass(frozen=True)
class _Kept(Generic[P]):
    version: bytes
    piece: P = field(repr=False)


@dataclass
class _Account:
    """What is kept of one account, for holders of the key of which `proof` is made."""

    proof: bytes = field(repr=False)
    kept: dict[tuple[str, ...], _Kept[Piece]] = field(default_factory=dict, repr=False)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    size: int = 0


class Memory:
    """Pieces by account, the account used last at the end. Shows nothing of what it holds."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = threading.Lock()

    def digests(self, db: Session, keyring: Keyring, model: type[Fields]) -> list[Digest]:
        """As `store.digests`, read once. Callers share the values and change none of them. Raises `Sealed`."""
        return [digest for piece in self.pieces(db, keyring, model, "digests", _read) for digest in piece.rows]

    def pieces(self, db: Session, keyring: Keyring, model: type[Fields], name: str, make: Callable[[list[Digest]], P]) -> list[P]:
        """What `make` gives for each segment of a kind, by number; made anew for those that have changed. Raises `Sealed`.

        `name` says what is made: two makers of one kind have two names.
        """
        account = self._account(keyring)
        with account.lock:
            versions = store.versions(db, keyring.account_id, model)
            mine = (model.KIND.value, name)
            for gone in [key for key in account.kept if key[:2] == mine and int(key[2]) not in versions]:
                self._drop(account, gone)
            found = []
            for number, version in sorted(versions.items()):
                made = partial(_of_segment, db, keyring, model, number, make)
                found.append(self._one(account, (*mine, str(number)), version, made))
        self._make_room()
        return found

    def value(self, keyring: Keyring, name: str, version: bytes, make: Callable[[], P]) -> P:
        """What `make` gives, made anew when `version` is another than that of the last time."""
        account = self._account(keyring)
        with account.lock:
            found = self._one(account, ("value", name), version, make)
        self._make_room()
        return found

    def accounts(self) -> Collection[str]:
        """Of which accounts something is kept."""
        with self._lock:
            return tuple(self._accounts)

    def forget(self, account_id: str) -> None:
        """Let go of everything of an account: it was locked."""
        with self._lock:
            self._accounts.pop(account_id, None)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._accounts.clear()

    def _account(self, keyring: Keyring) -> _Account:
        proof = keyring.mac("memory/v1", keyring.account_id.encode())
        with self._lock:
            account = self._accounts.get(keyring.account_id)
            if account is None or not cipher.same(account.proof, proof):
                account = self._accounts[keyring.account_id] = _Account(proof)
            self._accounts.move_to_end(keyring.account_id)
            return account

    def _one(self, account: _Account, key: tuple[str, ...], version: bytes, make: Callable[[], P]) -> P:
        known = account.kept.get(key)
        if known is None or known.version != version:
            piece = make()
            self._drop(account, key)
            known = account.kept[key] = _Kept(version, piece)
            account.size += piece.size
        # Whatever stands under a name was made by that name's maker.
        return cast("P", known.piece)

    def _drop(self, account: _Account, key: tuple[str, ...]) -> None:
        if (gone := account.kept.pop(key, None)) is not None:
            account.size -= gone.piece.size

    def _make_room(self) -> None:
        """Forget whole accounts, the longest unused first; one that is too large by itself is not kept either."""
        with self._lock:
            while self._accounts and sum(account.size for account in self._accounts.values()) > self._room:
                self._accounts.popitem(last=False)

    def __repr__(self) -> str:
        return f"Memory({len(self._accounts)} accounts)"


def _of_segment(db: Session, keyring: Keyring, model: type[Fields], number: int, make: Callable[[list[Digest]], P]) -> P:
    return make(store.segment(db, keyring, model, number))


def _read(rows: list[Digest]) -> _Digests:
    return _Digests(tuple(rows), _DIGEST * len(rows))
