"""`GET /calendar/<secret>.ics`: the owner's calendar, for whichever program the owner gave the link to.

The secret in the path is all that is shown, and no log holds it. It leads to a projection that it alone opens, so the vault
stays locked. A fetch writes nothing: neither that there was one, nor when. A link that was removed and one that never was
answer alike.
"""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.database import Stores
from app.devices import strangers
from app.exchange import reminders
from vault import cipher

router = APIRouter(include_in_schema=False)

_HEADERS: Final = {
    # Kept by the one who asked, and asked for again each time.
    "Cache-Control": "private, no-cache",
    "Content-Disposition": 'inline; filename="bothways.ics"',
    # Whoever opens it in a browser hands the link on to nobody.
    "Referrer-Policy": "no-referrer",
}


@router.get("/calendar/{secret}.ics")
def show(secret: str, request: Request) -> Response:
    """The calendar file, or that it is still the one that was fetched before (RFC 9110 section 13.1.2)."""
    stores: Stores = request.app.state.stores
    with stores.main.reading() as db:
        shown = reminders.fetch(db, secret)
    if shown is None:
        return strangers.counted(request, Response(status_code=404), now=clock.now())
    from app.devices import ics  # noqa: PLC0415 - its library takes six megabytes, which an instance without a calendar spares

    body = ics.render(shown)
    tag = f'"{cipher.sha256(body).hex()[:32]}"'
    headers = {**_HEADERS, "ETag": tag}
    if tag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def _tags(header: str) -> set[str]:
    """The tags of If-None-Match, compared weakly."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
