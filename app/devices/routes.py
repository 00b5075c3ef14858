"""Every router of the devices' door."""

from typing import Final

from fastapi import APIRouter

from app.devices import owntracks

ROUTERS: Final[tuple[APIRouter, ...]] = (owntracks.router,)
