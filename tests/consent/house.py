"""One owner with a database, and short words for asking, giving and what the history says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.database import Stores
from consent import grants, ledger, receipts
from consent.act import Act, Signer
from consent.decision import RULES_VERSION, Ask
from consent.store import Grant, LedgerEntry, Receipt, Request
from consent.terms import LineChoice, Terms
from tests.consent.samples import terms
from tests.factories import NOW, owner_act
from vault import accounts
from vault.keyring import Keyring
from vault.mailbox import Mailbox
from vault.store import Account

CLIENT = "c" * 32
FACTS = receipts.ClientFacts(CLIENT, "Corner Shop")
TEXT = "Corner Shop may send you messages."
OFFER = Ask("offer", "dpv:DirectMarketing", "inbox")
BOTH = {0: LineChoice(keep=True), 1: LineChoice(keep=True)}
MESSAGES = {0: LineChoice(keep=True, actions=("send_message",))}
VERBS = ("pause", "resume", "suspend", "withdraw", "hand_back", "expire")


@dataclass
class House:
    """One owner, the database, and short words for what happens there."""

    stores: Stores
    account: Account
    keyring: Keyring
    mailbox: Mailbox

    def act(self, now: datetime = NOW, *, actor: str = "owner", signer: Signer | None = None) -> Act:
        return replace(owner_act(self.account, self.mailbox, now=now, signer=signer), actor=actor)

    def ask(self, request_id: str = "1" * 32, *, asked: Terms | None = None, grant_id: str | None = None, now: datetime = NOW) -> Request:
        with self.stores.main.writing() as db:
            return grants.receive(
                db,
                self.act(now, actor=f"client:{CLIENT}"),
                request_id=request_id,
                client_id=CLIENT,
                address_id=None,
                details=asked or terms(),
                client_reference="customer 4711",
                grant_id=grant_id,
                expires_at=now + timedelta(days=14),
            )

    def give(self, request: Request | None = None, *, granted: Terms | None = None, now: datetime = NOW) -> tuple[Grant, Receipt]:
        with self.stores.main.writing() as db:
            return give(db, self.act(now), request or self.ask(), granted or terms())

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.stores.main.writing() as db:
            yield db

    def grant(self, grant_id: str) -> Grant:
        with self.stores.main.reading() as db:
            found = grants.find(db, self.account.account_id, grant_id)
            assert found is not None
            return found

    def history(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Type, actor and opened details of every entry, after the chain and the details have been verified."""
        with self.stores.main.reading() as db:
            head = ledger.lock(db, self.account.account_id)
            rows = db.exec(select(LedgerEntry).where(LedgerEntry.account_id == head.account_id).order_by(col(LedgerEntry.seq))).all()
            mailbox = accounts.open_mailbox(db, self.keyring)

            def opened(row: LedgerEntry) -> bytes:
                return mailbox.open(ledger.SEAL_PURPOSE, (head.ledger_id, str(row.seq)), row.sealed)

            assert isinstance(ledger.verify(head, rows, open_details=opened), ledger.Verified)
            return [(row.type, row.actor, json.loads(opened(row)[ledger.SALT_BYTES :])) for row in rows]


def give(db: Session, act: Act, request: Request, granted: Terms, **changes: Any) -> tuple[Grant, Receipt]:
    words: dict[str, Any] = {"client": FACTS, "text_shown": TEXT, "language": "en", "rules_version": RULES_VERSION}
    return grants.give(db, act, request, granted, **words | changes)


def step(db: Session, act: Act, grant: Grant, verb: str) -> Grant:
    if verb == "suspend":
        return grants.suspend(db, act, grant, reason="commitment-broken")
    done: Grant | tuple[Grant, Receipt] = getattr(grants, verb)(db, act, grant)
    return done[0] if isinstance(done, tuple) else done


def put(house: House, grant: Grant, status: str) -> None:
    """Bring a grant to a status by the verbs alone."""
    for verb, transition in grants.TRANSITIONS.items():
        if transition.target == status and verb != "resume":
            with house.writing() as db:
                step(db, house.act(grant.expires_at if verb == "expire" else NOW), grant, verb)
