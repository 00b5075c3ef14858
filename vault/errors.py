"""What the vault says when it will not open. One error for every failure of sealed bytes: why is not told.

`code` is stable; the doors word it.
"""

from typing import ClassVar


class VaultError(Exception):
    """Root of everything the vault raises."""

    code: ClassVar[str] = "vault"


class Sealed(VaultError):
    """These bytes do not open here: wrong key, wrong place, or changed. Which one is not said."""

    code = "sealed"

    def __init__(self) -> None:
        super().__init__("sealed data does not open here")


class SlotsTampered(VaultError):
    """The set of key slots is not the one that the account last wrote."""

    code = "slots-tampered"


class LastWayIn(VaultError):
    """This slot is the last passphrase or recovery slot and stays: without it no memory and no paper would open the account."""

    code = "last-way-in"


class LoginTaken(VaultError):
    """Another account has this login."""

    code = "login-taken"


class BadLogin(VaultError):
    """A login has 1 to 64 visible characters and no spaces."""

    code = "bad-login"


class NoSuchRecord(VaultError):
    """There is no visible record of that kind and id in this account."""

    code = "no-such-record"


class DocumentTooLarge(VaultError):
    """A document has at most 25 MiB."""

    code = "document-too-large"


class BadInstanceSecret(VaultError):
    """The instance secret is not 32 bytes in base64, or its file can be read by others."""

    code = "bad-instance-secret"


class BadArchive(VaultError):
    """This is not an export that can be taken in. `reason` is stable, `where` names the entry, or is empty."""

    code = "bad-archive"

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{reason}: {where}" if where else reason)
        self.reason = reason
        self.where = where


class ExportTooLarge(VaultError):
    """What the account holds does not fit into one archive. `size` in bytes, or more."""

    code = "export-too-large"

    def __init__(self, size: int) -> None:
        super().__init__("too large for one archive")
        self.size = size


class NotEmpty(VaultError):
    """Only an account that holds nothing yet takes an export in."""

    code = "not-empty"
