"""An opened account: what seals and opens under its master key."""

from collections.abc import Mapping
from typing import Final, NoReturn

from vault import cipher, envelope
from vault.envelope import JSON, Place

_KIND = b"bothways/kind/v1"
_MAC = b"bothways/mac/v1"


class Keyring:
    """The account master key (AMK) of one generation, and the subkeys derived from it. Shows no key and cannot be pickled."""

    __slots__ = ("_amk", "_kind_keys", "_older", "account_id", "generation")

    def __init__(self, account_id: str, generation: int, amk: bytes) -> None:
        if len(amk) != cipher.KEY_BYTES:
            raise ValueError("an account master key has 32 bytes")
        self.account_id: Final = account_id
        self.generation: Final = generation
        self._amk = amk
        self._kind_keys: dict[tuple[str, str], bytes] = {}
        self._older: dict[int, Keyring] = {}

    @classmethod
    def create(cls, account_id: str) -> "Keyring":
        """A new account: 32 random bytes, generation 1."""
        return cls(account_id, 1, cipher.random_bytes(cipher.KEY_BYTES))

    def successor(self) -> "Keyring":
        """A new random key of the next generation, which also opens what this one does."""
        new = Keyring(self.account_id, self.generation + 1, cipher.random_bytes(cipher.KEY_BYTES))
        new._older = {**self._older, self.generation: self}
        return new

    def remember(self, older: "Keyring") -> None:
        """Also open what is sealed under an older generation of this account. Raises ValueError for any other keyring."""
        if older.account_id != self.account_id or older.generation >= self.generation:
            raise ValueError("only an older key of the same account can be remembered")
        self._older[older.generation] = older

    def export_amk(self) -> bytes:
        """The master key itself, for key slots and sessions only, which wrap it."""
        return self._amk

    def seal(self, place: Place, fields: Mapping[str, JSON]) -> bytes:
        """Seal fields for `place`. Raises ValueError when they are not JSON."""
        return envelope.seal_fields(self._kind_key(place), place, self.generation, fields)

    def open(self, place: Place, sealed: bytes) -> dict[str, JSON]:
        """Open the fields of `place`, sealed under this key or one that is remembered. Raises `Sealed`."""
        key = self._of(sealed)
        return envelope.open_fields(key._kind_key(place), place, key.generation, sealed)

    def seal_bytes(self, place: Place, data: bytes) -> bytes:
        """Seal raw bytes for `place`."""
        return envelope.seal_bytes(self._kind_key(place), place, self.generation, data)

    def open_bytes(self, place: Place, sealed: bytes) -> bytes:
        """Open the raw bytes of `place`. Raises `Sealed`."""
        key = self._of(sealed)
        return envelope.open_bytes(key._kind_key(place), place, key.generation, sealed)

    def reseal(self, place: Place, sealed: bytes) -> bytes:
        """The same value at the same place under this generation. Raises `Sealed`."""
        return self.seal_bytes(place, self.open_bytes(place, sealed))

    def mac(self, label: str, data: bytes) -> bytes:
        """HMAC-SHA256 under a subkey of its own for each label."""
        return cipher.mac(cipher.derive(self._amk, _MAC, label.encode()), data)

    def _of(self, sealed: bytes) -> "Keyring":
        return self._older.get(envelope.generation_of(sealed), self)

    def _kind_key(self, place: Place) -> bytes:
        which = (place.table, place.kind)
        if which not in self._kind_keys:
            self._kind_keys[which] = cipher.derive(self._amk, _KIND, place.table.encode(), place.kind.encode())
        return self._kind_keys[which]

    def __repr__(self) -> str:
        return f"Keyring(account_id={self.account_id!r}, generation={self.generation}, key=<redacted>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyring stays in this process")
