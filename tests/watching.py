"""What a real browser must never say while it shows our pages."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError


@contextmanager
def watched(context: BrowserContext, origin: str) -> Iterator[None]:
    """Fail after the block when a script failed, the CSP was violated, or anything was asked of another host."""
    found: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            found.append(message.text)

    def on_error(error: WebError) -> None:
        # A page that leads on before its style is there skips the transition between the two; no script of ours is involved.
        if "Transition was" not in str(error.error):
            found.append(f"script error: {error.error}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{origin}/", "data:", "blob:")):
            found.append(f"asked another host: {request.url}")

    context.on("console", on_console)
    context.on("weberror", on_error)
    context.on("request", on_request)
    yield
    assert not found, "\n".join(found)
