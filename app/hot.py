"""Routes that are called thousands of times a second: an `async def` that takes the request, and nothing else."""

from typing import Any, ClassVar

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send


class HotRoute(APIRoute):
    """Handed the request as it stands.

    FastAPI's own way to an endpoint (dependencies, exit stacks, endpoint context) costs 80 microseconds, as much as everything
    else before the database. The OpenAPI is made from the route all the same.
    """

    all: ClassVar[list["HotRoute"]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.all.append(self)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)
