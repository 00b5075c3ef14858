"""Which client is calling: by its secret or its key at the OAuth endpoints, by a client token elsewhere."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeGuard

from fastapi import Depends
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.auth.calls import WRONG_SECRET_CLIENT, Arriving, BadClient, Call, UnknownToken
from app.exchange import clients, key_addresses, marks, tokens
from app.exchange.sealing_keys import SIGNATURES, SignatureRegistry
from app.tables import Client, IdempotentAnswer
from consent import ledger
from consent.act import Act
from consent.store import LedgerHead
from vault import accounts
from vault.cipher import same, sha256

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS: Final = SIGNATURES
_REGISTRY = SignatureRegistry(algorithms=list(SIGNATURES))
ASSERTION_LIFE = timedelta(minutes=10)
CLOCK_SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class ClientCaller:
    """A known client inside one transaction."""

    call: Call = field(repr=False)
    db: Session
    client: Client

    @property
    def now(self) -> datetime:
        """When the call came."""
        return self.call.now

    def act(self, account_id: str) -> Act:
        """The client acting upon one of its customers' accounts."""
        return act_of(self.call, self.db, account_id, self.client.client_id)


@dataclass(frozen=True)
class KnownClient:
    """A client that has shown who it is; opens the transaction of its call."""

    call: Call = field(repr=False)
    client_id: str

    @contextmanager
    def reading(self) -> Iterator[ClientCaller]:
        """Look without changing anything."""
        with self.call.stores.main.reading() as db:
            yield self._enter(db, lock=False)

    @contextmanager
    def writing(self, *, lock: bool = False) -> Iterator[ClientCaller]:
        """One transaction; commits when the block ends, then raises the marks of the ledgers that it wrote into.

        With `lock`, one call of this client at a time.
        """
        with self.call.stores.main.writing() as db:
            yield self._enter(db, lock=lock)
            db.flush()
            ends = self._ends(db)
        for account_id, size, head in ends:
            marks.raise_mark(self.call.stores.state, account_id, size=size, head=head, now=self.call.now)

    def _ends(self, db: Session) -> list[tuple[str, int, bytes]]:
        """Where the ledgers that were added to end now. One that is held back keeps its mark, which shows that it went back."""
        found = (db.get(LedgerHead, account_id) for account_id in sorted(ledger.touched(db)))
        return [
            (head.account_id, head.size, head.head)
            for head in found
            if head is not None and not marks.held(db, self.call.stores.state, head.account_id)
        ]

    def _enter(self, db: Session, *, lock: bool) -> ClientCaller:
        client = db.get(Client, self.client_id, with_for_update=lock or None, populate_existing=lock)
        if client is None or client.deleted_at is not None:
            raise UnknownToken(presented=True)
        return ClientCaller(self.call, db, client)


def act_of(call: Call, db: Session, account_id: str, client_id: str) -> Act:
    """What a client does to an account, sealed to its owner and signed, where needed, by the instance: the owner is away."""
    mailbox = accounts.mailbox(db, account_id)
    return Act(account_id=account_id, actor=f"client:{client_id}", now=call.now, seal=mailbox.seal, signer=call.signer)


def by_client_token(call: Arriving) -> KnownClient:
    """The client of a client token. Raises UnknownToken, or TooMany after too many wrong ones."""
    token = call.bearer()
    with call.stores.main.reading() as db:
        client_id = tokens.client_of(db, token, now=call.now)
        client = clients.find(db, client_id) if client_id else None
    if client is None:
        call.wrong_secret()
        raise UnknownToken(presented=True)
    return KnownClient(call, client.client_id)


def authenticate(call: Call, form: Mapping[str, str]) -> KnownClient:
    """The client at an OAuth endpoint: `client_secret_basic` or `private_key_jwt`, as it registered.

    Raises BadClient, with the reason when it helps an honest client and betrays nothing; TooMany after too many.
    """
    if "client_secret" in form:
        raise BadClient("client_secret_post is not offered; send HTTP Basic")
    basic = call.basic()
    if basic and "client_assertion" in form:
        raise BadClient("more than one way of authentication was used")
    if basic:
        return _by_secret(call, *basic)
    if form.get("client_assertion_type") == ASSERTION_TYPE and "client_assertion" in form:
        return _by_assertion(call, form["client_assertion"], form.get("client_id"))
    raise BadClient("client authentication is missing")


def _by_secret(call: Call, client_id: str, secret: str) -> KnownClient:
    with call.stores.main.reading() as db:
        client = clients.find(db, client_id)
    expected = client.secret_hash if client and client.auth_method == clients.BASIC and client.secret_hash else bytes(32)
    if not same(tokens.hashed(secret), expected):
        raise _wrong(call, client_id)
    return KnownClient(call, client_id)


def _wrong(call: Call, client_id: str) -> BadClient:
    call.wrong_secret((f"wrong secret of {client_id}", WRONG_SECRET_CLIENT))
    return BadClient("unknown client or wrong credentials")


def _by_assertion(call: Call, assertion: str, named: str | None) -> KnownClient:
    """RFC 7523 section 3: signed by a registered key, iss = sub = client id, for this instance, short-lived, used once."""
    try:  # whose it says it is, before anything is believed: only to find the key
        client_id = clients.unverified_claims(assertion).get("sub")
    except ValueError:
        call.wrong_secret()
        raise BadClient("client_assertion is not a JWT") from None
    if not clients.is_id(client_id):
        raise _wrong(call, "nobody")
    with call.stores.main.reading() as db:
        client = clients.find(db, client_id)
    if client is None or client.auth_method != clients.PRIVATE_KEY_JWT or (named is not None and named != client_id):
        raise _wrong(call, client_id)
    claims = _signed(call, client, assertion) or _signed(call, client, assertion, again=True)
    if claims is None:
        raise _wrong(call, client_id)
    _check(call, claims, client_id)
    _use_once(call, client_id, claims["jti"])
    return KnownClient(call, client_id)


def _signed(call: Call, client: Client, assertion: str, *, again: bool = False) -> dict[str, Any] | None:
    """The claims, if a key of the client signed them. `again` looks for new keys where the client keeps them."""
    if again and "jwks_uri" not in clients.metadata(client):
        return None
    found = key_addresses.current(call.stores.state, call.outbound, client, now=call.now, again=again)
    try:
        keys = KeySet.import_key_set({"keys": [key for key in found if key.get("use") != "enc"]})
        return jwt.decode(assertion, keys, registry=_REGISTRY).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _check(call: Call, claims: Mapping[str, Any], client_id: str) -> None:
    base, now, skew = call.settings.base_url, call.now.timestamp(), CLOCK_SKEW.total_seconds()
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires, not_before, jti = claims.get("exp"), claims.get("nbf", now), claims.get("jti")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise BadClient("iss and sub must be the client id")
    if not {base, f"{base}/oauth/token"} & {entry for entry in audiences if isinstance(entry, str)}:
        raise BadClient("aud must be the issuer")
    if not _seconds(expires) or expires <= now - skew or expires > now + ASSERTION_LIFE.total_seconds() + skew:
        raise BadClient("exp must lie within the next ten minutes")
    if not _seconds(not_before) or not_before > now + skew:
        raise BadClient("nbf lies ahead")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 255:
        raise BadClient("jti is missing")


def _seconds(value: object) -> TypeGuard[float]:
    # A whole number may be larger than any float, and compares with one all the same.
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and math.isfinite(value))


def _use_once(call: Call, client_id: str, jti: str) -> None:
    """Remember the `jti` in a transaction of its own, so that it is spent whatever becomes of the call (swept after 24 h)."""
    try:
        key = sha256(jti.encode())
    except UnicodeEncodeError:
        raise BadClient("jti is not text") from None
    spent = IdempotentAnswer(
        caller=client_id, route="client_assertion", key_hash=key, body_hash=b"", status=0, answer="", created_at=call.now
    )
    try:
        with call.stores.main.writing() as db:
            db.add(spent)
    except IntegrityError:
        raise BadClient("this client_assertion has been used") from None


def readable_keys(jwks: Mapping[str, Any]) -> bool:
    """Whether every key of a key set (RFC 7517) can be read, and so be verified with."""
    try:
        KeySet.import_key_set({"keys": jwks["keys"]})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


ByClientToken = Annotated[KnownClient, Depends(by_client_token)]
