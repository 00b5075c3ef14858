"""Letters: what the owner writes, sealed to the client; and what the client answers."""

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.bodies import Body, Malformed, read_as, strict_json
from app.api.documented import GRANT_TOKEN, gives, problems, takes_json
from app.api.door import DoorRoute, answer
from app.api.exchange_schemas import AnswerTaken, LetterAnswer, LetterList, LetterShown
from app.api.problem import malformed, problem
from app.api.refused import refuse_ended
from app.api.retries import Key, once
from app.auth.grant import ByGrantToken, GrantCaller
from app.exchange import letters
from app.exchange.idempotency import Attempt
from app.exchange.letters import Answer
from app.tables import Letter

router = APIRouter(prefix="/api/v1/letters", route_class=DoorRoute, tags=["Letters"])

PAGE, MOST = 20, 100
_ID = re.compile(r"[0-9a-f]{32}")
_PAGING = [
    {
        "name": "after",
        "in": "query",
        "required": False,
        "description": "`next` of the page before, or the id of the last letter that you have.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}},
]


@router.get(
    "",
    responses={200: gives(LetterList), **problems("consent-withdrawn", "consent-expired", "malformed", "gone")},
    openapi_extra={**GRANT_TOKEN, "parameters": _PAGING},
    operation_id="listLetters",
)
def index(request: Request, known: ByGrantToken) -> Response:
    """What this customer wrote to you, page by page. A paused or suspended consent does not keep the owner from writing."""
    after, limit = _paging(request)
    over = refuse_ended(request, known)
    if over is not None:
        return over
    with known.reading() as caller:
        found = letters.page(caller.db, caller.grant, after=after, limit=limit + 1)
    if found is None:
        return malformed(request, [("/after", "`next` of the page before")])
    shown = found[:limit]
    items = [LetterShown(id=row.letter_id, sent_at=row.sent_at, jwe=row.jwe.decode("ascii")) for row in shown]
    return answer(LetterList(items=items, next=shown[-1].letter_id if len(found) > limit else None))


@router.post(
    "/{letter_id}/answers",
    status_code=201,
    responses={201: gives(AnswerTaken), **problems("not-found", "malformed", "too-large", "idempotency-conflict", "gone")},
    openapi_extra={**takes_json(LetterAnswer), **GRANT_TOKEN},
    operation_id="answerLetter",
)
def create(request: Request, known: ByGrantToken, letter_id: str, body: Body, key: Key) -> Response:
    """Answer a letter; for 90 days after the end of the consent, too. It counts against no frequency."""
    with known.reading() as caller:
        if letters.find(caller.db, caller.grant, letter_id) is None:
            return problem(request, "not-found")
    said = read_as(LetterAnswer, strict_json(request, body))
    attempt = Attempt(f"grant:{known.grant_id}", f"letters/{letter_id}", key, body) if key else None
    with known.writing() as caller:
        return once(request, known.call, caller.db, attempt, lambda: _take_in(request, caller, letter_id, said))


def _take_in(request: Request, caller: GrantCaller, letter_id: str, said: LetterAnswer) -> Response:
    # Letters are never removed while their grant is there, so one that was found a moment ago is still there.
    letter = caller.db.get_one(Letter, (caller.account_id, letter_id))
    words = Answer(body=said.body, title=said.title, format=said.format)
    answer_id = letters.answer(caller.db, caller.act, caller.grant, letter, words, sender=caller.client.name)
    if answer_id is None:
        return malformed(request, [("", f"this letter has {letters.MOST_ANSWERS} answers, as many as a thread holds")])
    return answer(AnswerTaken(id=answer_id, letter_id=letter_id), 201)


def _paging(request: Request) -> tuple[str, int]:
    query = request.query_params
    unknown = sorted(set(query) - {"after", "limit"})
    if unknown or len(query.multi_items()) != len(query):
        raise Malformed(*((f"/{name}", "unknown parameter") for name in unknown or ("",)))
    after, limit = query.get("after", ""), query.get("limit", str(PAGE))
    if after and not _ID.fullmatch(after):
        raise Malformed(("/after", "`next` of the page before"))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
        raise Malformed(("/limit", f"a number from 1 to {MOST}"))
    return after, int(limit)
