"""The routes of the app, as one list."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts


@dataclass(frozen=True, order=True)
class Route:
    """One method of one path. `path` has its parameters in braces."""

    path: str
    method: str


def routes_of(app: FastAPI) -> list[Route]:
    """Every route that the app serves, static files aside."""
    return sorted(_each(app))


def _each(app: FastAPI) -> Iterator[Route]:
    for route in iter_route_contexts(app.routes):
        for method in (route.methods or set()) - {"HEAD"}:
            yield Route(route.path or "", method)
