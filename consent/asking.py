"""Who may ask the owner at all: anyone whom a contact link has reached, companies that the owner knows, or nobody.

It must be known while the owner is away, so it stands in the clear beside the account; a client that may not ask is answered
like one whose link leads nowhere.
"""

from sqlmodel import Session

from consent import ledger
from consent.act import Act
from consent.store import Gate, Relationship

ANYONE, KNOWN, NOBODY = MAY_ASK = ("address", "known", "nobody")


def may_ask(db: Session, account_id: str) -> str:
    """What the owner chose; ANYONE before any choice."""
    gate = db.get(Gate, account_id)
    return gate.may_ask if gate else ANYONE


def lets_ask(db: Session, account_id: str, client_id: str) -> bool:
    """Whether a request of this client reaches the owner. What this version does not know lets nobody in."""
    chosen = may_ask(db, account_id)
    if chosen == KNOWN:
        found = db.get(Relationship, (account_id, client_id))
        return found is not None and found.known_at is not None
    return chosen == ANYONE


def choose(db: Session, act: Act, chosen: str) -> None:
    """Let these ask from now on; what waits already stays. Raises ValueError for a word that is not one of `MAY_ASK`."""
    if chosen not in MAY_ASK:
        raise ValueError(f"not one of {MAY_ASK}: {chosen}")
    ledger.lock(db, act.account_id)
    gate = db.get(Gate, act.account_id, populate_existing=True) or Gate(account_id=act.account_id)
    gate.may_ask = chosen
    db.add(gate)
    db.flush()


def turn_away(db: Session, act: Act, *, request_id: str, client_id: str, address_id: str) -> None:
    """Write down for the owner that somebody asked who may not. The client is told nothing."""
    ledger.append(db, act, "request.turned_away", {"request_id": request_id, "client_id": client_id, "address_id": address_id})
