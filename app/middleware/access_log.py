"""One line a request: method, route, status, time. Never the path itself, a query, a header or a body.

Paths hold handles and one-time tokens; the route's template does not.
"""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs


class AccessLog:
    """Writes the line when the answer has been sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            took = round((time.perf_counter() - started) * 1000, 1)
            logs.request(scope["method"], route_of(scope), status, took)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as `/a/{handle}`; `-` where none did."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(template) if template else "-"
