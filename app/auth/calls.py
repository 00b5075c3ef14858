"""What every call at the vendor's door starts with: the instance, the moment, where it comes from, and what it carries.

Handlers open their own transaction (`with …writing() as caller:`) inside one thread, after the body has been read: no
write lock is held for a slow sender, and the commit is done before an answer exists.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import Depends, Request

from app import clock
from app.auth import throttle
from app.auth.throttle import Limit
from app.database import Stores
from app.errors import Throttled
from app.exchange.outbound import Outbound
from app.settings import Settings
from consent.act import Signer
from vault.instance import InstanceKeys

# The limits keep a caller from being a load.
WRONG_SECRET_CLIENT = Limit(300, timedelta(minutes=1))
REGISTER_ADDRESS = Limit(60, timedelta(minutes=10))
ASK_CLIENT = Limit(300, timedelta(minutes=1))

_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class UnknownToken(Exception):
    """No token, or none that is known here. `presented` tells which, for `WWW-Authenticate` (RFC 6750 section 3)."""

    def __init__(self, *, presented: bool) -> None:
        super().__init__("unknown token")
        self.presented = presented


class TooMany(Exception):
    """Too many calls; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class Gone(Exception):
    """The account behind this token has been deleted."""


class BadClient(Exception):
    """The client did not show who it is (RFC 6749 section 5.2, `invalid_client`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Call:
    """One call: what it may use, when it came (UTC), and the network address it came from."""

    stores: Stores
    settings: Settings
    instance: InstanceKeys = field(repr=False)
    now: datetime
    network_address: str
    authorization: tuple[str, str] | None = field(repr=False)
    outbound: Outbound = field(default_factory=Outbound, repr=False)

    @property
    def signer(self) -> Signer:
        """The instance key, which signs what happens while the owner is away."""
        return Signer(kid=self.instance.kid, public=self.instance.signing_public, attested_by="instance", sign=self.instance.sign)

    def bearer(self) -> str:
        """The bearer token (RFC 6750 section 2.1; tokens in a body or a query are not taken).

        Raises UnknownToken when there is none.
        """
        if self.authorization is None or self.authorization[0] != "bearer" or not _TOKEN68.fullmatch(self.authorization[1]):
            raise UnknownToken(presented=False)
        return self.authorization[1]

    def basic(self) -> tuple[str, str] | None:
        """Client id and secret from HTTP Basic, form-decoded (RFC 6749 section 2.3.1); None when another scheme or none is used.

        Raises BadClient when the header cannot be read.
        """
        if self.authorization is None or self.authorization[0] != "basic":
            return None
        try:
            name, colon, secret = base64.b64decode(self.authorization[1], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise BadClient("the Authorization header is not HTTP Basic") from None
        if not colon:
            raise BadClient("the Authorization header is not HTTP Basic")
        return unquote_plus(name), unquote_plus(secret)

    def wrong_secret(self, *subjects: tuple[str, Limit]) -> None:
        """Count a wrong secret against this network address and further subjects.

        Raises TooMany when there were too many. Right secrets are not counted: a busy client is no guesser, and nobody
        can lock a client out by guessing in its name.
        """
        self.spend(throttle.wrong_secret_from(self.network_address), *subjects)

    def spend(self, *tries: tuple[str, Limit]) -> None:
        """Count a call against each subject. Raises TooMany."""
        try:
            throttle.spend(self.stores.state, tries, now=self.now)
        except Throttled as over:
            raise TooMany(over.retry_after) from None


def arriving(request: Request) -> Call:
    """The call that a request is."""
    state = request.app.state
    return Call(
        stores=state.stores,
        settings=state.settings,
        instance=state.instance,
        now=clock.now(),
        network_address=request.client.host if request.client else "unknown",
        authorization=_authorization(request),
        outbound=state.outbound,
    )


def _authorization(request: Request) -> tuple[str, str] | None:
    sent = [value for name, value in request.scope["headers"] if name == b"authorization"]
    if len(sent) != 1:
        return None
    scheme, _, credentials = sent[0].decode("latin-1").strip().partition(" ")
    return scheme.lower(), credentials.strip()


Arriving = Annotated[Call, Depends(arriving)]
