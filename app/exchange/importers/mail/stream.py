"""A mail file as it streams by: mbox (RFC 4155, and as real programs write it) or one mail (RFC 5322), cut into mails.

Only what is asked about is held: some header fields, and the HTML parts while they are read. The standard library's parser
holds a whole mail with its attachments, so it is not used; everything else runs past in pieces of any length. Nothing in
a mail can make this raise: what is broken is passed over.
"""

import binascii
import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.exchange.importers.mail import markup
from app.exchange.importers.mail.markup import Thing

FIELDS = frozenset(
    (
        b"from to delivered-to x-original-to date received list-unsubscribe list-unsubscribe-post list-post list-id precedence "
        b"auto-submitted feedback-id x-spam-flag x-gmail-labels authentication-results content-type content-disposition "
        b"content-transfer-encoding"
    ).split()
)
"""Header fields that are looked at, in lower case."""

LONGEST_LINE = 64 * 1024
LONGEST_FIELD = 8 * 1024
START = 4096
"""Bytes that say what line ends a file has."""
SAME_FIELD = 4
"""Of one header field so many are kept, the first ones."""
PART = 1024 * 1024
"""Bytes of one HTML part that are read, as they stand in the file."""
DEPTH = 12
"""Parts within parts; what lies deeper is passed over."""

NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""What Python calls a text encoding and no mail is written in; two of them take time by the square."""

_SEPARATOR = re.compile(rb"From .{0,200}?\d:\d\d.{0,60}?\b(?:19|20)\d\d\b")
_NEXT = re.compile(rb"\n(?=--|From )")
_NAME = re.compile(rb"([!-9;-~]{1,60})[ \t]*:(.*)", re.DOTALL)
_PARAM = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]{0,200})"|([^\s;"]{1,200}))')


@dataclass
class Mail:
    """One mail: the fields of its head that are looked at, and the things of schema.org in its HTML."""

    heads: dict[bytes, list[bytes]] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)
    unreadable: int = 0

    def get(self, name: bytes) -> bytes:
        """The first field of a name, empty without one."""
        return first(self.heads, name)


class Splitter:
    """Takes the bytes of a file in pieces of any length and hands out each mail when its end is met."""

    def __init__(self, take: Callable[[Mail], None], *, mbox: bool) -> None:
        self._take, self._mbox = take, mbox
        self._buffer = bytearray()
        self._midline = False
        self._old_mac: bool | None = None
        self._mail: Mail | None = None if mbox else Mail()
        self._part = _Part(top=True)
        self._boundaries: list[bytes] = []

    def write(self, data: bytes) -> None:
        """The next bytes."""
        self._buffer += data.replace(b"\r", b"\n") if self._old_mac else data
        if self._old_mac is None:
            if len(self._buffer) < START:
                return
            self._settle()
        self._lines()

    def _settle(self) -> None:
        # A file of the first Macintoshes has no line feed at all.
        self._old_mac = b"\r" in self._buffer and b"\n" not in self._buffer
        if self._old_mac:
            self._buffer = self._buffer.replace(b"\r", b"\n")

    def close(self) -> None:
        """The file has ended."""
        if self._old_mac is None:
            self._settle()
        self._lines()
        if self._buffer:
            self._line(bytes(self._buffer))
        self._end()

    def _lines(self) -> None:
        buffer, place = self._buffer, 0
        while True:
            if self._part.idle:
                place = self._leap(place)
            end = buffer.find(b"\n", place)
            if end < 0:
                break
            self._line(bytes(buffer[place:end]))
            self._midline, place = False, end + 1
        del buffer[:place]
        if len(buffer) > LONGEST_LINE:
            self._line(bytes(buffer))
            buffer.clear()
            self._midline = True

    def _leap(self, place: int) -> int:
        """Over what nobody reads: to the next line that may end a part or begin a mail."""
        if self._midline or self._buffer.startswith((b"--", b"From "), place):
            return place
        found = _NEXT.search(self._buffer, place)
        if found is not None:
            return found.end()
        # The last line may be the beginning of such a one.
        return max(place, self._buffer.rfind(b"\n") + 1)

    def _line(self, line: bytes) -> None:
        if self._midline:
            self._part.more(line)
        elif self._mbox and line.startswith(b"From ") and _SEPARATOR.match(line):
            self._end()
            self._mail, self._part, self._boundaries = Mail(), _Part(top=True), []
        elif self._mail is None:
            return
        elif self._part.in_head:
            self._head_line(line)
        elif line.startswith(b"--") and (depth := self._boundary(line)) is not None:
            self._close_part()
            closing = line.rstrip() == b"--" + self._boundaries[depth] + b"--"
            del self._boundaries[depth + (not closing) :]
            self._part = _Part(top=False) if not closing else _Part(top=False, in_head=False)
        else:
            self._part.take(line)

    def _boundary(self, line: bytes) -> int | None:
        bare = line.rstrip()[2:]
        for depth in reversed(range(len(self._boundaries))):
            if bare in {self._boundaries[depth], self._boundaries[depth] + b"--"}:
                return depth
        return None

    def _head_line(self, line: bytes) -> None:
        for piece in line.rstrip(b"\r").split(b"\r"):
            if piece.strip(b" \t") or piece[:1] in {b" ", b"\t"}:
                self._part.head(piece)
            else:
                self._begin_body()
                break

    def _begin_body(self) -> None:
        assert self._mail is not None
        self._part.in_head = False
        if self._part.top:
            self._mail.heads = self._part.heads
        kind, params = parameters(first(self._part.heads, b"content-type"))
        boundary = params.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        if kind.startswith("multipart/"):
            if boundary and len(self._boundaries) < DEPTH:
                self._boundaries.append(boundary)
        elif kind == "text/html" and self._part.asked and len(self._mail.things) < markup.THINGS:
            self._part.collect = []

    def _close_part(self) -> None:
        part, mail = self._part, self._mail
        if mail is None or part.collect is None:
            return
        things, broken = markup.read(part.text())
        mail.things += things[: markup.THINGS - len(mail.things)]
        mail.unreadable += broken
        part.collect = None

    def _end(self) -> None:
        if self._mail is not None:
            if self._part.in_head and self._part.top:
                self._mail.heads = self._part.heads
            self._close_part()
            if self._mail.heads:
                self._take(self._mail)
        self._mail, self._boundaries = None, []


class _Part:
    """The part that is being read: its head, then its body when somebody asks about it."""

    def __init__(self, *, top: bool, in_head: bool = True) -> None:
        self.top, self.in_head = top, in_head
        self.heads: dict[bytes, list[bytes]] = {}
        self.collect: list[bytes] | None = None
        self._open: list[bytes] | None = None
        self._size = 0

    @property
    def idle(self) -> bool:
        """Whether its lines are passed over."""
        return not self.in_head and self.collect is None

    @property
    def asked(self) -> bool:
        """Whether it is shown with the mail rather than attached to it."""
        return not first(self.heads, b"content-disposition").strip().lower().startswith(b"attachment")

    def head(self, line: bytes) -> None:
        """A line of the head: a field, the rest of one, or something broken, which is passed over."""
        if line[:1] in {b" ", b"\t"}:
            if self._open is not None and len(self._open[-1]) < LONGEST_FIELD:
                self._open[-1] += b" " + line.strip()
            return
        self._open = None
        found = _NAME.fullmatch(line)
        if found is None:
            return
        name = found[1].lower()
        if name in FIELDS:
            kept = self.heads.setdefault(name, [])
            if len(kept) < SAME_FIELD:
                kept.append(found[2].strip()[:LONGEST_FIELD])
                self._open = kept

    def more(self, line: bytes) -> None:
        """The rest of a line that was too long for one piece."""
        if self.collect is not None:
            self._keep(line)

    def take(self, line: bytes) -> None:
        """A line of the body."""
        if self.collect is not None:
            self._keep(line + b"\n")

    def _keep(self, data: bytes) -> None:
        assert self.collect is not None
        if self._size < PART:
            self.collect.append(data[: PART - self._size])
            self._size += len(data)

    def text(self) -> str:
        """The body, decoded as far as that goes; empty when nothing in it speaks of schema.org."""
        data = _transferred(b"".join(self.collect or []), first(self.heads, b"content-transfer-encoding").strip().lower())
        _kind, params = parameters(first(self.heads, b"content-type"))
        text = decoded(data, params.get("charset", ""))
        return text if "schema.org" in text else ""


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """A field such as `text/html; charset=utf-8` (RFC 2045 section 5.1): what it is in lower case, and its parameters."""
    text = value.decode("utf-8", "surrogateescape")
    kind = text.partition(";")[0].strip().lower()
    return kind, {found[1].lower(): found[2] if found[2] is not None else found[3] for found in _PARAM.finditer(text)}


def decoded(data: bytes, charset: str) -> str:
    """Text in the character set that it names, if Python has it; else in UTF-8. What does not decode becomes U+FFFD."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
        return data.decode("utf-8" if codec in NO_CHARSETS else codec, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def first(heads: dict[bytes, list[bytes]], name: bytes) -> bytes:
    """The first field of a name, empty without one."""
    found: Sequence[bytes] = heads.get(name, ())
    return found[0] if found else b""


def _transferred(data: bytes, encoding: bytes) -> bytes:
    """Out of its transfer encoding (RFC 2045 section 6); what does not decode stays as it is."""
    if encoding == b"quoted-printable":
        return binascii.a2b_qp(data)
    if encoding == b"base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        return binascii.a2b_base64(letters[: len(letters) - len(letters) % 4])
    return data
