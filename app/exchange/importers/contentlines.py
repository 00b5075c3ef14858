"""vCard content lines of versions 2.1, 3.0 and 4.0: from bytes to cards of properties, with their line numbers.

Written here because the libraries that were tried (vobject 0.9.9, vobjectx 0.6.1) refuse files of real programs: a
quoted-printable soft break followed by its rest (Outlook), doubled line ends (iPhone). Sources: vCard 2.1 (versit 1996)
section 2, RFC 2425 section 5.8, RFC 6350 section 3, RFC 6868 section 3.2.
"""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.exchange.importers.reading import ENTRIES, ImportRefused

_LINE_END = re.compile(r"\r*\n|\r")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]+")
_ENCODINGS = {"QUOTED-PRINTABLE", "BASE64", "B", "7BIT", "8BIT", "7-BIT", "8-BIT"}
PROPERTIES = 2_000
"""Most properties of one card."""


@dataclass(frozen=True)
class Property:
    """One content line. `params` has upper-case names and the values as written; `raw` is the value before any unescaping."""

    line: int
    group: str
    name: str
    params: dict[str, tuple[str, ...]]
    raw: str = field(repr=False)

    @property
    def types(self) -> frozenset[str]:
        """The TYPE values in lower case."""
        return frozenset(value.lower() for value in self.params.get("TYPE", ()))

    @property
    def text(self) -> str:
        """The value as one text."""
        return unescape(self.raw)

    def parts(self, separator: str = ";") -> list[str]:
        """The components of a structured value (RFC 6350 section 3.4), unescaped."""
        return [unescape(part) for part in _split(self.raw, separator)]


@dataclass
class Card:
    """One vCard, from its BEGIN at `line`."""

    line: int
    version: str = ""
    properties: list[Property] = field(default_factory=list)
    ansi: bool = False

    def all(self, *names: str) -> list[Property]:
        """Properties of these names, in the order of the file."""
        return [item for item in self.properties if item.name in names]


def cards(data: bytes) -> list[Card]:
    """Every card of a file. Raises ImportRefused with the line of the fault; then nothing of the file is taken."""
    try:
        text, encoded = data.decode(), True
    except UnicodeDecodeError:
        # Version 2.1 names a character set per property, so the bytes are carried through one to one and decoded there.
        text, encoded = data.decode("latin-1"), False
    found: list[Card] = []
    open_cards: list[Card] = []
    for line, content in _logical(text):
        _take(line, content, found, open_cards, encoded)
        if len(found) > ENTRIES:
            raise ImportRefused("too_many", what=str(ENTRIES))
    if open_cards:
        raise ImportRefused("vcard_unended", line=open_cards[-1].line)
    if not found:
        raise ImportRefused("vcard_none", line=1)
    return found


def _take(line: int, content: str, found: list[Card], open_cards: list[Card], encoded: bool) -> None:
    item = _property(line, content)
    marker = item.raw.strip().upper()
    if item.name == "BEGIN" and marker == "VCARD":
        nested = open_cards and open_cards[-1].properties and open_cards[-1].properties[-1].name == "AGENT"
        if open_cards and not nested:
            raise ImportRefused("vcard_unended", line=open_cards[-1].line, what=str(line))
        open_cards.append(Card(line))
    elif not open_cards:
        raise ImportRefused("vcard_outside", line=line, what=content[:40])
    elif item.name == "END" and marker == "VCARD":
        card = open_cards.pop()
        if not open_cards:
            found.append(card)
    elif item.name == "VERSION":
        open_cards[-1].version = item.raw.strip()
    else:
        card = open_cards[-1]
        if len(card.properties) >= PROPERTIES:
            raise ImportRefused("vcard_properties", line=card.line, what=str(PROPERTIES))
        card.properties.append(_decoded(item, card, encoded))


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Unfold: yields the number of the first physical line, and the whole content line."""
    start, parts = 0, [""]
    version, soft, base64 = "", False, False
    for number, line in enumerate(_LINE_END.split(text), 1):
        if soft:
            parts.append(line)
        elif line[:1] in {" ", "\t"} and (parts[0] or not line.strip()):
            # Version 2.1 folds where white space already was; later versions insert it (RFC 6350 section 3.2).
            parts.append(line if version == "2.1" and not base64 else line[1:])
            continue
        elif base64 and line and _BASE64.fullmatch(line):
            parts.append(line)
            continue
        elif not line.strip():
            base64 = False
            continue
        else:
            if parts[0]:
                yield start, "".join(parts)
            start, parts = number, [line]
            if line[:8].upper() == "VERSION:":
                version = line[8:].strip()
        head = parts[0].partition(":")[0].upper()
        base64 = "BASE64" in head or "ENCODING=B" in head
        soft = "QUOTED-PRINTABLE" in head and parts[-1].endswith("=")
        if soft:
            parts[-1] = parts[-1][:-1]
    if parts[0]:
        yield start, "".join(parts)


def _property(line: int, content: str) -> Property:
    colon = _outside_quotes(content, ":")
    if colon < 0:
        raise ImportRefused("vcard_line", line=line, what=content[:40])
    head, raw = content[:colon], content[colon + 1 :]
    name, *params = _split(head, ";", quotes=True)
    group, _, bare = name.strip().rpartition(".")
    if not _NAME.fullmatch(bare) or (group and not _NAME.fullmatch(group)):
        raise ImportRefused("vcard_line", line=line, what=content[:40])
    return Property(line, group.lower(), bare.upper(), _params(params), raw)


def _params(written: list[str]) -> dict[str, tuple[str, ...]]:
    params: dict[str, tuple[str, ...]] = {}
    for param in written:
        key, equals, value = param.partition("=")
        key = key.strip().upper()
        if not equals:  # version 2.1: a bare TYPE or ENCODING
            key, value = ("ENCODING" if key in _ENCODINGS else "TYPE"), key
        values = tuple(_caret(part.strip().strip('"')) for part in _split(value, ",", quotes=True) if part.strip())
        values = tuple(part for value in values for part in (value.split(",") if key == "TYPE" else [value]))
        params[key] = params.get(key, ()) + values
    return params


def _decoded(item: Property, card: Card, encoded: bool) -> Property:
    encoding = "".join(item.params.get("ENCODING", ())).upper()
    charset = "".join(item.params.get("CHARSET", ())[:1])
    if encoding == "QUOTED-PRINTABLE":
        octets = quopri.decodestring(item.raw.encode("utf-8" if encoded else "latin-1"))
    elif encoded:
        return item
    else:
        octets = item.raw.encode("latin-1")
    return Property(item.line, item.group, item.name, item.params, _octets(octets, charset, item, card))


def _octets(octets: bytes, charset: str, item: Property, card: Card) -> str:
    if charset:
        try:
            return octets.decode(charset)
        except (LookupError, UnicodeError, ValueError) as bad:
            raise ImportRefused("encoding", line=item.line, what=charset[:20]) from bad
    try:
        return octets.decode()
    except UnicodeDecodeError as bad:
        if card.version not in {"", "2.1"}:
            raise ImportRefused("encoding", line=item.line, what="UTF-8") from bad
    try:
        # Programs that wrote 2.1 without a CHARSET wrote their Windows code page; the reading says so in a remark.
        decoded = octets.decode("cp1252")
    except UnicodeDecodeError as bad:
        raise ImportRefused("encoding", line=item.line, what="UTF-8") from bad
    card.ansi = True
    return decoded


def _outside_quotes(text: str, wanted: str) -> int:
    quoted = False
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == wanted and not quoted:
            return place
    return text.find(wanted)  # an unclosed quote: the first one counts


def _split(text: str, separator: str, *, quotes: bool = False) -> list[str]:
    parts: list[str] = []
    current: list[str] = []
    quoted = escaped = False
    for letter in text:
        if escaped:
            escaped = False
        elif letter == "\\" and not quotes:
            escaped = True
        elif letter == '"' and quotes:
            quoted = not quoted
        elif letter == separator and not quoted:
            parts.append("".join(current))
            current = []
            continue
        current.append(letter)
    return [*parts, "".join(current)]


def unescape(raw: str) -> str:
    r"""Text of a value: `\n`, `\,`, `\;`, `\\` (RFC 6350 section 3.4), and `\:` as address books write it. Others stay as they are."""
    return re.sub(r"\\([nN,;:\\])", lambda found: "\n" if found[1] in "nN" else found[1], raw)


def _caret(value: str) -> str:
    # RFC 6868 section 3.2
    return re.sub(r"\^([n'^])", lambda found: {"n": "\n", "'": '"', "^": "^"}[found[1]], value)
