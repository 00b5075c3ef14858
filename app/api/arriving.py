"""The vendor's door in a hurry: a call with a grant token goes to the intake without a thread or a session of its own.

Every check and every answer is that of the other routes, in the same order: who is unknown learns that, and nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api.bodies import Malformed, TooLarge, read_body
from app.api.problem import problem
from app.api.refused import answer_refused
from app.api.retries import idempotency_key, replay
from app.auth.calls import Call, Gone, UnknownToken, arriving
from app.auth.grant import by_grant_token
from app.exchange import bearers, tokens
from app.exchange.bearers import Nobody
from app.exchange.idempotency import Conflict, Kept
from app.exchange.intake import Accepted, Arrival, Draft, Intake, Repeatable, Verdict
from consent.decision import Ask, Refused

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parcel(Generic[T]):
    """A call as it came: whose token it says it has, and what it brings, read."""

    request: Request
    call: Call = field(repr=False)
    token: str = field(repr=False)
    body: bytes = field(repr=False)
    key: str | None
    brought: T = field(repr=False)

    def arrival(self, ask: Ask, *, route: str, render: Callable[[Accepted | Verdict], Kept], draft: Draft | None = None) -> Arrival:
        """The same, for the intake."""
        repeatable = Repeatable(route, self.key, self.body, render) if self.key else None
        return Arrival(tokens.hashed(self.token), ask, self.call.now, draft, repeatable)

    @property
    def intake(self) -> Intake:
        """The gate of this process."""
        found: Intake = self.request.app.state.intake
        return found


async def receive(request: Request, read: Callable[[Request, Call, bytes], Awaitable[T]]) -> Parcel[T]:
    """Take a call in: token, body, key, then what `read` makes of the body. Raises UnknownToken, Gone, TooMany, TooLarge, Malformed."""
    call = arriving(request)
    token = call.bearer()
    try:
        body = await read_body(request)
        return Parcel(request, call, token, body, idempotency_key(request), await read(request, call, body))
    except (Malformed, TooLarge):
        await run_in_threadpool(by_grant_token, call)
        raise


async def answered(parcel: Parcel[T], arrival: Arrival, *, dry: bool) -> Response | Accepted | Verdict:
    """Have it weighed. What the route itself has no say in comes back as an answer. Raises UnknownToken, Gone, TooMany."""
    try:
        outcome = await (parcel.intake.weigh(arrival) if dry else parcel.intake.take(arrival))
    except Conflict:
        return problem(parcel.request, "idempotency-conflict")
    match outcome:
        case Nobody():
            if outcome.guessed:
                await run_in_threadpool(parcel.call.wrong_secret)
            raise UnknownToken(presented=True)
        case bearers.Gone():
            raise Gone
        case Refused():
            return answer_refused(parcel.request, outcome)
        case Kept():
            return replay(outcome)
    assert not isinstance(outcome, Conflict)
    return outcome
