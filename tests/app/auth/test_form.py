"""Forms are read with limits before parsing, and never touch the disk."""

from typing import Any

import anyio
import pytest
from starlette.requests import Request

from app.auth import form
from app.auth.form import Form, read_form
from app.errors import BadForm, TooLarge

BOUNDARY = "----edge"


def request(body: bytes, content_type: str = "application/x-www-form-urlencoded", *, announced: int | None = None) -> Request:
    """A POST whose body comes in chunks of 100 kB."""
    headers = [(b"content-type", content_type.encode())]
    if announced is not None:
        headers.append((b"content-length", str(announced).encode()))
    chunks = [body[start : start + 100_000] for start in range(0, len(body), 100_000)] or [b""]

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    return Request({"type": "http", "method": "POST", "headers": headers, "path": "/"}, receive)


def read(made: Request) -> Form:
    """The form, read to the end."""
    return anyio.run(read_form, made)


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    """One part of a multipart body."""
    named = f'; filename="{filename}"' if filename else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + value + b"\r\n"


def test_values_are_tidied_and_secrets_are_not() -> None:
    """Surrounding space goes, line ends are one kind; a passphrase stays as typed."""
    got = read(request(b"note=+a%0D%0Ab+&passphrase=+spaces+count+&tick=on&pick=1&pick=2&empty="))
    assert got.get("note") == "a\nb"
    assert got.secret("passphrase") == " spaces count "
    assert got.checked("tick")
    assert not got.checked("untold")
    assert got.getlist("pick") == ["1", "2"]
    assert got.get("empty", "default") == ""
    assert got.get("untold", "default") == "default"
    assert got.secret("untold") == ""


def test_no_body_is_an_empty_form() -> None:
    """A POST without a body is a form without fields."""
    assert read(request(b"", content_type="")).fields == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": 1}', "application/json"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a", "application/x-www-form-urlencoded"),
        ("ä=1".encode(), "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(form.FIELDS + 1)), "application/x-www-form-urlencoded"),
        (b"no boundary", "multipart/form-data"),
        (b"not a part", f"multipart/form-data; boundary={BOUNDARY}"),
        (part("a", b"\xff") + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"),
    ],
)
def test_other_bodies_are_refused(body: bytes, content_type: str) -> None:
    """What no page of ours would send is one kind of bad form."""
    with pytest.raises(BadForm):
        read(request(body, content_type))


def test_announced_size_is_refused_before_reading() -> None:
    """A length over the limit is refused without reading a byte."""

    async def never() -> dict[str, Any]:
        raise AssertionError("the body was read")

    made = request(b"", announced=form.FORM_LIMIT + 1)
    made._receive = never
    with pytest.raises(TooLarge):
        read(made)


@pytest.mark.parametrize(("size", "fits"), [(form.FORM_LIMIT, True), (form.FORM_LIMIT + 1, False)])
def test_unannounced_size_is_refused_at_the_edge(size: int, *, fits: bool) -> None:
    """The limit holds to the byte when no length was announced."""
    body = b"a=" + b"x" * (size - 2)
    if fits:
        assert len(read(request(body)).get("a")) == size - 2
    else:
        with pytest.raises(TooLarge):
            read(request(body))


def test_upload_arrives_whole_and_in_memory() -> None:
    """A file of 3 MiB comes back byte for byte; the parser never opens a file for it."""
    data = bytes(range(256)) * 12_288
    body = part("csrf", b"token") + part("file", data, "vault.json") + f"--{BOUNDARY}--\r\n".encode()
    got = read(request(body, f"multipart/form-data; boundary={BOUNDARY}"))
    assert got.get("csrf") == "token"
    assert got.files["file"].filename == "vault.json"
    assert got.files["file"].data == data
