"""What the OAuth endpoints take and give."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.api.schemas import Given, Id, Url
from app.auth.client import readable_keys
from consent.canonical import dumps

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES: Final = (DEVICE_GRANT, "client_credentials")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def _secure(value: Any) -> Any:
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise PydanticCustomError("url", "must be an https address")
        if parts.username or parts.password or parts.fragment:
            raise PydanticCustomError("url", "must not carry a user, a password or a fragment")
    return value


SecureUrl = Annotated[Url, BeforeValidator(_secure)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
Country = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1 alpha-2"}),
]


class Organisation(BaseModel):
    """Who is behind a client, in its own words; shown to owners as a claim."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    name: Name
    address: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    country: Country | None = None


class ClientMetadata(BaseModel):
    """Client metadata (RFC 7591 section 2). Members that are not known here are ignored, as the RFC demands."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    client_name: Name
    client_uri: SecureUrl | None = None
    policy_uri: SecureUrl | None = None
    tos_uri: SecureUrl | None = None
    contacts: Annotated[list[Line], Field(max_length=10)] | None = None
    organisation: Organisation | None = None
    jwks: dict[str, Any] | None = Field(
        default=None,
        description="Public keys (RFC 7517). Needed for `private_key_jwt`; one with `use: enc` (EC, X25519) for data and letters.",
    )
    jwks_succession: str | None = Field(
        default=None,
        max_length=4096,
        description="With a change of the `use: enc` key: a compact JWS by a signing key of the registration before, `typ` "
        '`client-key-succession+jws`, saying `{"sub": client_id, "from": …, "to": …}` with the RFC 7638 thumbprints of both `enc` keys.',
    )
    jwks_uri: Url | None = Field(
        default=None, description="Where the keys are, instead of `jwks`: https, port 443, no redirect, 64 KiB at most."
    )
    token_endpoint_auth_method: Literal["client_secret_basic", "private_key_jwt"] = "client_secret_basic"  # noqa: S105 - a method, not a secret
    grant_types: list[Literal["urn:ietf:params:oauth:grant-type:device_code", "client_credentials"]] = Field(
        default_factory=lambda: list(GRANT_TYPES)  # type: ignore[arg-type]  # the two literals above
    )
    webhook_uri: Url | None = Field(
        default=None,
        description="Where events are sent (Standard Webhooks): https, port 443, no redirect. Naming it again opens one that said 410.",
    )

    @model_validator(mode="after")
    def _keys(self) -> "ClientMetadata":
        if self.jwks is not None and self.jwks_uri is not None:
            raise PydanticCustomError("jwks", "jwks and jwks_uri exclude each other")
        if self.jwks is not None:
            check_keys(self.jwks)
            self._check_kept()
            if self.token_endpoint_auth_method == "private_key_jwt" and all(key.get("use") == "enc" for key in self.jwks["keys"]):  # noqa: S105 - a method, not a secret
                raise PydanticCustomError("jwks", "private_key_jwt needs a signing key in jwks")
        elif self.jwks_uri is None and self.token_endpoint_auth_method == "private_key_jwt":  # noqa: S105 - a method, not a secret
            raise PydanticCustomError("jwks", "private_key_jwt needs jwks or jwks_uri")
        return self

    def _check_kept(self) -> None:
        """Raises when a key set cannot be kept: only in it the client says whatever it likes."""
        try:
            dumps(self.words())
        except ValueError:
            raise PydanticCustomError("jwks", "jwks is nested too deep, or holds a number too large to be kept exactly") from None

    def words(self) -> dict[str, Any]:
        """The metadata as it is kept."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"jwks_succession"})


def check_keys(jwks: dict[str, Any]) -> None:
    """Raises when a key set is none, is empty, or holds a private or symmetric key."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= 16 or not all(isinstance(key, dict) for key in keys):
        raise PydanticCustomError("jwks", "jwks must hold 1 to 16 keys")
    if any({"d", "p", "q", "k"} & set(key) or key.get("kty") not in {"OKP", "EC", "RSA"} for key in keys):
        raise PydanticCustomError("jwks", "jwks must hold public keys only (OKP, EC, RSA)")
    if not readable_keys(jwks):
        raise PydanticCustomError("jwks", "jwks holds a key that cannot be read")


class ClientInformation(ClientMetadata):
    """The answer to a registration (RFC 7591 section 3.2.1, RFC 7592 section 3). Secrets are told once."""

    client_id: Id
    client_id_issued_at: int
    client_secret: str | None = None
    client_secret_expires_at: int | None = Field(default=None, description="0: it does not expire.")
    webhook_secret: str | None = Field(default=None, description="Standard Webhooks, `whsec_…`.")
    registration_access_token: str
    registration_client_uri: str


class DeviceAuthorization(Given):
    """RFC 8628 section 3.2, with the id of the request."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int
    request_id: Id


class GrantTokenAnswer(Given):
    """A grant token, and the consent that it stands for."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type, not a secret
    authorization_details: list[dict[str, Any]]
    grant_id: Id
    subject: str
    client_reference: str | None = None
    receipt: str


class ClientTokenAnswer(Given):
    """A client token, for what spans customers."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a type, not a secret
    expires_in: int


class Introspection(Given):
    """RFC 7662 section 2.2. Only `active: false` for a token that is unknown, ended, or another client's."""

    active: bool
    client_id: Id | None = None
    token_type: Literal["Bearer"] | None = None
    iss: str | None = None
    iat: int | None = None
    exp: int | None = None
    sub: str | None = None
    grant_id: Id | None = None
    status: str | None = None
    client_reference: str | None = None
    authorization_details: list[dict[str, Any]] | None = None


class Metadata(Given):
    """Authorization server metadata (RFC 8414)."""

    issuer: str
    registration_endpoint: str
    device_authorization_endpoint: str
    token_endpoint: str
    introspection_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    service_documentation: str
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    authorization_details_types_supported: list[str]
