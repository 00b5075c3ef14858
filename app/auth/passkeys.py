"""Passkeys (WebAuthn level 3): what is asked of an authenticator, and whether what it answers holds.

No allow list when unlocking and one constant input for its PRF, so that nobody learns from the question which accounts are
here. The PRF's output stays in the browser, which sends on what it derives from it (`static/js/passkey.js`).
"""

import base64
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, delete

from app.database import Store
from app.settings import Settings
from app.state import Challenge
from vault import cipher
from vault.slot_set import parameters
from vault.slots import Credential
from vault.store import Account, Slot

LIFE = timedelta(minutes=5)
CHALLENGE_BYTES = 32
LARGEST = 16 * 1024
_NO_ANSWER = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading something else, or what is nested without end, comes to."""


class NotShown(Exception):
    """What came back is not the answer of a passkey that this question was put to."""


@dataclass(frozen=True)
class Shown:
    """A passkey's answer that has not been checked: which credential, whose, and the answer itself."""

    credential_id: bytes
    account_id: str
    answer: dict[str, Any]


def available(settings: Settings) -> bool:
    """Whether browsers offer passkeys at this instance's address: over TLS or at localhost, and by a name, not a number."""
    host = urlsplit(settings.base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return settings.secure or host == "localhost" or host.endswith(".localhost")
    return False


def ask(state: Store, browser: bytes, purpose: str, *, now: datetime) -> bytes:
    """A question for one browser and one purpose, good for one answer within five minutes. `browser` is a hash of its cookie."""
    challenge = cipher.random_bytes(CHALLENGE_BYTES)
    row = Challenge(challenge_hash=cipher.sha256(challenge), browser_hash=browser, purpose=purpose, expires_at=now + LIFE)
    with state.writing() as db:
        db.add(row)
    return challenge


def sweep(state: Store, *, now: datetime) -> None:
    """Forget questions that nobody answered."""
    with state.writing() as db:
        db.exec(delete(Challenge).where(col(Challenge.expires_at) < now))


def creation_options(settings: Settings, account: Account, slots: Sequence[Slot], challenge: bytes) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked for. An authenticator that holds one of the account's passkeys is passed over."""
    user = bytes.fromhex(account.account_id), account.login
    made: dict[str, Any] = _ceremonies().creation_options(_rp_id(settings), user, challenge, credentials(slots))
    return made


def request_options(settings: Settings, challenge: bytes, allowed: Sequence[bytes] = ()) -> dict[str, Any]:
    """What `navigator.credentials.get` is asked for; with no one `allowed`, any passkey made here may answer."""
    return {
        "challenge": _encoded(challenge),
        "rpId": _rp_id(settings),
        "userVerification": "required",
        "allowCredentials": [{"type": "public-key", "id": _encoded(one)} for one in allowed],
    }


def credentials(slots: Sequence[Slot]) -> list[bytes]:
    """The credential ids of the passkeys among slots."""
    return [found for slot in slots if (found := parameters(slot).credential)]


def register(state: Store, settings: Settings, text: str, *, browser: bytes, label: str, now: datetime) -> Credential:
    """The passkey that a browser has just made. Raises NotShown."""
    try:
        answer = _parsed(text)
        challenge = _answered(state, answer, browser, "enrol", now)
        made = _ceremonies().registered(answer, challenge, rp_id=_rp_id(settings), origin=settings.base_url)
    except _NO_ANSWER as wrong:
        raise NotShown from wrong
    return Credential(credential_id=made.credential_id, public_key=made.credential_public_key, label=label, sign_count=made.sign_count)


def shown(text: str) -> Shown:
    """Read an answer without believing it. Raises NotShown when it is none."""
    try:
        answer = _parsed(text)
        handle = answer["response"].get("userHandle") or ""
        return Shown(_decoded(answer["id"]), _decoded(handle).hex(), answer)
    except _NO_ANSWER as wrong:
        raise NotShown from wrong


def check(state: Store, settings: Settings, answer: Shown, slot: Slot, *, browser: bytes, purpose: str, now: datetime) -> int:
    """Whether the passkey of `slot` gave this answer, to this browser's question, with its user verified. Returns its sign count.

    The question is used up whatever comes of it. Raises NotShown; also when the count went back, as a copied authenticator's does.
    """
    try:
        challenge = _answered(state, answer.answer, browser, purpose, now)
        ours = {"rp_id": _rp_id(settings), "origin": settings.base_url}
        verified = _ceremonies().verified(answer.answer, challenge, parameters(slot).public_key, slot.sign_count or 0, **ours)
    except _NO_ANSWER as wrong:
        raise NotShown from wrong
    return int(verified.new_sign_count)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise NotShown
    answer = json.loads(text)
    # The browser's part of the extensions would hold the raw PRF output. Our script leaves it out; nothing here looks at it.
    answer["clientExtensionResults"] = {}
    return dict(answer)


def _answered(state: Store, answer: dict[str, Any], browser: bytes, purpose: str, now: datetime) -> bytes:
    client_data = _ceremonies().client_data(answer)
    if client_data.cross_origin:
        raise NotShown
    asked = (col(Challenge.challenge_hash) == cipher.sha256(client_data.challenge), col(Challenge.browser_hash) == browser)
    with state.writing() as db:
        # Of two answers to one question one deletes the row, and only that one goes on.
        used = db.exec(delete(Challenge).where(*asked, col(Challenge.purpose) == purpose, col(Challenge.expires_at) > now))
    if used.rowcount != 1:
        raise NotShown
    return bytes(client_data.challenge)


def _ceremonies() -> ModuleType:
    from app.auth import ceremonies  # noqa: PLC0415 - its library is large, and asked for by whoever has a passkey

    return ceremonies


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(f"{text}===")


def _rp_id(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or ""
