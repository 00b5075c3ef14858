"""`Idempotency-Key`: a POST that is repeated is done once. Only what succeeded is kept; a refusal is weighed anew each time."""

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.responses import Response

from app.api.bodies import Malformed
from app.api.problem import problem
from app.auth.calls import Call
from app.exchange import idempotency
from app.exchange.idempotency import Attempt, Conflict, Kept

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_key(request: Request) -> str | None:
    """The key of a call, if it carries one. Raises Malformed when it is not 1 to 255 printable ASCII characters."""
    sent: list[str] = [value.decode("latin-1") for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not sent:
        return None
    if len(sent) > 1 or not _KEY.fullmatch(sent[0]):
        raise Malformed(("", "Idempotency-Key must be one header of 1 to 255 printable ASCII characters"))
    return sent[0]


Key = Annotated[str | None, Depends(idempotency_key)]


def once(
    request: Request,
    call: Call,
    db: Session,
    attempt: Attempt | None,
    act: Callable[[], Response],
    *,
    gate: Callable[[], Response | None] = lambda: None,
    conflict: Callable[[], Response] | None = None,
) -> Response:
    """Do `act`, or give the answer that it gave before under the same key. `gate` is asked before an old answer is given."""
    if attempt is None:
        return act()
    try:
        kept = idempotency.earlier(db, call.instance, attempt, now=call.now)
    except Conflict:
        return conflict() if conflict else problem(request, "idempotency-conflict")
    if kept is not None:
        return gate() or replay(kept)
    response = act()
    if response.status_code < 300:
        idempotency.keep(db, call.instance, attempt, Kept(response.status_code, bytes(response.body)), now=call.now)
    return response


def replay(kept: Kept) -> Response:
    """The earlier answer, once more."""
    return Response(kept.answer, kept.status, {"Idempotent-Replay": "true"}, "application/json")
