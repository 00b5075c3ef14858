"""`POST /devices/owntracks`: where a phone with the OwnTracks app sends its position (https://owntracks.org/booklet/tech/http/).

The app sends one JSON object a call, with HTTP Basic, and wants a JSON array back. Whatever it sends, the answer is an empty
one, in the same way: neither the network nor the app sees whether anything came of it.
"""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import clock
from app.database import Stores
from app.devices import strangers
from app.exchange import nearby
from app.exchange.nearby import Phone, Seen
from app.exchange.tokens import PREFIX
from app.hot import HotRoute
from consent.places import Fix

router = APIRouter(include_in_schema=False, route_class=HotRoute)

LIMIT: Final = 16 * 1024
"""Bytes of one call. A position has two or three hundred."""

TYPES: Final = frozenset({"location", "transition"})
"""What tells where the phone is; everything else the app may send is answered and ignored."""

_EMPTY: Final = b"[]"
_CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="bothways devices", charset="UTF-8"'}


@router.post("/devices/owntracks")
async def create(request: Request) -> Response:
    """Take a position, compare it, forget it."""
    body = await _body(request)
    if body is None:
        return Response(status_code=413)
    now, stores = clock.now(), request.app.state.stores
    token = _token(request)
    seen = read(body)
    if seen is not None and not seen.counts(now):
        seen = None
    # One short read, inline: a thread for it would cost more than it does.
    found = _look(stores, token, seen, now) if token else None
    if found is None:
        return await run_in_threadpool(strangers.counted, request, Response(status_code=401, headers=_CHALLENGE), now=now)
    if seen is not None and found.around:
        await run_in_threadpool(nearby.arrived, stores, found, seen.fix, now=now)
    return Response(_EMPTY, media_type="application/json")


def read(body: bytes) -> Seen | None:
    """The position in what the app sent; None for everything else, however it is wrong."""
    try:
        sent = json.loads(body)
        if not isinstance(sent, dict) or sent.get("_type") not in TYPES:
            return None
        fix = Fix.at(_number(sent["lon"]), _number(sent["lat"]), _number(sent.get("acc", 0)))
        return Seen(fix, datetime.fromtimestamp(_number(sent["tst"]), UTC))
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def _look(stores: Stores, token: str, seen: Seen | None, now: datetime) -> Phone | None:
    with stores.main.at_hand() as db:
        return nearby.phone(db, token, seen, now=now)


def _token(request: Request) -> str | None:
    """The password of HTTP Basic (RFC 7617); whatever name stands before it."""
    scheme, _space, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return password if scheme.lower() == "basic" and password.startswith(PREFIX.phone) else None


async def _body(request: Request) -> bytes | None:
    """What was sent, bounded while it is read; None when it is too much."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            return None
    return bytes(body)
