"""Any table as CSV: how its letters, columns and lines are written is found out by looking; what the columns mean, the owner says.

Columns whose name speaks of a secret are emptied here, before anything is kept. What stays of a table until the owner has
chosen is sealed, and gone after a day.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.exchange.importers.reading import ENTRIES, NAME, VALUE, ImportRefused, check_text, clean, one_line
from app.relationships.search import fold
from vault import cipher

COLUMNS = 100
DELIMITERS = ",;\t|"
LOOKED_AT = 50
"""Lines by which the delimiter is found out."""

_SECRET = re.compile(
    r"password|passwort|passwd|kennwort|"
    r"(?:^|\W)(?:pass(?:phrase|code|e)?s?|mot ?de ?passe|contrase(?:n|ñ)a|clave|senha|palavra|wachtwoord|"
    r"parola|has[lł]o|losenord|salasana|adgangskode|passord|jelszo|heslo|secret|geheim\w*|pin|puk|tan|totp|otp\w*|2fa|mfa|cvv2?|cvc2?|"
    r"card ?(?:number|no)|kartennummer|private ?key|api ?key|token|seed|recovery\w*|security (?:question|answer))(?:$|\W)"
)


class Rows(Protocol):
    """What `csv.reader` returns: rows, and the physical line on which the last one ended."""

    line_num: int

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class Table:
    """A table as it stands in a file. `secret` are the columns (from 0) that were emptied, `emptied` counts what stood in them."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    secret: tuple[int, ...] = ()
    emptied: int = 0
    ansi: bool = False

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the names of the columns, however their letters are cased."""
        return fingerprint(self.names)


def fingerprint(names: Sequence[str]) -> str:
    """What a first line is known again by."""
    return cipher.sha256("\x1f".join(one_line(name).casefold() for name in names).encode()).hex()


def read(data: bytes, *, most: int = ENTRIES) -> Table:
    """A file of at most `most` rows. Raises ImportRefused: `csv_header`, `csv_columns`, `csv_row`, `csv_quotes`, `too_many` …"""
    text, ansi = _letters(check_text(data))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header = next_row(rows) or []
    if len(header) > COLUMNS:
        raise ImportRefused("csv_columns", line=1, what=str(len(header)))
    names = tuple(one_line(name)[:NAME] for name in header)
    if not any(names):
        raise ImportRefused("csv_header", line=1)
    secret = tuple(place for place, name in enumerate(names) if is_secret(name))
    kept: list[tuple[str, ...]] = []
    emptied = 0
    while (row := next_row(rows)) is not None:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(names) and any(cell.strip() for cell in row[len(names) :]):
            raise ImportRefused("csv_row", line=rows.line_num, what=f"{len(row)}/{len(names)}")
        if len(kept) >= most:
            raise ImportRefused("too_many", what=str(most))
        cells = [clean(cell, longest=VALUE) for cell in [*row, *[""] * len(names)][: len(names)]]
        emptied += sum(bool(cells[place]) for place in secret)
        kept.append(tuple("" if place in secret else cell for place, cell in enumerate(cells)))
    return Table(names, tuple(kept), secret, emptied, ansi)


def is_secret(name: str) -> bool:
    """Whether a column's name speaks of a password, a PIN, a card number or their like, in some languages."""
    words = re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", name)
    return bool(_SECRET.search(fold(words)))


def looks_like_one(data: bytes) -> bool:
    """Whether the first line of a text has columns, and the second as many."""
    text, _ansi = _letters(data[: 1 << 16])
    rows = [line for line in text.splitlines() if line.strip()][:2]
    return len(rows) == 2 and any(0 < rows[0].count(mark) <= rows[1].count(mark) for mark in DELIMITERS)


def next_row(rows: Rows) -> list[str] | None:
    """The next row; None at the end. Raises ImportRefused `csv_quotes` naming the line."""
    try:
        return next(rows)
    except StopIteration:
        return None
    except csv.Error as bad:
        raise ImportRefused("csv_quotes", line=max(rows.line_num, 1), what=str(bad)) from bad


def _letters(data: bytes) -> tuple[str, bool]:
    """UTF-8, or else the code page of Western Windows, of which the page then says so."""
    try:
        return data.decode(), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _delimiter(text: str) -> str:
    """The mark that cuts most of the first lines into as many columns as the first of them."""

    def fit(mark: str) -> tuple[int, int]:
        sample = "".join(text[: 1 << 16].splitlines(keepends=True)[:LOOKED_AT])
        try:
            counts = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=mark) if row]
        except csv.Error:
            return 0, 0
        return (sum(count == counts[0] for count in counts), counts[0]) if counts and counts[0] > 1 else (0, 0)

    return max(DELIMITERS, key=fit)
