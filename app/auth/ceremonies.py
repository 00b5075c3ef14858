"""The ceremonies of WebAuthn, by the library webauthn: the only module that knows it, loaded with the first passkey.

It brings X.509 and ASN.1 for attestations that nobody is asked for: six megabytes, which an instance without passkeys spares.
Everything here raises ValueError, KeyError or TypeError at an answer that does not hold, or is none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from webauthn import (
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

Answer = Mapping[str, Any]


def creation_options(rp_id: str, user: tuple[bytes, str], challenge: bytes, known: Sequence[bytes]) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked for. `user` is an id and a name; `known` are credential ids to pass over."""
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name="Bothways",
        user_id=user[0],
        user_name=user[1],
        challenge=challenge,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    made: dict[str, Any] = json.loads(options_to_json(options))
    return made


def client_data(answer: Answer) -> CollectedClientData:
    """What the browser says of the question that it answered."""
    with _plainly():
        return parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"]))


def registered(answer: Answer, challenge: bytes, *, rp_id: str, origin: str) -> VerifiedRegistration:
    """Check the answer of a new passkey, its user verified."""
    with _plainly():
        return verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )


def verified(answer: Answer, challenge: bytes, public_key: bytes, sign_count: int, *, rp_id: str, origin: str) -> VerifiedAuthentication:
    """Check the answer of a passkey that is known, its user verified; also that its count has not gone back."""
    with _plainly():
        return verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except WebAuthnException as wrong:
        raise ValueError(str(wrong)) from wrong
