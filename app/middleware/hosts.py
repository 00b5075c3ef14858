"""A request for another host name is not for this instance: links are built from the configured base URL only."""

from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings

EXEMPT = frozenset({"/healthz", "/readyz"})


class Hosts:
    """Refuses an unknown `Host` with 421 (RFC 9110, 15.5.20), and says where the instance does answer."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.base_url = settings.base_url
        self.host = urlsplit(settings.base_url).netloc.encode().lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http" or scope["path"] in EXEMPT or self._known(scope):
            await self.app(scope, receive, send)
            return
        answer = PlainTextResponse(f"This instance answers at {self.base_url}\n", status_code=421)
        await answer(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        named = [value for name, value in scope["headers"] if name == b"host"]
        return len(named) == 1 and (named[0] == self.host or named[0].lower() == self.host)
