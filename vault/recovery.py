"""Recovery codes: 150 random bits that survive paper, a telephone and a tired reader. Pure."""

import unicodedata

from vault import cipher

# Crockford's base 32: no I, L, O, U; what is read as one of the first three is understood.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP = 4
SECRET_LETTERS = 30
CHECK_LETTERS = 2
_LETTERS = SECRET_LETTERS + CHECK_LETTERS
_BITS = 5
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LABEL = b"bothways/recovery-check/v1"


def new_code() -> str:
    """A new code, 8 groups of 4: 30 letters of secret (150 bits) and 2 check letters."""
    # A byte modulo 32 is uniform, because 32 divides 256.
    secret = "".join(ALPHABET[byte % len(ALPHABET)] for byte in cipher.random_bytes(SECRET_LETTERS))
    return "-".join(groups(secret + _check(secret)))


def groups(code: str) -> list[str]:
    """The groups of a code, as a page shows them."""
    letters = code.replace("-", "")
    return [letters[start : start + GROUP] for start in range(0, len(letters), GROUP)]


def parse(typed: str) -> str | None:
    """The code as `new_code` wrote it, from what somebody typed: case, spaces, dashes, O for 0, I or L for 1 do not matter.

    None when the length, a letter or the check letters are wrong: a slip, found before any key is tried.
    """
    if len(typed) > 4 * _LETTERS:
        return None
    letters = "".join(letter for letter in unicodedata.normalize("NFKC", typed).upper() if not _separates(letter)).translate(_LOOKALIKES)
    if len(letters) != _LETTERS or any(letter not in ALPHABET for letter in letters):
        return None
    secret, check = letters[:SECRET_LETTERS], letters[SECRET_LETTERS:]
    return "-".join(groups(letters)) if check == _check(secret) else None


def _separates(letter: str) -> bool:
    # Dashes, spaces, line breaks and invisible formatting characters, whatever the keyboard or the messenger made of them.
    return unicodedata.category(letter) in {"Pd", "Zs", "Zl", "Zp", "Cc", "Cf"}


def _check(secret: str) -> str:
    first = int.from_bytes(cipher.sha256(cipher.join(_LABEL, secret.encode()))[:2], "big") >> (16 - CHECK_LETTERS * _BITS)
    return ALPHABET[first >> _BITS] + ALPHABET[first & (len(ALPHABET) - 1)]
