"""Sealing a file that leaves the house, in the format of age (age-encryption.org/v1), so that the plain `age` program opens it.

The vault's own formats are of no use to a person who has only the file and a passphrase; age is on every system. This is the
only module that calls pyrage.
"""

from types import ModuleType

from vault.errors import BadArchive

HEADER = b"age-encryption.org/v1\n"
"""How every sealed file begins (C2SP age.md, "Encrypted file format")."""


def is_sealed(data: bytes) -> bool:
    """Whether these bytes are an age file."""
    return data.startswith(HEADER)


def seal_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """Seal with a passphrase: scrypt at about a second of work, ChaCha20-Poly1305 in chunks."""
    sealed: bytes = _pyrage().passphrase.encrypt(data, passphrase)
    return sealed


def seal_to(data: bytes, recipient: str) -> bytes:
    """Seal to a public key `age1…` (X25519). Raises BadArchive when it is none."""
    pyrage = _pyrage()
    try:
        sealed: bytes = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(recipient.strip())])
    except pyrage.RecipientError:
        raise BadArchive("no-recipient") from None
    return sealed


def open_with_passphrase(data: bytes, passphrase: str) -> bytes:
    """Raises BadArchive for a wrong passphrase, damage, and what was not sealed with a passphrase."""
    pyrage = _pyrage()
    try:
        opened: bytes = pyrage.passphrase.decrypt(data, passphrase)
    except pyrage.DecryptError:
        raise BadArchive("does-not-open") from None
    return opened


def open_with_identity(data: bytes, identity: str) -> bytes:
    """Open with a secret key `AGE-SECRET-KEY-1…`. Raises BadArchive for a wrong one, and for damage."""
    pyrage = _pyrage()
    try:
        opened: bytes = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(identity.strip())])
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise BadArchive("does-not-open") from None
    return opened


def _pyrage() -> ModuleType:
    """Loaded when a file is first sealed or opened: most processes never do either."""
    import pyrage  # noqa: PLC0415 - see above

    loaded: ModuleType = pyrage
    return loaded
