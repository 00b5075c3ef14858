"""The one round of a request: the owner's counter-offer or no, and the client's answer while the owner is away.

What the client promises in return begins to run when it accepts. The owner's record of it needs the owner's key: until then it
waits in the mailbox, see `pledges`.
"""

import secrets
from dataclasses import dataclass

from sqlmodel import Session

from app.database import Store
from app.exchange import approvals, pledges, releases
from app.exchange.approvals import Desk, Shown
from app.tables import Client
from consent import counters, grants, ledger, receipts, relationships
from consent.act import Act
from consent.store import Grant, Request
from consent.terms import Terms


def decline(desk: Desk, request: Request, client: Client) -> None:
    """The owner says no, also to what the own counter-offer led to. Raises what `consent.requests.decline` raises."""
    signer = approvals.sign_as_owner(desk, client.client_id)
    grants.decline(desk.db, desk.act(signer), request, client=approvals.client_facts(client))


@dataclass(frozen=True)
class Answer:
    """What the owner answers a request with: the terms, which of the owner's companies it is, and the share of use asked for."""

    offered: Terms
    vendor: str
    shown: Shown
    usefulness_share: str | None = None


def counter(desk: Desk, request: Request, client: Client, answer: Answer) -> None:
    """The owner's one counter-offer; ties the client to a vendor, as an approval does.

    Raises LookupError when that vendor is not the owner's, and what `consent.counters.counter` raises.
    """
    approvals.tie(desk, client, answer.vendor)
    act = desk.act(approvals.sign_as_owner(desk, client.client_id))
    relationships.know(desk.db, act, client.client_id, known=True)
    counters.counter(
        desk.db,
        act,
        request,
        answer.offered,
        client=approvals.client_facts(client),
        shown=receipts.Shown.of(answer.shown.text, answer.shown.language, answer.shown.rules_version),
        usefulness_share=answer.usefulness_share,
    )


def accept(db: Session, state: Store, act: Act, request: Request, client: Client, *, withdraw_at: str) -> Grant:
    """The client takes the counter-offer. Its promises in return run from now. Raises what `consent.counters.accept` raises.

    What was released by wider terms cannot be fetched any more; what is left of it is sealed again once the owner is back.
    """
    ledger.lock(db, act.account_id)
    offer = counters.offer_of(request)
    before = _readable(db, request)
    promised = approvals.newly_promised(db, request, offer.terms) if offer else ()
    ids = [secrets.token_hex(16) for _promise in promised]
    said = approvals.client_facts(client)
    grant, _receipt = counters.accept(db, act, request, client=said, withdraw_at=withdraw_at, commitments=ids)
    for commitment_id, promise in zip(ids, promised, strict=True):
        commitment = approvals.commitment_of(promise, vendor_id=pledges.NOBODY, grant_id=grant.grant_id, now=act.now, time_zone="UTC")
        number = grants.standing(grant).terms.in_return.index(promise)
        pledges.hold(db, act, grant, commitment_id, commitment, in_return=number)
    if before - releases.readable(grants.standing(grant).terms):
        releases.forget(db, grant.account_id, grant.grant_id)
        releases.destroy_after(db, state, grant)
    return grant


def refuse(db: Session, act: Act, request: Request, client: Client) -> None:
    """The client leaves the counter-offer. Raises what `consent.counters.refuse` raises."""
    counters.refuse(db, act, request, client=approvals.client_facts(client))


def _readable(db: Session, request: Request) -> frozenset[str]:
    """The kinds of data that the grant which a request would change lets its client read until now."""
    grant = grants.find(db, request.account_id, request.grant_id) if request.grant_id else None
    return releases.readable(grants.standing(grant).terms) if grant else frozenset()
