"""The data that a consent releases: a JWE for the client's own key, with an ETag."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api.documented import GRANT_TOKEN, problems
from app.api.door import DoorRoute
from app.api.problem import problem
from app.api.refused import answer_refused, sender
from app.auth.grant import ByGrantToken, GrantCaller
from app.exchange import intake, releases
from consent import grants
from consent.decision import Ask, Refused, Usage, decide

router = APIRouter(prefix="/api/v1", route_class=DoorRoute, tags=["Data"])

MEDIA_TYPE: Final = "application/jose"
_READ: Final = Ask(kind="read_data", purpose=None, channel=None)
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the copy that you have.",
    "schema": {"type": "string"},
}
_ETAG: Final = {"ETag": {"description": "Changes whenever the data is sealed again.", "schema": {"type": "string"}}}
_SHOWN: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A compact JWE (ECDH-ES, A256GCM) to your `use: enc` key. Inside, as JSON: the granted data by `pd:` term, each a "
        'list of `{"value", "updated_at"}`.',
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "headers": _ETAG,
    },
    304: {"description": "You have the latest copy.", "headers": _ETAG},
}


@router.get(
    "/data",
    responses={
        **_SHOWN,
        **problems(
            "consent-withdrawn", "consent-expired", "consent-suspended", "consent-paused", "action-not-granted", "no-release", "gone"
        ),
    },
    response_class=Response,
    openapi_extra={**GRANT_TOKEN, "parameters": [_IF_NONE_MATCH]},
    operation_id="fetchData",
)
def show(request: Request, known: ByGrantToken) -> Response:
    """Fetch the granted data, sealed to your key. The event `data.updated` tells when there is a new copy."""
    # The lock orders this call and a withdrawal: whoever comes second sees what the first did.
    with known.writing() as caller:
        verdict = decide(_READ, grants.standing(caller.grant), Usage(), caller.now)
        if isinstance(verdict, Refused):
            intake.refuse(caller.db, sender(caller), verdict, _READ)
            return answer_refused(request, verdict)
        return _release(request, caller)


def _release(request: Request, caller: GrantCaller) -> Response:
    found = releases.fetch(caller.db, caller.call.stores.state, caller.call.instance, caller.grant)
    if found is None:
        return problem(request, "no-release")
    headers = {"ETag": f'"{found.etag}"', "Cache-Control": "private, no-cache"}
    if found.etag in _known(request):
        return Response(status_code=304, headers=headers)
    if request.method == "GET":
        releases.note_fetch(caller.db, caller.act, caller.grant, found.etag)
    return Response(found.jwe, media_type=MEDIA_TYPE, headers=headers)


def _known(request: Request) -> set[str]:
    """The ETags that the client has (RFC 9110 section 13.1.2, compared weakly). `*` is no copy of anything and does not count."""
    sent = ",".join(request.headers.getlist("if-none-match"))
    return {part.strip().removeprefix("W/").strip('"') for part in sent.split(",")}
