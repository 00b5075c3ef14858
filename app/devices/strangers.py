"""Who shows a secret that leads nowhere."""

from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from app.auth import throttle
from app.database import Stores
from app.errors import Throttled


def counted(request: Request, answer: Response, *, now: datetime) -> Response:
    """`answer`, with the try counted against the address it came from, as every wrong secret is; 429 once there were too many."""
    stores: Stores = request.app.state.stores
    address = request.client.host if request.client else "unknown"
    try:
        throttle.spend(stores.state, [throttle.wrong_secret_from(address)], now=now)
    except Throttled as over:
        return Response(status_code=429, headers={"Retry-After": str(over.retry_after)})
    return answer
