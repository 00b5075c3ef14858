"""A client with promises in return, and a worker with a clock that is moved by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from app import clock
from app.tables import CommitmentClock
from app.worker import Worker
from consent.store import Event, Grant, LedgerEntry
from tests.app.api.loop import Owner, Shop, make_owner, make_relationship
from tests.factories import make_details
from tests.instances import Instance

BACKED: dict[str, Any] = {
    "promise": "Free repair within a fortnight",
    "within": "P14D",
    "remedy": {"kind": "refund", "amount": "20.00", "currency": "EUR", "within": "P7D"},
}
WORDS: dict[str, Any] = {"promise": "We value your trust"}
DUE, REMEDY = timedelta(days=14), timedelta(days=7)


@dataclass
class Bound:
    """An owner, a client that promised something in return, and the worker of their instance."""

    instance: Instance
    owner: Owner
    shop: Shop
    worker: Worker
    start: datetime
    monkeypatch: pytest.MonkeyPatch

    def at(self, moment: datetime) -> None:
        """Move the clock of the whole instance."""
        self.monkeypatch.setattr(clock, "now", lambda: moment)

    def tick(self, moment: datetime) -> None:
        """Move the clock and let the worker look."""
        self.at(moment)
        self.worker.tick(moment)

    @property
    def grant(self) -> Grant:
        """The grant as its row stands."""
        with self.instance.stores.main.reading() as db:
            return db.get_one(Grant, (self.owner.account_id, self.shop.grant_id))

    @property
    def clocks(self) -> list[CommitmentClock]:
        """Every clock, those in return by their number."""
        with self.instance.stores.main.reading() as db:
            return list(db.exec(select(CommitmentClock).order_by(col(CommitmentClock.in_return))))

    def told(self) -> list[str]:
        """What the client was told since the grant."""
        with self.instance.stores.main.reading() as db:
            found = db.exec(select(Event.type).where(Event.type != "consent.granted").order_by(col(Event.at)))
            return sorted(found)

    def history(self, prefix: str = "commitment.") -> list[str]:
        """The owner's ledger, as types in order."""
        with self.instance.stores.main.reading() as db:
            found = db.exec(select(LedgerEntry.type).order_by(col(LedgerEntry.seq)))
            return [kind for kind in found if kind.startswith((prefix, "grant."))]


def bind(instance: Instance, monkeypatch: pytest.MonkeyPatch, *promises: dict[str, Any], **form: str) -> Bound:
    """A grant that rests on these promises."""
    worker: Worker = instance.app.state.worker
    worker.stop()
    start = clock.now().replace(microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: start)
    owner = make_owner(instance)
    details = make_details(now=start)
    details[0]["in_return"] = list(promises)
    details[0]["expires"] = (start + timedelta(days=3000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shop = make_relationship(instance, owner, details, **form)
    return Bound(instance, owner, shop, worker, start, monkeypatch)
