"""Who does something to consent, when, and with which keys. Consent holds no secret: sealing and signing are handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Signer:
    """An Ed25519 key that signs receipts.

    `kid` is the RFC 7638 thumbprint of `public` (32 bytes); `attested_by` is "owner" (relationship key, the owner was
    there) or "instance" (instance key, the owner was away); `sign` maps bytes to the 64-byte signature.
    """

    kid: str
    public: bytes
    attested_by: str
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True)
class Act:
    """One act upon one account.

    `actor` is "owner", "client:<client id>", "instance" or "operator"; `now` is an aware UTC instant; `seal(purpose,
    context, data)` seals bytes to the owner so that only the owner opens them; `signer` is needed where a receipt results.
    """

    account_id: str
    actor: str
    now: datetime
    seal: Callable[[str, Sequence[str], bytes], bytes] = field(repr=False)
    signer: Signer | None = None
