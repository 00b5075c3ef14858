"""Header fields of a mail, read leniently: who wrote, when, and how to unsubscribe. Nothing here raises on what a mail says."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from app.exchange.importers.reading import NAME, one_line
from app.relationships.domains import canonical

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)
LONGEST_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets."""
LONGEST_LINK = 2_000

_LINK = re.compile(rf"<\s*((?:https?|mailto):[^<>\s]{{1,{LONGEST_LINK - 8}}})\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class Sender:
    """Who a mail says it is from. Nothing proves it."""

    name: str
    local: str
    host: str

    @property
    def address(self) -> str:
        """The address in lower case."""
        return f"{self.local}@{self.host}"


def text(raw: bytes) -> str:
    """A field as one line of text, encoded words decoded (RFC 2047)."""
    plain = _letters(raw)
    if "=?" not in plain:
        return one_line(plain)
    try:
        pieces = decode_header(plain)
    except (HeaderParseError, ValueError):
        return one_line(plain)
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def sender(raw: bytes) -> Sender | None:
    """The mailbox of a From field (RFC 5322 section 3.6.2), the last where there are several. None without one."""
    plain = _letters(raw)[:2_000]
    start, end = plain.rfind("<"), plain.rfind(">")
    if 0 <= start < end:
        address, name = plain[start + 1 : end], plain[:start]
    else:
        address, _bracket, comment = plain.partition("(")
        address, name = address.split(",")[0], comment.rpartition(")")[0]
    local, separator, host = address.strip().rpartition("@")
    known = canonical(host) if separator else None
    if known is None or "." not in known or not local or len(address) > LONGEST_ADDRESS or any(letter.isspace() for letter in local):
        return None
    shown = text(name.rpartition(",")[2].strip().encode("utf-8", "surrogateescape")).strip(" \"'")
    return Sender(shown[:NAME] if "@" not in shown else "", one_line(local.strip('"')).lower(), known)


def when(date: bytes, received: list[bytes], *, now: datetime) -> datetime | None:
    """When it was sent (RFC 5322 section 3.3), else when it was received, in UTC. None when neither can be."""
    for raw in (date, *(one.rpartition(b";")[2] for one in received)):
        try:
            moment = parsedate_to_datetime(_letters(raw).strip()[:100])
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        if EARLIEST <= moment <= now + AHEAD:
            return moment
    return None


def unsubscribe(raw: bytes) -> tuple[str, ...]:
    """The links of List-Unsubscribe (RFC 2369 section 3.2), each once, those of the web first."""
    links = dict.fromkeys(found[1] for found in _LINK.finditer(_letters(raw)))
    return tuple(sorted(links, key=lambda link: not link.lower().startswith("http")))[:3]


def _letters(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "latin-1", "replace")
    except (LookupError, ValueError):
        return piece.decode("latin-1")
