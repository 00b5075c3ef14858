"""A browser's form, read from the request stream into memory with limits before parsing, never onto disk.

Starlette's own form parser spools uploads past 1 MiB to a file in plaintext; so multipart is parsed here, from the
stream, by the same python-multipart that Starlette uses.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart import FormParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, parse_options_header
from starlette.requests import Request

from app.errors import BadForm, TooLarge

FORM_LIMIT = 256 * 1024
UPLOAD_LIMIT = 25 * 1024 * 1024
FIELDS = 4000


@dataclass(frozen=True)
class Upload:
    """A file that came with a form: its name as the browser said it, and its bytes."""

    filename: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Form:
    """What was typed. Values are stripped of surrounding white space and have line ends as `\\n`."""

    fields: dict[str, list[str]] = field(default_factory=dict, repr=False)
    files: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        return self.fields.get(name, [default])[0]

    def getlist(self, name: str) -> list[str]:
        """Every value of a field, in order."""
        return self.fields.get(name, [])

    def checked(self, name: str) -> bool:
        """Whether a tick box was ticked."""
        return bool(self.get(name))

    def secret(self, name: str) -> str:
        """A value exactly as typed: passphrases keep their spaces."""
        return self.fields.get(f"{name}\0raw", self.fields.get(name, [""]))[0]


async def read_form(request: Request) -> Form:
    """The form in a request's body; an empty one where there is no body.

    Raises TooLarge before parsing, BadForm when it is neither a URL-encoded nor a multipart form.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"multipart/form-data":
        return _multipart(await _body(request, UPLOAD_LIMIT), options.get(b"boundary", b""))
    body = await _body(request, FORM_LIMIT)
    if body and kind != b"application/x-www-form-urlencoded":
        raise BadForm
    return _urlencoded(body)


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(limit)
    return bytes(body)


def _urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=FIELDS, errors="strict")
    except ValueError as bad:
        raise BadForm from bad
    return Form(_gathered(pairs))


def _multipart(body: bytes, boundary: bytes) -> Form:
    pairs: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}

    def on_field(item: Field) -> None:
        pairs.append(((item.field_name or b"").decode(), (item.value or b"").decode()))

    def on_file(item: File) -> None:
        item.file_object.seek(0)
        name = (item.file_name or b"").decode(errors="replace")
        files[(item.field_name or b"").decode()] = Upload(name, item.file_object.read())

    try:
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            boundary=boundary,
            config={"MAX_MEMORY_FILE_SIZE": UPLOAD_LIMIT * 2, "MAX_FIELDS": FIELDS},
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeDecodeError, ValueError) as bad:
        raise BadForm from bad
    return Form(_gathered(pairs), files)


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(f"{name}\0raw", []).append(value)
        fields.setdefault(name, []).append(value.replace("\r\n", "\n").strip())
    return fields
