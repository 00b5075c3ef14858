"""What a document is, by its bytes alone."""

import io
import zipfile

import pytest

from app.ui.media_types import HEAD, SHOWN, Sniffer


def office(*names: str, first: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x" * 300)
    return made.getvalue()


ODF = "application/vnd.oasis.opendocument."
CASES = [
    (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
    (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
    (b"GIF89a\0", "image/gif"),
    (b"GIF87a\0", "image/gif"),
    (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    (b"RIFF\x10\0\0\0WAVEfmt ", "application/octet-stream"),
    (b"%PDF-1.7\n", "application/pdf"),
    (b"", "text/plain"),
    ("a receipt, 12,50 €\r\n\tthanks\n".encode(), "text/plain"),
    (b"<html><script>alert(1)</script>", "text/plain"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
    (b"cut off in a letter \xe2\x82", "application/octet-stream"),
    (b"latin \xe9 one", "application/octet-stream"),
    (b"MZ\0\0", "application/octet-stream"),
    (b"a \x1b[31m terminal's colour", "application/octet-stream"),
    (office("a.txt"), "application/zip"),
    (office("word/document.xml", first=f"{ODF}text"), f"{ODF}text"),
    (office(first=f"{ODF}spreadsheet"), f"{ODF}spreadsheet"),
    (office(first=f"{ODF}unheard-of"), "application/zip"),
    (office("[Content_Types].xml", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (office("_rels/.rels", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (office("[Content_Types].xml", "other/thing.xml"), "application/zip"),
    (office("word/document.xml"), "application/zip"),
]


@pytest.mark.parametrize("step", [1, 7, HEAD + 1])
@pytest.mark.parametrize(("data", "expected"), CASES)
def test_told_by_its_bytes(data: bytes, expected: str, step: int) -> None:
    """The same however it is cut into pieces; nothing that runs has a type that is shown as more than text."""
    sniffer = Sniffer()
    for start in range(0, len(data), step):
        sniffer.write(data[start : start + step])
    assert sniffer.found() == expected


def test_a_text_is_a_text_to_its_end() -> None:
    """What looks like text at first, and is not, is not shown."""
    sniffer = Sniffer()
    sniffer.write(b"plain " * HEAD)
    sniffer.write(b"\0")
    sniffer.write(b"plain")
    assert sniffer.found() == "application/octet-stream"


def test_nothing_that_runs_is_shown() -> None:
    assert not [one for one in SHOWN if "html" in one or "svg" in one or "xml" in one or "script" in one]
