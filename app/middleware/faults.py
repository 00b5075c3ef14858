"""A fault of ours becomes an answer here, inside the other middleware, so that it too carries their headers and is logged."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Answer = Callable[[Request, Exception], Awaitable[Response]]


class Faults:
    """Answers what nothing else caught. Starlette's own last resort stands outside all middleware."""

    def __init__(self, app: ASGIApp, *, answer: Answer) -> None:
        self.app, self.answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as fault:
            response = await self.answer(Request(scope, receive), fault)
            if not started:
                await response(scope, receive, send)
