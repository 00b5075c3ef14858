"""Which format a file has, by what is in it; its name is only what somebody called it."""

from collections.abc import Callable

from app.exchange.importers import bitwarden, csv, vcard
from app.exchange.importers.reading import ImportRefused, Reading, check_text

READERS: dict[str, Callable[[bytes], Reading]] = {"bitwarden": bitwarden.read, "vcard": vcard.read, "csv": csv.read}
"""Readers by format. Every one takes a whole file and gives a Reading or raises ImportRefused."""

_PEEK = 65_536


def format_of(data: bytes) -> str:
    """`bitwarden`, `vcard` or `csv`. Raises ImportRefused: `empty`, `binary`, `nul`, `encoding`, `mail`, `html` or `unknown`."""
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
    if b"," in first and (b"url" in first.lower() or b"password" in first.lower()):
        return "csv"
    raise ImportRefused("unknown", line=1)


def read(data: bytes) -> Reading:
    """Detect and read a file. Raises ImportRefused; then nothing of the file was taken."""
    return READERS[format_of(data)](data)
