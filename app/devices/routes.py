"""Every router of the devices' door."""

from typing import Final

from fastapi import APIRouter

from app.devices import calendar, owntracks

ROUTERS: Final[tuple[APIRouter, ...]] = (owntracks.router, calendar.router)
