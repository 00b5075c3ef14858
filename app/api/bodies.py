"""Reading what a client sends, strictly: bounded before it is parsed, and never in two ways."""

import json
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

BODY_LIMIT: Final = 128 * 1024
M = TypeVar("M", bound=BaseModel)


class Malformed(Exception):
    """A body that cannot be read: JSON pointers, each with its reason."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__("malformed")
        self.errors = errors


class TooLarge(Exception):
    """A body over `BODY_LIMIT`."""


async def read_body(request: Request) -> bytes:
    """The body, bounded before it is parsed. Raises TooLarge."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise TooLarge
    except HTTPException as stopped:  # the outer limit of the application stopped one huge chunk
        raise TooLarge from stopped
    return bytes(body)


def strict_json(request: Request, body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises Malformed for another content type, and where `strict_json_text` does."""
    _content_type(request, "application/json")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Malformed(("", "not UTF-8")) from None
    value = strict_json_text(text)
    if not isinstance(value, dict):
        raise Malformed(("", "not a JSON object"))
    return value


def strict_json_text(text: str) -> Any:
    """A JSON value. Raises Malformed for repeated keys, NaN, NUL, lone surrogates: what parsers read in different ways."""
    try:
        value = _DECODER.decode(text)
        # NUL and a lone surrogate come only escaped: JSON takes no bare control character, UTF-8 no surrogate.
        plain = _ENCODER.encode(value) if "\\u" in text else ""
        plain.encode()
    except (ValueError, RecursionError) as bad:
        raise Malformed(("", f"not JSON: {bad}" if isinstance(bad, json.JSONDecodeError | _Bad) else "not JSON that can be kept")) from None
    if "\\u0000" in plain:
        raise Malformed(("", "the character NUL is not taken"))
    return value


def strict_form(request: Request, body: bytes) -> dict[str, str]:
    """The form in a body. Raises Malformed for another content type, a repeated parameter (RFC 6749 section 3.2) or bad Unicode."""
    _content_type(request, "application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict", max_num_fields=100)
    except ValueError:
        raise Malformed(("", "not a form")) from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise Malformed((f"/{name}", "sent more than once"))
        if "\x00" in name + value:
            raise Malformed((f"/{name}", "the character NUL is not taken"))
        form[name] = value
    # A parameter without a value counts as absent (RFC 6749 section 3.2).
    return {name: value for name, value in form.items() if value}


def read_as(model: type[M], value: dict[str, Any]) -> M:
    """A body as its schema. Raises Malformed with a pointer to each field."""
    try:
        return model.model_validate(value)
    except ValidationError as bad:
        raise Malformed(*((_pointer(error["loc"]), error["msg"]) for error in bad.errors(include_url=False, include_input=False))) from None


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


class _Bad(ValueError):
    """A JSON text that parsers read in different ways."""


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Bad("a key is repeated in one object")
    return found


def _no_constant(name: str) -> Any:
    raise _Bad(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_no_repeats, parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def _content_type(request: Request, expected: str) -> None:
    sent = request.headers.get("content-type", "")
    if sent != expected and sent.partition(";")[0].strip().lower() != expected:
        raise Malformed(("", f"Content-Type must be {expected}"))


Body = Annotated[bytes, Depends(read_body)]
