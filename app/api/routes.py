"""Every router of the vendor's door, in the order in which a vendor meets them."""

from typing import Final

from fastapi import APIRouter

from app.api import docs

ROUTERS: Final[tuple[APIRouter, ...]] = (*docs.DOCUMENTED, docs.router)
