"""Headers that every answer carries (OWASP ASVS 5.0 3.4)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
FIXED = {
    "x-content-type-options": "nosniff",
    # `no-referrer` would make Chromium send `Origin: null` with forms, which the origin check refuses.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(self), payment=(), usb=()",
    "x-robots-tag": "noindex, nofollow",
}
_AGAIN, _NEVER = (b"cache-control", b"no-cache"), (b"cache-control", b"no-store")


class Headers:
    """Adds the policy where the door has not set a stricter one, and `no-store` to everything but static files.

    Those are asked for again each time and answered 304, so that an upgrade never shows yesterday's style.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        fixed = {
            **FIXED,
            **({"strict-transport-security": "max-age=31536000"} if settings.secure else {}),
            "content-security-policy": POLICY,
        }
        self.fixed = [(name.encode(), value.encode()) for name, value in fixed.items()]
        self.names = frozenset(name for name, _value in (*self.fixed, _NEVER))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                ours = [*self.fixed, _AGAIN if scope["path"].startswith("/static/") else _NEVER]
                there = {name for name, _value in headers}
                if not there.isdisjoint(self.names):
                    ours = [pair for pair in ours if pair[0] not in there]
                message["headers"] = [*headers, *ours]
            await send(message)

        await self.app(scope, receive, with_headers)
