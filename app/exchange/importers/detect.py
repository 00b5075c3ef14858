"""Which format a file has, by what is in it; its name is only what somebody called it."""

from collections.abc import Callable

from app.exchange.importers import bitwarden, columns, csv, tables, vcard
from app.exchange.importers.reading import ImportRefused, Reading, check_text


def _by_guess(data: bytes) -> Reading:
    table = tables.read(data)
    return columns.understood(table, columns.guess(table.names, table.secret))


READERS: dict[str, Callable[[bytes], Reading]] = {
    "bitwarden": bitwarden.read,
    "vcard": vcard.read,
    "csv": csv.read,
    columns.FORMAT: _by_guess,
}
"""Readers by format. Every one takes a whole file and gives a Reading or raises ImportRefused."""

_PEEK = 65_536


def format_of(data: bytes) -> str:
    """`bitwarden`, `vcard`, `csv` (a browser's) or `table`. Raises ImportRefused: `empty`, `binary`, `nul`, `encoding`, `html` …"""
    start = check_text(data)[:_PEEK].lstrip()
    upper = start[:1024].upper()
    if start[:1] in {b"{", b"["}:
        return "bitwarden"
    if b"BEGIN:VCARD" in upper:
        return "vcard"
    if upper.startswith((b"<!DOCTYPE", b"<HTML", b"<?XML")):
        raise ImportRefused("html", line=1)
    if b"BEGIN:VCALENDAR" in upper:
        raise ImportRefused("calendar", line=1)
    first = start.splitlines()[0]
    if b"," in first and (b"url" in first.lower() or b"password" in first.lower()) and csv.of_a_browser(first):
        return "csv"
    if tables.looks_like_one(start):
        return columns.FORMAT
    raise ImportRefused("unknown", line=1)


def read(data: bytes) -> Reading:
    """Detect and read a file. Raises ImportRefused; then nothing of the file was taken."""
    return READERS[format_of(data)](data)
