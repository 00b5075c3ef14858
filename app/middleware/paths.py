"""A path or a query with the character NUL names nothing: PostgreSQL takes none in a value, and no page of ours makes one."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Answer = Callable[[Request], Response]


class Paths:
    """Answers "not found" before anything is looked up by such a path."""

    def __init__(self, app: ASGIApp, *, answer: Answer) -> None:
        self.app, self.answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] == "http" and ("\x00" in scope["path"] or b"%00" in scope["query_string"]):
            await self.answer(Request(scope, receive))(scope, receive, send)
            return
        await self.app(scope, receive, send)
