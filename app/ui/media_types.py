"""What a document is, told from its bytes alone. A name says what its giver wants; it is never asked."""

import codecs

SHOWN = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"))
"""What a browser may show. None of these runs anything in our origin; everything else is only handed out to be saved."""

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"

HEAD = 4096
_OFFICE = "application/vnd.openxmlformats-officedocument."
# Each with the bytes it begins with, from the formats' own specifications.
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
# An OpenDocument file begins with an uncompressed entry `mimetype` (OpenDocument 1.3, part 2, 3.3), an Office Open XML one
# with an entry that only such files have; which of the three it is, the folder of a later entry says.
_ODF = b"mimetypeapplication/vnd.oasis.opendocument."
_ODF_KINDS = ("text", "spreadsheet", "presentation", "graphics")
_OOXML = (b"[Content_Types].xml", b"_rels/.rels")
_OOXML_KINDS = (
    (b"word/", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}presentationml.presentation"),
)
_ENTRY = 30
# What a text does not contain: it would be something else, or draw something else on a terminal.
_CONTROLS = frozenset(map(chr, [*range(32), 127])) - set("\t\n\f\r")


class Sniffer:
    """Looks at a document as it goes by, in pieces of any length."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._plain = True

    def write(self, data: bytes) -> None:
        """The next bytes."""
        self._head += data[: HEAD - len(self._head)]
        if self._plain:
            self._plain = self._is_text(data)

    def found(self) -> str:
        """The media type, when all has gone by; an empty document is a text."""
        head = bytes(self._head)
        for beginning, media_type in _BEGINNINGS:
            if head.startswith(beginning):
                return media_type
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return "image/webp"
        if head.startswith(b"PK\x03\x04"):
            return _zip(head)
        return TEXT if self._plain and self._is_text(b"", final=True) else UNKNOWN

    def _is_text(self, data: bytes, *, final: bool = False) -> bool:
        try:
            return _CONTROLS.isdisjoint(self._text.decode(data, final))
        except UnicodeDecodeError:
            return False


def _zip(head: bytes) -> str:
    name = head[_ENTRY:]
    if name.startswith(_ODF):
        kind = name[len(_ODF) :]
        return next((f"application/vnd.oasis.opendocument.{one}" for one in _ODF_KINDS if kind.startswith(one.encode())), ZIP)
    if name.startswith(_OOXML):
        return next((media_type for folder, media_type in _OOXML_KINDS if folder in head), ZIP)
    return ZIP
