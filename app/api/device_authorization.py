"""A client asks for consent (RFC 8628 with the `authorization_details` of RFC 9396)."""

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final
from urllib.parse import quote

import anyio
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.api.bodies import Body, Malformed, strict_form, strict_json_text
from app.api.documented import gives, oauth_problems, takes_form
from app.api.door import OAuthRoute, secret_answer
from app.api.oauth_errors import OAuthError, oauth_error
from app.api.oauth_schemas import DeviceAuthorization
from app.api.retries import Key, once
from app.auth.calls import ASK_CLIENT, Arriving, Call
from app.auth.client import authenticate
from app.exchange import asking, releases, sealing_keys
from app.exchange.asking import Question
from app.exchange.idempotency import Attempt
from app.tables import Client
from consent.errors import TermsError
from consent.terms import Terms, parse

router = APIRouter(prefix="/oauth", route_class=OAuthRoute, tags=["Asking for consent"])

# The answer leaves at a multiple of this, so that its time does not tell a known address from an unknown one.
STEP_SECONDS: Final = 0.05
REFERENCE_LENGTH: Final = 64
_FORM = {
    "authorization_details": {"type": "string", "description": "JSON text of the array: one *terms* object and 1 to 8 *purpose* objects."},
    "login_hint": {"type": "string", "description": "The handle of a contact link: the request goes to that inbox only."},
    "client_reference": {
        "type": "string",
        "maxLength": REFERENCE_LENGTH,
        "description": "Your own id of this customer; shown to the owner and echoed everywhere.",
    },
    "grant_id": {"type": "string", "description": "A consent that you hold and would change or renew."},
}


async def level_time() -> AsyncIterator[None]:
    """Let the answer leave at a multiple of `STEP_SECONDS` after the call came, after the commit."""
    started = time.monotonic()
    yield
    spent = time.monotonic() - started
    await anyio.sleep(STEP_SECONDS - spent % STEP_SECONDS)


@router.post(
    "/device_authorization",
    responses={
        200: gives(DeviceAuthorization),
        **oauth_problems(s400="invalid_request invalid_authorization_details", s401="invalid_client"),
    },
    openapi_extra=takes_form(_FORM, ["authorization_details"], key=True),
    operation_id="askForConsent",
)
def create(
    request: Request, call: Arriving, body: Body, key: Key, _level: Annotated[None, Depends(level_time, scope="function")]
) -> Response:
    """Ask one owner for consent. A known and an unknown `login_hint` get the same answer."""
    form = strict_form(request, body)
    known = authenticate(call, form)
    call.spend((f"questions of {known.client_id}", ASK_CLIENT))
    question = _question(call, known.client_id, form)
    attempt = Attempt(known.client_id, "device_authorization", key, _repeatable(form)) if key else None
    with known.writing(lock=key is not None) as caller:
        _sealable(call, caller.client, question.terms, form)
        return once(
            request,
            call,
            caller.db,
            attempt,
            lambda: _told(call, asking.ask(caller.db, call.instance, question, now=call.now)),
            conflict=lambda: oauth_error("invalid_request", "this Idempotency-Key was used with another body", status=409),
        )


def _question(call: Call, client_id: str, form: dict[str, str]) -> Question:
    reference = form.get("client_reference")
    if reference is not None and (len(reference) > REFERENCE_LENGTH or not reference.isprintable()):
        raise Malformed(("/client_reference", f"at most {REFERENCE_LENGTH} printable characters"))
    return Question(
        client_id=client_id,
        terms=_terms(call, form.get("authorization_details")),
        login_hint=form.get("login_hint"),
        client_reference=reference,
        grant_id=form.get("grant_id"),
    )


def _terms(call: Call, text: str | None) -> Terms:
    if text is None:
        raise Malformed(("/authorization_details", "is missing"))
    try:
        details: Any = strict_json_text(text)
    except Malformed as bad:
        raise OAuthError("invalid_authorization_details", bad.errors[0][1], pointer="") from None
    try:
        return parse(details, now=call.now)
    except TermsError as bad:
        raise OAuthError("invalid_authorization_details", f"{bad.pointer or '/'}: {bad.detail}", pointer=bad.pointer) from None


def _sealable(call: Call, client: Client, terms: Terms, form: dict[str, str]) -> None:
    """Data leaves only sealed to the client's own key: without one there is nothing to ask for. Raises OAuthError at once, where
    the client's developer sees it; a consent that could never be used would be found out much later."""
    if not releases.readable(terms) or sealing_keys.of_client(call.stores.state, client, now=call.now) is not None:
        return
    said: list[dict[str, Any]] = json.loads(form["authorization_details"])
    pointer = next(f"/{index}/actions" for index, one in enumerate(said) if "read_data" in one.get("actions", ()))
    raise OAuthError(
        "invalid_authorization_details",
        f"{pointer}: read_data needs a public key to which the data can be sealed, and your registration has none: add to jwks a key with "
        "use: enc (EC P-256, P-384 or P-521, or OKP X25519) at your registration_client_uri",
        pointer=pointer,
    )


def _repeatable(form: dict[str, str]) -> bytes:
    """What must be the same in a repeat: everything but the client's assertion, which is new each time."""
    return json.dumps({name: value for name, value in sorted(form.items()) if not name.startswith("client_assertion")}).encode()


def _told(call: Call, asked: asking.Asked) -> Response:
    page = f"{call.settings.base_url}/device"
    return secret_answer(
        DeviceAuthorization(
            device_code=asked.device_code,
            user_code=asked.user_code,
            verification_uri=page,
            verification_uri_complete=f"{page}?user_code={quote(asked.user_code)}",
            expires_in=asked.expires_in,
            interval=asked.interval,
            request_id=asked.request_id,
        )
    )
