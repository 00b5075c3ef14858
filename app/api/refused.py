"""A refusal of the gate, as an answer; and the gate for what an ended consent no longer allows."""

from fastapi import Request
from starlette.responses import Response

from app.api.problem import problem
from app.auth.grant import GrantCaller, KnownGrant
from app.exchange import intake
from app.exchange.intake import Sender
from consent import grants
from consent.decision import Ask, Refused, Usage, decide

ENDED = frozenset({"consent-withdrawn", "consent-expired"})
_ANY = Ask(kind="read_data", purpose=None, channel=None)


def answer_refused(request: Request, refused: Refused) -> Response:
    """The problem of a refusal, with the wait where there is one."""
    if refused.retry_after is None:
        return problem(request, refused.reason)
    return problem(request, refused.reason, headers={"Retry-After": str(refused.retry_after)}, retry_after=refused.retry_after)


def sender(caller: GrantCaller) -> Sender:
    """Who sends, for the intake."""
    return Sender(act=caller.act, grant=caller.grant, name=caller.client.name)


def ended(caller: GrantCaller) -> Refused | None:
    """The refusal that everything gets once the consent has ended; None while it has not."""
    verdict = decide(_ANY, grants.standing(caller.grant), Usage(), caller.now)
    return verdict if isinstance(verdict, Refused) and verdict.reason in ENDED else None


def refuse_ended(request: Request, known: KnownGrant, about: Ask = _ANY) -> Response | None:
    """Answer and write down what is refused because the consent has ended; None while it has not."""
    with known.reading() as caller:
        refused = ended(caller)
    if refused is None:
        return None
    with known.writing() as caller:
        intake.refuse(caller.db, sender(caller), refused, about)
        return answer_refused(request, refused)
