"""A form with one file, sealed while it arrives: the bytes go from the socket to a sink and are never whole in memory or on disk.

The small fields come first, so that the form's token is checked before a byte of the file is taken (RFC 7578 keeps the
order of a page's fields).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from app.errors import BadForm, TooLarge

FIELDS = 16
FIELD_LIMIT = 4096
AROUND = 64 * 1024
"""Bytes that fields, headers and boundaries may take beside the file."""
LONGEST_NAME = 200
FILE = "file"

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Sink(Protocol):
    """Takes the bytes of a file, in pieces of any length."""

    def write(self, data: bytes) -> None:
        """The next bytes."""


@dataclass(frozen=True)
class Received:
    """A file that has gone into its sink: its name as the browser said it, freed of folders and of what cannot be shown."""

    name: str
    size: int


async def receive(
    request: Request,
    begin: Callable[[Mapping[str, str]], Sink],
    *,
    limit: int,
    between: Callable[[], Awaitable[None]] | None = None,
) -> Received | None:
    """Read the body; None when no file was chosen. `begin` sees the fields that came before the file and, as `file`, its
    name, may refuse by raising, and hands out the sink. `between` is waited for after each piece: what is slow happens there.

    Raises TooLarge (before anything is read when the length was announced), and BadForm for a body that is no multipart
    form, ends too early, or has anything after the file.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadForm
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit + AROUND:
        raise TooLarge(limit)
    parts = _Parts(begin, limit)
    came = 0
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks)  # type: ignore[arg-type]  # a TypedDict, made below
        async for chunk in request.stream():
            came += len(chunk)
            if came > limit + AROUND:
                raise TooLarge(limit)
            parser.write(chunk)
            if between is not None:
                await between()
        parser.finalize()
    except (FormParserError, UnicodeDecodeError) as bad:
        raise BadForm from bad
    return parts.whole()


class _Parts:
    """What the parser has met so far."""

    def __init__(self, begin: Callable[[Mapping[str, str]], Sink], limit: int) -> None:
        self.callbacks = {
            "on_part_begin": self._part,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        self._begin, self._limit = begin, limit
        self._fields: dict[str, str] = {}
        self._sink: Sink | None = None
        self._filename, self._size, self._ended = "", 0, False
        self._part()

    def whole(self) -> Received | None:
        """The file, once the body has ended."""
        if not self._ended or self._sink is None:
            raise BadForm
        return Received(_shown(self._filename), self._size) if self._filename or self._size else None

    def _part(self) -> None:
        if self._sink is not None or len(self._fields) > FIELDS:
            raise BadForm
        self._name, self._value = "", bytearray()
        self._field, self._header, self._disposition = bytearray(), bytearray(), b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._bounded()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._bounded()

    def _bounded(self) -> None:
        if len(self._field) + len(self._header) > FIELD_LIMIT:
            raise BadForm

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = bytes(self._header)
        self._field, self._header = bytearray(), bytearray()

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode()
        if kind != b"form-data" or not self._name:
            raise BadForm
        if b"filename" in options:
            if self._name != FILE:
                raise BadForm
            self._filename = options[b"filename"].decode(errors="replace")
            self._sink = self._begin({**self._fields, FILE: _shown(self._filename)})

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._sink is None:
            self._value += data[start:end]
            if len(self._value) > FIELD_LIMIT:
                raise BadForm
            return
        self._size += end - start
        if self._size > self._limit:
            raise TooLarge(self._limit)
        self._sink.write(data[start:end])

    def _part_end(self) -> None:
        if self._sink is None:
            self._fields.setdefault(self._name, self._value.decode())

    def _end(self) -> None:
        self._ended = True


def _shown(filename: str) -> str:
    """The last part of a path, without control characters or marks that turn the direction of writing."""
    name = _UNPRINTABLE.sub("", re.split(r"[/\\]", filename)[-1]).strip()
    stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST_NAME and dot and len(ending) < 20:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return name[:LONGEST_NAME]
