"""Errors of the OAuth endpoints, as RFC 6749 section 5.2 and its relatives say."""

import re
from typing import Any, Final

from starlette.responses import JSONResponse

# What RFC 6749 section 5.2 forbids in `error_description`.
_FORBIDDEN = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """An error that leaves no trace: raised before anything is written."""

    def __init__(self, error: str, description: str, *, status: int = 400, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(error)
        self.response = oauth_error(error, description, status=status, headers=headers, **members)


def oauth_error(error: str, description: str, *, status: int = 400, headers: dict[str, str] | None = None, **members: Any) -> JSONResponse:
    """The answer for an OAuth error."""
    plain = _FORBIDDEN.sub("?", description.replace('"', "'").replace("\\", "/"))
    return JSONResponse({"error": error, "error_description": plain, **members}, status, {**NO_STORE, **(headers or {})})
