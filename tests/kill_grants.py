"""A permission given, and one withdrawn, killed on the way: at the gate it is one thing or the other, never a bit of both."""

from collections.abc import Callable
from typing import Any

from sqlmodel import col, select
from starlette.testclient import TestClient

from app import clock
from app.exchange.loose_ends import Sweeper
from app.state import ReleaseKey, Withdrawal
from app.tables import Release
from consent import receipts
from consent.store import Event, Grant, LedgerEntry, Receipt, Request
from tests.browsing import PASSPHRASE, Browsing
from tests.instances import Instance
from tests.kill_findings import done, only_one_opens, unlocked, verified
from tests.kill_owner import AtTheDoor, nothing
from tests.killing import Stage
from tests.populating import Populated, approve


class Withdraw(AtTheDoor):
    """Given, with its release; or withdrawn, in the history, at the gate, in the journal, the release destroyed."""

    name = "withdraw"

    def more(self, instance: Instance, robin: Populated) -> dict[str, Any]:
        return {"grant": robin.grant_id, "bearer": robin.shop.bearer, "account": robin.account.account_id}

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get(f"/grants/{stage.memory['grant']}")
        ready()
        done(browsing.post(f"/grants/{stage.memory['grant']}/withdraw"))

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        verified(stage, keyring)
        if self._status(stage) == "given":
            assert self._fetched(stage) == (200, True)
            assert self._told(stage) == 0
            self.do(unlocked(stage, PASSPHRASE), stage, nothing)
        self._gone(stage)
        verified(stage, keyring)

    def _gone(self, stage: Stage) -> None:
        account_id, grant_id = stage.memory["account"], stage.memory["grant"]
        assert (self._status(stage), self._told(stage)) == ("withdrawn", 1)
        assert self._fetched(stage) == (403, False)
        Sweeper(stage.stores).sweep(clock.now())
        with stage.stores.state.reading() as state:
            assert state.get(Withdrawal, (account_id, grant_id)) is not None
            assert state.get(ReleaseKey, (account_id, grant_id)) is None

    def _status(self, stage: Stage) -> str:
        with stage.stores.main.reading() as db:
            return db.exec(select(Grant.status).where(Grant.grant_id == stage.memory["grant"])).one()

    def _told(self, stage: Stage) -> int:
        """In how many ledger entries, events and receipts the end stands: as often in the one as in the others."""
        with stage.stores.main.reading() as db:
            entries = len(db.exec(select(LedgerEntry).where(LedgerEntry.type == "grant.withdrawn")).all())
            events = db.exec(select(Event).where(Event.type == "consent.withdrawn", Event.grant_id == stage.memory["grant"])).all()
            filed = db.exec(select(Receipt).where(Receipt.grant_id == stage.memory["grant"])).all()
        ends = [each for each in filed if receipts.unverified(each.jws)["bw:event"] == "grant.withdrawn"]
        assert entries == len(events) == len(ends)
        return entries

    def _fetched(self, stage: Stage) -> tuple[int, bool]:
        """What a fetch of the data is answered, and whether a sealed copy lies there."""
        client = TestClient(stage.app, base_url=stage.settings.base_url)
        status = client.get("/api/v1/data", headers=stage.memory["bearer"]).status_code
        with stage.stores.main.reading() as db:
            return status, db.get(Release, (stage.memory["account"], stage.memory["grant"])) is not None


class Give(AtTheDoor):
    """Asked still, and nothing given; or given, with its receipt, its entry, its event and what it releases."""

    name = "give"

    def more(self, instance: Instance, robin: Populated) -> dict[str, Any]:
        return {"request": robin.pending_id}

    def do(self, browsing: Browsing, stage: Stage, ready: Callable[[], None]) -> None:
        browsing.get(f"/requests/{stage.memory['request']}")
        ready()
        approve(browsing, stage.memory["request"])

    def check(self, stage: Stage) -> None:
        _passphrase, keyring = only_one_opens(stage, PASSPHRASE)
        verified(stage, keyring)
        if not self._whole(stage):
            self.do(unlocked(stage, PASSPHRASE), stage, nothing)
        assert self._whole(stage)
        verified(stage, keyring)

    def _whole(self, stage: Stage) -> bool:
        """Whether it was given, all of it. Raises AssertionError when some of it was."""
        with stage.stores.main.reading() as db:
            asked = db.exec(select(Request).where(Request.request_id == stage.memory["request"])).one()
            given = db.exec(select(Grant).where(Grant.request_id == asked.request_id)).all()
            filed = db.exec(select(Receipt).where(Receipt.request_id == asked.request_id)).all()
            events = db.exec(select(Event).where(Event.type == "consent.granted", col(Event.data).contains(asked.request_id))).all()
        found = (asked.state == "granted", len(given) == 1, len(filed) == 1, len(events) == 1)
        assert found in {(True,) * 4, (False,) * 4}, found
        return found[0]
