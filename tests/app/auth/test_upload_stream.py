"""A form with one file, read as it arrives."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from starlette.requests import Request

from app.auth.upload_stream import AROUND, FIELD_LIMIT, FIELDS, LONGEST_NAME, Received, receive
from app.errors import BadForm, ForgedForm, TooLarge

LIMIT = 1000


class Taken:
    """Keeps what comes, and what came before it."""

    def __init__(self) -> None:
        self.data = b""
        self.fields: dict[str, str] = {}

    def begin(self, fields: Mapping[str, str]) -> "Taken":
        if fields.get("csrf") != "right":
            raise ForgedForm
        self.fields = dict(fields)
        return self

    def write(self, data: bytes) -> None:
        self.data += data


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    said = f'; filename="{filename}"' if filename is not None else ""
    return (
        b'--B\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="' + f'{name}"{said}\r\n\r\n'.encode() + value + b"\r\n"
    )


CSRF = part("csrf", b"right")
END = b"--B--\r\n"


def ask(
    body: bytes, taken: Taken, *, step: int = 100, announced: int | None = None, kind: str = "multipart/form-data; boundary=B"
) -> Received | None:
    """Let `receive` read a body that arrives in pieces."""

    async def messages() -> AsyncIterator[dict[str, Any]]:
        for start in range(0, len(body), step):
            yield {"type": "http.request", "body": body[start : start + step], "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    coming = messages()
    headers = [(b"content-type", kind.encode()), *([(b"content-length", str(announced).encode())] if announced is not None else [])]
    request = Request({"type": "http", "method": "POST", "headers": headers}, lambda: anext(coming))
    return asyncio.run(receive(request, taken.begin, limit=LIMIT))


@pytest.mark.parametrize("step", [1, 3, 100, 10_000])
@pytest.mark.parametrize("data", [b"x", b"\r\n--b\r\n", b"--B--\r\n-", b"\r\n\r\n", bytes(range(256)) * 3, b"x" * LIMIT])
def test_the_bytes_arrive_as_they_are(data: bytes, step: int) -> None:
    """However the network cuts them, and whatever of the form's own signs stands in the file; up to the limit."""
    taken = Taken()
    assert ask(CSRF + part("note", "für später".encode()) + part("file", data, "a.bin") + END, taken, step=step) == Received(
        "a.bin", len(data)
    )
    assert taken.data == data
    assert taken.fields == {"csrf": "right", "note": "für später", "file": "a.bin"}


def test_no_file_chosen() -> None:
    """A browser sends an empty file without a name; a file that is empty but has a name is one."""
    assert ask(CSRF + part("file", b"", "") + END, Taken()) is None
    assert ask(CSRF + part("file", b"", "empty.txt") + END, Taken()) == Received("empty.txt", 0)


@pytest.mark.parametrize("fields", [b"", part("csrf", b"wrong"), part("note", b"right")])
def test_no_byte_without_the_token(fields: bytes) -> None:
    """The file after a missing or wrong token is not taken."""
    taken = Taken()
    with pytest.raises(ForgedForm):
        ask(fields + part("file", b"x" * 500, "a"), taken, step=10)
    assert taken.data == b""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B\r\n",
        b"no form at all",
        END,
        CSRF + END,
        CSRF + part("file", b"cut off", "a"),
        CSRF + part("file", b"x", "a") + part("file", b"y", "b") + END,
        CSRF + part("file", b"x", "a") + part("note", b"late") + END,
        CSRF + part("other", b"x", "a") + END,
        CSRF + part("long", b"x" * (FIELD_LIMIT + 1)) + part("file", b"x", "a") + END,
        CSRF + b"".join(part(f"f{number}", b"x") for number in range(FIELDS + 1)) + part("file", b"x", "a") + END,
        CSRF + part("odd", b"\xff\xfe") + part("file", b"x", "a") + END,
        CSRF + b"--B\r\nContent-Type: text/plain\r\n\r\nx\r\n" + END,
        CSRF + b"--B\r\nX-Long: " + b"x" * (FIELD_LIMIT + 1) + b"\r\n" + part("file", b"x", "a")[5:] + END,
        CSRF + b'--B\r\nContent-Disposition: attachment; name="file"; filename="a"\r\n\r\nx\r\n' + END,
        CSRF + b'--B\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n' + END,
        CSRF + b"--B\r\n" + b"X: y\r\n" * 50 + b"\r\nx\r\n" + END,
    ],
)
def test_any_other_form_is_refused(body: bytes) -> None:
    with pytest.raises(BadForm):
        ask(body, Taken())


@pytest.mark.parametrize(
    "kind", ["", "application/x-www-form-urlencoded", "multipart/form-data", f"multipart/form-data; boundary={'B' * 300}"]
)
def test_any_other_body_is_refused(kind: str) -> None:
    with pytest.raises(BadForm):
        ask(CSRF + part("file", b"x", "a") + END, Taken(), kind=kind)


def test_too_large() -> None:
    """Refused by the announced length before anything is read; else at the first byte too many, in the file or around it."""
    taken = Taken()
    with pytest.raises(TooLarge):
        ask(CSRF + part("file", b"x", "a") + END, taken, announced=LIMIT + AROUND + 1)
    assert taken.fields == {}
    with pytest.raises(TooLarge):
        ask(CSRF + part("file", b"x" * (LIMIT + 1), "a") + END, taken, step=10)
    assert len(taken.data) <= LIMIT
    with pytest.raises(TooLarge):
        ask(CSRF + part("file", b"x", "a") + END + b"x" * (LIMIT + AROUND), Taken(), step=4096)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C:\\\\Users\\\\robin\\\\lease.pdf", "lease.pdf"),
        ("../../etc/passwd", "passwd"),
        ("evil\u202efdp.exe", "evilfdp.exe"),
        ("a\x01b.txt", "ab.txt"),
        ("Zähler ☕.jpg", "Zähler ☕.jpg"),
        ("x" * 300 + ".jpeg", "x" * (LONGEST_NAME - 5) + ".jpeg"),
        ("x" * 300, "x" * LONGEST_NAME),
    ],
)
def test_names_are_shown_without_tricks(sent: str, shown: str) -> None:
    received = ask(CSRF + part("file", b"x", sent) + END, Taken())
    assert received is not None
    assert received.name == shown
